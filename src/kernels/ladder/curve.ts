/**
 * From sums of table weights to probabilities: the ladder's bits are predicted by adding what several small tables
 * say, in 1/64 nat of log-odds, and a fitted curve turns a sum into the frequency of a one. All of it integers,
 * so that every machine codes alike. It refuses nothing; whoever loads tables checks their ranges.
 */

import { bitStep } from '../rans.ts';

/** Frequencies of all layers of the ladder sum to 2^12. */
export const ladderPrecision = 12;

export const weightUnitsPerNat = 64;
/** Largest weight, either sign: 8 nats, the odds 12 bits can still tell from certain. */
export const weightMax = 511;
/** Weights one sum may have: then no sum leaves the steps below, and nothing need be clamped on the way. */
export const weightsPerSumMax = 8;
/** Entry i of a fitted curve belongs to the sum i − 512; sums beyond take the end's. */
export const curveSize = 1024;
export const curveZero = curveSize / 2;

/** Sums lie in −sumZero … sumZero − 1. */
export const sumZero = 4096;

/** Coding steps [sum + sumZero][bit] of a curve (1 … 4095, the frequency of a one). */
export const curveSteps = (curve: Uint16Array): Uint32Array => {
  const steps = new Uint32Array(4 * sumZero);
  for (let index = 0; index < 2 * sumZero; index++) {
    const at = Math.max(0, Math.min(curveSize - 1, index - sumZero + curveZero));
    steps[2 * index] = bitStep(0, curve[at]!, ladderPrecision);
    steps[2 * index + 1] = bitStep(1, curve[at]!, ladderPrecision);
  }
  return steps;
};

/**
 * Turns what was collected as `sum × 2 + bit` into coding steps; `steps` may share the memory of `sums`.
 */
export const stepsOfSums = (
  sums: Int32Array,
  count: number,
  curve: Uint32Array,
  steps: Uint32Array,
): void => {
  for (let i = 0; i < count; i++) steps[i] = curve[sums[i]! + 2 * sumZero]!;
};
