/** Objects filled from frames: every hit is counted once in each, and what neighbours mean is checked by looking. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalOf } from '../../src/dqm/checks/beta_binomial.ts';
import { openFiller } from '../../src/dqm/fill.ts';
import { binsOf, type ObjectName } from '../../src/dqm/layout.ts';
import { someDigits, watched } from './watched.ts';

const filler = openFiller(watched);
const filled = (seed: number, share: number) => {
  const digits = someDigits([seed], share);
  const into = new Float64Array(watched.size);
  filler.addHits(digits, into);
  return { digits, of: (name: ObjectName) => binsOf(watched, into, name) };
};

describe('objects of frames', () => {
  it('count every hit once', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
        const { digits, of } = filled(seed, share);
        for (const name of ['occupancy', 'adc', 'card_adc', 'time', 'card_time'] as const)
          expect(totalOf(of(name))).toBe(digits.count);
        expect(totalOf(of('charge'))).toBe(digits.adc.reduce((sum, one) => sum + one, 0));
        expect(totalOf(of('hits'))).toBe(1);
      }),
    );
  });

  it('know who stands alone and who has a neighbour', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 0.6, noNaN: true }), (seed, share) => {
        const { digits, of } = filled(seed, share);
        const there = new Set(digits.voxel);
        const { samples, lanes } = watched;
        const alone = new Float64Array(watched.channels);
        const pairs = new Float64Array(watched.channels);
        for (const at of there) {
          const [channel, bin] = [Math.floor(at / samples), at % samples];
          const before = bin > 0 && there.has(at - 1);
          const after = bin < samples - 1 && there.has(at + 1);
          if (!before && !after) alone[channel]! += 1;
          if (channel % lanes < lanes - 1 && there.has(at + samples)) pairs[channel]! += 1;
        }
        expect(of('alone')).toEqual(alone);
        expect(of('pairs')).toEqual(pairs);
      }),
    );
  });

  it('take symbols apart into digits, the first most significant', () => {
    const into = new Float64Array(watched.size);
    filler.addSymbols(Uint8Array.of(5, 7), 1, into);
    const digits = binsOf(watched, into, 'digits');
    expect([...digits.keys()].filter((bin) => digits[bin]! > 0)).toEqual([1, 3 + 2, 6 + 2, 9 + 1]);
    expect(totalOf(binsOf(watched, into, 'symbols'))).toBe(2);
  });

  it('see a frame that is sent again', () => {
    const digits = someDigits([3], 0.3);
    const into = new Float64Array(watched.size);
    filler.addRepeats(digits, digits, into);
    filler.addRepeats(digits, { ...digits, count: 0 }, into);
    const repeats = binsOf(watched, into, 'repeats');
    expect([repeats[0], repeats.at(-1)]).toEqual([1, 1]);
  });
});
