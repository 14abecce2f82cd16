/**
 * The grids of calibration: cells of a score, knots of a frame's size and of its charge. Products, sums and bits of
 * doubles only, which IEEE 754 rounds alike everywhere, so that a p-value is the same on every machine. It refuses
 * nothing: what lies outside a grid belongs to its end.
 */

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

/** As many cells an octave either way as said, sixteen octaves, and even ones around zero. */
const octaveGrid = (cellsPerOctave: number): CellGrid => {
  const cells = 32 * cellsPerOctave;
  const zero = cells / 2;
  const octavesMax = 16 - 1 / cellsPerOctave;
  return {
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
};

/** Scores as they are counted and travel: their tails are told apart within a cell too, by straight lines. */
export const scoreGrid = octaveGrid(16);

/** What is told from counts and does not travel may be finer. */
export const measureGrid = octaveGrid(64);

/** Combined scores are bits: even cells of a sixteenth, 32 bits and more in the last. */
const cellsPerBit = 16;
const rarityBitsMax = 32;
export const rarityGrid: CellGrid = {
  cells: rarityBitsMax * cellsPerBit,
  positionOf: (bits) => Math.max(0, Math.min(rarityBitsMax * cellsPerBit - 1, bits * cellsPerBit)),
  valueAt: (position) => position / cellsPerBit,
};

/** Knots of a frame's size: two an octave of its hit count, 2^24 hits and more at the last. */
export const sizeKnots = 49;
export const sizePosition = (hitCount: number): number => Math.min(sizeKnots - 1, 2 * lineLog2(hitCount + 1));

/** Knots of charge: standard deviations of a frame's charge a hit from what its size usually has: −1.5 … 1.5. */
export const chargeKnots = 4;
export const chargePosition = (deviation: number): number =>
  Math.max(0, Math.min(chargeKnots - 1, deviation + (chargeKnots - 1) / 2));

/** log2 of charge a hit; 0 where the frame has no hit or nothing sums its charge. */
export const chargeOf = (hitCount: number, totalCharge: number): number =>
  hitCount > 0 && totalCharge > 0 ? lineLog2(totalCharge / hitCount) : 0;
