/**
 * A lane over worker threads: splits jobs into parts of like size, hands them to the least busy worker, keeps
 * results in order, and starts a dead worker again a bounded number of times. It refuses to clone frame bytes
 * or to let more than a few parts wait at one worker; what waits beyond that is not even copied.
 */

import { Worker } from 'node:worker_threads';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Lane, LaneJob, LanePart } from '../../ports/lane.ts';
import type { Provider } from '../../ports/model.ts';
import { jobFrameBytes, openBufferPool, packJob } from './job_buffer.ts';
import { splitJob } from './job_split.ts';
import type { LaneAnswer, LaneRequest } from './lane_worker.ts';
import { unpackResults } from './result_buffer.ts';

export interface LanePoolOptions {
  /** The worker's entry; it must answer as `serveLane` does. */
  readonly workerUrl: URL;
  /** Plain data the entry needs: cards, tables, model path, provider. Cloned once for each worker. */
  readonly workerData: unknown;
  readonly workers: number;
  /** Largest frame of the instrument; of a longer one only the beginning is handed on, to be refused. */
  readonly frameBytesMax: number;
  /** Told of each worker that dies, with the restarts left. */
  readonly onDeath?: (fault: Fault, restartsLeft: number) => void;
}

/** A part of a job on its way: some frames, and whom to tell. */
interface Part {
  readonly job: LaneJob;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  done(part: LanePart): void;
  failed(fault: Fault): void;
}

/** One worker thread and the parts it holds, oldest first. */
interface Station {
  readonly worker: Worker;
  readonly held: Part[];
  policy: LaneJob['policy'] | null;
  ready: boolean;
  /** Its end is our wish: told to close, or to be terminated. */
  leaving: boolean;
}

const tell = (station: Station, request: LaneRequest, transfer: ArrayBuffer[] = []): void =>
  station.worker.postMessage(request, transfer);

