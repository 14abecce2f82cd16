/**
 * Random numbers from a key: xoshiro128** (Blackman and Vigna) whose state is hashed from a list of integers, so
 * that any time frame or collision has a stream of its own without running the ones before it. Refuses
 * cryptography, and gives the same numbers on every machine: only integers and IEEE basic operations are used
 * on the way to `uint32` and `uniform`.
 */

export interface Prng {
  /** 0 … 2³²−1. */
  uint32(): number;
  /** [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Standard normal, from a table of 4,096 equally likely values: within ±3.7, which noise and smearing allow. */
  gaussian(): number;
  /** Exponential with mean 1. */
  exponential(): number;
  /** Poisson count; exact by inversion up to a mean of 64 a step, larger means as sums. */
  poisson(mean: number): number;
}

/** The finaliser of MurmurHash3 (Appleby, public domain), to 32 bits: every input bit reaches every output bit. */
export const mix = (value: number): number => {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** A 32-bit hash of a list of integers (each up to 2⁵³), order included. */
export const hashKey = (key: readonly number[]): number => {
  let h = 0x9e3779b9;
  for (const part of key) {
    h = mix(h ^ (part >>> 0)) + 0x9e3779b9;
    h = mix(h ^ Math.floor(part / 4294967296)) + 0x7f4a7c15;
  }
  return mix(h);
};

const gaussianBits = 12;
const gaussianMask = (1 << gaussianBits) - 1;

/** Acklam's rational approximation of the inverse normal distribution, relative error below 1.2e-9. */
export const inverseNormal = (p: number): number => {
  const low = 0.02425;
  if (p < low || p > 1 - low) {
    const q = Math.sqrt(-2 * Math.log(p < low ? p : 1 - p));
    const top =
      ((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q -
        2.549732539343734) *
        q +
        4.374664141464968) *
        q +
      2.938163982698783;
    const bottom =
      (((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
      1;
    return p < low ? top / bottom : -top / bottom;
  }
  const q = p - 0.5;
  const r = q * q;
  const top =
    (((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r +
      1.38357751867269e2) *
      r -
      3.066479806614716e1) *
      r +
      2.506628277459239) *
    q;
  const bottom =
    ((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r +
      6.680131188771972e1) *
      r -
      1.328068155288572e1) *
      r +
    1;
  return top / bottom;
};

/** 4,096 equally likely standard normals, rescaled to variance 1 exactly; for loops that index it themselves. */
export const gaussianTable: Float32Array = (() => {
  const size = gaussianMask + 1;
  const table = Float32Array.from({ length: size }, (_, i) => inverseNormal((i + 0.5) / size));
  let squares = 0;
  for (const value of table) squares += value * value;
  const scale = 1 / Math.sqrt(squares / size);
  return table.map((value) => value * scale);
})();

/** A stream of its own for each key; equal keys give equal streams. */
export const createPrng = (...key: readonly number[]): Prng => {
  // Four hashes of one key; the all-zero state, which xoshiro cannot leave, is excluded by the lowest bit.
  const seed = hashKey(key);
  return prngOfState(
    mix(seed ^ 0x243f6a88) | 1,
    mix((seed + 0x85a308d3) ^ hashKey([...key, 1])),
    mix((seed + 0x13198a2e) ^ hashKey([...key, 2])),
    mix((seed + 0x03707344) ^ hashKey([...key, 3])),
  );
};

/** The generator from its bare state of four words, not all zero. */
export const prngOfState = (s0: number, s1: number, s2: number, s3: number): Prng => {
  let a = s0;
  let b = s1;
  let c = s2;
  let d = s3;

  const uint32 = (): number => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => uint32() * 2.3283064365386963e-10;
  const poissonSmall = (mean: number): number => {
    let term = Math.exp(-mean);
    let sum = term;
    const u = uniform();
    let count = 0;
    // The sum stops growing at 1 − rounding: the bound ends the loop there.
    while (u >= sum && count < 1000) {
      count += 1;
      term *= mean / count;
      sum += term;
    }
    return count;
  };
  return {
    uint32,
    uniform,
    gaussian: () => gaussianTable[uint32() >>> (32 - gaussianBits)]!,
    exponential: () => -Math.log(1 - uniform()),
    poisson: (mean) => {
      let left = mean;
      let count = 0;
      for (; left > 64; left -= 64) count += poissonSmall(64);
      return left > 0 ? count + poissonSmall(left) : count;
    },
  };
};
