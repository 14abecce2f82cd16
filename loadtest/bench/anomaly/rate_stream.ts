/**
 * Streams of one drifting score, made from scores of simulated frames: the quantiles of a score at each drift point,
 * and between the points straight lines; so that the true pass rate of a threshold is known exactly at every drift.
 * It refuses to hide its making: how well it agrees with frames simulated at other points is a row of the bench.
 */

import { pValueOf, readingOf } from '../../../src/anomaly/control/reading.ts';
import type { Prng } from '../../../src/kernels/prng.ts';

/** What drifts, 1 where the card says: collision rate, gain and electronics noise, as multiples. */
export interface Drift {
  readonly occupancy: number;
  readonly gain: number;
  readonly noise: number;
}
export const axes = ['occupancy', 'gain', 'noise'] as const;
export type Axis = (typeof axes)[number];
export const nominal: Drift = { occupancy: 1, gain: 1, noise: 1 };

/** Scores of frames simulated at one drift. */
export interface Pool {
  readonly drift: Drift;
  readonly values: Float64Array;
}

/** Levels at which quantiles are known, as normal scores: even ones, the tail beyond by a straight line. */
const [levelMin, levelMax, levelStep] = [-3, 3.2, 0.1];
const levels = Array.from(
  { length: Math.round((levelMax - levelMin) / levelStep) + 1 },
  (_, i) => levelMin + i * levelStep,
);
/** Above this level a quantile's move is smoothed by a parabola: 60,000 frames have 60 beyond 3.1. */
const smoothFrom = 0.9;

const shareAbove = (sorted: Float64Array, value: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return (sorted.length - low + 0.5) / (sorted.length + 1);
};

/** A frame's reading: the normal score of its share among nominal frames. */
export const rulerOf = (base: Pool): ((value: number) => number) => {
  const sorted = base.values.toSorted();
  return (value) => readingOf(shareAbove(sorted, value));
};

/** Readings at the levels. */
const quantilesOf = (readings: Float64Array): number[] => {
  const sorted = readings.toSorted();
  return levels.map((level) => {
    const at = (1 - pValueOf(level)) * (sorted.length - 1);
    const low = Math.floor(at);
    const high = Math.min(sorted.length - 1, low + 1);
    return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
  });
};

/** Least squares with a parabola in the upper levels, each by the frames that carry it. */
const smoothed = (moves: readonly number[]): number[] => {
  const used = levels
    .map((level, i) => ({ x: level - 1.5, y: moves[i]!, i }))
    .filter(({ i }) => levels[i]! >= smoothFrom);
  const sums = new Float64Array(8);
  for (const { x, y, i } of used) {
    const level = levels[i]!;
    const weight = Math.sqrt(pValueOf(level));
    for (let k = 0; k < 5; k++) sums[k]! += weight * x ** k;
    for (let k = 0; k < 3; k++) sums[5 + k]! += weight * y * x ** k;
  }
  const [s0, s1, s2, s3, s4, t0, t1, t2] = sums as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const det = (
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
    k: number,
  ) => a * (e * k - f * h) - b * (d * k - f * g) + c * (d * h - e * g);
  const all = det(s0, s1, s2, s1, s2, s3, s2, s3, s4);
  const c0 = det(t0, s1, s2, t1, s2, s3, t2, s3, s4) / all;
  const c1 = det(s0, t0, s2, s1, t1, s3, s2, t2, s4) / all;
  const c2 = det(s0, s1, t0, s1, s2, t1, s2, s3, t2) / all;
  return moves.map((move, i) => {
    const x = levels[i]! - 1.5;
    return levels[i]! >= smoothFrom ? c0 + c1 * x + c2 * x * x : move;
  });
};

/** A score's moves along one axis: at each known multiple, ascending, what each level's reading moves by. */
interface AxisMoves {
  readonly at: readonly number[];
  readonly moves: readonly (readonly number[])[];
}

export interface DriftingScore {
  readonly name: string;
  /** The reading at each level under a drift; ascending where it matters, in the upper half. */
  quantiles(drift: Drift): Float64Array;
}

export const driftingScore = (name: string, pools: readonly Pool[]): DriftingScore => {
  const base = pools.find(({ drift }) => axes.every((axis) => drift[axis] === 1))!;
  const ruler = rulerOf(base);
  const baseQuantiles = quantilesOf(base.values.map(ruler));
  const along = axes.map((axis): AxisMoves => {
    const onAxis = pools
      .filter(({ drift }) => axes.every((other) => other === axis || drift[other] === 1))
      .toSorted((a, b) => a.drift[axis] - b.drift[axis]);
    const moves = onAxis.map((pool) => {
      if (pool === base) return levels.map(() => 0);
      const quantiles = quantilesOf(pool.values.map(ruler));
      return smoothed(quantiles.map((reading, i) => reading - baseQuantiles[i]!));
    });
    return { at: onAxis.map(({ drift }) => drift[axis]), moves };
  });
  return {
    name,
    quantiles(drift) {
      const out = Float64Array.from(levels, (level, i) => (level >= smoothFrom ? level : baseQuantiles[i]!));
      axes.forEach((axis, k) => {
        const { at, moves } = along[k]!;
        if (at.length < 2) return;
        let low = 0;
        while (low < at.length - 2 && drift[axis] > at[low + 1]!) low++;
        const share = (drift[axis] - at[low]!) / (at[low + 1]! - at[low]!);
        for (let i = 0; i < out.length; i++)
          out[i]! += moves[low]![i]! + share * (moves[low + 1]![i]! - moves[low]![i]!);
      });
      return out;
    },
  };
};

/** The reading of a frame whose level is `z`. */
const readingAtLevel = (quantiles: Float64Array, z: number): number => {
  const at = Math.max(0, Math.min(levels.length - 2, Math.floor((z - levelMin) / levelStep)));
  const share = (z - levels[at]!) / levelStep;
  // Below the levels all is alike; above them the last line goes on.
  return quantiles[at]! + Math.max(0, share) * (quantiles[at + 1]! - quantiles[at]!);
};

export const drawReading = (quantiles: Float64Array, prng: Prng): number =>
  readingAtLevel(quantiles, prng.gaussian());

/** Share of all frames under this drift whose reading is above the cut: exact, for cuts in the upper half. */
export const truePassRate = (quantiles: Float64Array, cut: number): number => {
  let at = levels.length - 2;
  while (at > 0 && quantiles[at]! > cut) at--;
  const share = (cut - quantiles[at]!) / (quantiles[at + 1]! - quantiles[at]!);
  return normalAbove(levels[at]! + share * levelStep);
};

/** Share of the normal distribution above `z` ≥ 0, to 1e-9: Marsaglia's series (J. Stat. Soft. 11, 2004). */
const normalAbove = (z: number): number => {
  let [sum, term, k] = [z, z, 1];
  while (Math.abs(term) > 1e-17 * Math.abs(sum)) {
    k += 2;
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 - (sum * Math.exp(-(z * z) / 2)) / Math.sqrt(2 * Math.PI);
};
