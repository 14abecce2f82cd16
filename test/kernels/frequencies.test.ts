import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryFrequency, normalizeFrequencies } from '../../src/kernels/frequencies.ts';

describe('frequencies', () => {
  it('sum to the precision, leave no symbol out and none certain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 2, maxLength: 256 }),
        fc.integer({ min: 8, max: 15 }),
        (counts, precision) => {
          const freq = normalizeFrequencies(counts, precision);
          expect(freq.reduce((sum, f) => sum + f, 0)).toBe(2 ** precision);
          expect(Math.min(...freq)).toBeGreaterThanOrEqual(1);
          expect(Math.max(...freq)).toBeLessThan(2 ** precision);
        },
      ),
    );
  });

  it('stay within one of the exact share where nothing was lifted', () => {
    const counts = [1000, 3000, 500, 777, 12_345, 99];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const freq = normalizeFrequencies(counts);
    counts.forEach((count, s) => {
      expect(Math.abs(freq[s]! - (count * 4096) / total)).toBeLessThan(1);
    });
  });

  it('follow one rule: the same bytes on every machine', () => {
    expect(Array.from(normalizeFrequencies([0, 0, 0], 8))).toEqual([86, 85, 85]);
    expect(Array.from(normalizeFrequencies([1, 1, 1_000_000], 8))).toEqual([1, 1, 254]);
    expect(Array.from(normalizeFrequencies([7, 7, 7, 7, 7, 7, 7], 8))).toEqual([37, 37, 37, 37, 36, 36, 36]);
    expect(Array.from(normalizeFrequencies([0, 2 ** 50, 2 ** 50 + 1], 8))).toEqual([1, 127, 128]);
  });

  it('refuse what cannot be a table', () => {
    expect(() => normalizeFrequencies([1])).toThrow();
    expect(() => normalizeFrequencies([1, -1])).toThrow();
    expect(() => normalizeFrequencies([1, 0.5])).toThrow();
    expect(() => normalizeFrequencies([1, Number.NaN])).toThrow();
    expect(() => normalizeFrequencies(new Array(300).fill(1), 8)).toThrow();
    expect(normalizeFrequencies(new Array(256).fill(0), 8)).toEqual(new Uint16Array(256).fill(1));
  });

  it('of one bit are neither impossible nor certain', () => {
    expect(binaryFrequency(0, 0)).toBe(2048);
    expect(binaryFrequency(0, 1_000_000)).toBe(1);
    expect(binaryFrequency(1_000_000, 1_000_000)).toBe(4095);
    expect(binaryFrequency(1, 4)).toBe(1228);
  });
});
