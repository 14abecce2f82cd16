import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pValueOf, readingMax, readingOf } from '../../../src/anomaly/control/reading.ts';
import { cellCount, cellOf, countAbove, pointAt, readingAt } from '../../../src/anomaly/control/tail.ts';
import { inverseNormal } from '../../../src/kernels/prng.ts';

describe('readings of p-values', () => {
  it('are normal scores', () => {
    for (let p = 0.499; p > 1e-8; p *= 0.9)
      expect(Math.abs(readingOf(p) + inverseNormal(p))).toBeLessThan(4.5e-4);
    expect([readingOf(1), readingOf(0.5), readingOf(0)]).toEqual([0, 0, readingOf(1e-9)]);
  });
  it('lead back to their p-values', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-8, max: 0.45, noNaN: true }), (p) => {
        expect(pValueOf(readingOf(p)) / p).toBeCloseTo(1, 6);
      }),
    );
  });
});

describe('a tail', () => {
  const tails = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: cellCount, maxLength: cellCount });
  it('has above a point what the point was asked for', () => {
    fc.assert(
      fc.property(tails, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (counts, share) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(total > 0);
        expect(countAbove(counts, pointAt(counts, share * total))).toBeCloseTo(share * total, 6);
      }),
    );
  });
  it('takes any p-value into a cell', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (p) => {
        const cell = cellOf(readingOf(p));
        expect(cell >= 0 && cell < cellCount && Number.isInteger(cell)).toBe(true);
        expect(readingAt(cell)).toBeLessThanOrEqual(readingOf(p));
      }),
    );
    expect(readingAt(cellCount)).toBe(readingMax);
  });
});
