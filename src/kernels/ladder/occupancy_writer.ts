/**
 * The forward half of the occupancy's coding: a marked grid as coding steps, in the order the reader undoes them. It
 * refuses nothing; the caller makes room for the steps. Fitting uses it; packets are coded by its compiled twin
 * (`encoder.ts`).
 */

import {
  chunkContext,
  nearWord,
  type OccupancyGrid,
  type OccupancyWeights,
  rowContext,
  window24,
  wordContext,
} from './occupancy.ts';

/**
 * Collects the steps of a marked grid in the reader's order, and returns how many they are. Fitting calls it with
 * weights that are their own indices and a curve that is its own places: the steps then name what they add. One
 * body for rows, words and chunks: calls between them cost a third of the time.
 */
export const putOccupancy = (
  grid: OccupancyGrid,
  weights: OccupancyWeights,
  curve: Uint32Array,
  steps: Uint32Array,
): number => {
  // Written out: constants of the module are loaded anew at each use, these are folded.
  const zero = 1024;
  const chunkAndBeside = 0x1ff80;
  const { rows, words, columns, stride, layerRows, origin, rowOrigin } = grid;
  const { mask, word, row } = grid.scratch;
  const { flags, first, second } = weights;
  const layer = layerRows * stride;
  let next = 0;
  for (let at = 0; at < rows; at++) {
    const has = row[rowOrigin + at]!;
    steps[next++] = curve[((flags[rowContext(row, rowOrigin + at, layerRows)]! + zero) << 1) | has]!;
    if (has === 0) continue;
    const rowByte = origin + Math.imul(at, stride);
    let seen = 0;
    for (let w = 0; w < words; w++) {
      const wordByte = rowByte + 4 * w;
      let born = 0;
      if (nearWord(mask, word, wordByte, stride) === 0) {
        const end = w === words - 1 ? 2 : w === words - 2 ? 1 : 0;
        const flag = flags[wordContext(mask, word, wordByte, stride, layer, seen, end)]!;
        born = word[wordByte >>> 2] === 0 ? 0 : 1;
        steps[next++] = curve[((flag + zero) << 1) | born]!;
        if (born === 0) continue;
      }
      seen = 1;
      const columnsLeft = columns - 32 * w;
      for (let c = 0; c < 4 && 8 * c < columnsLeft; c++) {
        const byte = wordByte + c;
        const own = mask[byte]!;
        const before = mask[byte - 1]!;
        const voxels = Math.min(8, columnsLeft - 8 * c);
        let up = window24(mask, byte - stride);
        if (((up & chunkAndBeside) | (before & 3)) === 0) {
          const flag = flags[chunkContext(mask, byte, stride, layer, born === 0 ? 0 : c + 1, up)]!;
          const full = own === 0 ? 0 : 1;
          steps[next++] = curve[((flag + zero) << 1) | full]!;
          if (full === 0) continue;
          next = putFreshChunk(grid, weights, curve, steps, next, byte, voxels);
          born = 0;
          continue;
        }
        born = 0;
        let up2 = window24(mask, byte - 2 * stride);
        let back = window24(mask, byte - layer);
        let line = (before << 8) | own;
        const stop = next + voxels;
        while (next < stop) {
          const sum =
            first[(line & 0x1f00) | ((up >>> 10) & 0xfe) | ((up2 >>> 15) & 1)]! +
            second[((up2 >>> 4) & 0x3f00) | ((back >>> 9) & 0xf0) | ((line >>> 5) & 8) | ((up >>> 14) & 7)]!;
          steps[next++] = curve[((sum + zero) << 1) | ((line >>> 7) & 1)]!;
          line <<= 1;
          up <<= 1;
          up2 <<= 1;
          back <<= 1;
        }
      }
    }
  }
  return next;
};

/** The voxels of a chunk of which only its flag said that it has a hit; few are, and those above are not slowed. */
const putFreshChunk = (
  { scratch: { mask }, stride, layerRows }: OccupancyGrid,
  { first, second, fresh }: OccupancyWeights,
  curve: Uint32Array,
  steps: Uint32Array,
  firstStep: number,
  byte: number,
  voxels: number,
): number => {
  const zero = 1024;
  let up = window24(mask, byte - stride);
  let up2 = window24(mask, byte - 2 * stride);
  let back = window24(mask, byte - layerRows * stride);
  let line = (mask[byte - 1]! << 8) | mask[byte]!;
  let age = 9 - voxels;
  for (let j = 0; j < voxels; j++) {
    const bit = (line >>> 7) & 1;
    const sum =
      first[(line & 0x1f00) | ((up >>> 10) & 0xfe) | ((up2 >>> 15) & 1)]! +
      second[((up2 >>> 4) & 0x3f00) | ((back >>> 9) & 0xf0) | ((line >>> 5) & 8) | ((up >>> 14) & 7)]! +
      fresh[age]!;
    steps[firstStep + j] = curve[((sum + zero) << 1) | bit]!;
    line <<= 1;
    up <<= 1;
    up2 <<= 1;
    back <<= 1;
    age = bit === 1 || age === 0 ? 0 : age + 1;
  }
  return firstStep + voxels;
};
