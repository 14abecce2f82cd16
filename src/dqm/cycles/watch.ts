/**
 * Watches the regions of an instrument cycle after cycle: from a cycle's objects to the quality of every cell, against
 * references, with bars from what good cycles read. Where an activity has no good runs yet, the beginning of the present run
 * stands in. Refuses to hold others up: it works region by region, and whoever drives it may pause in between.
 */

import { limits } from '../../domain/limits.ts';
import { medianOf } from '../checks/channels.ts';
import { autoDqmReadings, type Reading, readingsOf, type Seen, type Sibling, sumOf } from '../checks/list.ts';
import { silentReadings } from '../checks/silent.ts';
import { trendsOf } from '../checks/trend.ts';
import type { ObjectLayout } from '../layout.ts';
import { type Norm, openNorm } from './norm.ts';
import { completenessOf, type PacketLayout } from './packets.ts';
import { binInWords, type Places } from './places.ts';
import type { SpanValues } from './spans.ts';
import {
  type Bars,
  barsFor,
  type Cell,
  judgeCell,
  judgeCompleteness,
  placeOf,
  plainCell,
  type Rated,
} from './verdicts.ts';

export const checkMeanings: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'channels', meaning: 'channels, chips and front-end cards that are dead, hot or uneven' },
  { name: 'cards', meaning: 'one front-end card whose ADC values or times differ from the others' },
  { name: 'Kolmogorov', meaning: 'shapes of ADC values, times, pulses and tokens: largest distance' },
  { name: 'χ²', meaning: 'the same shapes, bin by bin, by χ²' },
  { name: 'mean deviation', meaning: 'the same shapes: mean relative deviation' },
  { name: 'bin by bin', meaning: 'bins that are off by a tenth and by five standard deviations' },
  { name: 'token use', meaning: 'tokens used otherwise than they were: divergence of their histograms' },
  { name: 'siblings', meaning: 'shapes and trends that moved otherwise than in the regions beside it' },
  { name: 'impossible values', meaning: 'hits below the threshold of zero suppression' },
  { name: 'trend', meaning: 'hits, charge, pulse length: a step away from the references' },
  { name: 'beta-binomial', meaning: 'AutoDQM’s comparison of every histogram with the references, in turn' },
  { name: 'completeness', meaning: 'time frames that lack this region' },
];

export interface WatchSetup {
  /** null where frames are no hits on a grid: then completeness alone is judged. */
  readonly layout: ObjectLayout | null;
  readonly places: Places | null;
  readonly packets: PacketLayout;
  readonly regions: number;
  readonly cycleMs: number;
}

/** A good run, or a cycle that stands in for one: every region's objects. */
export interface Reference {
  readonly run: number;
  readonly values: readonly Float64Array[];
}

export interface Watch {
  /** Judges a cycle; yields after each region. */
  judge(cycle: SpanValues, nowMs: number): Generator<void>;
  /**
   * Another run begins, or other references were chosen: all cells are judged anew. Without references the beginning of
   * what comes stands in.
   * @param resumed what a monitor of the same run had learned; its references may be the run's own beginning
   */
  compareWith(references: readonly Reference[], resumed?: Resumed): void;
  /** What was learned, as JSON. */
  saveNorm(): string;
  readonly known: number;
  readonly references: readonly Reference[];
  /** True while the present run stands in for its own references. */
  readonly provisional: boolean;
  /** Combined references of a region; null while there are none. */
  combined(region: number): Float64Array | null;
  cell(region: number, check: string): Cell | null;
}

export interface Resumed {
  readonly provisional: boolean;
  readonly norm: string | null;
}

interface Compared {
  readonly references: readonly Reference[];
  readonly combined: readonly Float64Array[];
  readonly before: readonly Sibling['trends']['before'][];
}

/** What is judged together: a cycle where frames are crowded, several where they are not. */
interface Window {
  readonly values: readonly Float64Array[];
  readonly frames: Float64Array;
  cycles: number;
}

