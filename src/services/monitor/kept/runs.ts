/**
 * The run log and the book of references: which run is taken and of which activity, as run control says it or as packets show
 * it, how each was, and what an activity is compared with. Refuses to go back: a run that is over stays over.
 */

import { Fault } from '../../../domain/fault.ts';
import { limits } from '../../../domain/limits.ts';
import type { ActivityShown, QualityShown, RunShown } from '../../../dqm/board.ts';
import { type CycleCounts, noCycles, runQuality } from '../../../dqm/judging/run_quality.ts';
import {
  changeReferences,
  emptyReferences,
  type ReferenceBook,
  type ReferenceCommand,
  referencesOf,
} from '../../../dqm/references.ts';
import type { BusRecord } from '../../../ports/bus.ts';
import type { History } from '../../../ports/history.ts';
import { jsonBytes, readOwnJson } from '../../../wire/json.ts';
import { decodeRunStart, runOf } from '../../../wire/runs/start.ts';
import { decodeRunStop } from '../../../wire/runs/stop.ts';

interface RunRow extends ActivityShown {
  readonly counts: CycleCounts;
  readonly frames: number;
  readonly rareFrames: number;
  readonly lastMs: number;
}

export interface CycleOfRun {
  readonly nowMs: number;
  readonly overall: QualityShown;
  readonly frames: number;
  readonly rareFrames: number;
}

export interface RunsKept {
  /** The first packet of a run came; the run before it is over. Returns that one where it was good. */
  begin(run: number, nowMs: number): { readonly over: RunRow | null; readonly good: boolean };
  /** What run control says. */
  take(record: BusRecord): void;
  cycle(cycle: CycleOfRun): void;
  readonly current: ActivityShown | null;
  shown(overall: QualityShown): readonly RunShown[];
  readonly book: ReferenceBook;
  change(command: ReferenceCommand): void;
  /** Runs that the present one's activity is compared with. */
  readonly references: readonly number[];
}

const loadBook = (history: History): ReferenceBook => {
  const entry = history.get('references', 'book');
  if (entry === null) return emptyReferences;
  const { activities, history: changes } = readOwnJson<{
    activities: [string, { good: number[]; change: ReferenceBook['history'][number] }][];
    history: ReferenceBook['history'];
  }>(entry.value);
  return { activities: new Map(activities), history: changes };
};

/** Type and beam as run control says them; `physics` of this instrument where it says none. */
const activityOf = (metadata: string, instrument: string): string => {
  try {
    const { type, beam } = JSON.parse(metadata) as { readonly type?: unknown; readonly beam?: unknown };
    const said = [type, beam].filter((one) => typeof one === 'string' && one !== '');
    if (said.length > 0) return said.join(' ').slice(0, limits.alarmNameCharsMax);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return `physics ${instrument}`;
};

export const keepRuns = (history: History, instrument: string): RunsKept => {
  const rows = new Map<number, RunRow>();
  for (const { value } of history.list('run', { order: 'oldest' })) {
    const row = readOwnJson<RunRow>(value);
    rows.set(row.run, row);
  }
  let book = loadBook(history);
  let current: number | null = null;
  const save = (row: RunRow): void => {
    rows.set(row.run, row);
    history.put(
      'run',
      [{ key: String(row.run), atMs: row.startedMs, value: jsonBytes(row) }],
      limits.dqmRunRowsKept,
    );
    if (rows.size > limits.dqmRunRowsKept) rows.delete(rows.keys().next().value!);
  };
  const endedOf = (activity: string): number[] =>
    [...rows.values()]
      .filter((row) => row.activity === activity && row.run !== current)
      .map(({ run }) => run);
  const change = (command: ReferenceCommand): void => {
    const named = command.command === 'choose' || command.command === 'pin';
    book = changeReferences(book, named ? { ...command, others: endedOf(command.activity) } : command);
    const value = jsonBytes({ activities: [...book.activities], history: book.history });
    history.put('references', [{ key: 'book', atMs: command.atMs, value }], 1);
  };
  const fresh = (run: number, activity: string, startedMs: number): RunRow => ({
    ...{ run, activity, startedMs, stoppedMs: null, counts: noCycles, frames: 0, rareFrames: 0 },
    lastMs: startedMs,
  });
  const order = (value: Uint8Array): void => {
    try {
      const { runName, startMs, metadata } = decodeRunStart(value);
      const run: number = runOf(runName);
      const known = rows.get(run);
      const activity = activityOf(metadata, instrument);
      save(known === undefined ? fresh(run, activity, startMs) : { ...known, activity, startedMs: startMs });
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'message-schema')) throw error;
      const { runName, stopMs } = decodeRunStop(value);
      const known = rows.get(runOf(runName));
      if (known !== undefined) save({ ...known, stoppedMs: stopMs > 0 ? stopMs : known.lastMs });
    }
  };
  return {
    begin(run, nowMs) {
      const before = current === null ? undefined : rows.get(current);
      // A run that another monitor saw begin, before this one started, goes on.
      const unfinished =
        before ?? [...rows.values()].findLast((row) => row.run !== run && row.stoppedMs === null);
      current = run;
      if (!rows.has(run)) save(fresh(run, activityOf('{}', instrument), nowMs));
      if (unfinished === undefined || unfinished.run === run) return { over: null, good: false };
      const over = { ...unfinished, stoppedMs: unfinished.stoppedMs ?? unfinished.lastMs };
      save(over);
      return { over, good: runQuality(over.counts).good };
    },
    take({ value }) {
      try {
        order(value);
      } catch (error) {
        // Run control of a site speaks to others, too.
        if (!(error instanceof Fault)) throw error;
      }
    },
    cycle({ nowMs, overall, frames, rareFrames }) {
      const row = current === null ? undefined : rows.get(current);
      if (row === undefined) return;
      const counts = { ...row.counts, [overall.quality]: row.counts[overall.quality] + 1 };
      save({
        ...row,
        ...{ counts, frames: row.frames + frames, rareFrames: row.rareFrames + rareFrames, lastMs: nowMs },
      });
    },
    get current() {
      const row = current === null ? undefined : rows.get(current);
      if (row === undefined) return null;
      const { run, activity, startedMs, stoppedMs } = row;
      return { run, activity, startedMs, stoppedMs };
    },
    shown: (overall) =>
      [...rows.values()]
        .sort((a, b) => b.startedMs - a.startedMs)
        .slice(0, limits.dqmRunsListed)
        .map(({ run, activity, startedMs, stoppedMs, counts, frames, rareFrames }) => {
          const { good, ...said } = runQuality(counts);
          const quality = run === current && stoppedMs === null ? overall : said;
          return { run, activity, startedMs, stoppedMs, quality, frames, rareFrames, good };
        }),
    get book() {
      return book;
    },
    change,
    get references() {
      const row = current === null ? undefined : rows.get(current);
      return row === undefined ? [] : referencesOf(book, row.activity);
    },
  };
};
