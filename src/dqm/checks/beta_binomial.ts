/**
 * AutoDQM's comparison of a histogram with up to eight reference runs, as published (arXiv 2501.13789, and the
 * `beta_binomial` plugin of its repository): how probable each bin is, relative to the most probable count, averaged over
 * the references. Refuses to correct anything for drift: it is the yardstick other checks are held against.
 */

import { limits } from '../../domain/limits.ts';
import { lnFactorial, probabilityMin, sigmasOf } from '../../kernels/statistics/tails.ts';

/** Tolerance of AutoDQM: references are trusted to a hundredth of a bin. */
const tolerance = 0.01;

/** ln (m + d)! − ln m! of whole m ≥ 0 and m + d ≥ 0: where d is small beside m, d · ln of the middle factor (to 1e-4). */
const lnRise = (m: number, d: number): number =>
  Math.abs(d) < 1e-3 * m ? d * Math.log(m + (d + 1) / 2) : lnFactorial(m + d) - lnFactorial(m);

/**
 * ln of the beta-binomial probability of `k` among `n`, over that of `at`; a = refBin + 1, b = refAll − refBin + 1. What
 * hangs on k: (k + refBin)! (n − k + refAll − refBin)! / (k! (n − k)!).
 */
const lnRatio = (k: number, at: number, n: number, refBin: number, refAll: number): number =>
  lnFactorial(k + refBin) -
  lnFactorial(at + refBin) -
  lnFactorial(k) +
  lnFactorial(at) +
  lnRise(n - at + refAll - refBin, at - k) -
  lnRise(n - at, at - k);

/** Probability of `count` among `all` given one reference, relative to the most probable count; 0 … 1. */
const relativeProbability = (count: number, all: number, refBin: number, refAll: number): number => {
  const mean = (all * refBin) / refAll;
  const [up, down] = [Math.min(all, Math.ceil(mean)), Math.floor(mean)];
  const scale = 1 / Math.sqrt(1 + (refBin * tolerance * tolerance) ** 2);
  const [bin, entries] = [Math.round(refBin * scale), Math.round(refAll * scale)];
  // Of the two whole numbers around the mean, the more probable: one is this many times the other.
  const step = ((up + bin) * (all - down)) / (Math.max(1, up) * (all - down + entries - bin));
  const most = step > 1 ? up : down;
  return Math.min(1, Math.exp(lnRatio(count, most, all, bin, entries)));
};

export const totalOf = (counts: ArrayLike<number>): number => {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin]!;
  return total;
};

/** Relative probability of every bin under one reference; null where the reference is empty. Whole counts ≥ 0. */
export const relativeProbabilities = (
  data: ArrayLike<number>,
  reference: ArrayLike<number>,
): Float64Array | null => {
  const [all, refAll] = [totalOf(data), totalOf(reference)];
  if (refAll <= 0) return null;
  const probabilities = new Float64Array(data.length).fill(1);
  for (let bin = 0; bin < data.length; bin++) {
    if (data[bin] === 0 && reference[bin] === 0) continue;
    probabilities[bin] = Math.max(
      probabilityMin,
      relativeProbability(data[bin]!, all, reference[bin]!, refAll),
    );
  }
  return probabilities;
};

export interface BetaBinomial {
  /** Σ Z² of the bins / bins used. */
  readonly chiSquare: number;
  /** Largest |Z|, made rarer by as many bins as were looked at: 1 − (1 − p)^bins, as a Z again. */
  readonly maxPull: number;
  /** |Z| of every bin, signed by whether the data lie above the references. */
  readonly pulls: Float64Array;
}

/** Z of the least probable of `bins` bins: 1 − (1 − p)^bins, or bins · p where that is small. */
const lookElsewhere = (p: number, bins: number): number =>
  sigmasOf(bins * p < 0.01 ? bins * p : -Math.expm1(bins * Math.log1p(-p)));

/**
 * Compares whole counts with references of as many bins. Null where there is nothing to compare: no data, no reference
 * that has any.
 * @param probabilities of `relativeProbabilities`, one a reference, where they were made already
 */
export const betaBinomial = (
  data: ArrayLike<number>,
  references: readonly ArrayLike<number>[],
  probabilities = references.map((reference) => relativeProbabilities(data, reference)),
): BetaBinomial | null => {
  if (references.length > limits.dqmReferencesMax) throw new Error('more references than a check takes');
  const used = references.flatMap((reference, i) => {
    const of = probabilities[i];
    return of === null || of === undefined ? [] : [{ of, reference, all: totalOf(reference) }];
  });
  const all = totalOf(data);
  if (used.length === 0 || all <= 0) return null;
  const pulls = new Float64Array(data.length);
  let [sum, bins, least] = [0, 0, 1];
  for (let bin = 0; bin < data.length; bin++) {
    if (data[bin] === 0 && used.every(({ reference }) => reference[bin] === 0)) continue;
    bins += 1;
    let [together, expected] = [0, 0];
    for (const one of used) {
      together += one.of[bin]!;
      expected += (one.of[bin]! * one.reference[bin]!) / one.all;
    }
    const pull = sigmasOf(together / used.length);
    sum += pull * pull;
    least = Math.min(least, together / used.length);
    pulls[bin] = data[bin]! < (expected / together) * all ? -pull : pull;
  }
  return { chiSquare: sum / bins, maxPull: lookElsewhere(least, bins), pulls };
};
