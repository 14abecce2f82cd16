/**
 * How many time frames a monitor looks into: as many as its bound of time allows, told by what the last ones took. Refuses
 * to borrow: what was not used in one cycle is not saved for the next beyond one time frame.
 */

import { limits } from '../../domain/limits.ts';

export interface Sampler {
  /** Whether the time for one more time frame is there now. */
  ready(nowMs: number): boolean;
  /** One was looked into, and took so long. */
  took(ms: number): void;
}

/** @param share of wall time that looking may take; 0.1 is a tenth of a core */
export const openSampler = (share: number, nowMs: number): Sampler => {
  let credit = 0;
  let atMs = nowMs;
  let costMs = 0;
  return {
    ready(now) {
      credit = Math.min(Math.max(costMs, limits.dqmSampleCreditMs), credit + (now - atMs) * share);
      atMs = now;
      return credit >= 0;
    },
    took(ms) {
      costMs = ms;
      credit -= ms;
    },
  };
};
