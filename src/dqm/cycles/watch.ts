/**
 * Watches the regions of an instrument cycle after cycle: from a cycle's objects to the quality of every cell. From a run's
 * first full window on against what is usual of the instrument, where that is shipped; then also against references of the same
 * detector: good runs, or else the run's own beginning, of which nothing is believed that is not as usual. Refuses to hold
 * others up: it works region by region, and whoever drives it may pause in between.
 */

import { limits } from '../../domain/limits.ts';
import type { Reading } from '../checks/list.ts';
import type { Knots } from '../thresholds.ts';
import { type Beginning, openBeginning } from './beginning.ts';
import { type Norm, openNorm } from './norm.ts';
import { completenessOf, type PacketLayout } from './packets.ts';
import { openSilence } from './silence.ts';
import type { SpanValues } from './spans.ts';
import {
  type Bars,
  barsFor,
  type Cell,
  checkMeanings,
  judgeCell,
  judgeCompleteness,
  plainCell,
  type Rated,
} from './verdicts.ts';
import type { Comparison, Reference, Watched } from './watched.ts';
import { isFull, joined, type Window } from './window.ts';

export interface WatchSetup {
  readonly watched: Watched;
  readonly packets: PacketLayout;
  readonly regions: number;
  readonly cycleMs: number;
  /** What readings are in good cycles, as shipped; null where nothing is. */
  readonly usual: {
    readonly alone: Readonly<Record<string, Knots>>;
    readonly compared: Readonly<Record<string, Knots>>;
  } | null;
}

export interface Watch {
  /** A frame was looked into, and had this in each part of its region. */
  frame(region: number, parts: Float64Array): void;
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
  /** Grows with every change of what the run's own beginning is thought to be. */
  readonly begun: number;
  /** True while the present run stands in for its own references. */
  readonly provisional: boolean;
  /** Whether it is compared with what is usual of the instrument. */
  readonly shipped: boolean;
  /** Combined references of a region; null while there are none. */
  combined(region: number): Float64Array | null;
  cell(region: number, check: string): Cell | null;
}

export interface Resumed {
  readonly provisional: boolean;
  readonly norm: string | null;
  /** A person named the references: nothing but these counts. */
  readonly named: boolean;
}

/** Decades below the lower bar from which on a region is no example. */
const learnBelow = 1.5;
/** AutoDQM's own for every region once in so many cycles, and the bits of channels. */
const [autoEvery, bitsEvery] = [12, 4];
/** Readings of a region, about: bars stand before the first are read. */
const readingsAbout = 150;

