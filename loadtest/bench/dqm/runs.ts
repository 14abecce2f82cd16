/**
 * Runs, one after the other, as they come off a detector whose gain and beam drift: what every region's objects hold, and
 * what each check reads of them against the last eight good runs of the same region. Refuses to judge.
 */

import type { Digits } from '../../../src/domain/frame.ts';
import { autoDqmReadings, type Reading, readingsOf, type Seen, sumOf } from '../../../src/dqm/checks/list.ts';
import { trendsOf } from '../../../src/dqm/checks/trend.ts';
import {
  changeReferences,
  emptyReferences,
  type ReferenceBook,
  referencesOf,
} from '../../../src/dqm/references.ts';
import { createPrng, type Prng } from '../../../src/kernels/prng.ts';
import { busyChannel, type Site } from '../../../src/sim/mishaps/site.ts';
import { between, type Deck, drawUnits } from './deck.ts';
import { drift, onsetShareMax, regions, unitsPerRun } from './grid.ts';
import { type Bench, readOut, type Unit } from './pool.ts';

/** References that beta-binomial is judged with; the last is as many as are kept. */
export const referenceCounts = [1, 4, 8] as const;

const streams = { walk: 1, units: 2, fault: 3, frame: 4 } as const;

export interface Conditions {
  readonly gain: number;
  readonly rate: number;
}

/** Conditions of run after run. */
export const walkOf = (seed: number, runs: number): Conditions[] => {
  const prng = createPrng(seed, streams.walk);
  let [gain, rate] = [0, 0];
  const step = (value: number, { sigma, memory, reach }: { sigma: number; memory: number; reach: number }) =>
    Math.max(-reach, Math.min(reach, value * memory + sigma * Math.sqrt(1 - memory ** 2) * prng.gaussian()));
  return Array.from({ length: runs }, () => {
    gain = step(gain, drift.gain);
    rate = step(rate, drift.rate);
    return { gain: 1 + gain, rate: 1 + rate };
  });
};

interface Bad {
  /** Place among the bench's regions. */
  readonly region: number;
  readonly kind: { readonly strike: (site: Site, strength: number) => { readonly digits: Digits } };
  readonly strength: number;
  readonly habit: 'stays' | 'at' | 'wanders';
}

/** A random stream of which places come from the run and noise from the frame. */
const standing = (run: Prng, frame: Prng): Prng => ({
  uint32: run.uint32,
  uniform: run.uniform,
  gaussian: frame.gaussian,
  exponential: frame.exponential,
  poisson: frame.poisson,
});

/** What every region's objects hold in one run, of units from the pool. */
export const makeRun = async (
  bench: Bench,
  deck: Deck,
  seed: number,
  index: number,
  { gain, rate }: Conditions,
  bad: Bad | null,
): Promise<Float64Array[]> => {
  // The same draw for all regions: what a time frame's collisions do to one they do to those beside it.
  const prng = createPrng(seed, streams.units, index);
  const drawn = drawUnits(deck, index, between(drift.rate.steps, rate), unitsPerRun, prng);
  const onset = Math.floor(createPrng(seed, streams.fault, index).uniform() * onsetShareMax * unitsPerRun);
  const made: Float64Array[] = [];
  for (let region = 0; region < regions.length; region++) {
    const units = drawn.map(({ step, unit }) => bench.pool[step]![region]![unit]!);
    const sound = bad?.region === region ? onset : unitsPerRun;
    const into = await filled(bench, region, units.slice(0, sound), gain);
    if (bad?.region === region) {
      const frames = units.slice(onset).flatMap((unit) => unit.frames);
      const before = units.slice(onset).flatMap((unit) => unit.before);
      await strikeAll(bench, bad, frames, before, gain, [seed, streams.frame, index], into);
    }
    made.push(into);
  }
  return made;
};

