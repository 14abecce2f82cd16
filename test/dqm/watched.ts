/** A small instrument whose objects tests fill: two layers of 16 lanes, 24 samples, two front-end cards. */

import type { Digits } from '../../src/domain/frame.ts';
import { openFiller } from '../../src/dqm/fill.ts';
import { type ObjectLayout, objectLayout } from '../../src/dqm/layout.ts';
import { createPrng } from '../../src/kernels/prng.ts';

const axis = (name: string, size: number) => ({ name, size, unit: '', origin: 0, step: 1 });

export const watched: ObjectLayout = objectLayout(
  {
    id: 'small',
    kind: 'digits',
    axes: [axis('layer', 2), axis('lane', 16), axis('time', 24)],
    adcBits: 10,
    thresholdAdc: 64,
  },
  { cardLayers: 2, cardLanes: 8, chipLanes: 4 },
  { symbolsPerPatch: 2, alphabet: 9, levels: [3, 3, 3, 3], symbolDigits: 2 },
);

/** Digits of a frame in which every sample is a hit with this probability; dead channels give nothing. */
export const someDigits = (
  key: readonly number[],
  share: number,
  dead: ReadonlySet<number> = new Set(),
): Digits => {
  const prng = createPrng(...key);
  const [voxel, adc]: [number[], number[]] = [[], []];
  for (let at = 0; at < watched.channels * watched.samples; at++) {
    const hit = prng.uniform() < share;
    const value = 64 + Math.floor(300 * prng.uniform());
    if (!hit || dead.has(Math.floor(at / watched.samples))) continue;
    voxel.push(at);
    adc.push(value);
  }
  return { count: voxel.length, voxel: Uint32Array.from(voxel), adc: Uint16Array.from(adc) };
};

/** Objects of a run of `frames` such frames. */
export const someRun = (
  seed: number,
  frames: number,
  dead: ReadonlySet<number> = new Set(),
): Float64Array => {
  const into = new Float64Array(watched.size);
  const filler = openFiller(watched);
  for (let frame = 0; frame < frames; frame++) filler.addHits(someDigits([seed, frame], 0.2, dead), into);
  return into;
};
