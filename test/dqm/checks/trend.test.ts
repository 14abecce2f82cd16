/** Steps in a series: found where they are, not found where nothing is. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepIn, stepOf, trendsOf } from '../../../src/dqm/checks/trend.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { someRun, watched } from '../watched.ts';

describe('trends', () => {
  it('find a step of five standard deviations where it is', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 5, max: 25 }), (seed, at) => {
        const prng = createPrng(seed, 1);
        const series = Array.from({ length: 30 }, (_, i) => prng.gaussian() + (i >= at ? 5 : 0));
        const found = stepIn(series)!;
        expect(Math.abs(found.at - at)).toBeLessThanOrEqual(1);
        expect(found.t).toBeGreaterThan(6);
      }),
    );
  });

  it('have nothing to say of few values, and of values that do not vary', () => {
    expect(stepIn([1, 2, 3])).toBeNull();
    expect(stepIn([2, 2, 2, 2, 2, 2])).toBeNull();
    expect(stepOf(0, [1])).toBe(0);
    expect(stepOf(Math.E, [1, 1])).toBeCloseTo(1, 9);
  });

  it('are finite of a run without a hit, and independent of its length', () => {
    const nothing = trendsOf(watched, new Float64Array(watched.size));
    expect(Object.values(nothing).every(Number.isFinite)).toBe(true);
    const one = trendsOf(watched, someRun(1, 40));
    const two = trendsOf(watched, someRun(2, 80));
    expect(one['mean ADC'] / two['mean ADC']).toBeCloseTo(1, 1);
    expect(one.hits / two.hits).toBeCloseTo(1, 1);
  });
});
