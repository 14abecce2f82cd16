/**
 * What the fits of additive logits share: weights learnt by descent with a step of its own for each (Adagrad,
 * Duchi et al. 2011), rounded to table units, and the curve that mends what rounding and adding got wrong.
 */

import {
  curveSize,
  curveZero,
  ladderPrecision,
  weightMax,
  weightUnitsPerNat,
} from '../../kernels/ladder/curve.ts';
import { plainCurve } from './tables.ts';

/** Rounds over the frames, and the step of each: large ones first, small ones to settle. */
export const rounds: readonly number[] = [0.15, 0.1, 0.04];

export interface Descent {
  /** In nats. */
  readonly weight: Float64Array;
  readonly squares: Float64Array;
}

export const startDescent = (size: number): Descent => ({
  weight: new Float64Array(size),
  squares: new Float64Array(size).fill(0.5),
});

/** How wrong a sum in nats is about a bit: the slope of its cost, in nats too. */
export const slopeOf = (sum: number, bit: number): number => 1 / (1 + Math.exp(-sum)) - bit;

export const descend = ({ weight, squares }: Descent, cell: number, slope: number, step: number): void => {
  const sum = squares[cell]! + slope * slope;
  squares[cell] = sum;
  weight[cell] = weight[cell]! - (step * slope) / Math.sqrt(sum);
};

/** Weights in table units. */
export const rounded = ({ weight }: Descent): Int16Array =>
  Int16Array.from(weight, (nats) =>
    Math.max(-weightMax, Math.min(weightMax, Math.round(nats * weightUnitsPerNat))),
  );

/** Sums seen with a zero and with a one. */
export type SumCounts = Float64Array;
export const startCounts = (): SumCounts => new Float64Array(2 * curveSize);

/** Counts what `put…` collected: `sum × 2 + bit`. */
export const countSums = (counts: SumCounts, sums: Int32Array, first: number, count: number): void => {
  for (let i = first; i < first + count; i++) {
    const at = Math.max(0, Math.min(curveSize - 1, (sums[i]! >> 1) + curveZero));
    counts[2 * at + (sums[i]! & 1)]!++;
  }
};

/** Decisions the plain curve's word is worth at each sum. */
const plainWeight = 64;

export const fittedCurve = (counts: SumCounts): Uint16Array => {
  const slots = 1 << ladderPrecision;
  return plainCurve().map((plain, at) => {
    const zeros = counts[2 * at]!;
    const ones = counts[2 * at + 1]!;
    const share = (ones + (plainWeight * plain) / slots) / (zeros + ones + plainWeight);
    return Math.max(1, Math.min(slots - 1, Math.round(slots * share)));
  });
};
