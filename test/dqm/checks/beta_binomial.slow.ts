/**
 * The slow twin of the beta-binomial comparison: every probability by its definition, a product of whole numbers, as
 * published. Refuses to be quick.
 */

import { sigmasOf } from '../../../src/kernels/statistics/tails.ts';

/** ln of C(n, k) B(k + a, n − k + b) / B(a, b), a = bin + 1, b = all − bin + 1: the chance of k in a rule of succession. */
const lnProbability = (k: number, n: number, bin: number, all: number): number => {
  let sum = 0;
  for (let i = 1; i <= n - k; i++) sum += Math.log(k + i) - Math.log(i);
  for (let i = 1; i <= k; i++) sum += Math.log(bin + i);
  for (let i = 1; i <= n - k; i++) sum += Math.log(all - bin + i);
  for (let i = 1; i <= n; i++) sum -= Math.log(all + 1 + i);
  return sum;
};

const relative = (k: number, n: number, bin: number, all: number): number => {
  const mean = (n * bin) / all;
  const scale = 1 / Math.sqrt(1 + (bin * 0.01 ** 2) ** 2);
  const [b, a] = [Math.round(bin * scale), Math.round(all * scale)];
  const of = (count: number): number => lnProbability(count, n, b, a);
  const most = Math.max(of(Math.min(n, Math.ceil(mean))), of(Math.floor(mean)));
  return Math.max(1e-300, Math.min(1, Math.exp(of(k) - most)));
};

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);

/** |Z| of every bin. */
export const pullsReference = (
  data: readonly number[],
  references: readonly (readonly number[])[],
): number[] =>
  data.map((k, bin) =>
    sigmasOf(
      references.reduce((total, one) => total + relative(k, sum(data), one[bin]!, sum(one)), 0) /
        references.length,
    ),
  );
