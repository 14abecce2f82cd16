/**
 * Tails of the distributions that checks of histograms speak of, and the logarithms they are made of. Refuses nothing:
 * arguments outside a distribution's range give the nearest probability, 0 or 1.
 */

import { inverseNormal } from '../prng.ts';

const tabled = 1 << 16;
let table: Float64Array | null = null;

const factorials = (): Float64Array => {
  const made = new Float64Array(tabled);
  for (let n = 2; n < tabled; n++) made[n] = made[n - 1]! + Math.log(n);
  return made;
};

const halfLnTwoPi = 0.5 * Math.log(2 * Math.PI);

/** ln n! of a whole n ≥ 0: summed up to 65,535, Stirling's series beyond (its next term is below 1e-16). */
export const lnFactorial = (n: number): number => {
  if (n < tabled) {
    table ??= factorials();
    return table[n]!;
  }
  return (n + 0.5) * Math.log(n) - n + halfLnTwoPi + 1 / (12 * n) - 1 / (360 * n * n * n);
};

/** The slow twin of `lnFactorial`. */
export const lnFactorialReference = (n: number): number => {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
};

/** Least probability a number of standard deviations is made of: 37 σ (AutoDQM's floor). */
export const probabilityMin = 1e-300;

/** |z| that a standard normal exceeds with this probability: the root of the inverse χ² tail of one degree of freedom. */
export const sigmasOf = (probability: number): number =>
  probability >= 1 ? 0 : -inverseNormal(Math.max(probability, probabilityMin) / 2);

/** P(χ² of `degrees` ≥ `value`) by the Wilson-Hilferty cube root (PNAS 17, 1931): to 0.01 in σ from 3 degrees on. */
export const chiSquareTail = (value: number, degrees: number): number => {
  if (!(degrees > 0) || value <= 0) return 1;
  const spread = 2 / (9 * degrees);
  return normalTail((Math.cbrt(value / degrees) - 1 + spread) / Math.sqrt(spread));
};

/** P(Z ≥ z) of a standard normal: Numerical Recipes' erfc by Chebyshev coefficients, relative error below 1.2e-7. */
export const normalTail = (z: number): number => {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const series = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
    1.00002368, -1.26551223,
  ].reduce((sum, coefficient) => sum * t + coefficient, 0);
  const tail = 0.5 * t * Math.exp(-x * x + series);
  return z >= 0 ? tail : 1 - tail;
};

/** P(√n·D ≥ λ) of Kolmogorov's distribution: 2 Σ (−1)^(k−1) exp(−2 k² λ²). */
export const kolmogorovTail = (lambda: number): number => {
  // Below this the series converges slowly and the probability is 1 to five digits.
  if (lambda < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 20; k++) {
    const term = Math.exp(-2 * k * k * lambda * lambda);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-17) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
};
