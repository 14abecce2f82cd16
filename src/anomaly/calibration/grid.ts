/**
 * The grids of calibration: cells of a score, knots and bins of a frame's size, bins of its charge. Products, sums and
 * bits of doubles only, which IEEE 754 rounds alike everywhere, so that a p-value is the same on every machine. It
 * refuses nothing: what lies outside a grid belongs to its end.
 */

import { sizeKnots } from '../../domain/policy.ts';

const view = new DataView(new ArrayBuffer(8));

/** log2 with straight lines between powers of two: at most 0.09 from log2, and exact on every machine. `x` > 0. */
export const lineLog2 = (x: number): number => {
  view.setFloat64(0, x);
  const high = view.getUint32(0);
  // Mantissa and exponent apart: 1 ≤ mantissa < 2.
  view.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  return (high >>> 20) - 1023 + view.getFloat64(0) - 1;
};

/** Inverse of `lineLog2` for −1022 < y < 1024. */
export const lineExp2 = (y: number): number => {
  const exponent = Math.floor(y);
  view.setUint32(0, (exponent + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0) * (1 + y - exponent);
};

/** A grid of one number: positions in cells (the cell is the whole part, the rest is how far a number lies into it). */
export interface CellGrid {
  readonly cells: number;
  positionOf(value: number): number;
  valueAt(position: number): number;
}

/** Width around zero: the first octave either way begins at 1/8. */
const unitsPerValue = 8;

/** Cells an octave either way, sixteen octaves, and even ones around zero. */
const cellsPerOctave = 16;
const cells = 32 * cellsPerOctave;
const zero = cells / 2;
const octavesMax = 16 - 1 / cellsPerOctave;

/** Scores as they are counted and travel. */
export const scoreGrid: CellGrid = {
  cells,
  positionOf(value) {
    const away = Math.min(octavesMax, lineLog2(Math.abs(value) * unitsPerValue + 1)) * cellsPerOctave;
    return value < 0 ? zero - away : zero + away;
  },
  valueAt(position) {
    const value = (lineExp2(Math.abs(position - zero) / cellsPerOctave) - 1) / unitsPerValue;
    return position < zero ? -value : value;
  },
};

/** Combined scores are bits: even cells of an eighth, 32 bits and more in the last. */
const cellsPerBit = 8;
const rarityBitsMax = 32;
export const rarityGrid: CellGrid = {
  cells: rarityBitsMax * cellsPerBit,
  positionOf: (bits) => Math.max(0, Math.min(rarityBitsMax * cellsPerBit - 1, bits * cellsPerBit)),
  valueAt: (position) => position / cellsPerBit,
};

/** Where a hit count lies between the knots of size: two knots an octave, 2^24 hits and more at the last. */
export const sizePosition = (hitCount: number): number => Math.min(sizeKnots - 1, 2 * lineLog2(hitCount + 1));

/** Bins of size, four an octave: below seven hits each count has its own. */
export const sizeBins = 97;
export const sizeBinOf = (hitCount: number): number =>
  Math.min(sizeBins - 1, Math.floor(4 * lineLog2(hitCount + 1)));

/** Bins of charge, of half a standard deviation of charge a hit from what a size usually has: borders −1.5, −1 … 1.5. */
export const chargeBins = 8;
export const chargeBinOf = (deviation: number): number =>
  Math.max(0, Math.min(chargeBins - 1, Math.floor(2 * deviation) + chargeBins / 2));

/** log2 of charge a hit; 0 where the frame has no hit or nothing sums its charge. */
export const chargeOf = (hitCount: number, totalCharge: number): number =>
  hitCount > 0 && totalCharge > 0 ? lineLog2(totalCharge / hitCount) : 0;
