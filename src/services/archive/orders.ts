/**
 * Orders to begin and end runs (pl72, 6s4t): what becomes of each, written into the run's file, and the answer. Refuses an
 * order that contradicts what is there, with a status code and a sentence.
 */

import { runFile, sealsFolder } from '../../archive/names.ts';
import { retentionFolder } from '../../archive/proof/names.ts';
import { encodeRun, openRun, type RunFile } from '../../archive/run.ts';
import { Fault } from '../../domain/fault.ts';
import type { BusRecord } from '../../ports/bus.ts';
import type { Store } from '../../ports/store.ts';
import type { RunAnswer } from '../../wire/runs/answer.ts';
import { decodeRunStart, runOf } from '../../wire/runs/start.ts';
import { decodeRunStop } from '../../wire/runs/stop.ts';
import { carriesIdentifier } from '../../wire/verify.ts';
import { isStoreFault } from './patience.ts';
import { readRun } from './position.ts';

export interface OrderParts {
  readonly store: Store;
  readonly instrumentId: string;
  readonly simulated: boolean | null;
  /** Event time the stream has come to, ms since the epoch; null where nobody knows. */
  readonly streamMs: () => Promise<number | null>;
}

interface Outcome {
  readonly statusCode: number;
  readonly message: string;
}
const isGood = ({ statusCode }: Outcome): boolean => statusCode < 300;

const start = async (
  { store, instrumentId, simulated }: OrderParts,
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
    ...(order.stopMs > 0 ? { state: 'stopping', stopBy: 'time' } : {}),
  };
  await store.put(runFile(run), [encodeRun(opened)]);
  return { statusCode: 201, message: `run ${run} is open` };
};

/** Whether segments were sealed since it closed. */
const hasGrown = async (store: Store, { run, books }: RunFile): Promise<boolean> => {
  const closed = books?.streams.reduce((sum, { segments }) => sum + segments, 0) ?? 0;
  return (await store.folder(sealsFolder(run))).length > closed;
};

const stop = async (
  { store, streamMs }: OrderParts,
  order: ReturnType<typeof decodeRunStop>,
  atMs: number,
): Promise<Outcome> => {
  const run = runOf(order.runName);
  const found = await readRun(store, run);
  if (found === null) return { statusCode: 409, message: `nothing is known of run ${run}` };
  if (found.state === 'closed' && !(await hasGrown(store, found)))
    return { statusCode: 409, message: `run ${run} is closed` };
  // Records of retention follow the manifest there was.
  if (found.state === 'closed' && (await store.folder(retentionFolder(run))).length > 0)
    return { statusCode: 409, message: `run ${run} is closed, and retention has begun: it stays as it is` };
  const isTimed = order.stopMs > 0;
  const stopMs = isTimed ? order.stopMs : ((await streamMs()) ?? atMs);
  const stopped: RunFile = { ...found, state: 'stopping', stopBy: isTimed ? 'time' : 'sent', stopMs };
  await store.put(runFile(run), [encodeRun(stopped)]);
  const until = new Date(stopMs).toISOString();
  const what = isTimed ? `all until ${until}` : `all that was sent (event time ${until})`;
  return { statusCode: 201, message: `run ${run} closes once ${what} is archived` };
};

/** What became of one order, as its answer; null for a message that is none. */
export const obey = async (parts: OrderParts, record: BusRecord): Promise<RunAnswer | null> => {
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
