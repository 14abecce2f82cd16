/** Comparisons of two histograms: what holds of all of them, and what each is for. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chiSquare,
  differingBins,
  divergence,
  kolmogorov,
  meanDeviation,
} from '../../../src/dqm/checks/comparators.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const counts = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 8, maxLength: 8 })
  .filter((all) => all.some((one) => one > 0));
const some = { share: 0.1, sigmas: 3 };

describe('comparators', () => {
  it('find nothing between a shape and itself, at any length of time', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 9 }), (data, times) => {
        const longer = data.map((one) => one * times);
        expect(kolmogorov(data, longer)!.distance).toBeCloseTo(0, 9);
        expect(chiSquare(data, longer)!.distance).toBeCloseTo(0, 9);
        expect(meanDeviation(data, longer)).toBeCloseTo(0, 9);
        expect(differingBins(data, longer, some)).toEqual([]);
        expect(divergence(data, longer)).toBeCloseTo(0, 9);
      }),
    );
  });

  it('see shapes that have nothing in common as far apart as can be', () => {
    expect(divergence([5, 0], [0, 9])).toBe(1);
    expect(kolmogorov([50, 0], [0, 50])!.distance).toBe(5);
    expect(differingBins([100, 0, 100], [100, 100, 100], some)).toContain(1);
  });

  it('are null where there is nothing', () => {
    expect(kolmogorov([0], [1])).toBeNull();
    expect(chiSquare([1], [0])).toBeNull();
    expect(meanDeviation([0], [0])).toBeNull();
    expect(divergence([0], [1])).toBeNull();
  });

  it('give χ² of one a degree and even probabilities where nothing differs but chance', () => {
    const prng = createPrng(11);
    const draw = (mean: number) => Array.from({ length: 100 }, () => prng.poisson(mean));
    const seen = Array.from({ length: 200 }, () => chiSquare(draw(40), draw(80))!);
    const mean = (of: readonly number[]) => of.reduce((sum, one) => sum + one, 0) / of.length;
    expect(mean(seen.map(({ distance }) => distance))).toBeCloseTo(1, 1);
    expect(mean(seen.map(({ probability }) => probability))).toBeCloseTo(0.5, 1);
  });

  it('read as much of bins with few entries beside a long reference as beside a short one', () => {
    const prng = createPrng(12);
    const means = Array.from({ length: 200 }, (_, bin) => (bin < 20 ? 60 : 0.05));
    const draw = (times: number) => means.map((mean) => prng.poisson(mean * times));
    for (const times of [4, 400]) {
      const seen = Array.from({ length: 200 }, () => ({ data: draw(1), reference: draw(times) }));
      const most = (of: (data: number[], reference: number[]) => number | null) =>
        Math.max(...seen.map(({ data, reference }) => of(data, reference)!));
      expect(most((data, reference) => chiSquare(data, reference)!.distance)).toBeLessThan(3);
      expect(most(meanDeviation)).toBeLessThan(0.4);
    }
  });

  it('see a spike where a long reference has nothing', () => {
    const reference = Array.from({ length: 50 }, (_, bin) => (bin === 7 ? 0 : 10_000));
    const data = Array.from({ length: 50 }, (_, bin) => (bin === 7 ? 40 : 100));
    expect(chiSquare(data, reference)!.distance).toBeGreaterThan(50);
    expect(differingBins(data, reference, some)).toEqual([7]);
  });
});
