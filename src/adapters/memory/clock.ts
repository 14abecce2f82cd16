/**
 * A clock that stands still until it is moved: simulated worlds and tests own their time with it. Refuses to
 * run backwards, and wakes sleepers in the order of their deadlines, then of their arrival.
 */

import { type EpochNanos, epochNanos } from '../../domain/quantity.ts';
import type { Clock } from '../../ports/clock.ts';

export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms`, stopping at each deadline on the way so that what a sleeper does next sees
   * its own instant; resolves when the last sleeper woken has run as far as it can without more time.
   */
  advance(ms: number): Promise<void>;
  /** Moves to the next deadline, if there is one; false when nobody sleeps. */
  step(): Promise<boolean>;
  readonly sleepers: number;
}

interface Sleeper {
  readonly deadlineMs: number;
  readonly order: number;
  readonly wake: () => void;
}

const defaultStart = epochNanos(1_700_000_000_000_000_000n);

// One turn of the event loop: enough for every promise chain, ports to worker threads excepted.
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createVirtualClock(start: EpochNanos = defaultStart): VirtualClock {
  let elapsedMs = 0;
  let arrivals = 0;
  const sleepers: Sleeper[] = [];

  const next = (): Sleeper | undefined => {
    let first = sleepers[0];
    for (const one of sleepers) {
      if (first === undefined) break;
      const earlier = one.deadlineMs - first.deadlineMs || one.order - first.order;
      if (earlier < 0) first = one;
    }
    return first;
  };

  const wakeUntil = async (untilMs: number): Promise<void> => {
    await settle();
    for (let one = next(); one !== undefined && one.deadlineMs <= untilMs; one = next()) {
      elapsedMs = Math.max(elapsedMs, one.deadlineMs);
      one.wake();
      await settle();
    }
    elapsedMs = Math.max(elapsedMs, untilMs);
  };

  return {
    nowNanos: () => epochNanos(start + BigInt(Math.floor(elapsedMs * 1e6))),
    nowMs: () => elapsedMs,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = (): void => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { deadlineMs: elapsedMs + Math.max(0, ms), order: arrivals++, wake };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', wake);
      });
    },
    advance: (ms) => wakeUntil(elapsedMs + Math.max(0, ms)),
    async step() {
      await settle();
      const one = next();
      if (one === undefined) return false;
      await wakeUntil(one.deadlineMs);
      return true;
    },
    get sleepers() {
      return sleepers.length;
    },
  };
}
