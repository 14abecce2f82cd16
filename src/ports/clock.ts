/**
 * What we ask of time. Only adapters (and the simulated world) implement it; everything else is handed one.
 */

import type { EpochNanos } from '../domain/quantity.ts';

export interface Clock {
  /** Wall time; never runs backwards within one clock. */
  nowNanos(): EpochNanos;
  /** Monotonic milliseconds with fractions, for durations. */
  nowMs(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
