/**
 * Which voxels of a frame hold hits, as bits in row-major bytes along time, and their coding: empty rows, words and
 * chunks are skipped by a flag each, voxels that have neighbours are coded one by one in the light of the row so far,
 * the rows before (azimuth) and the rows one layer back. Reading refuses (packet-layer) what no writer writes: it
 * never makes more hits than it has room for nor leaves the grid, and says what it marked whatever happens.
 */

import { Fault } from '../../domain/fault.ts';
import { type InstrumentCard, voxelCount } from '../../domain/instrument.ts';
import { type RansReader, ransEndsEarly, readBit } from '../rans.ts';

/**
 * The grid as rows of the last axis (time), a row cut into words of 32 voxels and these into chunks of eight (one
 * byte, earliest in its highest bit). Layers are the planes of the last two axes. Rows lie `stride` bytes apart with
 * at least a word of zeros between them: no neighbour wraps around.
 */
export interface OccupancyGrid {
  readonly voxels: number;
  readonly columns: number;
  readonly rows: number;
  readonly chunks: number;
  readonly words: number;
  readonly stride: number;
  /** Distance to the same row one layer back, in rows. */
  readonly layerRows: number;
  /** Byte of row 0, chunk 0, and row 0 in `row`: before them lie zeros that stand for the layer before the first. */
  readonly origin: number;
  readonly rowOrigin: number;
  /** All zero between calls; `word` are the bytes of `mask`, four at a time. */
  readonly scratch: { readonly mask: Uint8Array; readonly word: Uint32Array; readonly row: Uint8Array };
}

export const occupancyGrid = (card: Pick<InstrumentCard, 'axes'>): OccupancyGrid => {
  const voxels = voxelCount(card as InstrumentCard);
  const columns = card.axes[card.axes.length - 1]!.size;
  const rows = voxels / columns;
  const chunks = (columns + 7) >>> 3;
  const words = (columns + 31) >>> 5;
  const stride = 4 * (words + 1);
  // At least two rows back: what lies beside that place is still earlier than the place itself.
  const layerRows = Math.max(2, card.axes[card.axes.length - 2]?.size ?? 1);
  const rowOrigin = layerRows + 2;
  const origin = rowOrigin * stride;
  const word = new Uint32Array((rowOrigin + rows + 1) * (words + 1));
  const mask = new Uint8Array(word.buffer);
  const row = new Uint8Array(rowOrigin + rows + 1);
  return {
    voxels,
    columns,
    rows,
    chunks,
    words,
    stride,
    layerRows,
    origin,
    rowOrigin,
    scratch: { mask, word, row },
  };
};

/** Marks the hits' bits and rows. */
export const markOccupancy = (voxel: Uint32Array, count: number, grid: OccupancyGrid): void => {
  const { columns, stride, origin, rowOrigin } = grid;
  const { mask, row } = grid.scratch;
  let rowEnd = 0;
  let first = 0;
  let base = 0;
  for (let i = 0; i < count; i++) {
    const v = voxel[i]! | 0;
    if (v >= rowEnd) {
      const at = (v / columns) | 0;
      first = Math.imul(at, columns);
      rowEnd = first + columns;
      base = origin + Math.imul(at, stride);
      row[rowOrigin + at] = 1;
    }
    const column = v - first;
    mask[base + (column >>> 3)]! |= 128 >>> (column & 7);
  }
};

/** Zeroes what `markOccupancy` or a reader marked, touching only rows with hits. */
export const clearOccupancy = (grid: OccupancyGrid): void => {
  const { rows, words, rowOrigin } = grid;
  const { word, row } = grid.scratch;
  for (let at = rowOrigin; at < rowOrigin + rows; at++) {
    if (row[at] === 0) continue;
    row[at] = 0;
    const first = Math.imul(at, words + 1);
    for (let i = first; i < first + words; i++) word[i] = 0;
  }
};

const firstOfWords = 32;
const firstOfChunks = 96;

/** 1 where a number is not 0, without a branch. */
const is = (bits: number): number => (bits | -bits) >>> 31;
const onesOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let bit = byte; bit > 0; bit >>>= 1) ones += bit & 1;
  return Math.min(3, ones);
});

/** Bytes before, at and after, as 24 bits: the voxel j of the chunk at `byte` is bit 15 − j. */
export const window24 = (mask: Uint8Array, byte: number): number =>
  (mask[byte - 1]! << 16) | (mask[byte]! << 8) | mask[byte + 1]!;
