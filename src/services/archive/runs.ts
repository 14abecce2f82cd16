/**
 * The keeper of runs: orders to begin and end one (pl72, 6s4t) are obeyed and answered by the one process that owns the
 * control topic's partition, and a run that was stopped is closed once all of it is archived. Refuses to close sooner.
 */

import { runFile } from '../../archive/names.ts';
import { booksOf, encodeRun, type RunFile } from '../../archive/run.ts';
import type { Seal } from '../../archive/seal.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { ConditionReading } from '../../domain/status.ts';
import type { Bus, BusRecord, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { encodeRunAnswer } from '../../wire/runs/answer.ts';
import { keepTerms, type Term } from '../alarms/terms.ts';
import type { Topics } from '../topics.ts';
import { type Chain, type Ending, openEnding } from './ending.ts';
import { obey } from './orders.ts';
import { isStoreFault, type Patience } from './patience.ts';
import { readRun, runsIn, sealsOf } from './position.ts';
import { clearRun, sweep } from './sealing.ts';
import { closedRecord } from './written.ts';

/** Makes what a closed run has beside its data; may be called again when a process died under it. */
export type Closing = (store: Store, run: RunFile, seals: readonly Seal[]) => Promise<void>;

export interface RunKeeperParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly store: Store;
  readonly patience: Patience;
  readonly instrumentId: string;
  readonly simulated: boolean | null;
}

export interface RunKeeperSettings {
  readonly group: string;
  /** What must have gone through it before a run closes. */
  readonly chain: Chain;
  readonly closing: Closing;
}

export interface RunKeeper {
  /** For the alarm of the same name: a run that was stopped waits for somebody. */
  readonly condition: ConditionReading;
  stop(): Promise<void>;
}

interface Stopped {
  readonly file: RunFile;
  readonly ending: Ending;
  /** Who has not come so far; '' when nobody is waited for. */
  behind: string;
}

/** The store of a keeper that writes no more once another may: two that close one run would mix their descriptions. */
const whileKept = (store: Store, given: AbortSignal): Store => ({
  ...store,
  async put(name, chunks) {
    if (given.aborted) throw new Fault('bus-fenced', `${name} is left to the next keeper of runs`);
    await store.put(name, chunks);
  },
});

/** @param own throws bus-fenced when another keeps runs by now */
const close = async (
  { store: whole, clock, log }: RunKeeperParts,
  { closing }: RunKeeperSettings,
  run: RunFile,
  own: { readonly given: AbortSignal; check(): Promise<void> },
): Promise<RunFile> => {
  const store = whileKept(whole, own.given);
  const seals = await sealsOf(store, run.run);
  await sweep(store, run.run, seals);
  await clearRun(store, run.run);
  const closedMs = Number(clock.nowNanos() / 1_000_000n);
  const closed: RunFile = { ...run, state: 'closed', closedMs, books: booksOf(seals) };
  try {
    await closing(store, closed, seals);
  } catch (error) {
    if (!(error instanceof Fault) || isStoreFault(error) || error.code === 'bus-fenced') throw error;
    log.error({ run: run.run, fault: error.code }, `the run closes without its description: ${error.detail}`);
  }
  await own.check();
  await store.put(runFile(run.run), [encodeRun(closed)]);
  log.info({ run: run.run, segments: seals.length }, 'run closed');
  return closed;
};

/** Event time the stream has come to: that of the partition that is furthest. */
const furthestMs = async ({ watermarks }: Chain): Promise<number | null> => {
  const instantsMs = (await watermarks()).map((nanos) => Number(nanos / 1_000_000n));
  const furthest = Math.max(0, ...instantsMs);
  return furthest === 0 ? null : furthest;
};

/** One term: orders, and between them a look at the runs that were stopped. */
const openTerm = async (
  parts: RunKeeperParts,
  settings: RunKeeperSettings,
  stopped: Map<number, Stopped>,
  feed: PartitionFeed,
  given: AbortSignal,
): Promise<Term> => {
  const { topics, store, log, patience, instrumentId } = parts;
  const { chain } = settings;
  const patient = <Result>(act: () => Promise<Result>): Promise<Result> => patience.until(act, given);
  const ordering = { ...parts, streamMs: () => furthestMs(chain) };
  let offset = feed.startOffset;

  const findStopped = async (): Promise<void> => {
    for (const run of await runsIn(store)) {
      const file = await readRun(store, run);
      const known = stopped.get(run)?.file;
      if (file?.state !== 'stopping') continue;
      if (known?.stopMs === file.stopMs && known.stopBy === file.stopBy) continue;
      stopped.set(run, { file, ending: openEnding({ ...parts, chain }, file), behind: '' });
    }
  };
  await patient(findStopped);

  const takeCommands = async (records: readonly BusRecord[]): Promise<void> => {
    const outputs: OutputRecord[] = [];
    for (const record of records) {
      const answer = await patient(() => obey(ordering, record));
      if (answer === null)
        log.warn({ offset: `${record.offset}` }, `a message on ${topics.runs} is neither pl72 nor 6s4t`);
      else
        outputs.push({
          topic: topics.runAnswers,
          key: Buffer.from(answer.jobId),
          value: encodeRunAnswer(answer),
        });
    }
    offset = records.at(-1)!.offset + 1n;
    await feed.commit(outputs, offset, '');
    await patient(findStopped);
  };
  const own = { given: feed.revoked, check: () => feed.commit([], offset, '') };
  const closeComplete = async (): Promise<void> => {
    for (const [run, one] of stopped) {
      const ended = await one.ending.look();
      const behind = ended.is === 'waiting' ? ended.behind : '';
      if (behind !== '' && one.behind === '') log.info({ run }, `a run that was stopped waits: ${behind}`);
      one.behind = behind;
      if (ended.is !== 'complete') continue;
      const closed = await patient(() => close(parts, settings, one.file, own));
      stopped.delete(run);
      await feed.commit([closedRecord(topics, instrumentId, run, closed.jobId)], offset, '');
    }
  };
  return {
    takeCommands,
    looks: { everyMs: limits.runCloseCheckMs, look: closeComplete },
    async close() {
      // All it keeps is in the store.
    },
  };
};

/** Keeps runs until it is stopped; what fails is begun anew. */
export const keepRuns = (parts: RunKeeperParts, settings: RunKeeperSettings): RunKeeper => {
  /** What is waited for, as long as it is for this process to say so. */
  let waits: { readonly stopped: ReadonlyMap<number, Stopped>; readonly given: AbortSignal } | null = null;
  const termed = keepTerms(parts, {
    group: settings.group,
    what: 'runs',
    topic: parts.topics.runs,
    leaves: isStoreFault,
    openTerm(feed, given) {
      const stopped = new Map<number, Stopped>();
      waits = { stopped, given };
      return openTerm(parts, settings, stopped, feed, given);
    },
  });
  return {
    get condition() {
      const stopped = waits === null || waits.given.aborted ? [] : [...waits.stopped];
      const waiting = stopped.filter(([, { behind }]) => behind !== '');
      const [first] = waiting;
      const severity = first === undefined ? ('ok' as const) : ('minor' as const);
      const message =
        first === undefined ? '' : `run ${first[0]} was stopped and is open: ${first[1].behind}`;
      return { cause: 'run-unclosed', severity, total: waiting.length, message };
    },
    stop: () => termed.stop(),
  };
};
