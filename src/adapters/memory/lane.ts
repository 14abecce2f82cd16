/**
 * A lane in this very thread, for tests and the simulated world: it is handed the composed stages and runs
 * one job after the other. It refuses to hide their cost: the event loop waits while they work.
 */

import { Fault } from '../../domain/fault.ts';
import type { Lane, LaneRunner } from '../../ports/lane.ts';

const nothing = {
  results: [],
  parts: [],
};

export const createMemoryLane = (runner: LaneRunner): Lane => {
  let last: Promise<unknown> = Promise.resolve();
  let depth = 0;
  let closed: Promise<void> | null = null;
  return {
    provider: runner.provider,
    scoreNames: runner.scoreNames,
    get depth() {
      return depth;
    },
    async process(job) {
      if (closed !== null) throw new Fault('lane-failed', 'the lane is closed');
      if (job.frames.length === 0) return nothing;
      depth += 1;
      const turn = last.then(() => runner.run(job));
      last = turn.catch(() => undefined);
      try {
        const { results, instants } = await turn;
        return { results, parts: [{ frameCount: job.frames.length, instants }] };
      } finally {
        depth -= 1;
      }
    },
    close() {
      closed ??= last.then(() => runner.close());
      return closed;
    },
  };
};
