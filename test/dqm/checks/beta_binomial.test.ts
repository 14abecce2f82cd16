/** AutoDQM's comparison against its slow twin, and what must hold of any histogram. Refuses single examples as proof. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betaBinomial } from '../../../src/dqm/checks/beta_binomial.ts';
import { pullsReference } from './beta_binomial.slow.ts';

const bins = 6;
const counts = fc
  .array(fc.integer({ min: 0, max: 400 }), { minLength: bins, maxLength: bins })
  .filter((all) => all.some((one) => one > 0));

describe('beta-binomial', () => {
  it('has the pulls of its twin', () => {
    fc.assert(
      fc.property(counts, fc.array(counts, { minLength: 1, maxLength: 4 }), (data, references) => {
        const slow = pullsReference(data, references);
        const result = betaBinomial(data, references)!;
        for (const [bin, pull] of result.pulls.entries()) expect(Math.abs(pull)).toBeCloseTo(slow[bin]!, 2);
      }),
    );
  });

  it('finds nothing in what is its own reference, and does not mind the order of references', () => {
    fc.assert(
      fc.property(counts, counts, counts, (data, one, other) => {
        expect(betaBinomial(data, [data])!.chiSquare).toBe(0);
        expect(betaBinomial(data, [one, other])!.chiSquare).toBeCloseTo(
          betaBinomial(data, [other, one])!.chiSquare,
          9,
        );
      }),
    );
  });

  it('names an empty bin, and says on which side it lies', () => {
    const flat = Array.from({ length: 50 }, () => 200);
    const dead = flat.map((count, bin) => (bin === 7 ? 0 : count));
    const { pulls, maxPull } = betaBinomial(dead, [flat, flat, flat, flat])!;
    expect(pulls.indexOf(Math.min(...pulls))).toBe(7);
    expect(maxPull).toBeGreaterThan(10);
  });

  it('has nothing to say without data or references', () => {
    expect(betaBinomial([0, 0], [[1, 2]])).toBeNull();
    expect(betaBinomial([1, 2], [[0, 0]])).toBeNull();
    expect(betaBinomial([1, 2], [])).toBeNull();
  });
});
