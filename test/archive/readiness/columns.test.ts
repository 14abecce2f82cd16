/** Figures of columns against slow definitions and known answers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  divergenceBits,
  entropyBits,
  evenness,
  lookAt,
  openSample,
  rankCorrelation,
  ranksOf,
} from '../../../src/archive/readiness/columns.ts';
import { openTokenUse } from '../../../src/archive/readiness/tokens.ts';

const numbers = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 });

describe('columns', () => {
  it('are sampled evenly and within the bound, in whatever rhythm they come', () => {
    for (const [count, rhythm, most] of [
      [60, 3, 100],
      [20_000, 24, 1000],
      [50_000, 8, 2000],
    ] as const) {
      const sample = openSample(most);
      for (let i = 0; i < count; i += 1) sample.add([i % rhythm]);
      expect(sample.rows.length).toBeLessThanOrEqual(most);
      expect(sample.rows.length).toBeGreaterThan(Math.min(count - 1, 0.4 * most));
      for (let beat = 0; beat < rhythm; beat += 1) {
        const found = sample.rows.filter(([value]) => value === beat).length;
        const expected = sample.rows.length / rhythm;
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected));
      }
    }
  });

  it('have the ranks of their definition', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const slow = values.map(
          (value) =>
            values.filter((other) => other < value).length +
            (values.filter((other) => other === value).length - 1) / 2,
        );
        expect([...ranksOf(values)]).toEqual(slow);
      }),
    );
  });

  it('correlate with themselves, against their opposite, and not with what is constant', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const turned = values.map((value) => 3 - value);
        const varied = new Set(values).size > 1;
        if (varied) {
          expect(rankCorrelation(values, values)).toBeCloseTo(1, 9);
          expect(rankCorrelation(values, turned)).toBeCloseTo(-1, 9);
        } else expect(rankCorrelation(values, turned)).toBeNull();
        expect(
          rankCorrelation(
            values,
            values.map(() => 5),
          ),
        ).toBeNull();
      }),
    );
    expect(rankCorrelation([1, Number.NaN, 2, 3], [5, 1, 7, 9])).toBeCloseTo(1, 12);
  });

  it('show what strays and what is missing', () => {
    const values = [...Array.from({ length: 99 }, (_, i) => i % 10), 1000, Number.NaN];
    expect(lookAt('c', values)).toMatchObject({ count: 100, least: 0, greatest: 1000, outlierShare: 0.01 });
    expect(lookAt('c', values)!.missingShare).toBeCloseTo(1 / 101, 12);
    expect(lookAt('c', [Number.NaN])).toBeNull();
    expect(lookAt('c', [4, 4, 4, 9])).toMatchObject({ median: 4, outlierShare: 0 });
  });

  it('have the entropy of known distributions', () => {
    expect(entropyBits([1, 1, 1, 1])).toBe(2);
    expect(entropyBits([7, 0])).toBe(0);
    expect(entropyBits([])).toBe(0);
    expect(evenness([5, 5, 5])).toBeCloseTo(1, 12);
    expect(evenness([5])).toBe(1);
    expect(divergenceBits([1, 1], [1, 1])).toBe(0);
    expect(divergenceBits([2, 0], [2, 2])).toBe(1);
  });
});

describe('the use of tokens', () => {
  it('drifts by chance alone where nothing drifts, and by more where something does', () => {
    const random = (seed: number) => () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    const draw = random(5);
    const [steady, moving] = [0, 1].map(() => openTokenUse({ symbolsPerPatch: 2, alphabet: 16 }, 4));
    for (let i = 0; i < 4000; i += 1) {
      const slice = Math.floor(i / 1000);
      const pair = Uint8Array.of(draw() * 16, draw() * 8);
      steady!.add(pair, slice);
      moving!.add(slice === 3 ? Uint8Array.of(pair[0]! & 7, pair[1]!) : pair, slice);
    }
    expect(steady!.use()[1]).toMatchObject({ position: 1, maxBits: 4, usedShare: 0.5 });
    for (let slice = 0; slice < 4; slice += 1) {
      const { bits, chanceBits } = steady!.drift(slice);
      expect(bits! / chanceBits!).toBeGreaterThan(0.3);
      expect(bits! / chanceBits!).toBeLessThan(2.5);
    }
    const { bits, chanceBits } = moving!.drift(3);
    expect(bits! / chanceBits!).toBeGreaterThan(10);
    expect(openTokenUse({ symbolsPerPatch: 1, alphabet: 2 }, 1).drift(0)).toEqual({
      bits: null,
      chanceBits: null,
    });
  });
});
