/**
 * The keeper of runs: orders to begin and end one (pl72, 6s4t) are obeyed and answered by the one process that owns the
 * control topic's partition, and a run that was stopped is closed once all of it is archived. Refuses to close sooner.
 */

import { runFile } from '../../archive/names.ts';
import { booksOf, encodeRun, openRun, type RunFile } from '../../archive/run.ts';
import type { Seal } from '../../archive/seal.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, BusRecord, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { encodeRunAnswer, type RunAnswer } from '../../wire/runs/answer.ts';
import { decodeRunStart, runOf } from '../../wire/runs/start.ts';
import { decodeRunStop } from '../../wire/runs/stop.ts';
import { carriesIdentifier } from '../../wire/verify.ts';
import type { Topics } from '../topics.ts';
import { isStoreFault, type Patience } from './patience.ts';
import { decodeMark, readRun, runsIn, sealsOf } from './position.ts';
import { sweep } from './sealing.ts';
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
  readonly version: string;
  readonly simulated: boolean | null;
}

export interface RunKeeperSettings {
  readonly group: string;
  /** What must have been archived up to a run's stop before it closes. */
  readonly streams: readonly { readonly topic: string; readonly group: string }[];
  readonly closing: Closing;
}

export interface RunKeeper {
  stop(): Promise<void>;
}

interface Outcome {
  readonly statusCode: number;
  readonly message: string;
}
const isGood = ({ statusCode }: Outcome): boolean => statusCode < 300;

const start = async (
  { store, instrumentId, simulated }: RunKeeperParts,
  order: ReturnType<typeof decodeRunStart>,
): Promise<Outcome> => {
  const run = runOf(order.runName);
  const found = await readRun(store, run);
  if (found !== null && found.state !== 'open')
    return { statusCode: 409, message: `run ${run} was stopped already` };
  if (found !== null && found.openedBy === 'order' && found.jobId === order.jobId)
    return { statusCode: 200, message: `run ${run} is open already` };
  if (found !== null && found.openedBy === 'order')
    return { statusCode: 409, message: `run ${run} was opened by job ${found.jobId}` };
  const opened: RunFile = {
    ...openRun(run, instrumentId, 'order', simulated),
    name: order.runName,
    jobId: order.jobId,
    metadata: order.metadata,
    startMs: order.startMs,
    stopMs: order.stopMs,
    state: order.stopMs > 0 ? 'stopping' : 'open',
  };
  await store.put(runFile(run), [encodeRun(opened)]);
  return { statusCode: 201, message: `run ${run} is open` };
};

const stop = async (
  { store }: RunKeeperParts,
  order: ReturnType<typeof decodeRunStop>,
  atMs: number,
): Promise<Outcome> => {
  const run = runOf(order.runName);
  const found = await readRun(store, run);
  if (found === null) return { statusCode: 409, message: `nothing is known of run ${run}` };
  if (found.state === 'closed') return { statusCode: 409, message: `run ${run} is closed` };
  const stopMs = order.stopMs > 0 ? order.stopMs : atMs;
  const stopped: RunFile = { ...found, state: 'stopping', stopMs };
  await store.put(runFile(run), [encodeRun(stopped)]);
  return {
    statusCode: 201,
    message: `run ${run} closes once all until ${new Date(stopMs).toISOString()} is archived`,
  };
};

/** What became of one order, as its answer; null for a message that is none. */
const obey = async (parts: RunKeeperParts, record: BusRecord): Promise<RunAnswer | null> => {
  const { value, timestampMs } = record;
  const isStart = carriesIdentifier(value, 'pl72');
  if (!isStart && !carriesIdentifier(value, '6s4t')) return null;
  const answer = {
    serviceId: `tessera:${parts.instrumentId}:archiver`,
    jobId: '',
    commandId: '',
    action: isStart ? 'start' : 'stop',
    stopMs: 0,
  } as const;
  const answered = (said: Partial<RunAnswer>, outcome: Outcome): RunAnswer => ({
    ...answer,
    ...said,
    ...outcome,
    outcome: isGood(outcome) ? 'success' : 'failure',
  });
  let said: Partial<RunAnswer> = {};
  try {
    if (isStart) {
      const order = decodeRunStart(value);
      said = { jobId: order.jobId, stopMs: order.stopMs };
      return answered(said, await start(parts, order));
    }
    const order = decodeRunStop(value);
    said = { jobId: order.jobId, commandId: order.commandId, stopMs: order.stopMs };
    return answered(said, await stop(parts, order, timestampMs));
  } catch (error) {
    if (!(error instanceof Fault) || isStoreFault(error)) throw error;
    return answered(said, { statusCode: 400, message: error.detail });
  }
};

