/**
 * Which voxels of a frame hold hits, as bits in row-major bytes along time, and the contexts of their coding: empty
 * rows, words and chunks are skipped by a flag each, voxels that have neighbours are coded one by one in the light of
 * the row so far, the rows before (azimuth) and the rows one layer back. Pure arithmetic over one scratch space; it
 * refuses nothing.
 */

import { type InstrumentCard, voxelCount } from '../../domain/instrument.ts';

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

/** Not exported, and so folded where they are used. */
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
