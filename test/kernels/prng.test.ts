import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng, gaussianTable, hashKey, inverseNormal, prngOfState } from '../../src/kernels/prng.ts';

/** xoshiro128** as its authors wrote it, in BigInt: slow and obvious. */
const slowTwin = (state: readonly number[]) => {
  const word = (value: bigint): bigint => value & 0xffffffffn;
  const rotate = (value: bigint, by: bigint): bigint => word((value << by) | (word(value) >> (32n - by)));
  const s = state.map((value) => BigInt(value >>> 0));
  return (): number => {
    const result = word(rotate(word(s[1]! * 5n), 7n) * 9n);
    const t = word(s[1]! << 9n);
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotate(s[3]!, 11n);
    return Number(result);
  };
};

const momentsOf = (draw: () => number, count: number) => {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i += 1) {
    const value = draw();
    sum += value;
    squares += value * value;
  }
  const mean = sum / count;
  return { mean, variance: squares / count - mean * mean };
};

describe('prng', () => {
  it('agrees with its slow twin from any state', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const fast = prngOfState(a, b, c, d);
        const slow = slowTwin([a, b, c, d]);
        for (let i = 0; i < 20; i += 1) expect(fast.uint32()).toBe(slow());
      }),
    );
    // The first value by hand: rotl(2·5, 7)·9.
    expect(prngOfState(1, 2, 3, 4).uint32()).toBe(11520);
  });

  it('gives equal streams for equal keys and others for others', () => {
    const first = (...key: number[]) => Array.from({ length: 4 }, createPrng(...key).uint32);
    expect(first(1, 2, 3)).toEqual(first(1, 2, 3));
    const keys = [
      [1, 2, 3],
      [1, 3, 2],
      [1, 2],
      [1, 2, 3, 0],
      [2 ** 40 + 1, 2, 3],
      [-1, 2, 3],
    ];
    expect(new Set(keys.map((key) => first(...key).join())).size).toBe(keys.length);
    expect(new Set(Array.from({ length: 20_000 }, (_, i) => hashKey([7, i]))).size).toBeGreaterThan(19_990);
  });

  it('has the moments its names promise', () => {
    const prng = createPrng(11);
    const uniform = momentsOf(prng.uniform, 200_000);
    expect(uniform.mean).toBeCloseTo(0.5, 2);
    expect(uniform.variance).toBeCloseTo(1 / 12, 3);
    const gaussian = momentsOf(prng.gaussian, 200_000);
    expect(gaussian.mean).toBeCloseTo(0, 1.7);
    expect(gaussian.variance).toBeCloseTo(1, 1.5);
    expect(momentsOf(prng.exponential, 200_000).mean).toBeCloseTo(1, 1.7);
    for (const mean of [0.02, 3, 64, 500]) {
      const poisson = momentsOf(() => prng.poisson(mean), 40_000);
      expect(Math.abs(poisson.mean - mean)).toBeLessThan(5 * Math.sqrt(mean / 40_000));
      expect(poisson.variance / mean).toBeGreaterThan(0.9);
      expect(poisson.variance / mean).toBeLessThan(1.1);
    }
    expect(prng.poisson(0)).toBe(0);
  });

  it('inverts the normal distribution', () => {
    expect(inverseNormal(0.5)).toBeCloseTo(0, 9);
    expect(inverseNormal(0.975)).toBeCloseTo(1.959963985, 7);
    expect(inverseNormal(0.001)).toBeCloseTo(-3.090232306, 7);
    expect(gaussianTable.every((value, i) => i === 0 || value > gaussianTable[i - 1]!)).toBe(true);
  });
});