/** Whether all partitions of the streams are archived beyond an instant. */
const isPassed = async (
  { bus }: RunKeeperParts,
  streams: RunKeeperSettings['streams'],
  stopMs: number,
): Promise<boolean> => {
  const until = BigInt(stopMs + limits.runCloseGraceMs) * 1_000_000n;
  for (const { topic, group } of streams)
    for (const { metadata } of await bus.committed(group, topic))
      if ((decodeMark(metadata)?.watermarkNanos ?? 0n) <= until) return false;
  return true;
};

const close = async (
  parts: RunKeeperParts,
  { closing }: RunKeeperSettings,
  run: RunFile,
): Promise<RunFile> => {
  const { store, clock, log } = parts;
  const seals = await sealsOf(store, run.run);
  await sweep(store, run.run, seals);
  const closedMs = Number(clock.nowNanos() / 1_000_000n);
  const closed: RunFile = { ...run, state: 'closed', closedMs, books: booksOf(seals) };
  try {
    await closing(store, closed, seals);
  } catch (error) {
    if (!(error instanceof Fault) || isStoreFault(error)) throw error;
    log.error({ run: run.run, fault: error.code }, `the run closes without its description: ${error.detail}`);
  }
  await store.put(runFile(run.run), [encodeRun(closed)]);
  log.info({ run: run.run, segments: seals.length }, 'run closed');
  return closed;
};

/** One term: orders in turn, and between them a look at the runs that were stopped. */
const term = async (
  parts: RunKeeperParts,
  settings: RunKeeperSettings,
  feed: PartitionFeed,
  stopping: AbortSignal,
): Promise<void> => {
  const { topics, store, clock, patience, instrumentId } = parts;
  let offset = feed.startOffset;
  const stopped = new Map<number, RunFile>();
  const given = AbortSignal.any([feed.revoked, stopping]);
  const patient = <Result>(act: () => Promise<Result>): Promise<Result> => patience.until(act, given);
  const look = async (run: number): Promise<void> => {
    const found = await readRun(store, run);
    if (found?.state === 'stopping') stopped.set(run, found);
  };
  await patient(async () => {
    for (const run of await runsIn(store)) await look(run);
  });

  const takeOrders = async (records: readonly BusRecord[]): Promise<void> => {
    const outputs: OutputRecord[] = [];
    for (const record of records) {
      const answer = await patient(() => obey(parts, record));
      if (answer !== null)
        outputs.push({
          topic: topics.runAnswers,
          key: Buffer.from(answer.jobId),
          value: encodeRunAnswer(answer),
        });
      else
        parts.log.warn(
          { offset: `${record.offset}` },
          `a message on ${topics.runs} is neither pl72 nor 6s4t`,
        );
    }
    offset = records.at(-1)!.offset + 1n;
    await feed.commit(outputs, offset, '');
    await patient(async () => {
      for (const run of await runsIn(store)) await look(run);
    });
  };
  const closeComplete = async (): Promise<void> => {
    for (const run of [...stopped.values()]) {
      if (!(await isPassed(parts, settings.streams, run.stopMs))) continue;
      const closed = await patient(() => close(parts, settings, run));
      stopped.delete(run.run);
      await feed.commit([closedRecord(topics, instrumentId, run.run, closed.jobId)], offset, '');
    }
  };

  let taking: Promise<readonly BusRecord[]> | null = null;
  for (;;) {
    taking ??= feed.take({ recordsMax: 64, bytesMax: limits.controlBufferBytesMax });
    const enough = new AbortController();
    const waited = clock.sleep(limits.runCloseCheckMs, enough.signal).then(() => null);
    const records = await Promise.race([taking, waited]);
    enough.abort();
    if (records === null) {
      await closeComplete();
      continue;
    }
    taking = null;
    if (records.length === 0) return;
    await takeOrders(records);
  }
};

/** Keeps runs until it is stopped; what fails is begun anew. */
export const keepRuns = (parts: RunKeeperParts, settings: RunKeeperSettings): RunKeeper => {
  const { bus, log, clock, topics } = parts;
  const stopping = new AbortController();
  const asked = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  const keepOnce = async (): Promise<void> => {
    const consumption = await bus.consume({
      group: settings.group,
      topic: topics.runs,
      delivery: 'exactly-once',
      fresh: 'beginning',
      queueBytesMax: limits.controlBufferBytesMax,
      async onFeed(feed) {
        try {
          await term(parts, settings, feed, stopping.signal);
        } catch (error) {
          const handed = error instanceof Fault && error.code === 'bus-fenced';
          if (!handed && !isStoreFault(error)) throw error;
          log.info({ topic: topics.runs }, 'runs are kept by another process now');
        }
      },
    });
    try {
      await Promise.race([asked, consumption.failed]);
    } finally {
      await consumption.stop();
    }
  };
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await keepOnce();
      } catch (error) {
        log.error({ error: String(error) }, 'runs are not kept for the moment');
        await clock.sleep(limits.alarmRetryMs, stopping.signal);
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await keeping;
    },
  };
};
