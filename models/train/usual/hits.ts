/** Good runs of a chamber of pads: gain and the rate of collisions drift. Refuses frames that are no hits. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cards, home } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { trendNames, trendsOf } from '../../../src/dqm/checks/trend.ts';
import { shapeNames } from '../../../src/dqm/checks/usual.ts';
import { watchHits } from '../../../src/dqm/cycles/hits.ts';
import { placesOf } from '../../../src/dqm/cycles/places.ts';
import { openFiller } from '../../../src/dqm/fill.ts';
import { binsOf, objectLayout } from '../../../src/dqm/layout.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { wiring } from '../../../src/sim/mishaps/site.ts';
import { parseParticles } from '../../../src/sim/particles.ts';
import { createWorld, type World } from '../../../src/sim/world.ts';
import type { UsualCard } from '../../../src/wire/cards/usual.ts';
import { countOf, type Detector, drawn, short } from './detector.ts';
import { openEncoding } from './encoding.ts';

const windows = { beginning: 4, read: 10, before: 24 } as const;
const chambers = { shapes: 2, readings: 8 } as const;
/**
 * Of chambers, from a run's beginning to later, and from a run to those it is compared with, which are some four runs older:
 * of a walk that forgets a twentieth of the gain and a tenth of the rate a run. Shares of gain and of the rate of collisions.
 */
const drift = {
  ...{ gain: 0.03, gainMost: 0.08, rate: 0.12, rateMost: 0.3 },
  ...{ gainLater: 0.004, rateLater: 0.03, gainBetween: 0.018, rateBetween: 0.1 },
} as const;

const withConditions = (card: InstrumentCard, gain: number, rate: number): InstrumentCard => ({
  ...card,
  conditions: {
    ...card.conditions,
    adcPerElectron: Number(card.conditions.adcPerElectron) * gain,
    collisionRateHz: Number(card.conditions.collisionRateHz) * rate,
  },
});

const parts = (values: Float64Array): number[] => {
  const all = values.reduce((sum, one) => sum + one, 0);
  return Array.from(values, (one) => Number(((1e6 * one) / Math.max(1, all)).toPrecision(4)));
};
export const openHitsDetector = async (cards: Cards): Promise<Detector> => {
  const { card, model } = cards;
  const particles = parseParticles(
    readFileSync(join(home, 'models/particles', `${String(card.conditions.particles)}.bin`)),
  );
  const layout = objectLayout(
    card,
    { cardLayers: wiring.cardLayers, cardLanes: wiring.cardPads, chipLanes: wiring.chipPads },
    model,
  );
  const filler = openFiller(layout);
  const encoding = await openEncoding(cards);
  const addFrame = async (digits: Digits, before: Digits | undefined, into: Float64Array): Promise<void> => {
    filler.addHits(digits, into);
    if (before !== undefined) filler.addRepeats(digits, before, into);
    await encoding.addSymbols(digits, filler, into);
  };
  /** So many time frames as one window is made of; crowded ones are few. */
  const crowded = Number(card.conditions.centralShare) > 0;
  const worldOf = (seed: number, run: number, gain: number, rate: number): World =>
    createWorld(withConditions(card, gain, rate), particles, { seed, run, startNanos: 0n, split: 'all' });
  /** Windows of a chamber's run; `onFrame` is told of every frame, as a watch is. */
  const run: Detector['run'] = async function* (seed, which, watched, onFrame) {
    const dueOf = watched.parts.openDue();
    const prng = createPrng(seed, 77);
    const [gain, rate] = [drawn(prng, drift.gain, drift.gainMost), drawn(prng, drift.rate, drift.rateMost)];
    const then = createPrng(seed, 78);
    let world =
      which === 'now'
        ? worldOf(seed, 1, gain, rate)
        : worldOf(seed, 101, gain * drawn(then, drift.gainBetween, 1), rate * drawn(then, drift.rateBetween, 0.5));
    const count = countOf(windows, which);
    let last: Digits[] = [];
    let number = 2;
    for (let window = 0; window < count; window++) {
      if (which === 'now' && window >= windows.beginning && (window - windows.beginning) % 5 === 0)
        world = worldOf(
          seed,
          2 + window,
          gain * drawn(prng, drift.gainLater, 1),
          rate * drawn(prng, drift.rateLater, 1),
        );
      const values = card.regions.map(() => new Float64Array(layout.size));
      const timeFrames = crowded ? 1 + (window % 3) : 30;
      for (let i = 0; i < timeFrames; i++, number++) {
        const frames = world.timeFrame(number);
        for (const [region, { digits }] of frames.entries()) {
          const into = values[region]!;
          const had = watched.parts.of(into);
          await addFrame(digits, last[region], into);
          onFrame(
            region,
            watched.parts.of(into).map((one, part) => one - had[part]!),
            dueOf?.(digits) ?? null,
          );
        }
        last = frames.map(({ digits }) => digits);
      }
      yield values;
    }
  };
  const watch = (shapes: UsualCard['shapes'] | null) => watchHits(layout, placesOf(layout, card), shapes);
  const shapesOf = (sum: Float64Array): UsualCard['shapes'] => {
    const trends = trendsOf(layout, sum);
    return {
      occupancy: parts(binsOf(layout, sum, 'occupancy')),
      ...Object.fromEntries(shapeNames.map((name) => [name, parts(binsOf(layout, sum, name))])),
      trends: trendNames.map((name) => short(trends[name])),
    };
  };
  return { ...{ card, windows, chambers, drift, run, watch, shapesOf }, close: () => encoding.close() };
};

