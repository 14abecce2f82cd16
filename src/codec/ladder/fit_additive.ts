/**
 * What the fits of additive logits share: weights learnt by descent with a step of its own for each (Adagrad,
 * Duchi et al. 2011), rounded to table units, and the curve that mends what rounding and adding got wrong.
 */

import {
  curveSize,
  curveZero,
  ladderPrecision,
  sumZero,
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
export const rounded = ({ weight }: Descent): Int8Array =>
  Int8Array.from(weight, (nats) =>
    Math.max(-weightMax, Math.min(weightMax, Math.round(nats * weightUnitsPerNat))),
  );

/** `curves` curves that are their own places: what `put…` collects with them are `decision`s, for sums to `sumMax`. */
export const places = (sumMax: number, curves = 1): Uint32Array => {
  const size = 2 * (sumZero + sumMax + 1);
  return Uint32Array.from({ length: curves * size }, (_, place) => place % size);
};
export const sumAt = (place: number): number => (place >> 1) - sumZero;

/** How often each sum was seen, with a zero and with a one. */
export const startCounts = (): Float64Array => new Float64Array(2 * curveSize);

export const countSums = (counts: Float64Array, found: Uint32Array, first: number, count: number): void => {
  for (let i = first; i < first + count; i++) {
    const at = Math.max(0, Math.min(curveSize - 1, sumAt(found[i]!) + curveZero));
    counts[2 * at + (found[i]! & 1)]!++;
  }
};

/** Decisions the plain curve's word is worth at each sum. */
const plainWeight = 64;

export const fittedCurve = (counts: Float64Array): Uint16Array => {
  const slots = 1 << ladderPrecision;
  return plainCurve().map((plain, at) => {
    const zeros = counts[2 * at]!;
    const ones = counts[2 * at + 1]!;
    const share = (ones + (plainWeight * plain) / slots) / (zeros + ones + plainWeight);
    return Math.max(1, Math.min(slots - 1, Math.round(slots * share)));
  });
};
