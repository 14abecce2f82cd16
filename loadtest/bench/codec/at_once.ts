/**
 * What the last plane's levels cost when each hit's is coded at once, in raster order: the yardstick for the price of
 * being progressive. Same tree, same six pairs of neighbours, same additive logits, fitted by the same descent on
 * training wedges; but what lies before a hit is known to its last level and what lies behind only as hit or none. It
 * gives ideal code lengths, which flatters it, and refuses to be a codec.
 */

import {
  countSums,
  descend,
  fittedCurve,
  rounded,
  rounds,
  slopeOf,
  startCounts,
  startDescent,
} from '../../../src/codec/ladder/fit_additive.ts';
import type { LadderTables } from '../../../src/codec/ladder/tables.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { curveZero, ladderPrecision } from '../../../src/kernels/ladder/curve.ts';

const pairs = 6;
/** Node of the one before (5 bits), whether the one behind is hit (1), the hit's own node so far (4). */
const cellsOfPair = 1 << 10;

/** Places of the neighbours before a hit, as steps back; those behind lie opposite. */
const stepsBack = (columns: number): readonly number[] => [
  1,
  columns,
  2,
  columns + 1,
  columns - 1,
  2 * columns,
];

/** For every bit of every hit its six cells, and its value: [bit][pair]. */
const cellsOf = (digits: Digits, { grid, scale }: LadderTables): { cells: Uint16Array; bits: Uint8Array } => {
  const { node, origin, columns } = grid.nodes;
  const { voxel, adc, count } = digits;
  const { planes, levelOf } = scale;
  const steps = stepsBack(columns);
  const cells = new Uint16Array(planes * count * pairs);
  const bits = new Uint8Array(planes * count);
  for (let i = 0; i < count; i++) node[origin + voxel[i]!] = 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const place = origin + voxel[i]!;
    let own = 1;
    for (let plane = planes - 1; plane >= 0; plane--) {
      for (let pair = 0; pair < pairs; pair++) {
        const behind = node[place + steps[pair]!]! === 0 ? 0 : 1;
        cells[at * pairs + pair] = (node[place - steps[pair]!]! << 5) | (behind << 4) | own;
      }
      const bit = (levelOf[adc[i]!]! >> plane) & 1;
      bits[at] = bit;
      own = (own << 1) | bit;
      at += 1;
    }
    node[place] = own;
  }
  for (let i = 0; i < count; i++) node[origin + voxel[i]!] = 0;
  return { cells, bits };
};

/** Bits that the levels of `test` take at once, after a fit to `training`. */
export const bitsAtOnce = (
  training: readonly Digits[],
  test: readonly Digits[],
  tables: LadderTables,
): number => {
  const learnt = startDescent(pairs * cellsOfPair);
  for (const step of rounds) {
    for (const digits of training) {
      const { cells, bits } = cellsOf(digits, tables);
      for (let i = 0; i < bits.length; i++) {
        let sum = 0;
        for (let pair = 0; pair < pairs; pair++)
          sum += learnt.weight[pair * cellsOfPair + cells[i * pairs + pair]!]!;
        const slope = slopeOf(sum, bits[i]!);
        for (let pair = 0; pair < pairs; pair++)
          descend(learnt, pair * cellsOfPair + cells[i * pairs + pair]!, slope, step);
      }
    }
  }
  const weights = rounded(learnt);
  const { planes } = tables.scale;
  const sumsOf = (digits: Digits, plane: number): Int32Array => {
    const { cells, bits } = cellsOf(digits, tables);
    return Int32Array.from({ length: digits.count }, (_, hit) => {
      const i = hit * planes + plane;
      let sum = 0;
      for (let pair = 0; pair < pairs; pair++) sum += weights[pair * cellsOfPair + cells[i * pairs + pair]!]!;
      return (sum << 1) | bits[i]!;
    });
  };
  let total = 0;
  for (let plane = 0; plane < planes; plane++) {
    const counts = startCounts();
    for (const digits of training) countSums(counts, sumsOf(digits, plane), 0, digits.count);
    const curve = fittedCurve(counts);
    for (const digits of test) {
      for (const value of sumsOf(digits, plane)) {
        const at = Math.max(0, Math.min(curve.length - 1, (value >> 1) + curveZero));
        const one = curve[at]! / (1 << ladderPrecision);
        total -= Math.log2((value & 1) === 1 ? one : 1 - one);
      }
    }
  }
  return total;
};