/** In a `window24`: the chunk and one voxel either side. */
const chunkAndBeside = 0x1ff80;

/** Contexts of the flags, one after another: of rows, of words, of chunks. */
export const rowContexts = firstOfWords;
export const wordContexts = firstOfChunks - firstOfWords;
export const chunkContexts = 1024;
export const flagContexts = rowContexts + wordContexts + chunkContexts;

/** Does the row hold a hit: the two before, and the three about it one layer back, do they. */
export const rowContext = (row: Uint8Array, at: number, layerRows: number): number => {
  const back = at - layerRows;
  return (
    row[at - 1]! | (row[at - 2]! << 1) | (row[back]! << 2) | (row[back - 1]! << 3) | (row[back + 1]! << 4)
  );
};

/** Whether a word has hits near that came before: above and one aside, or in the last two voxels of its row. */
export const nearWord = (mask: Uint8Array, word: Uint32Array, byte: number, stride: number): number => {
  const up = byte - stride;
  return word[up >>> 2]! | (mask[up - 1]! & 1) | (mask[up + 4]! & 0x80) | (mask[byte - 1]! & 3);
};

/**
 * Does a word hold a hit, when none is near: has the row had one, has the word two rows back or those one layer
 * back; `end` is 2 for the row's last word, 1 for the one before it.
 */
export const wordContext = (
  mask: Uint8Array,
  word: Uint32Array,
  byte: number,
  stride: number,
  layer: number,
  seen: number,
  end: number,
): number => {
  const back = byte - layer;
  return (
    firstOfWords +
    (seen |
      (is(word[(byte - 2 * stride) >>> 2]!) << 1) |
      (is(word[back >>> 2]! | (mask[back - 1]! & 1) | (mask[back + 4]! & 0x80)) << 2) |
      (is(word[(back - stride) >>> 2]! | word[(back + stride) >>> 2]!) << 3) |
      (end << 4))
  );
};

/**
 * Does a chunk hold a hit, when none is near; `born` is the chunk's place in a word that has a hit and none yet
 * (1 … 4), else 0; `up` the window above.
 */
export const chunkContext = (
  mask: Uint8Array,
  byte: number,
  stride: number,
  layer: number,
  born: number,
  up: number,
): number => {
  const back = byte - layer;
  const beside = window24(mask, back - stride) | window24(mask, back + stride);
  return (
    firstOfChunks +
    (born |
      (onesOf[mask[back]!]! << 3) |
      (is(mask[back - 1]! & 3) << 5) |
      (is(mask[back + 1]! & 0xc0) << 6) |
      (is(beside & chunkAndBeside) << 7) |
      (is(window24(mask, byte - 2 * stride) & chunkAndBeside) << 8) |
      (is(up & 0x70) << 9))
  );
};

/**
 * Two cells whose weights a voxel's bit adds: of its row the last 5 voxels, of the row above those from −2 to 4, and
 * the place itself two above; of the row two above those from −2 to 3, one layer back from −1 to 2, the voxel before
 * and those from −1 to 1 above. What they look at rolls left from voxel to voxel: `line`, the row so far, ends at
 * bit 8; in the windows the voxel's own place is bit 15. They are written out where they are used, three times:
 * calls in there are beyond what the compiler inlines, and cost half of all.
 */
export const firstCells = 1 << 13;
export const secondCells = 1 << 14;
/** A third, in a chunk of which only the flag says that it has a hit: 1 … 8 counts up to its last voxel; else 0,
 * whose weight is 0. */
export const freshCells = 9;

/** What each cell adds to a sum (see `curve.ts`): bytes, and wider numbers only where fitting names the cells. */
export type Weights = Int8Array | Int16Array;

export interface OccupancyWeights {
  readonly flags: Weights;
  readonly first: Weights;
  readonly second: Weights;
  readonly fresh: Weights;
}

/** Decisions a frame can take: a hit brings at most four chunks, by itself or as a neighbour, and as many words. */
export const occupancyStepsMax = (grid: OccupancyGrid, hitCount: number): number => {
  const { rows, words, chunks } = grid;
  return (
    rows * (1 + words) + Math.min(rows * chunks, 16 * hitCount) + 8 * Math.min(rows * chunks, 4 * hitCount)
  );
};

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
