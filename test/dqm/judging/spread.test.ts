/** How far bins of good cycles scatter: as counting where entries are independent, by more where they come together. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSpread } from '../../../src/dqm/judging/spread.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const size = 200;
const plans = [
  { name: 'adc', title: '', unit: 'hits', axes: [], offset: 10, size },
  { name: 'time', title: '', unit: 'hits', axes: [], offset: 10 + size, size },
];

/** Entries of one object that come `together` at a time, the same everywhere. */
const entries = (seed: number, part: number, crowds: number, together: number): Float64Array => {
  const prng = createPrng(seed, part);
  const values = new Float64Array(10 + 2 * size);
  for (let i = 0; i < crowds; i++) {
    const bin = 10 + Math.floor(prng.uniform() * size);
    values[bin] = values[bin]! + together;
  }
  return values;
};

describe('the spread of good bins', () => {
  it('is the root of how many entries come together, whatever the totals', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 8 }),
        (seed, together, longer) => {
          const spread = openSpread(plans);
          for (let cycle = 0; cycle < 6; cycle++)
            spread.learn(
              entries(seed, 2 * cycle, 4_000, together),
              entries(seed, 2 * cycle + 1, 4_000 * longer, together),
            );
          const expected = Math.sqrt(together);
          expect(spread.of('adc')).toBeGreaterThan(0.9 * expected);
          expect(spread.of('adc')).toBeLessThan(1.1 * expected + 0.05);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is not known of what has few entries, or was never there', () => {
    const spread = openSpread(plans);
    expect(spread.of('adc')).toBeNull();
    spread.learn(entries(1, 1, 900, 1), entries(1, 2, 4_000, 1));
    expect([spread.of('adc'), spread.of('time'), spread.of('nothing')]).toEqual([null, null, null]);
  });

  it('is never below that of counting', () => {
    const spread = openSpread(plans);
    const same = entries(3, 1, 4_000, 1);
    const other = same.slice();
    other[10] = other[10]! + 1;
    spread.learn(other, same);
    expect(spread.of('adc')).toBe(1);
  });
});
