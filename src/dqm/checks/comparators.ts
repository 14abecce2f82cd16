/**
 * The comparisons every shifter knows, of one histogram with a reference of as many bins: Kolmogorov, χ², mean deviation,
 * bin by bin (as ALICE's reference comparators), divergence. Refuses to judge: readings become qualities by thresholds.
 */

import { chiSquareTail, kolmogorovTail } from '../../kernels/statistics/tails.ts';
import { totalOf } from './beta_binomial.ts';

export interface Compared {
  /** What is large when they differ. */
  readonly distance: number;
  /** As if entries were independent, which hits of a track are not: a number to look at, not to judge by. */
  readonly probability: number;
}

/** Largest distance of the cumulative shapes, as √(n·m/(n+m)) · D. Null where either is empty. */
export const kolmogorov = (data: ArrayLike<number>, reference: ArrayLike<number>): Compared | null => {
  const [n, m] = [totalOf(data), totalOf(reference)];
  if (n <= 0 || m <= 0) return null;
  let [a, b, distance] = [0, 0, 0];
  for (let bin = 0; bin < data.length; bin++) {
    a += data[bin]! / n;
    b += reference[bin]! / m;
    distance = Math.max(distance, Math.abs(a - b));
  }
  const lambda = Math.sqrt((n * m) / (n + m)) * distance;
  return { distance: lambda, probability: kolmogorovTail(lambda) };
};

/**
 * Entries that a bin is expected to have, below which it is taken together with all such: one entry where a reference of m has
 * none would add m/n to χ², the more the longer the reference, and to a mean deviation any number.
 */
const expectedMin = 5;

/** Bins that are well filled, and one of all others together; both hold as many entries as before. */
const wellFilled = (data: ArrayLike<number>, reference: ArrayLike<number>, n: number, m: number) => {
  const [now, before] = [[0], [0]];
  for (let bin = 0; bin < data.length; bin++) {
    const both = data[bin]! + reference[bin]!;
    const at = (both * n) / (n + m) < expectedMin ? 0 : now.length;
    now[at] = (now[at] ?? 0) + data[bin]!;
    before[at] = (before[at] ?? 0) + reference[bin]!;
  }
  return { now, before };
};

/**
 * χ² of two histograms of counts with different totals, by degree of freedom (N. Gagunashvili, physics/0605123); bins with few
 * entries count as one.
 */
export const chiSquare = (data: ArrayLike<number>, reference: ArrayLike<number>): Compared | null => {
  const [n, m] = [totalOf(data), totalOf(reference)];
  if (n <= 0 || m <= 0) return null;
  const { now, before } = wellFilled(data, reference, n, m);
  let [sum, bins] = [0, 0];
  for (let bin = 0; bin < now.length; bin++) {
    const both = now[bin]! + before[bin]!;
    if (both <= 0) continue;
    sum += (m * now[bin]! - n * before[bin]!) ** 2 / both;
    bins += 1;
  }
  const value = sum / (n * m);
  const degrees = Math.max(1, bins - 1);
  return { distance: value / degrees, probability: chiSquareTail(value, degrees) };
};

/**
 * Mean of |data − reference| relative to the reference, over the bins in which it has something; totals made equal, bins with
 * few entries count as one.
 */
export const meanDeviation = (data: ArrayLike<number>, reference: ArrayLike<number>): number | null => {
  const [n, m] = [totalOf(data), totalOf(reference)];
  if (n <= 0 || m <= 0) return null;
  const { now, before } = wellFilled(data, reference, n, m);
  let [sum, bins] = [0, 0];
  for (let bin = 0; bin < now.length; bin++) {
    if (before[bin]! <= 0) continue;
    const expected = (before[bin]! * n) / m;
    // Few together may still be few.
    sum += Math.abs(now[bin]! - expected) / Math.max(expected, expectedMin);
    bins += 1;
  }
  return bins === 0 ? null : sum / bins;
};

/**
 * Bins that differ from the reference by more than `share` of it and by more than `sigmas` of their own statistical
 * error, ascending. Totals are made equal first. A check allows some number of them.
 */
export const differingBins = (
  data: ArrayLike<number>,
  reference: ArrayLike<number>,
  { share, sigmas }: { readonly share: number; readonly sigmas: number },
): number[] => {
  const [n, m] = [totalOf(data), totalOf(reference)];
  if (n <= 0 || m <= 0) return [];
  const scale = n / m;
  const bins: number[] = [];
  for (let bin = 0; bin < data.length; bin++) {
    const expected = reference[bin]! * scale;
    const away = Math.abs(data[bin]! - expected);
    const error = Math.sqrt(Math.max(1, expected * (1 + scale)));
    if (away > share * expected && away > sigmas * error) bins.push(bin);
  }
  return bins;
};

/** (data − expected) / σ of counting, bin by bin, totals made equal first. Null where the reference is empty. */
export const pullsOf = (data: ArrayLike<number>, reference: ArrayLike<number>): Float64Array | null => {
  const before = totalOf(reference);
  if (before <= 0) return null;
  const scale = totalOf(data) / before;
  return Float64Array.from({ length: data.length }, (_, bin) => {
    const expected = reference[bin]! * scale;
    return (data[bin]! - expected) / Math.sqrt(Math.max(1, expected) * (1 + scale));
  });
};

/** Jensen-Shannon divergence of two histograms' shapes, bits: 0 (the same) … 1 (nothing in common). */
export const divergence = (data: ArrayLike<number>, reference: ArrayLike<number>): number | null => {
  const [n, m] = [totalOf(data), totalOf(reference)];
  if (n <= 0 || m <= 0) return null;
  let sum = 0;
  for (let bin = 0; bin < data.length; bin++) {
    const [p, q] = [data[bin]! / n, reference[bin]! / m];
    const middle = (p + q) / 2;
    if (p > 0) sum += p * Math.log2(p / middle);
    if (q > 0) sum += q * Math.log2(q / middle);
  }
  return Math.min(1, Math.max(0, sum / 2));
};
