/** Tails against their slow twin and against numbers from tables. Refuses to trust an approximation outside its range. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chiSquareTail,
  kolmogorovTail,
  lnFactorial,
  lnFactorialReference,
  normalTail,
  probabilityMin,
  sigmasOf,
} from '../../../src/kernels/statistics/tails.ts';

describe('tails', () => {
  it('has the factorials of its twin, on both sides of the table’s end', () => {
    for (const n of [0, 1, 2, 10, 1_000, 65_535, 65_536, 200_000]) {
      const slow = lnFactorialReference(n);
      expect(Math.abs(lnFactorial(n) - slow)).toBeLessThanOrEqual(1e-11 * slow);
    }
  });

  it('makes a normal tail a number of standard deviations again', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 8, noNaN: true }), (z) => {
        expect(sigmasOf(2 * normalTail(z))).toBeCloseTo(z, 5);
      }),
    );
  });

  it('knows 37 standard deviations and no more', () => {
    expect(sigmasOf(0)).toBe(sigmasOf(probabilityMin));
    expect(sigmasOf(probabilityMin)).toBeGreaterThan(36.9);
    expect(sigmasOf(1)).toBe(0);
  });

  it('agrees with tables of χ² and Kolmogorov', () => {
    expect(chiSquareTail(18.307, 10)).toBeCloseTo(0.05, 3);
    expect(chiSquareTail(124.342, 100)).toBeCloseTo(0.05, 3);
    expect(chiSquareTail(0, 10)).toBe(1);
    expect(kolmogorovTail(1.358)).toBeCloseTo(0.05, 3);
    expect(kolmogorovTail(1.628)).toBeCloseTo(0.01, 3);
    expect(kolmogorovTail(0.1)).toBe(1);
  });
});
