/** Knots: a few numbers say what very many values do, and never less than nothing. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decadesBeyond, decadesOf, knotDecades, knotsOf, usualOf } from '../../src/dqm/thresholds.ts';
import { createPrng } from '../../src/kernels/prng.ts';

const drawn = (seed: number, count: number, heavy: boolean): number[] => {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => (heavy ? 1 / (1 - prng.uniform()) ** 0.4 : prng.exponential()));
};

describe('knots', () => {
  it('say of an exponential what the whole sample says, and what its law does beyond', () => {
    const values = drawn(1, 20_000, false);
    const [knots, usual] = [knotsOf(values), usualOf(values)];
    for (const value of [0.5, 1, 2, 3, 4, 5])
      expect(Math.abs(decadesBeyond(knots, value) - decadesOf(usual, value))).toBeLessThan(0.25);
    expect(decadesBeyond(knots, 20) / (20 / Math.LN10)).toBeCloseTo(1, 0);
  });

  it('never fall with the value, and are as many decades as knots say at the knots', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.boolean(),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (seed, heavy, value) => {
          const knots = knotsOf(drawn(seed, 1200, heavy));
          expect(decadesBeyond(knots, value + 0.5)).toBeGreaterThanOrEqual(decadesBeyond(knots, value));
          for (const [i, at] of knots.at.entries())
            if (knots.at.indexOf(at) === i && knots.at.lastIndexOf(at) === i)
              expect(decadesBeyond(knots, at)).toBeCloseTo(knotDecades[i]!, 9);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('go on slowly where the tail is heavy, and are not made of few values', () => {
    const heavy = knotsOf(drawn(3, 5000, true));
    // One in ten thousand of it reads 40; its knots do not call that one in a million.
    expect(decadesBeyond(heavy, 40)).toBeLessThan(6);
    expect(() => knotsOf(drawn(4, 999, false))).toThrow('999 good cycles say too little: 1000 are needed');
  });
});