/** Resolves when every worker has its model; throws what the first that cannot start says, after ending all. */
export const openLanePool = async (options: LanePoolOptions): Promise<Lane> => {
  const { workers, frameBytesMax } = options;
  const stations: Station[] = [];
  const waiting: Part[] = [];
  const buffers = openBufferPool(workers * limits.workerJobsWaitingMax);
  const exits = new Set<Promise<void>>();
  let restartsLeft: number = limits.workerRestartsMax;
  let provider: Provider | null = null;
  let closing: Promise<void> | null = null;
  let starting = 0;
  let jobsUnderWay = 0;
  let idle: () => void = () => undefined;

  const hand = (station: Station, part: Part): void => {
    const buffer = buffers.take(part.bytes);
    packJob(part.job.frames, part.from, part.to, frameBytesMax, buffer);
    const { policy, pressure } = part.job;
    const frameCount = part.to - part.from;
    const news = station.policy === policy ? null : policy;
    station.policy = policy;
    station.held.push(part);
    tell(station, { kind: 'job', buffer, frameCount, pressure, policy: news }, [buffer]);
  };

  const dispatch = (): void => {
    while (waiting.length > 0) {
      let least: Station | null = null;
      for (const station of stations) {
        if (station.ready && (least === null || station.held.length < least.held.length)) least = station;
      }
      if (least === null || least.held.length >= limits.workerJobsWaitingMax) return;
      hand(least, waiting.shift()!);
    }
  };

  const answered = (station: Station, answer: Exclude<LaneAnswer, { kind: 'ready' }>): void => {
    const part = station.held.shift()!;
    if (answer.buffer !== null) buffers.give(answer.buffer);
    if (answer.kind === 'done') part.done(unpackResults(answer.results, part.to - part.from));
    else part.failed(new Fault(answer.code, answer.detail, { retryable: answer.retryable }));
    dispatch();
  };

  /** Starts one worker; settles when it is ready or has failed to become so. */
  const start = async (): Promise<void> => {
    starting += 1;
    try {
      await startWorker();
    } finally {
      starting -= 1;
    }
  };

  const startWorker = (): Promise<void> => {
    const worker = new Worker(options.workerUrl, { workerData: options.workerData });
    const station: Station = { worker, held: [], policy: null, ready: false, leaving: false };
    stations.push(station);
    let cause: unknown = null;
    const exit = new Promise<void>((resolve) => {
      worker.once('exit', (code) => {
        exits.delete(exit);
        stations.splice(stations.indexOf(station), 1);
        if (station.ready && !station.leaving) died(station, cause ?? `exit code ${code}`);
        resolve();
      });
    });
    exits.add(exit);
    return new Promise((resolve, reject) => {
      worker.on('error', (error) => {
        cause = error;
      });
      exit.then(() =>
        reject(new Fault('lane-failed', `a worker did not start: ${String(cause)}`, { cause })),
      );
      worker.on('message', (answer: LaneAnswer) => {
        if (station.ready && answer.kind !== 'ready') return answered(station, answer);
        if (answer.kind === 'ready') {
          station.ready = true;
          provider = answer.provider;
          resolve();
          dispatch();
        } else if (answer.kind === 'fault') {
          station.leaving = true;
          reject(new Fault(answer.code, answer.detail, { retryable: answer.retryable }));
          void worker.terminate();
        }
      });
    });
  };

  /** What a dead worker held fails; its successor, if there may be one, serves those that wait. */
  const died = (station: Station, cause: unknown): void => {
    const mayRestart = restartsLeft > 0;
    const fault = new Fault('lane-failed', `a worker thread died: ${String(cause)}`, {
      cause,
      retryable: mayRestart,
    });
    if (mayRestart) restartsLeft -= 1;
    options.onDeath?.(fault, mayRestart ? restartsLeft : 0);
    for (const part of station.held.splice(0)) part.failed(fault);
    if (mayRestart) start().catch((error: unknown) => giveUpIfAlone(error as Fault));
    else giveUpIfAlone(fault);
  };

  const alive = (): boolean => starting > 0 || stations.some((station) => station.ready);

  const giveUpIfAlone = (fault: Fault): void => {
    if (!alive()) for (const part of waiting.splice(0)) part.failed(fault);
  };

  const end = async (): Promise<void> => {
    if (jobsUnderWay > 0) await new Promise<void>((resolve) => (idle = resolve));
    for (const station of stations) {
      station.leaving = true;
      tell(station, { kind: 'close' });
    }
    await Promise.all(exits);
  };

  try {
    await Promise.all(Array.from({ length: workers }, start));
  } catch (error) {
    await Promise.all(
      stations.map((station) => {
        station.leaving = true;
        return station.worker.terminate();
      }),
    );
    throw error;
  }

  const processPart = (job: LaneJob, from: number, to: number): Promise<LanePart> =>
    new Promise((resolve, reject) => {
      let bytes = 0;
      for (let index = from; index < to; index++) bytes += jobFrameBytes(job.frames[index]!, frameBytesMax);
      waiting.push({ job, from, to, bytes, done: resolve, failed: reject });
    });

  return {
    provider: provider!,
    get depth() {
      return jobsUnderWay;
    },
    async process(job) {
      if (closing !== null) throw new Fault('lane-failed', 'the lane is closed');
      if (!alive()) throw new Fault('lane-failed', 'no worker is left; restart the process');
      jobsUnderWay += 1;
      try {
        const borders = splitJob(job.frames, frameBytesMax, workers);
        const pending = borders.map((to, at) => processPart(job, borders[at - 1] ?? 0, to));
        dispatch();
        const settled = await Promise.allSettled(pending);
        const done = settled.map((part) => {
          if (part.status === 'rejected') throw part.reason;
          return part.value;
        });
        return {
          results: done.flatMap((part) => part.results),
          parts: done.map(({ results, instants }) => ({ frameCount: results.length, instants })),
        };
      } finally {
        jobsUnderWay -= 1;
        if (jobsUnderWay === 0) idle();
      }
    },
    close() {
      closing ??= end();
      return closing;
    },
  };
};
