/** How gaps become coding steps, one at a time: the slow twin of what wasm/token_coder.as does. Refuses gaps too large. */

import { gapEnd, gapPrecision } from '../../src/codec/gaps.ts';
import { rawStep, type SymbolTable } from '../../src/kernels/rans.ts';

/** Steps one gap can take: its bucket and its low bits in two parts. */
export const gapStepsMax = 3;

export const gapBucket = (gap: number): number => (gap < 16 ? gap : 43 - Math.clz32(gap));

/** Appends the steps of one gap and returns the new step count. */
export const putGap = (steps: Uint32Array, at: number, gap: number, table: SymbolTable): number => {
  let next = at;
  if (gap < 16) {
    steps[next++] = table.step[gap]!;
    return next;
  }
  if (gap >= gapEnd) throw new Error(`a gap of ${gap} is beyond the coded range`);
  const bits = 31 - Math.clz32(gap);
  steps[next++] = table.step[bits + 12]!;
  if (bits > 8) {
    steps[next++] = rawStep((gap >>> 8) & ((1 << (bits - 8)) - 1), bits - 8, gapPrecision);
    steps[next++] = rawStep(gap & 0xff, 8, gapPrecision);
  } else {
    steps[next++] = rawStep(gap & ((1 << bits) - 1), bits, gapPrecision);
  }
  return next;
};
