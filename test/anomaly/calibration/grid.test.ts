import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chargeBinOf,
  chargeOf,
  lineExp2,
  lineLog2,
  rarityGrid,
  scoreGrid,
  sizeBinOf,
  sizeBins,
  sizePosition,
} from '../../../src/anomaly/calibration/grid.ts';
import { sizeKnots } from '../../../src/domain/policy.ts';

describe('the grids of calibration', () => {
  it('have a logarithm that is exact at powers of two, rises, and has an inverse', () => {
    for (let power = -40; power <= 40; power++) expect(lineLog2(2 ** power)).toBe(power);
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e12, noNaN: true }), (x) => {
        expect(Math.abs(lineLog2(x) - Math.log2(x))).toBeLessThan(0.0861);
        expect(lineLog2(x * 1.001)).toBeGreaterThan(lineLog2(x));
        expect(Math.abs(lineExp2(lineLog2(x)) / x - 1)).toBeLessThan(1e-9);
      }),
    );
  });

  it('place every number in a cell that holds it, in order', () => {
    for (const grid of [scoreGrid]) {
      fc.assert(
        fc.property(fc.double({ min: -7000, max: 7000, noNaN: true }), (value) => {
          const position = grid.positionOf(value);
          const cell = Math.floor(position);
          expect(cell).toBeGreaterThanOrEqual(0);
          expect(cell).toBeLessThan(grid.cells);
          expect(grid.valueAt(cell)).toBeLessThanOrEqual(value + 1e-9);
          expect(grid.valueAt(cell + 1)).toBeGreaterThanOrEqual(value - 1e-9);
          expect(Math.abs(grid.valueAt(position) - value)).toBeLessThan(1e-6);
        }),
      );
      for (const value of [-1e300, -1e6, 0, 1e6, 1e300]) {
        expect(grid.positionOf(value)).toBeGreaterThanOrEqual(0);
        expect(grid.positionOf(value)).toBeLessThan(grid.cells);
      }
    }
    expect([-1, 0, 3.5, 1e9].map((bits) => Math.floor(rarityGrid.positionOf(bits)))).toEqual([0, 0, 28, 255]);
  });

  it('know every size and any charge', () => {
    expect(sizePosition(0)).toBe(0);
    expect(sizePosition(3)).toBe(4);
    expect(sizePosition(2 ** 40)).toBe(sizeKnots - 1);
    expect([-9, -1, -0.6, 0, 0.9, 1, 9].map(chargeBinOf)).toEqual([0, 2, 2, 4, 5, 6, 7]);
    expect([0, 1, 2, 3, 4, 5, 6].map(sizeBinOf)).toEqual([0, 4, 6, 8, 9, 10, 11]);
    expect(sizeBinOf(2 ** 40)).toBe(sizeBins - 1);
    expect(chargeOf(0, 0)).toBe(0);
    expect(chargeOf(4, 0)).toBe(0);
    expect(chargeOf(4, 1024)).toBe(8);
  });
});
