/**
 * What the last plane's levels cost when each hit's is coded at once, in raster order: the yardstick for the price of
 * being progressive. The same binary tree of levels and the same six pairs of neighbours in additive logits, fitted on
 * training wedges; but what lies before a hit is known to its last level and what lies behind only as hit or none. It
 * gives ideal code lengths of the fitted model, which flatters it, and refuses to be a codec.
 */

import type { Digits } from '../../../src/domain/frame.ts';

/** Levels of the last plane. */
export interface AtOnceScale {
  readonly planes: number;
  /** ADC → level. */
  readonly levelOf: Uint8Array;
  /** Cells of the last axis: what lies so far back is the place beside on the axis before. */
  readonly columns: number;
  readonly voxels: number;
}

const pairs = 6;
/** Node of the one before (5 bits), whether the one behind is hit (1), the hit's own node so far (4). */
const cellsOfPair = 1 << 10;
/** Rounds of descent and their steps (Adagrad), as the ladder's own tables are fitted. */
const rounds = [0.15, 0.1, 0.04] as const;
/** Calibration: sums in 1/16 nat up to 16 nats either way. */
const unitsPerNat = 16;
const sumMost = 16 * unitsPerNat;

/** For every bit of every hit, hit by hit, its six cells and its value. */
const cellsOf = (
  { voxel, adc, count }: Digits,
  { planes, levelOf, columns, voxels }: AtOnceScale,
): { cells: Uint16Array; bits: Uint8Array } => {
  const stepsBack = [1, columns, 2, columns + 1, columns - 1, 2 * columns];
  const margin = 2 * columns;
  const node = new Uint8Array(voxels + 2 * margin);
  const cells = new Uint16Array(planes * count * pairs);
  const bits = new Uint8Array(planes * count);
  for (let i = 0; i < count; i++) node[margin + voxel[i]!] = 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const place = margin + voxel[i]!;
    let own = 1;
    for (let plane = planes - 1; plane >= 0; plane--) {
      for (let pair = 0; pair < pairs; pair++) {
        const step = stepsBack[pair]!;
        const behind = node[place + step]! === 0 ? 0 : 1;
        cells[at * pairs + pair] = pair * cellsOfPair + ((node[place - step]! << 5) | (behind << 4) | own);
      }
      bits[at] = (levelOf[adc[i]!]! >> plane) & 1;
      own = (own << 1) | bits[at]!;
      at += 1;
    }
    node[place] = own;
  }
  return { cells, bits };
};

const sumAt = (weight: Float64Array, cells: Uint16Array, bit: number): number => {
  let sum = 0;
  for (let pair = 0; pair < pairs; pair++) sum += weight[cells[bit * pairs + pair]!]!;
  return sum;
};

const fitWeights = (training: readonly Digits[], scale: AtOnceScale): Float64Array => {
  const weight = new Float64Array(pairs * cellsOfPair);
  const squares = new Float64Array(pairs * cellsOfPair).fill(0.5);
  for (const step of rounds) {
    for (const digits of training) {
      const { cells, bits } = cellsOf(digits, scale);
      for (let i = 0; i < bits.length; i++) {
        const slope = 1 / (1 + Math.exp(-sumAt(weight, cells, i))) - bits[i]!;
        for (let pair = 0; pair < pairs; pair++) {
          const cell = cells[i * pairs + pair]!;
          squares[cell] = squares[cell]! + slope * slope;
          weight[cell] = weight[cell]! - (step * slope) / Math.sqrt(squares[cell]!);
        }
      }
    }
  }
  return weight;
};

/** Calls `visit` with the place of each sum on its plane's scale of calibration, and the bit. */
const eachSum = (
  frames: readonly Digits[],
  weight: Float64Array,
  scale: AtOnceScale,
  visit: (place: number, bit: number) => void,
): void => {
  for (const digits of frames) {
    const { cells, bits } = cellsOf(digits, scale);
    for (let i = 0; i < bits.length; i++) {
      const sum = Math.round(sumAt(weight, cells, i) * unitsPerNat);
      const place = Math.max(0, Math.min(2 * sumMost, sum + sumMost));
      visit((i % scale.planes) * (2 * sumMost + 1) + place, bits[i]!);
    }
  }
};

/** Bits that the levels of `test` take at once, after a fit to `training`. */
export const bitsAtOnce = (
  training: readonly Digits[],
  test: readonly Digits[],
  scale: AtOnceScale,
): number => {
  const weight = fitWeights(training, scale);
  const seen = new Float64Array(2 * scale.planes * (2 * sumMost + 1)).fill(0.5);
  eachSum(training, weight, scale, (place, bit) => {
    seen[2 * place + bit] = seen[2 * place + bit]! + 1;
  });
  let total = 0;
  eachSum(test, weight, scale, (place, bit) => {
    total -= Math.log2(seen[2 * place + bit]! / (seen[2 * place]! + seen[2 * place + 1]!));
  });
  return total;
};