export const openWatch = ({ watched, packets, regions, cycleMs, usual }: WatchSetup): Watch => {
  const width = watched.size;
  const cells = Array.from({ length: regions }, () => new Map<string, Cell>());
  const aloneNorm = openNorm(null, usual?.alone ?? {});
  const everyRegion = Array.from({ length: regions }, (_, region) => region);
  let alone = usual === null ? null : watched.alone;
  let compared: Comparison | null = null;
  let provisional = false;
  let beginning: Beginning = openBeginning();
  let norm: Norm = openNorm(null, usual?.compared ?? null);
  let bars: Bars = barsFor(regions * readingsAbout, cycleMs);
  let turn = 0;
  let window: Window | null = null;
  const silence = openSilence(regions, watched.parts);

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
  const expectParts = (): void => {
    for (const region of everyRegion) {
      if (alone !== null) silence.expect(region, alone.parts);
      else if (compared !== null) silence.expect(region, watched.parts.of(compared.combined[region]!));
    }
  };

  const ratedBy = (by: Norm, readings: readonly Reading[], frames: number): Rated[] =>
    readings.flatMap((reading) => {
      const decades = by.decades(reading, frames);
      return decades === null ? [] : [{ reading, decades }];
    });
  // What is nearly rare is no example either: a fault that is missed must not become the norm.
  const isSound = (rated: readonly Rated[]): boolean =>
    rated.every(({ decades }) => decades < bars.twice - learnBelow);

  const judgeCheck = (region: number, check: string, rated: readonly Rated[], nowMs: number): Cell => {
    const before = cells[region]!.get(check) ?? null;
    const cell = judgeCell(before, rated, bars, nowMs, watched.place);
    settle(region, check, cell);
    return cell;
  };

  /** What falls silent is told at the end of its cycle, full or not. */
  const judgeSilence = (nowMs: number): void => {
    for (const region of everyRegion) {
      const reading = silence.reading(region);
      const rated = reading === null ? [] : ratedBy(norm, [reading], 1);
      if (rated.some(({ decades }) => decades > bars.twice)) judgeCheck(region, 'channels', rated, nowMs);
    }
  };

  /** Whether all is as in good cycles. */
  const judgeRegion = (
    region: number,
    own: readonly Reading[],
    usually: readonly Reading[],
    frames: number,
    nowMs: number,
  ): boolean => {
    const rated = [...ratedBy(norm, own, frames), ...ratedBy(aloneNorm, usually, frames)];
    const checks = new Set([...own, ...usually].map(({ check }) => check));
    let sound = isSound(rated);
    for (const check of checks) {
      const of = rated.filter(({ reading }) => reading.check === check);
      const before = cells[region]!.get(check) ?? null;
      if (of.length === 0 && before !== null && before.quality !== 'null') continue;
      const { quality } = judgeCheck(region, check, of, nowMs);
      sound &&= quality === 'good' || quality === 'null';
    }
    for (const { name } of checkMeanings)
      if (!checks.has(name) && name !== 'completeness') {
        const cell = cells[region]!.get(name);
        const words = watched.checks.includes(name)
          ? 'It waits for its turn, and for references of the same detector.'
          : 'This is not asked of such frames.';
        settle(
          region,
          name,
          cell === undefined ? plainCell('null', words, nowMs, nowMs) : { ...cell, atMs: nowMs },
        );
      }
    if (own.length > 0) bars = barsFor(regions * (own.length + usually.length), cycleMs);
    if (sound && own.length > 0) norm.learn(own, frames);
    return sound;
  };

  /** Each cycle of the beginning against the others of it: what is usual is known before the first is judged. */
  function* learnBeginning(references: readonly Reference[]): Generator<void> {
    for (const one of references) {
      const against = watched.compare(references.filter((other) => other !== one)).against(one.values);
      for (const region of everyRegion) {
        norm.learn(against(region, { bits: true, auto: false }), watched.frames(one.values[region]!));
        yield;
      }
    }
  }

  /** References of this run that were taken before this monitor, or its norm, knew whether they are as usual. */
  function* doubtBeginning(): Generator<void> {
    if (alone === null || !provisional || compared === null || beginning.checked) return;
    for (const { values } of compared.references) {
      const usually = alone.against(values);
      for (const region of everyRegion) {
        const frames = watched.frames(values[region]!);
        if (!isSound(ratedBy(aloneNorm, usually(region), frames))) beginning.doubt(region);
        yield;
      }
    }
    beginning.checked = true;
  }

  function* begin(now: Window, nowMs: number): Generator<void> {
    const left = beginning.add(now.values);
    if (alone === null)
      waiting(`The run’s beginning will be its reference, once ${left} more cycles are there.`, nowMs);
    if (left > 0) return;
    const references = beginning.taken();
    if (usual === null) yield* learnBeginning(references);
    compared = watched.compare(references);
    provisional = true;
    beginning.checked = true;
    expectParts();
  }

  function* judgeWindow({ values: now, frames }: Window, nowMs: number): Generator<void> {
    if (compared !== null && !norm.ready)
      waiting(`Learning what is usual: ${norm.known} of ${limits.dqmGoodRunsMin} values.`, nowMs);
    yield* doubtBeginning();
    const against = compared?.against(now);
    const usually = alone?.against(now);
    for (const region of everyRegion) {
      if (frames[region]! <= 0) continue;
      const bits = !norm.ready || (turn + region) % bitsEvery === 0;
      const trusted = against !== undefined && !beginning.doubtful(region);
      const own = trusted ? against(region, { bits, auto: (turn + region) % autoEvery === 0 }) : [];
      const silent = silence.reading(region);
      const sound = judgeRegion(
        region,
        silent === null ? own : [...own, silent],
        usually?.(region) ?? [],
        frames[region]!,
        nowMs,
      );
      if (alone !== null && !sound && compared === null) beginning.doubt(region);
      if (sound && compared !== null && beginning.doubtful(region)) beginning.redeem(region, now[region]!);
      yield;
    }
    if (compared !== null && beginning.redeemed())
      compared = watched.compare(beginning.mended(compared.references));
  }

  return {
    frame: silence.add,
    *judge(cycle, nowMs) {
      turn += 1;
      for (const [region, values] of cycle.values.entries()) {
        const before = cells[region]!.get('completeness') ?? null;
        const counts = completenessOf(packets, values.subarray(width));
        settle(region, 'completeness', judgeCompleteness(before, counts, nowMs));
      }
      yield;
      if (!cycle.frames.some((frames) => frames > 0)) return;
      window = joined(window, cycle);
      if (!isFull(window, watched, cycleMs)) {
        const known = cells.some((of) => [...of.keys()].some((check) => check !== 'completeness'));
        if (known) refresh(nowMs);
        else waiting('Not enough hits yet to compare with.', nowMs);
        judgeSilence(nowMs);
        return;
      }
      const now = window;
      window = null;
      const wasCompared = compared !== null;
      if (wasCompared || alone !== null) yield* judgeWindow(now, nowMs);
      if (!wasCompared) yield* begin(now, nowMs);
    },
    compareWith(references, resumed) {
      for (const of of cells) of.clear();
      window = null;
      provisional = resumed?.provisional ?? false;
      alone = usual === null || resumed?.named === true ? null : watched.alone;
      norm = openNorm(resumed?.norm ?? null, usual?.compared ?? null);
      beginning = openBeginning();
      compared = references.length === 0 ? null : watched.compare(references);
      silence.clear();
      expectParts();
    },
    saveNorm: () => norm.save(),
    get known() {
      return norm.known;
    },
    get references() {
      return compared?.references ?? [];
    },
    get begun() {
      return beginning.version;
    },
    get provisional() {
      return provisional || compared === null;
    },
    get shipped() {
      return alone !== null;
    },
    combined: (region) => compared?.combined[region] ?? null,
    cell: (region, check) => cells[region]!.get(check) ?? null,
  };
};
