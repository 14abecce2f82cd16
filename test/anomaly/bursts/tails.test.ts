/** Tails against sums made one term at a time, and thresholds against the published conditions of supernova monitors. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullWindowsPerSecond, thresholdsOf, windowPValue } from '../../../src/anomaly/bursts/tails.ts';

/** P(Poisson(mean) ≥ least), slowly. */
const poissonTail = (mean: number, least: number): number => {
  let [term, below] = [Math.exp(-mean), 0];
  for (let k = 0; k < least; k++) {
    below += term;
    term *= mean / (k + 1);
  }
  let sum = 0;
  for (let k = least; k < least + 400; k++) {
    sum += term;
    term *= mean / (k + 1);
  }
  return least <= mean ? 1 - below : sum;
};

describe('tails', () => {
  it('are those of Poisson where the background is known well', () => {
    for (const [rate, seconds, least] of [
      [0.01, 10, 4],
      [1, 10, 30],
      [1, 10, 3],
      [5, 10, 91],
    ] as const) {
      const known = { count: rate * 1e8, seconds: 1e8 };
      expect(windowPValue(known, seconds, least) / poissonTail(rate * seconds, least)).toBeCloseTo(1, 3);
      const bound = fullWindowsPerSecond(known, seconds, least);
      expect(bound / (rate * poissonTail(rate * seconds, least - 1))).toBeCloseTo(1, 3);
    }
  });

  it('are wider the less is known, and fall as counts rise', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 3 }),
        (mean, above, powers) => {
          const least = Math.ceil(mean) + above + 1;
          const known = (seconds: number) => ({ count: (mean / 10) * seconds, seconds });
          const [coarse, fine] = [known(10 ** (2 + powers)), known(10 ** (3 + powers))];
          expect(fullWindowsPerSecond(coarse, 10, least)).toBeGreaterThanOrEqual(
            fullWindowsPerSecond(fine, 10, least) * (1 - 1e-9),
          );
          expect(windowPValue(fine, 10, least + 1)).toBeLessThanOrEqual(windowPValue(fine, 10, least));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never leave a window without a bound', () => {
    expect(windowPValue({ count: 0, seconds: 0 }, 10, 5)).toBe(1);
    expect(thresholdsOf({ count: 0, seconds: 0 }, [1, 10], 1, [0, 0])).toEqual([0, 0]);
    expect(thresholdsOf({ count: 0, seconds: 600 }, [10], 1 / 604_800, [0])[0]).toBeGreaterThanOrEqual(3);
  });
});

describe('thresholds', () => {
  it('of one window of 10 s are the usual ones', () => {
    const year = 365.25 * 86_400;
    const rates = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 100];
    const of = (perSecond: number) =>
      rates.map((rate) => thresholdsOf({ count: rate * 1e8, seconds: 1e8 }, [10], perSecond, [0])[0]);
    expect(of(1 / 604_800)).toEqual([4, 7, 9, 20, 30, 91, 157, 1182]);
    expect(of(1 / year)).toEqual([6, 9, 11, 23, 33, 97, 165, 1204]);
  });

  it('stay within the budget together, wherever the search begins', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 20, noNaN: true }),
        fc.double({ min: 600, max: 86_400, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 3, maxLength: 3 }),
        (rate, seconds, near) => {
          const known = { count: rate * seconds, seconds };
          const budget = 1 / 604_800;
          const windows = [0.1, 1, 10];
          const thresholds = thresholdsOf(known, windows, budget, near);
          expect(thresholds).toEqual(thresholdsOf(known, windows, budget, [0, 0, 0]));
          const all = thresholds.map((least, j) => fullWindowsPerSecond(known, windows[j]!, least));
          expect(all.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(budget);
        },
      ),
      { numRuns: 200 },
    );
  });
});
