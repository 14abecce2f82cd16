/**
 * The real clock: wall time that never runs backwards within the process, monotonic durations and timers.
 * Refuses to follow a wall clock that is set back while it runs: it holds still until time catches up.
 */

import { epochNanos } from '../../domain/quantity.ts';
import type { Clock } from '../../ports/clock.ts';

export function createSystemClock(): Clock {
  let lastNanos = 0n;
  return {
    nowNanos() {
      // performance.timeOrigin + now has microsecond grain; Date.now alone would be a millisecond too coarse
      // for stage instants. It drifts from a stepped wall clock, so the two are compared and re-based.
      const wallMs = Date.now();
      const fineMs = performance.timeOrigin + performance.now();
      const ms = Math.abs(fineMs - wallMs) < 5 ? fineMs : wallMs;
      const whole = Math.floor(ms);
      const nanos = BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6));
      if (nanos > lastNanos) lastNanos = nanos;
      return epochNanos(lastNanos);
    },
    nowMs: () => performance.now(),
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, Math.max(0, ms));
        signal?.addEventListener('abort', done);
      });
    },
  };
}

/** Processor time of this thread, ms with fractions: what work costs, whoever else the machine serves meanwhile. */
export const threadBusyMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
