/**
 * The histogram against its slow twin, and its window against a histogram of what should still be in it.
 * Refuses to test by example only: cells, quantiles and windows hold for generated values.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cellMicros,
  cellOf,
  createHistogram,
  createSlidingHistogram,
  histogramCells,
  quantileNanos,
  quantileReference,
  record,
  recordSliding,
  slideTo,
} from '../../src/kernels/histogram.ts';

const nanos = fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 4_000_000_000_000 }));

describe('histogram', () => {
  it('has cells that follow each other without a gap', () => {
    for (let cell = 0; cell < histogramCells; cell++) {
      expect(cellOf(cellMicros(cell))).toBe(cell);
      expect(cellOf(cellMicros(cell + 1) - 1)).toBe(cell);
    }
    expect(cellMicros(histogramCells)).toBe(2 ** 32);
  });

  it('takes what lies outside into its first and last cell', () => {
    expect(cellOf(-5)).toBe(0);
    expect(cellOf(Number.NaN)).toBe(0);
    expect(cellOf(1e300)).toBe(histogramCells - 1);
  });

  it('says nothing of nothing', () => {
    expect(quantileNanos(createHistogram(), 0.5)).toBeNull();
    expect(quantileReference([], 0.5)).toBeNull();
  });

  it('agrees with the slow twin to one cell', () => {
    fc.assert(
      fc.property(
        fc.array(nanos, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = createHistogram();
          for (const value of values) record(histogram, value);
          const fast = quantileNanos(histogram, q)!;
          const exact = quantileReference(values, q)!;
          expect(Math.abs(fast - exact)).toBeLessThanOrEqual(Math.max(1000, exact / 64));
        },
      ),
    );
  });

  it('counts a batch of equal durations like so many single ones', () => {
    const one = createHistogram();
    const many = createHistogram();
    record(one, 12_345_678, 40);
    for (let i = 0; i < 40; i++) record(many, 12_345_678);
    expect(one).toEqual(many);
  });
});

describe('sliding histogram', () => {
  it('holds what its last slots saw, and nothing else', () => {
    const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), nanos), { maxLength: 120 });
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 6 }), (steps, slots) => {
        const window = createSlidingHistogram(slots);
        const seen: { slot: number; value: number }[] = [];
        let slot = 0;
        for (const [step, value] of steps) {
          slot += step;
          slideTo(window, slot);
          recordSliding(window, value);
          seen.push({ slot, value });
          const expected = createHistogram();
          for (const one of seen) if (one.slot > slot - slots) record(expected, one.value);
          expect(window.sum).toEqual(expected);
        }
      }),
    );
  });

  it('is empty after a pause longer than the window, and ignores a step back', () => {
    const window = createSlidingHistogram(4);
    slideTo(window, 2);
    recordSliding(window, 5_000_000);
    slideTo(window, 1);
    expect(window.sum.total).toBe(1);
    slideTo(window, 1_000_000);
    expect(window.sum).toEqual(createHistogram());
  });
});
