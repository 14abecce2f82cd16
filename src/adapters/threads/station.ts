/**
 * One worker thread as the pool sees it: the parts it holds, oldest first, and how it starts, answers and ends.
 * It refuses to decide what a death means: it fails what it held and tells.
 */

import { Worker } from 'node:worker_threads';
import { Fault } from '../../domain/fault.ts';
import type { LaneJob, LanePart, LaneRunner } from '../../ports/lane.ts';
import { type BufferPool, packJob } from './job_buffer.ts';
import type { LaneAnswer, LaneRequest } from './lane_worker.ts';
import { unpackResults } from './result_buffer.ts';

/** Frames `from` … `to`−1 of a job on their way, and whom to tell. */
export interface Part {
  readonly job: LaneJob;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  done(part: LanePart): void;
  failed(fault: Fault): void;
}

export interface StationOptions {
  readonly workerUrl: URL;
  readonly workerData: unknown;
  readonly frameBytesMax: number;
  readonly buffers: BufferPool;
  /** A part was answered: there is room for one more. */
  readonly onRoom: () => void;
  /** The thread ended without being asked to; gives the fault for the parts it held. */
  readonly onDeath: (station: Station, cause: unknown) => Fault;
}

/** What a worker says of its runner. */
export type Ready = Pick<LaneRunner, 'provider' | 'scoreNames'>;

export interface Station {
  /** Settles when the worker has opened its runner: with what it is, or with why it could not. */
  readonly started: Promise<Ready>;
  readonly exited: Promise<void>;
  readonly isReady: boolean;
  readonly heldParts: number;
  hand(part: Part): void;
  /** Lets it finish what it holds, close its runner and end. */
  leave(): void;
  terminate(): Promise<unknown>;
}

export const startStation = (options: StationOptions): Station => {
  const { buffers, frameBytesMax } = options;
  const worker = new Worker(options.workerUrl, { workerData: options.workerData });
  const held: { readonly part: Part; readonly buffer: SharedArrayBuffer }[] = [];
  let policy: LaneJob['policy'] | null = null;
  let isReady = false;
  let isLeaving = false;
  let cause: unknown = null;
  const tell = (request: LaneRequest): void => worker.postMessage(request);

  const answered = (answer: Exclude<LaneAnswer, { kind: 'ready' }>): void => {
    const { part, buffer } = held.shift()!;
    buffers.give(buffer);
    if (answer.kind === 'done') part.done(unpackResults(answer.results, part.to - part.from));
    else part.failed(new Fault(answer.code, answer.detail, { retryable: answer.retryable }));
    options.onRoom();
  };

  worker.on('error', (error) => {
    cause = error;
  });
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      if (isReady && !isLeaving) {
        isReady = false;
        const fault = options.onDeath(station, cause ?? `exit code ${code}`);
        // Their buffers are not used again: a dead thread's last write may come late.
        for (const { part } of held.splice(0)) part.failed(fault);
      }
      isReady = false;
      resolve();
    });
  });
  const started = new Promise<Ready>((resolve, reject) => {
    const notStarted = (): Fault =>
      new Fault('lane-failed', `a worker thread did not start: ${String(cause)}`, { cause });
    exited.then(() => reject(notStarted()));
    worker.on('message', (answer: LaneAnswer) => {
      if (answer.kind === 'ready') {
        isReady = true;
        resolve(answer);
      } else if (isReady) {
        answered(answer);
      } else if (answer.kind === 'fault') {
        reject(new Fault(answer.code, answer.detail, { retryable: answer.retryable }));
        void worker.terminate();
      }
    });
  });

  const station: Station = {
    started,
    exited,
    get isReady() {
      return isReady && !isLeaving;
    },
    get heldParts() {
      return held.length;
    },
    hand(part) {
      const { job, from, to } = part;
      const buffer = buffers.take(part.bytes);
      packJob(job.frames, from, to, frameBytesMax, buffer);
      const news = policy === job.policy ? null : job.policy;
      policy = job.policy;
      held.push({ part, buffer });
      tell({ kind: 'job', buffer, frameCount: to - from, pressure: job.pressure, policy: news });
    },
    leave() {
      isLeaving = true;
      tell({ kind: 'close' });
    },
    terminate() {
      isLeaving = true;
      return worker.terminate();
    },
  };
  return station;
};