/** What a region's objects hold in units read out at a gain. */
export const filled = async (
  bench: Bench,
  region: number,
  units: readonly Unit[],
  gain: number,
): Promise<Float64Array> => {
  const into = new Float64Array(bench.layout.size);
  for (const unit of units) await bench.addUnit(unit, region, gain, into);
  return into;
};

const wideMax = 2 ** 14 - 1;

const strikeAll = async (
  bench: Bench,
  { region, kind, strength, habit }: Bad,
  frames: readonly Digits[],
  before: readonly Digits[],
  gain: number,
  key: readonly number[],
  into: Float64Array,
): Promise<void> => {
  const { cards, detector, response, channels, layout, adcMax } = bench;
  const threshold = cards.card.thresholdAdc;
  const where = { hot: bench.hot[region]!, samples: layout.samples };
  const read = (digits: Digits, limit: number): Digits =>
    readOut(digits, { gain, thresholdAdc: threshold, adcMax: limit }, where);
  const siteOf = (frame: number, prng: Prng): Site => ({
    detector: { ...detector, thresholdAdc: threshold },
    response,
    region: regions[region]!,
    gain: channels.gain[regions[region]!]!,
    digits: read(frames[frame]!, wideMax),
    earlier: read(before[frame]!, wideMax),
    prng,
    adcMax,
  });
  let place: number | undefined;
  for (let frame = 0; frame < frames.length && habit !== 'wanders' && place === undefined; frame++)
    if (frames[frame]!.count > 0) place = busyChannel(siteOf(frame, createPrng(...key, 0)));
  for (let frame = 0; frame < frames.length; frame++) {
    const own = createPrng(...key, 1, frame);
    const prng = habit === 'stays' ? standing(createPrng(...key, 2), own) : own;
    const site = siteOf(frame, prng);
    const { digits } = kind.strike(place === undefined ? site : { ...site, channel: place }, strength);
    await bench.addFrame(digits, read(before[frame]!, adcMax), into);
  }
};

/** The last good runs of every region: which they are is the book's to say, what they hold is kept here. */
export interface Shelf {
  book: ReferenceBook;
  readonly kept: Map<number, Float64Array>[];
}

export const emptyShelf = (): Shelf => ({ book: emptyReferences, kept: regions.map(() => new Map()) });

const activityOf = (region: number): string => `region ${regions[region]}`;

export const shelve = (shelf: Shelf, region: number, run: number, values: Float64Array): void => {
  const activity = activityOf(region);
  shelf.book = changeReferences(shelf.book, { command: 'good', activity, run, atMs: 0 });
  const kept = shelf.kept[region]!;
  kept.set(run, values);
  const wanted = referencesOf(shelf.book, activity);
  for (const one of kept.keys()) if (!wanted.includes(one)) kept.delete(one);
};

const referenceValues = ({ book, kept }: Shelf, region: number): Float64Array[] =>
  referencesOf(book, activityOf(region)).map((run) => kept[region]!.get(run)!);

/** What a region's objects read, check by check; AutoDQM's own with each number of references. */
export const readRegions = (
  bench: Bench,
  shelf: Shelf,
  values: readonly Float64Array[],
  wanted: readonly number[],
): Map<number, Reading[]> => {
  const { layout } = bench;
  const references = values.map((_, region) => referenceValues(shelf, region));
  const combined = references.map(sumOf);
  const siblings = values.map((one, region) => ({
    values: one,
    combined: combined[region]!,
    trends: {
      now: trendsOf(layout, one),
      before: references[region]!.map((reference) => trendsOf(layout, reference)),
    },
  }));
  const readings = new Map<number, Reading[]>();
  for (const region of wanted) {
    const seen: Seen = {
      layout,
      values: values[region]!,
      references: references[region]!,
      combined: combined[region]!,
      beside: siblings.filter((_, other) => other !== region),
    };
    const auto = autoDqmReadings(seen, referenceCounts);
    readings.set(region, [...readingsOf(seen), ...referenceCounts.flatMap((count) => auto.get(count)!)]);
  }
  return readings;
};
