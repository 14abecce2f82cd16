/** A run shares no unit with its references, nor neighbours with itself, and is of both rates as its share asks. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Draw, drawUnits, newDeck } from '../../../loadtest/bench/dqm/deck.ts';
import { unitsPerRun } from '../../../loadtest/bench/dqm/grid.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

/** The fewest that serve nine runs at any rate; the bench has more. */
const poolUnits = 160;

const runs = (seed: number, count: number, shareOf: (run: number) => number, units = poolUnits): Draw[][] => {
  const deck = newDeck(3, units);
  return Array.from({ length: count }, (_, run) =>
    drawUnits(deck, run, { at: run % 2, share: shareOf(run) }, unitsPerRun, createPrng(seed, run)),
  );
};
const keyOf = ({ step, unit }: Draw): number => step * 1_000 + unit;

describe('bench dqm: deck', () => {
  // Where every run took all of its units from one step, the pool would be too small for neighbours not to be drawn.
  it('draws no unit again within nine runs, and no neighbours within one, at any rate that lasts', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
        const all = runs(seed, 24, () => share);
        for (const [run, drawn] of all.entries()) {
          const before = new Set(
            all
              .slice(Math.max(0, run - 9), run)
              .flat()
              .map(keyOf),
          );
          const own = new Set(drawn.map(keyOf));
          expect(own.size).toBe(unitsPerRun);
          expect(drawn.filter((one) => before.has(keyOf(one)) || own.has(keyOf(one) + 1))).toEqual([]);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('takes as many of the upper step as its share asks for, to one, and of all units alike', () => {
    const seen = new Map<number, number>();
    for (const [run, drawn] of runs(1, 1_000, () => 0.3).entries()) {
      const upper = drawn.filter(({ step }) => step === (run % 2) + 1).length;
      expect([4, 5]).toContain(upper);
      for (const one of drawn) seen.set(keyOf(one), (seen.get(keyOf(one)) ?? 0) + 1);
    }
    expect(seen.size).toBe(3 * poolUnits);
    const lowest = [...seen].filter(([key]) => key < 1_000).map(([, times]) => times);
    expect(Math.max(...lowest) / Math.min(...lowest)).toBeLessThan(2.5);
  });

  it('serves a run from a pool that is too small for it', () => {
    for (const drawn of runs(3, 20, () => 0.5, 4)) expect(drawn).toHaveLength(unitsPerRun);
  });
});
