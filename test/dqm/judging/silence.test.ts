/** Silence of a part: it grows by what was due, ends with a sign of life, and a low count is none. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSilence } from '../../../src/dqm/judging/silence.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const parts = { count: 4, reading: 'occupancy: suddenly silent card' } as const;
const even = Float64Array.of(1, 1, 1, 1);

describe('silence by shares', () => {
  it('grows by the share that a part should have had, and names it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 30, max: 2000 }), { minLength: 1, maxLength: 30 }), (frames) => {
        const silence = openSilence(1, parts);
        silence.expect(0, even);
        let expected = 0;
        for (const each of frames) {
          silence.add(0, Float64Array.of(each, each, 0, each), null);
          expected += 5 * (1 - Math.exp((-3 * each) / 4 / 5));
        }
        expect(silence.reading(0)!.value).toBeCloseTo(expected, 6);
        expect(silence.reading(0)!.bins).toEqual([2]);
        silence.add(0, Float64Array.of(0, 0, 30 + 0.1 * expected, 0), null);
        expect(silence.reading(0)!.bins).not.toContain(2);
      }),
    );
  });

  it('is not a part that has a third of what it should have, for however long', () => {
    const prng = createPrng(5);
    const silence = openSilence(1, parts);
    silence.expect(0, even);
    let most = 0;
    for (let frame = 0; frame < 5000; frame++) {
      // Tracks leave ten hits together.
      const hits = Float64Array.from([1, 1, 1, 1 / 3], (share) => 10 * prng.poisson(2 * share));
      silence.add(0, hits, null);
      most = Math.max(most, silence.reading(0)!.value);
    }
    expect(most).toBeLessThan(150);
  });

  it('goes on where noise comes through, and knows nothing before somebody says what to expect', () => {
    const silence = openSilence(2, parts);
    silence.add(0, Float64Array.of(9, 9, 9, 9), null);
    expect([silence.reading(0), silence.reading(1)]).toEqual([null, null]);
    silence.expect(0, even);
    for (let frame = 0; frame < 100; frame++)
      silence.add(0, Float64Array.of(100, 100, 100, frame % 7 === 3 ? 1 : 0), null);
    expect(silence.reading(0)!.value).toBeGreaterThan(300);
    expect(silence.reading(0)!.bins).toEqual([3]);
    silence.clear();
    expect(silence.reading(0)).toMatchObject({ value: 0, bins: [] });
  });
});

describe('silence by what is due', () => {
  it('grows by what was due of each, frame by frame, until a sign of life', () => {
    const frame = fc.record({
      due: fc.array(fc.float({ min: 0, max: 8, noNaN: true }), { minLength: 4, maxLength: 4 }),
      had: fc.array(fc.constantFrom(0, 0, 0, 3, 60), { minLength: 4, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 40 }), (frames) => {
        const silence = openSilence(1, parts);
        silence.expect(0, even);
        const plain = Array.from({ length: 4 }, () => ({ due: 0, had: 0 }));
        for (const { due, had } of frames) {
          silence.add(0, Float64Array.from(had), Float64Array.from(due));
          for (const [part, one] of plain.entries()) {
            one.due += due[part]!;
            one.had += had[part]!;
            if (one.had > 8 + 0.05 * one.due) [one.due, one.had] = [0, 0];
          }
        }
        const most = Math.max(...plain.map(({ due }) => due));
        expect(silence.reading(0)!.value).toBeCloseTo(most, 9);
        for (const part of silence.reading(0)!.bins)
          expect(plain[part]!.due).toBeGreaterThanOrEqual(most / 2);
      }),
    );
  });

  it('expects nothing of a part that good runs have dead', () => {
    const silence = openSilence(1, parts);
    silence.expect(0, Float64Array.of(1, 1, 0.1, 1));
    for (let frame = 0; frame < 50; frame++)
      silence.add(0, Float64Array.of(50, 50, 0, 0), Float64Array.of(6, 6, 6, 2));
    expect(silence.reading(0)).toMatchObject({ value: 100, bins: [3] });
  });
});
