/** Cells of rarity against their slow twin: a look at every cell's edges. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pValueOfCell, rarityCellOf, rarityCells, sumBelow } from '../../../src/anomaly/control/rarity.ts';

const pValue = fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true });

it('finds the cell that holds a p-value', () => {
  expect([1, 0.99, 0.875, 0.5, 0.49].map(rarityCellOf)).toEqual([0, 1, 1, 4, 5]);
  fc.assert(
    fc.property(pValue, (p) => {
      const cell = rarityCellOf(p);
      if (cell < rarityCells - 1) expect(pValueOfCell(cell)).toBeLessThanOrEqual(p);
      if (cell > 0) expect(pValueOfCell(cell - 1)).toBeGreaterThan(p);
    }),
  );
});

it('sums what lies below, rising with the p-value, exact at the edges', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 50 }), {
    minLength: rarityCells,
    maxLength: rarityCells,
  });
  fc.assert(
    fc.property(counts, pValue, pValue, (all, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      expect(sumBelow(all, low)).toBeLessThanOrEqual(sumBelow(all, high) + 1e-9);
      const cell = 1 + (Math.floor(low * 1e6) % (rarityCells - 2));
      const slow = all.slice(cell + 1).reduce((sum, count) => sum + count, 0);
      expect(sumBelow(all, pValueOfCell(cell))).toBeCloseTo(slow, 9);
    }),
  );
  expect(sumBelow([7], 1)).toBe(0);
  expect(sumBelow([7, 3], 1)).toBe(3);
  expect(sumBelow([7, 3], 0)).toBe(0);
});
