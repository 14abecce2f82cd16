/**
 * The backward half of the occupancy's coding: rows, words, chunks and voxels out of a rANS stream. It refuses
 * (packet-layer) what no writer writes: it never makes more hits than it has room for nor leaves the grid, and what
 * it marked can be cleared whatever happens. Packets are read by its compiled twin (`decoder.ts`).
 */

import { Fault } from '../../domain/fault.ts';
import { type RansReader, ransEndsEarly, readBit } from '../rans.ts';
import {
  chunkContext,
  nearWord,
  type OccupancyGrid,
  type OccupancyWeights,
  rowContext,
  window24,
  wordContext,
} from './occupancy.ts';

const damaged = (what: string): Fault => new Fault('packet-layer', `the occupancy layer is damaged: ${what}`);

/** The voxels a reader has found; `room` is how many it may find. */
export interface VoxelList {
  /** As long as `voxelListLength` says. */
  readonly voxel: Uint32Array;
  readonly room: number;
  count: number;
}

/** A chunk's voxels are listed before they are counted, so the list is a little longer than its room. */
export const voxelListLength = (room: number): number => room + 8;

/** Reads the hits' voxels, ascending, and leaves the grid marked, also when it throws. */
export const takeOccupancy = (
  reader: RansReader,
  grid: OccupancyGrid,
  weights: OccupancyWeights,
  curve: Uint32Array,
  hits: VoxelList,
): void => {
  const zero = 1024;
  const chunkAndBeside = 0x1ff80;
  const { rows, words, columns, stride, layerRows, origin, rowOrigin } = grid;
  const { mask, word, row } = grid.scratch;
  const { flags } = weights;
  const layer = layerRows * stride;
  for (let at = 0; at < rows; at++) {
    const rowFlag = flags[rowContext(row, rowOrigin + at, layerRows)]!;
    if (readBit(reader, curve[((rowFlag + zero) << 1) | 1]!) === 0) continue;
    row[rowOrigin + at] = 1;
    const rowByte = origin + Math.imul(at, stride);
    const before = hits.count;
    let seen = 0;
    for (let w = 0; w < words; w++) {
      const wordByte = rowByte + 4 * w;
      let born = 0;
      if (nearWord(mask, word, wordByte, stride) === 0) {
        const end = w === words - 1 ? 2 : w === words - 2 ? 1 : 0;
        const flag = flags[wordContext(mask, word, wordByte, stride, layer, seen, end)]!;
        if (readBit(reader, curve[((flag + zero) << 1) | 1]!) === 0) continue;
        born = 1;
      }
      seen = 1;
      const isBorn = born;
      const columnsLeft = columns - 32 * w;
      for (let c = 0; c < 4 && 8 * c < columnsLeft; c++) {
        const byte = wordByte + c;
        const up = window24(mask, byte - stride);
        const voxels = Math.min(8, columnsLeft - 8 * c);
        let age = 0;
        if (((up & chunkAndBeside) | (mask[byte - 1]! & 3)) === 0) {
          const flag = flags[chunkContext(mask, byte, stride, layer, born === 0 ? 0 : c + 1, up)]!;
          if (readBit(reader, curve[((flag + zero) << 1) | 1]!) === 0) continue;
          age = 9 - voxels;
        }
        born = 0;
        const firstVoxel = Math.imul(at, columns) + 32 * w + 8 * c;
        mask[byte] = takeByte(
          reader,
          weights,
          curve,
          mask,
          byte,
          stride,
          layer,
          voxels,
          age,
          firstVoxel,
          hits,
        );
        if (age > 0 && mask[byte] === 0) throw damaged('a chunk that has hits is empty');
      }
      if (isBorn === 1 && word[wordByte >>> 2] === 0) throw damaged('a word that has hits is empty');
    }
    if (hits.count === before) throw damaged('a row that has hits is empty');
  }
};

/** A chunk's voxels. As `readBit` does it, but with the reader's states in locals: here most of the time goes. */
const takeByte = (
  reader: RansReader,
  { first, second, fresh }: OccupancyWeights,
  curve: Uint32Array,
  mask: Uint8Array,
  byte: number,
  stride: number,
  layer: number,
  voxels: number,
  firstAge: number,
  firstVoxel: number,
  hits: VoxelList,
): number => {
  const zero = 1024;
  const precision = 12;
  const slotMask = 0xfff;
  const stateLow = 0x8000;
  let up = window24(mask, byte - stride);
  let up2 = window24(mask, byte - 2 * stride);
  let back = window24(mask, byte - layer);
  const { bytes, end } = reader;
  const { voxel } = hits;
  let { count } = hits;
  let from = reader.at;
  let state = reader.next;
  let other = reader.other;
  let age = firstAge;
  let line = mask[byte - 1]! << 8;
  let j = 0;
  for (; j < voxels; j++) {
    const sum =
      first[(line & 0x1f00) | ((up >>> 10) & 0xfe) | ((up2 >>> 15) & 1)]! +
      second[((up2 >>> 4) & 0x3f00) | ((back >>> 9) & 0xf0) | ((line >>> 5) & 8) | ((up >>> 14) & 7)]! +
      fresh[age]!;
    const one = curve[((sum + zero) << 1) | 1]!;
    const rest = state >>> precision;
    if (age > 0) age++;
    if ((state & slotMask) < one) {
      state = Math.imul(one, rest) + (state & slotMask);
      line |= 0x80;
      age = 0;
      voxel[count++] = firstVoxel + j;
    } else state -= Math.imul(one, rest + 1);
    if (state < stateLow) {
      if (from >= end) break;
      state = (state << 16) | bytes[from]! | (bytes[from + 1]! << 8);
      from += 2;
    }
    const next = other;
    other = state;
    state = next;
    line <<= 1;
    up <<= 1;
    up2 <<= 1;
    back <<= 1;
  }
  if (j < voxels) throw ransEndsEarly();
  if (count > hits.room) throw damaged('it holds more hits than declared');
  hits.count = count;
  reader.at = from;
  reader.next = state;
  reader.other = other;
  return ((line >>> 8) << (8 - voxels)) & 0xff;
};
