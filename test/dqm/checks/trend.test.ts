/** Steps in a series: found where they are, not found where nothing is. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepIn, stepOf, trendsOf } from '../../../src/dqm/checks/trend.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { someRun, watched } from '../watched.ts';

describe('trends', () => {
  it('find a step of five standard deviations where it is, but for chance in one of fifty', () => {
    const off: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      const prng = createPrng(seed, 1);
      const at = 5 + (seed % 21);
      const series = Array.from({ length: 30 }, (_, i) => prng.gaussian() + (i >= at ? 5 : 0));
      const found = stepIn(series)!;
      off.push(Math.abs(found.at - at));
      expect(found.t).toBeGreaterThan(5);
    }
    expect(Math.max(...off)).toBeLessThanOrEqual(3);
    expect(off.filter((places) => places > 1).length).toBeLessThanOrEqual(8);
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

  it('of a step are the same of a series mirrored, moved or stretched', () => {
    const series = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(
        series,
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (all, by, times) => {
          const found = stepIn(all);
          const moved = stepIn(all.map((one) => times * one + by));
          const mirrored = stepIn(all.map((one) => -one));
          if (found === null) return expect([moved, mirrored]).toEqual([null, null]);
          expect(moved!.t).toBeCloseTo(found.t, 6);
          expect(Math.abs(mirrored!.t)).toBeCloseTo(Math.abs(found.t), 6);
          expect(found.at).toBeGreaterThanOrEqual(2);
          expect(found.at).toBeLessThanOrEqual(all.length - 2);
        },
      ),
    );
  });

  it('are steps that add up, and are nothing of what is as it was', () => {
    const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(positive, positive, positive, (a, b, c) => {
        expect(stepOf(a, [b]) + stepOf(b, [c])).toBeCloseTo(stepOf(a, [c]), 6);
        expect(stepOf(a, [a, a, a])).toBeCloseTo(0, 9);
      }),
    );
  });
});
