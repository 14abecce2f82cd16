/**
 * A lane over worker threads: splits jobs into parts of like size, hands them to the least busy worker, keeps
 * results in order, and starts a dead worker again a bounded number of times. It refuses to clone frame bytes
 * or to let more than a few parts wait at one worker; what waits beyond that is not even copied.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Lane, LaneJob, LanePart } from '../../ports/lane.ts';
import { jobFrameBytes, openBufferPool } from './job_buffer.ts';
import { splitJob } from './job_split.ts';
import { type Part, type Station, startStation } from './station.ts';

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

/** The workers and the parts that wait for one of them. */
interface Crew {
  readonly stations: ReadonlySet<Station>;
  /** Whether any worker is there or on its way. */
  readonly isAlive: boolean;
  give(parts: readonly Part[]): void;
}

const openCrew = (options: LanePoolOptions): Crew => {
  const stations = new Set<Station>();
  const waiting: Part[] = [];
  const buffers = openBufferPool(options.workers * limits.workerJobsWaitingMax);
  let restartsLeft: number = limits.workerRestartsMax;

  const dispatch = (): void => {
    while (waiting.length > 0) {
      let least: Station | null = null;
      for (const station of stations) {
        if (station.isReady && station.heldParts < (least?.heldParts ?? limits.workerJobsWaitingMax)) {
          least = station;
        }
      }
      if (least === null) return;
      least.hand(waiting.shift()!);
    }
  };

  const gone = (station: Station, fault: Fault): void => {
    stations.delete(station);
    if (stations.size === 0) for (const part of waiting.splice(0)) part.failed(fault);
  };

  const onDeath = (station: Station, cause: unknown): Fault => {
    const retryable = restartsLeft > 0;
    const fault = new Fault('lane-failed', `a worker thread died: ${String(cause)}`, { cause, retryable });
    if (retryable) {
      restartsLeft -= 1;
      add();
    }
    gone(station, fault);
    options.onDeath?.(fault, retryable ? restartsLeft : 0);
    return fault;
  };

  const add = (): void => {
    const station = startStation({ ...options, buffers, onRoom: dispatch, onDeath });
    stations.add(station);
    station.started.then(dispatch, (error: unknown) => gone(station, error as Fault));
  };

  for (let worker = 0; worker < options.workers; worker++) add();
  return {
    stations,
    get isAlive() {
      return stations.size > 0;
    },
    give(parts) {
      waiting.push(...parts);
      dispatch();
    },
  };
};

/** Resolves when every worker has its model; throws what the first that cannot start says, after ending all. */
export const openLanePool = async (options: LanePoolOptions): Promise<Lane> => {
  const { workers, frameBytesMax } = options;
  const crew = openCrew(options);
  const first = [...crew.stations];
  const [ready] = await Promise.all(first.map(({ started }) => started)).catch(async (error: unknown) => {
    await Promise.all(first.map((station) => station.terminate()));
    throw error;
  });
  let jobsUnderWay = 0;
  let idle: () => void = () => undefined;
  let closing: Promise<void> | null = null;

  /** Promises of all parts of a job, in order; given to the crew together. */
  const start = (job: LaneJob): Promise<LanePart>[] => {
    const parts: Part[] = [];
    const promises = splitJob(job.frames, frameBytesMax, workers).map((to, at, borders) => {
      const from = borders[at - 1] ?? 0;
      let bytes = 0;
      for (let index = from; index < to; index++) bytes += jobFrameBytes(job.frames[index]!, frameBytesMax);
      return new Promise<LanePart>((done, failed) => parts.push({ job, from, to, bytes, done, failed }));
    });
    crew.give(parts);
    return promises;
  };

  const end = async (): Promise<void> => {
    if (jobsUnderWay > 0) await new Promise<void>((resolve) => (idle = resolve));
    const last = [...crew.stations];
    for (const station of last) station.leave();
    await Promise.all(last.map(({ exited }) => exited));
  };

  return {
    provider: ready!.provider,
    scoreNames: ready!.scoreNames,
    get depth() {
      return jobsUnderWay;
    },
    async process(job) {
      if (closing !== null) throw new Fault('lane-failed', 'the lane is closed');
      if (!crew.isAlive) throw new Fault('lane-failed', 'no worker is left; restart the process');
      jobsUnderWay += 1;
      try {
        // All parts settle before the job does: frames stay the caller's, and must not be read after that.
        const settled = await Promise.allSettled(start(job));
        const done = settled.map((part) => {
          if (part.status === 'rejected') throw part.reason;
          return part.value;
        });
        return {
          results: done.flatMap(({ results }) => results),
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
