/**
 * From sums of table weights to probabilities: the ladder's bits are predicted by adding what several small tables
 * say, in 1/16 nat of log-odds, and a fitted curve turns a sum into the frequency of a one. All of it integers, so
 * that every machine codes alike, and all of it small: tables of bytes stay in the first cache. It refuses nothing;
 * whoever loads tables checks their ranges.
 */

import { bitStep } from '../rans.ts';

/** Frequencies of all layers of the ladder sum to 2^12. */
export const ladderPrecision = 12;

/** Weights are bytes: 1/16 nat, which costs less than 0.1 % against exact ones, up to 8 nats either way. */
export const weightUnitsPerNat = 16;
export const weightMax = 127;
/** Entry i of a fitted curve belongs to the sum i − 128 (8 nats, the odds 12 bits can still tell from certain);
 * sums beyond take the end's. */
export const curveSize = 256;
export const curveZero = curveSize / 2;

/** Sums of up to eight weights lie in −sumZero … sumZero − 1: nothing need be clamped on the way. */
export const sumZero = 1024;

/** Place of a decision in steps of a curve. */
export const decision = (sum: number, bit: number): number => ((sum + sumZero) << 1) | bit;

export const curveStepsLength = 4 * sumZero;

/** Coding steps of a curve (1 … 4095, the frequency of a one), by `decision`. */
export const curveSteps = (curve: Uint16Array): Uint32Array => {
  const steps = new Uint32Array(curveStepsLength);
  for (let sum = -sumZero; sum < sumZero; sum++) {
    const at = Math.max(0, Math.min(curveSize - 1, sum + curveZero));
    steps[decision(sum, 0)] = bitStep(0, curve[at]!, ladderPrecision);
    steps[decision(sum, 1)] = bitStep(1, curve[at]!, ladderPrecision);
  }
  return steps;
};
