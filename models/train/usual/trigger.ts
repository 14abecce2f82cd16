/** Good runs of a trigger's objects: pile-up, the calorimeter's gain and its noise drift. Refuses cards without events. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cards, home } from '../../../src/assemble.ts';
import type { ObjectsCard } from '../../../src/domain/instrument.ts';
import { binsOf, triggerLayout } from '../../../src/dqm/trigger/layout.ts';
import { watchTrigger } from '../../../src/dqm/trigger/watched.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { readLists } from '../../../src/sim/objects/lists.ts';
import { nominal, openObjectStream } from '../../../src/sim/objects/stream.ts';
import { digitsOfRecords, recordLayout } from '../../../src/wire/frames/records.ts';
import { countOf, type Detector, drawn, short } from './detector.ts';
import { openEncoding } from './encoding.ts';

const windows = { beginning: 4, read: 44, before: 60 } as const;
const chambers = { shapes: 3, readings: 24 } as const;
/** Of detectors, within a run (`later`), and from a run to those it is compared with (`between`). Shares. */
const drift = {
  ...{ pileUp: 0.12, pileUpMost: 0.3, gain: 0.02, gainMost: 0.06, noise: 0.25, noiseMost: 0.6 },
  ...{ later: 0.01, pileUpBetween: 0.1, gainBetween: 0.01, noiseBetween: 0.1 },
} as const;
/** Crossings of windows in turn: a starting run looks into some hundred, one that goes on into some thousand a cycle. */
const crossings = [150, 300, 1500, 3000] as const;

export const openTriggerDetector = async (cards: Cards & { readonly card: ObjectsCard }): Promise<Detector> => {
  const { card, model } = cards;
  const lists = readLists((name) => readFileSync(join(home, 'models/particles', `${name}.bin`)));
  const layout = triggerLayout(card, model);
  const records = recordLayout(card);
  const encoding = await openEncoding(cards);
  const run: Detector['run'] = async function* (seed, which, watched, onFrame) {
    const prng = createPrng(seed, 77);
    const knobs = {
      pileUp: nominal.pileUp * drawn(prng, drift.pileUp, drift.pileUpMost),
      gain: nominal.gain * drawn(prng, drift.gain, drift.gainMost),
      noisyTowers: nominal.noisyTowers * drawn(prng, drift.noise, drift.noiseMost),
    };
    const then = createPrng(seed, 78);
    if (which === 'before') {
      knobs.pileUp *= drawn(then, drift.pileUpBetween, 0.5);
      knobs.gain *= drawn(then, drift.gainBetween, 0.5);
      knobs.noisyTowers *= drawn(then, drift.noiseBetween, 0.5);
    }
    const stream = openObjectStream(card, lists, { seed, split: 'all' });
    const filler = watched.openFiller();
    const count = countOf(windows, which);
    // The same stream of collisions: the run before had others of them.
    const first = which === 'now' ? 0 : 1_000_000;
    for (let window = 0, number = first; window < count; window++) {
      const now = { ...knobs, pileUp: knobs.pileUp * drawn(prng, drift.later, 1) };
      const into = new Float64Array(layout.size);
      for (let i = 0; i < crossings[window % crossings.length]!; i++, number++) {
        const digits = digitsOfRecords(stream.normal(number, now).records, records);
        const had = watched.parts.of(into);
        filler.addHits(digits, into);
        onFrame(
          0,
          watched.parts.of(into).map((one, part) => one - had[part]!),
          null,
        );
        await encoding.addSymbols(digits, filler, into);
      }
      yield [into];
    }
  };
  return {
    ...{ card, windows, chambers, drift, run },
    watch: (shapes) => watchTrigger(layout, shapes),
    shapesOf(sum) {
      const frames = binsOf(layout, sum, 'events').reduce((all, one) => all + one, 0);
      return Object.fromEntries(
        layout.plans.map(({ name }) => [
          name,
          Array.from(binsOf(layout, sum, name), (one) => short((1e6 * one) / frames)),
        ]),
      );
    },
    close: () => encoding.close(),
  };
};
