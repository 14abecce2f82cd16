/**
 * Whether runs drawn from the pool read as runs of fresh frames do: the largest difference of the two distributions of each
 * reading, its interval, and how often chance alone gives as much. Whole moments are drawn and permuted, since the regions
 * of a moment share its collisions and its references. Refuses to take regions for independent.
 */

import { createPrng, type Prng } from '../../../src/kernels/prng.ts';

/** Three runs of one moment by one reading, a number a region: the pool's, then two of fresh frames. */
export type Triple = readonly [readonly number[], readonly number[], readonly number[]];

export interface Agreement {
  readonly name: string;
  /** Largest difference of the two cumulative distributions, 0 … 1. */
  readonly difference: number;
  /** 95 % of redrawn worlds; it leans upward, as a largest difference is never negative. */
  readonly low: number;
  readonly high: number;
  /** What 95 % of permutations stay below. */
  readonly chance: number;
  /** Share of permutations, this world among them, with as large a difference. */
  readonly p: number;
}

/** Largest difference of the cumulative distributions of two samples; sorts them. */
export const largestDifference = (a: Float64Array, b: Float64Array): number => {
  const [x, y] = [a.sort(), b.sort()];
  let [i, j, distance] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const at = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i] === at) i += 1;
    while (j < y.length && y[j] === at) j += 1;
    distance = Math.max(distance, Math.abs(i / x.length - j / y.length));
  }
  return distance;
};

/** @param own which of each moment's three is taken for the pool's */
const differenceOf = (moments: readonly Triple[], own: readonly number[]): number =>
  largestDifference(
    Float64Array.from(moments.flatMap((triple, i) => triple[own[i]!]!)),
    Float64Array.from(moments.flatMap((triple, i) => triple.filter((_, which) => which !== own[i]).flat())),
  );

/**
 * Agreement of every reading, and `all`: how often chance alone gives so large a difference to any of them.
 * @param readings by name, the same moments in the same order in each
 */
export const agreementOf = (
  readings: ReadonlyMap<string, readonly Triple[]>,
  worlds: number,
  seed: number,
): { readonly each: readonly Agreement[]; readonly all: number } => {
  const prng: Prng = createPrng(seed, 10);
  const count = [...readings.values()][0]?.length ?? 0;
  const integers = (below: number): number[] =>
    Array.from({ length: count }, () => Math.floor(prng.uniform() * below));
  const permutations = Array.from({ length: worlds }, () => integers(3));
  const redrawn = Array.from({ length: worlds }, () => integers(count));
  const asIs = Array.from({ length: count }, () => 0);
  const most = new Float64Array(worlds);
  let mostHere = 0;
  const each = [...readings].map(([name, moments]): Agreement => {
    const difference = differenceOf(moments, asIs);
    const permuted = permutations.map((own) => differenceOf(moments, own));
    for (const [world, value] of permuted.entries()) most[world] = Math.max(most[world]!, value);
    mostHere = Math.max(mostHere, difference);
    const boots = Float64Array.from(redrawn, (picks) =>
      differenceOf(
        picks.map((pick) => moments[pick]!),
        asIs,
      ),
    ).sort();
    const sorted = Float64Array.from(permuted).sort();
    return {
      name,
      difference,
      low: boots[Math.floor(0.025 * worlds)]!,
      high: boots[Math.ceil(0.975 * worlds) - 1]!,
      chance: sorted[Math.ceil(0.95 * worlds) - 1]!,
      p: asOften(permuted, difference),
    };
  });
  return { each, all: asOften(most, mostHere) };
};

/** Share of chance's values, this one among them, that are as large; equal within rounding is as large. */
const asOften = (values: ArrayLike<number>, value: number): number => {
  let count = 1;
  for (let i = 0; i < values.length; i++) if (values[i]! > value - 1e-9) count += 1;
  return count / (values.length + 1);
};
