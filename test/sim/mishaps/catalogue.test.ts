/** Every kind of mishap, at every strength: what it touches changes, what it does not touch stays, and it replays. */

import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { prepareDetector } from '../../../src/sim/detector.ts';
import { catalogue } from '../../../src/sim/mishaps/catalogue.ts';
import { limited, type Site, voxelsOf, wideCard } from '../../../src/sim/mishaps/site.ts';
import { prepareResponse } from '../../../src/sim/response.ts';
import { blobDigits, ppCard } from '../../stages/wedge.ts';

const detector = prepareDetector(wideCard(ppCard));
const response = prepareResponse(detector);
const gain = new Float32Array(detector.layers * detector.pads).fill(1);
const [digits, earlier] = [blobDigits(1, 900), blobDigits(2, 900)];
const site = (key: number): Site => ({
  detector,
  response,
  region: 3,
  gain,
  digits,
  earlier,
  prng: createPrng(key),
  adcMax: 1023,
});

const byChannel = ({ count, voxel, adc }: Digits): Map<number, string> => {
  const channels = new Map<number, string>();
  for (let hit = 0; hit < count; hit++) {
    const channel = Math.floor(voxel[hit]! / detector.bins);
    channels.set(channel, `${channels.get(channel) ?? ''} ${voxel[hit]}:${adc[hit]}`);
  }
  return channels;
};

describe.each(catalogue.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  it('gives good digits and touches only the channels it names', () => {
    const before = byChannel(limited(digits, 1023));
    for (const strength of kind.strengths) {
      const { digits: struck, channels } = kind.strike(site(7), strength);
      expect(struck.voxel.every((voxel, i) => i === 0 || voxel > struck.voxel[i - 1]!)).toBe(true);
      expect(struck.voxel.every((voxel) => voxel < voxelsOf(detector))).toBe(true);
      expect(struck.adc.every((adc) => adc > 0 && adc <= 1023)).toBe(true);
      expect(channels).toEqual(Uint32Array.from(new Set(channels)).sort());
      if (!kind.touchesChannels) continue;
      const after = byChannel(struck);
      const touched = new Set(channels);
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (channel) => before.get(channel) !== after.get(channel),
      );
      // The edge of a spark falls over two more pads than are called touched.
      if (kind.name !== 'spark') expect(changed.filter((channel) => !touched.has(channel))).toEqual([]);
    }
  });

  it('is the same again for the same key, and has ascending strengths', () => {
    const strength = kind.strengths[3]!;
    expect(kind.strike(site(9), strength)).toEqual(kind.strike(site(9), strength));
    expect([...kind.strengths]).toEqual([...kind.strengths].sort((a, b) => a - b));
  });
});

it('has at least fifteen kinds with names of their own', () => {
  expect(new Set(catalogue.map(({ name }) => name)).size).toBeGreaterThanOrEqual(15);
});
