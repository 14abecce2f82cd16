/** What is alike agrees, what is shifted does not, and what all readings come to is no stricter than chance. */

import { describe, expect, it } from 'vitest';
import { agreementOf, largestDifference, type Triple } from '../../../loadtest/bench/dqm/agreement.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const prng = createPrng(12);
/** Twelve moments of eight regions that share what their moment is like. */
const momentsOf = (shift: number): Triple[] =>
  Array.from({ length: 12 }, () => {
    const shared = prng.gaussian();
    const run = (of: number): number[] =>
      Array.from({ length: 8 }, () => shared + of + 0.5 * prng.gaussian());
    return [run(shift), run(0), run(0)];
  });

describe('bench dqm: agreement', () => {
  it('measures the largest difference of two distributions', () => {
    expect(largestDifference(Float64Array.of(3, 1, 2), Float64Array.of(1, 2, 3))).toBe(0);
    expect(largestDifference(Float64Array.of(1, 2), Float64Array.of(3, 4))).toBe(1);
    expect(largestDifference(Float64Array.of(1, 1, 1, 2), Float64Array.of(1, 2, 2, 2))).toBe(0.5);
  });

  it('tells shifted runs, and leaves alike ones alone', () => {
    const { each, all } = agreementOf(
      new Map([
        ['alike', momentsOf(0)],
        ['shifted', momentsOf(1.5)],
      ]),
      199,
      1,
    );
    const [alike, shifted] = each;
    expect(alike!.p).toBeGreaterThan(0.02);
    expect(shifted!.p).toBeLessThan(0.02);
    expect(shifted!.difference).toBeGreaterThan(shifted!.chance);
    expect(shifted!.low).toBeLessThanOrEqual(shifted!.difference);
    expect(all).toBeLessThan(0.02);
  });

  it('finds as few false differences as it says', () => {
    const small = Array.from(
      { length: 60 },
      (_, i) => agreementOf(new Map([['one', momentsOf(0)]]), 39, i).all,
    );
    expect(small.filter((p) => p <= 0.1).length).toBeLessThan(15);
  });
});
