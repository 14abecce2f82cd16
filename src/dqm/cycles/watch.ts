/**
 * Watches the regions of an instrument cycle after cycle: from a cycle's objects to the quality of every cell. From a run's
 * first full window on against what is usual of the instrument, where that is shipped; then also against references of the same
 * detector: good runs, or else the run's own beginning, of which nothing is believed that is not as usual. Refuses to hold
 * others up: it works region by region, and whoever drives it may pause in between.
 */

import { limits } from '../../domain/limits.ts';
import { type Beginning, openBeginning } from '../judging/beginning.ts';
import { type Judged, openCells } from '../judging/cells.ts';
import { type Norm, openNorm } from '../judging/norm.ts';
import { openSilence } from '../judging/silence.ts';
import { openSpread } from '../judging/spread.ts';
import { type Cell, judgeCompleteness } from '../judging/verdicts.ts';
import type { Knots } from '../thresholds.ts';
import { completenessOf, type PacketLayout } from './packets.ts';
import type { SpanValues } from './spans.ts';
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
    /** Against a run's beginning, and against good runs. */
    readonly compared: Readonly<Record<'beginning' | 'runs', Readonly<Record<string, Knots>>>>;
  } | null;
}

export interface Watch {
  /** A frame was looked into, and had this in each part of its region, where this was due: `DueOf`. */
  frame(region: number, had: Float64Array, due: Float64Array | null): void;
  /** Between ends of cycles: what has fallen silent for too long to be chance. Returns whether a cell changed. */
  judgeSilence(nowMs: number): boolean;
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
  /** How far bins of an object lie from their references in good cycles, in σ of counting; null where that is not known. */
  spread(object: string): number | null;
  cell(region: number, check: string): Cell | null;
}

export interface Resumed {
  readonly provisional: boolean;
  readonly norm: string | null;
  /** A person named the references: nothing but these counts. */
  readonly named: boolean;
}

/** AutoDQM's own for every region once in so many cycles, and the bits of channels. */
const [autoEvery, bitsEvery] = [12, 4];

export const openWatch = ({ watched, packets, regions, cycleMs, usual }: WatchSetup): Watch => {
  const width = watched.size;
  const cells = openCells(watched, { regions, cycleMs });
  const aloneNorm = openNorm(null, usual?.alone ?? {});
  const everyRegion = Array.from({ length: regions }, (_, region) => region);
  let alone = usual === null ? null : watched.alone;
  let compared: Comparison | null = null;
  let provisional = false;
  let beginning: Beginning = openBeginning();
  let norm: Norm = openNorm(null, usual?.compared.beginning ?? null);
  let spread = openSpread(watched.plans);
  let turn = 0;
  let window: Window | null = null;
  const silence = openSilence(regions, watched.parts);

  const expectParts = (): void => {
    for (const region of everyRegion) {
      if (alone !== null) silence.expect(region, alone.parts);
      else if (compared !== null) silence.expect(region, watched.parts.of(compared.combined[region]!));
    }
  };

  const silenceOf = (region: number): Judged => {
    const reading = silence.reading(region);
    return { readings: reading === null ? [] : [reading], norm, byItself: true };
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
        const judged = { readings: usually(region), norm: aloneNorm };
        if (!cells.isSound([judged], watched.frames(values[region]!))) beginning.doubt(region);
        yield;
      }
    }
    beginning.checked = true;
  }

  function* begin(now: Window, nowMs: number): Generator<void> {
    const left = beginning.add(now.values);
    if (alone === null)
      cells.waiting(`The run’s beginning will be its reference, once ${left} more cycles are there.`, nowMs);
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
      cells.waiting(`Learning what is usual: ${norm.known} of ${limits.dqmGoodRunsMin} values.`, nowMs);
    yield* doubtBeginning();
    const against = compared?.against(now);
    const againstUsual = alone?.against(now);
    for (const region of everyRegion) {
      if (frames[region]! <= 0) continue;
      const bits = !norm.ready || (turn + region) % bitsEvery === 0;
      const trusted = against !== undefined && !beginning.doubtful(region);
      const own = trusted ? against(region, { bits, auto: (turn + region) % autoEvery === 0 }) : [];
      const [judged, silent] = [{ readings: own, norm }, silenceOf(region)];
      const usually = { readings: againstUsual?.(region) ?? [], norm: aloneNorm };
      const sound = cells.judge(region, [judged, silent, usually], frames[region]!, nowMs);
      if (sound && own.length > 0) {
        norm.learn([...own, ...silent.readings], frames[region]!);
        spread.learn(now[region]!, compared!.combined[region]!);
      }
      if (alone !== null && !sound && compared === null) beginning.doubt(region);
      if (sound && compared !== null && beginning.doubtful(region)) beginning.redeem(region, now[region]!);
      yield;
    }
    if (compared !== null && beginning.redeemed())
      compared = watched.compare(beginning.mended(compared.references));
  }

  return {
    frame: silence.add,
    judgeSilence(nowMs) {
      let changed = false;
      for (const region of everyRegion)
        if (cells.judgeSudden(region, silenceOf(region), 'once', nowMs)) changed = true;
      return changed;
    },
    *judge(cycle, nowMs) {
      turn += 1;
      for (const [region, values] of cycle.values.entries()) {
        const before = cells.get(region, 'completeness');
        const counts = completenessOf(packets, values.subarray(width));
        cells.set(region, 'completeness', judgeCompleteness(before, counts, nowMs));
      }
      yield;
      if (!cycle.frames.some((frames) => frames > 0)) return;
      window = joined(window, cycle);
      if (!isFull(window, watched, cycleMs)) {
        if (!cells.refresh(nowMs)) cells.waiting('Not enough hits yet to compare with.', nowMs);
        // What falls silent is told at the end of its cycle, full or not.
        for (const region of everyRegion) cells.judgeSudden(region, silenceOf(region), 'twice', nowMs);
        return;
      }
      const now = window;
      window = null;
      const wasCompared = compared !== null;
      if (wasCompared || alone !== null) yield* judgeWindow(now, nowMs);
      if (!wasCompared) yield* begin(now, nowMs);
    },
    compareWith(references, resumed) {
      cells.clear();
      window = null;
      provisional = resumed?.provisional ?? false;
      alone = usual === null || resumed?.named === true ? null : watched.alone;
      const { beginning: toBeginning, runs: toRuns } = usual?.compared ?? { beginning: null, runs: null };
      spread = openSpread(watched.plans);
      norm = openNorm(resumed?.norm ?? null, references.length > 0 && !provisional ? toRuns : toBeginning);
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
    spread: (object) => spread.of(object),
    cell: cells.get,
  };
};