const joined = (window: Window | null, { values, frames }: SpanValues): Window => {
  if (window === null) return { values: values.map((one) => one.slice()), frames: frames.slice(), cycles: 1 };
  for (const [region, into] of window.values.entries())
    for (let bin = 0; bin < into.length; bin++) into[bin] = into[bin]! + values[region]![bin]!;
  for (let region = 0; region < frames.length; region++)
    window.frames[region] = window.frames[region]! + frames[region]!;
  window.cycles += 1;
  return window;
};

const allReadings = (seen: Seen, bits: boolean): Reading[] => [
  ...readingsOf(seen, bits),
  ...silentReadings(seen.layout, seen.values, seen.combined),
];

/** Decades below the lower bar from which on a region is no example. */
const learnBelow = 1.5;

/** AutoDQM's own for every region once in so many cycles, and the bits of channels. */
const [autoEvery, bitsEvery] = [12, 4];

export const openWatch = ({ layout, places, packets, regions, cycleMs }: WatchSetup): Watch => {
  const width = layout?.size ?? 0;
  const detectorOf = (values: Float64Array): Float64Array => values.subarray(0, width);
  const cells = Array.from({ length: regions }, () => new Map<string, Cell>());
  let compared: Compared | null = null;
  let provisional = false;
  let beginning: Reference[] = [];
  let norm: Norm = openNorm();
  let bars: Bars = barsFor(1, cycleMs);
  let turn = 0;
  let window: Window | null = null;

  const compare = (references: readonly Reference[]): Compared => ({
    references,
    combined: Array.from({ length: regions }, (_, region) =>
      sumOf(references.map(({ values }) => values[region]!)),
    ),
    before: Array.from({ length: regions }, (_, region) =>
      layout === null ? [] : references.map(({ values }) => trendsOf(layout, detectorOf(values[region]!))),
    ),
  });

  const seenOf = (
    cycle: readonly Float64Array[],
    { references, combined, before }: Compared,
    of: ObjectLayout,
  ) => {
    const siblings = cycle.map(
      (values, region): Sibling => ({
        values: detectorOf(values),
        combined: detectorOf(combined[region]!),
        trends: { now: trendsOf(of, detectorOf(values)), before: before[region]! },
      }),
    );
    return (region: number): Seen => ({
      layout: of,
      values: siblings[region]!.values,
      references: references.map(({ values }) => detectorOf(values[region]!)),
      combined: siblings[region]!.combined,
      beside: regions === 1 ? null : siblings.filter((_, other) => other !== region),
    });
  };

  const auto = (seen: Seen): Reading[] =>
    (autoDqmReadings(seen, [limits.dqmReferencesMax]).get(limits.dqmReferencesMax) ?? []).map((reading) => ({
      ...reading,
      check: 'beta-binomial',
    }));

  /** Each cycle of the beginning against the others of it: what is usual is known before the first is judged. */
  function* learnBeginning(of: ObjectLayout): Generator<void> {
    for (const one of beginning) {
      const others = compare(beginning.filter((other) => other !== one));
      const seen = seenOf(one.values, others, of);
      for (let region = 0; region < regions; region++) {
        norm.learn(allReadings(seen(region), true), framesIn(one.values[region]!, of));
        yield;
      }
    }
  }

  const framesIn = (values: Float64Array, { plans }: ObjectLayout): number => {
    let frames = 0;
    for (let bin = plans.hits.offset; bin < plans.hits.offset + plans.hits.size; bin++)
      frames += values[bin]!;
    return frames;
  };

  const settle = (region: number, check: string, cell: Cell): void => {
    cells[region]!.set(check, cell);
  };

  const waiting = (words: string, nowMs: number): void => {
    for (const of of cells)
      for (const { name } of checkMeanings)
        if (name !== 'completeness')
          of.set(name, plainCell('null', words, of.get(name)?.sinceMs ?? nowMs, nowMs));
  };

  /** Cells that more hits are awaited for are as they were. */
  const refresh = (nowMs: number): void => {
    for (const of of cells)
      for (const [check, cell] of of) if (check !== 'completeness') of.set(check, { ...cell, atMs: nowMs });
  };

  /** By the median region: one that is dead, or very noisy, does not say how long it is looked at. */
  const isFull = ({ values, cycles }: Window, { plans }: ObjectLayout): boolean => {
    const { offset, size } = plans.adc;
    const hits = values.map((one) => one.subarray(offset, offset + size).reduce((sum, bin) => sum + bin, 0));
    return medianOf(hits) >= limits.dqmWindowHitsMin || cycles >= Math.max(1, Math.round(60_000 / cycleMs));
  };

  const judgeRegion = (region: number, seen: Seen, frames: number, nowMs: number): void => {
    const learned = norm.ready;
    const withBits = !learned || (turn + region) % bitsEvery === 0;
    const readings = [
      ...allReadings(seen, withBits),
      ...((turn + region) % autoEvery === 0 ? auto(seen) : []),
    ];
    const rated = readings.flatMap((reading): Rated[] => {
      const decades = norm.decades(reading, frames);
      return decades === null ? [] : [{ reading, decades }];
    });
    const checks = new Set(readings.map(({ check }) => check));
    // What is nearly rare is not learned from either: a fault that is missed must not become the norm.
    let sound = rated.every(({ decades }) => decades < bars.twice - learnBelow);
    for (const check of checks) {
      const own = rated.filter(({ reading }) => reading.check === check);
      const before = cells[region]!.get(check) ?? null;
      if (own.length === 0 && before !== null && before.quality !== 'null') continue;
      const cell = judgeCell(before, own, bars, nowMs, (reading) =>
        placeOf(reading, places!, (object, bin) => {
          const plan = Object.values(seen.layout.plans).find(({ name }) => name === object);
          return plan === undefined ? `bin ${bin}` : binInWords(plan.axes, bin);
        }),
      );
      settle(region, check, cell);
      sound &&= cell.quality === 'good' || cell.quality === 'null';
    }
    for (const [check, cell] of cells[region]!)
      if (!checks.has(check) && check !== 'completeness') settle(region, check, { ...cell, atMs: nowMs });
    bars = barsFor(regions * readings.length, cycleMs);
    if (sound) norm.learn(readings, frames);
  };

  return {
    *judge(cycle, nowMs) {
      turn += 1;
      for (const [region, values] of cycle.values.entries())
        settle(
          region,
          'completeness',
          judgeCompleteness(
            cells[region]!.get('completeness') ?? null,
            completenessOf(packets, values.subarray(width)),
            nowMs,
          ),
        );
      yield;
      if (layout === null) return waiting('Frames of objects are not checked yet.', nowMs);
      if (!cycle.frames.some((frames) => frames > 0)) return;
      window = joined(window, cycle);
      if (!isFull(window, layout)) {
        if (compared === null) waiting('Not enough hits yet to compare with.', nowMs);
        else refresh(nowMs);
        return;
      }
      const { values: now, frames } = window;
      window = null;
      if (compared === null) {
        beginning.push({ run: 0, values: now });
        const left = limits.dqmProvisionalCycles - beginning.length;
        waiting(
          `The run’s beginning will be its reference, once ${Math.max(0, left)} more cycles are there.`,
          nowMs,
        );
        if (left > 0) return;
        yield* learnBeginning(layout);
        compared = compare(beginning);
        provisional = true;
        beginning = [];
        return;
      }
      if (!norm.ready)
        waiting(`Learning what is usual: ${norm.known} of ${limits.dqmGoodRunsMin} values.`, nowMs);
      const seen = seenOf(now, compared, layout);
      for (let region = 0; region < regions; region++) {
        if (frames[region]! > 0) judgeRegion(region, seen(region), frames[region]!, nowMs);
        yield;
      }
    },
    compareWith(references, resumed) {
      for (const of of cells) of.clear();
      beginning = [];
      window = null;
      provisional = resumed?.provisional ?? false;
      norm = openNorm(resumed?.norm ?? null);
      compared = references.length === 0 ? null : compare(references);
    },
    saveNorm: () => norm.save(),
    get known() {
      return norm.known;
    },
    get references() {
      return compared?.references ?? [];
    },
    get provisional() {
      return provisional || compared === null;
    },
    combined: (region) => compared?.combined[region] ?? null,
    cell: (region, check) => cells[region]!.get(check) ?? null,
  };
};
