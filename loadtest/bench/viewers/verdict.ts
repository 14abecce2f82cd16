/**
 * What pairs of windows, one watched and one not, say of the watching: the ratio of p99 pair by pair, its median and how well
 * that is known. Refuses fewer pairs than make a median worth telling.
 */

import { createPrng } from '../../../src/kernels/prng.ts';
import type { Latencies } from '../../measure.ts';
import { median } from '../../measure.ts';

export interface Pair {
  readonly alone: Latencies;
  readonly watched: Latencies;
}

export interface Verdict {
  /** Medians over the pairs. */
  readonly p99AloneMs: number;
  readonly p99WatchedMs: number;
  /** Median of the pairs' ratios, and the middle 95 % of medians of pairs drawn again. */
  readonly ratio: number;
  readonly ratioLow: number;
  readonly ratioHigh: number;
}

export const pairsMin = 10;
const drawings = 10_000;

export const verdictOf = (pairs: readonly Pair[], seed: number): Verdict => {
  const ratios = pairs.map(({ alone, watched }) => watched.p99Ms / alone.p99Ms);
  const prng = createPrng(seed);
  const medians = Array.from({ length: drawings }, () =>
    median(ratios.map(() => ratios[Math.floor(prng.uniform() * ratios.length)]!)),
  ).sort((a, b) => a - b);
  return {
    p99AloneMs: median(pairs.map(({ alone }) => alone.p99Ms)),
    p99WatchedMs: median(pairs.map(({ watched }) => watched.p99Ms)),
    ratio: median(ratios),
    ratioLow: medians[Math.floor(0.025 * drawings)]!,
    ratioHigh: medians[Math.floor(0.975 * drawings)]!,
  };
};
