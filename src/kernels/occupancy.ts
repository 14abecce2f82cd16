/**
 * Which voxels of a frame hold hits, as bits in row-major bytes along time, and the contexts their coding uses:
 * the same row earlier, the row before (azimuth), the row one layer back. Pure arithmetic over one scratch
 * space; it refuses nothing.
 */

import type { InstrumentCard } from '../domain/instrument.ts';
import { voxelCount } from '../domain/instrument.ts';

/**
 * The grid as rows of the last axis (time), a row cut into chunks of eight voxels (one byte, earliest in its
 * highest bit), eight rows of one chunk a tile. Layers are the planes of the last two axes. Bytes and tiles lie
 * `stride` apart from row to row, one more than a row has, and that one stays zero: no neighbour wraps around.
 */
export interface OccupancyGrid {
  readonly voxels: number;
  readonly columns: number;
  readonly rows: number;
  readonly chunks: number;
  readonly stride: number;
  /** One past the largest tile id; a tile's id is its tile row × stride + its chunk. */
  readonly tileEnd: number;
  /** Distances to the same place one layer back, in bytes and in tiles. */
  readonly layerBytes: number;
  readonly layerTiles: number;
  /** Byte of row 0, chunk 0: before it lie zeros that stand for the layer before the first. */
  readonly origin: number;
  readonly scratch: OccupancyScratch;
}

interface OccupancyScratch {
  /** All zero between calls. */
  readonly mask: Uint8Array;
  /** One byte a tile with zeros around, tile 0 at `tileOrigin`; all zero between calls. */
  readonly tile: Uint8Array;
  readonly tileOrigin: number;
  /** The active tiles of the frame at hand, ascending. */
  readonly active: Uint32Array;
  /** Per chunk column: whether the tile at hand has had a filled chunk yet. */
  readonly filled: Uint8Array;
}

export const occupancyGrid = (card: Pick<InstrumentCard, 'axes'>): OccupancyGrid => {
  const voxels = voxelCount(card as InstrumentCard);
  const columns = card.axes[card.axes.length - 1]!.size;
  const rowsPerLayer = card.axes[card.axes.length - 2]?.size ?? 1;
  const rows = voxels / columns;
  const chunks = (columns + 7) >>> 3;
  const stride = chunks + 1;
  const tileEnd = ((rows + 7) >>> 3) * stride;
  // At least two rows back: what lies beside that place is still earlier than the place itself.
  const layerBytes = Math.max(2, rowsPerLayer) * stride;
  const layerTiles = Math.max(2, Math.round(rowsPerLayer / 8)) * stride;
  const origin = layerBytes + 2 * stride;
  const tileOrigin = layerTiles + 2 * stride;
  return {
    voxels,
    columns,
    rows,
    chunks,
    stride,
    tileEnd,
    layerBytes,
    layerTiles,
    origin,
    scratch: {
      mask: new Uint8Array(origin + (rows + 8) * stride),
      tile: new Uint8Array(tileOrigin + tileEnd + stride),
      tileOrigin,
      active: new Uint32Array(tileEnd),
      filled: new Uint8Array(stride),
    },
  };
};

/** Marks the hits' bits and tiles and lists the active tiles; returns how many they are. */
export const markOccupancy = (voxel: Uint32Array, count: number, grid: OccupancyGrid): number => {
  const { columns, stride, origin } = grid;
  const { mask, tile, tileOrigin } = grid.scratch;
  const perColumn = (1 + 2 ** -40) / columns;
  let tileCount = 0;
  let tileRow = -1;
  for (let i = 0; i < count; i++) {
    const v = voxel[i]! | 0;
    const row = (v * perColumn) | 0;
    const column = v - Math.imul(row, columns);
    const chunk = column >>> 3;
    if (row >>> 3 !== tileRow) {
      // Hits ascend: the tile row that ends here is complete.
      tileCount = listTiles(tileRow, tileCount, grid);
      tileRow = row >>> 3;
    }
    mask[origin + Math.imul(row, stride) + chunk]! |= 128 >>> (column & 7);
    tile[tileOrigin + Math.imul(tileRow, stride) + chunk] = 1;
  }
  return listTiles(tileRow, tileCount, grid);
};

const listTiles = (tileRow: number, tileCount: number, grid: OccupancyGrid): number => {
  if (tileRow < 0) return 0;
  const { tile, tileOrigin, active } = grid.scratch;
  const first = tileRow * grid.stride;
  let next = tileCount;
  for (let at = first; at < first + grid.chunks; at++) if (tile[tileOrigin + at] === 1) active[next++] = at;
  return next;
};

/** Zeroes what `markOccupancy` or a decoder marked, touching only active tiles. */
export const clearOccupancy = (tileCount: number, grid: OccupancyGrid): void => {
  const { stride, rows, origin } = grid;
  const { mask, tile, tileOrigin, active } = grid.scratch;
  for (let i = 0; i < tileCount; i++) {
    const at = active[i]!;
    tile[tileOrigin + at] = 0;
    const tileRow = (at / stride) | 0;
    const rowEnd = Math.min(rows, tileRow * 8 + 8);
    let byte = origin + tileRow * 8 * stride + (at - tileRow * stride);
    for (let row = tileRow * 8; row < rowEnd; row++, byte += stride) mask[byte] = 0;
  }
};

/** Contexts of a tile's flag: its left, upper and one-layer-back neighbours. */
export const tileContexts = 256;
export const tileContext = (tile: Uint8Array, at: number, stride: number, layer: number): number =>
  tile[at - 1]! |
  (tile[at - stride]! << 1) |
  (tile[at - stride - 1]! << 2) |
  (tile[at - stride + 1]! << 3) |
  (tile[at - layer]! << 4) |
  (tile[at - layer - 1]! << 5) |
  (tile[at - layer + 1]! << 6) |
  (tile[at - layer + stride]! << 7);

/** How full a byte is and whether only its borders are: what the chunk below it should know. */
const fullness = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let bit = byte; bit > 0; bit >>>= 1) ones += bit & 1;
  if (ones === 0) return 0;
  if (byte === 1 || byte === 128) return 1;
  return Math.min(7, ones + 1);
});

/** Contexts of a chunk's flag (does it hold any hit). */
export const chunkContexts = 1 << 16;
/**
 * `byte` is the chunk's place, `row` (the stride) and `layer` the distances to the row before and the layer before, `stage`
 * 0 when its tile has had a filled chunk, else 1 … 7 as rows pass without one; `right` whether the tile to the
 * right is active.
 */
export const chunkContext = (
  mask: Uint8Array,
  byte: number,
  row: number,
  layer: number,
  stage: number,
  right: number,
): number => {
  const up = byte - row;
  const back = byte - layer;
  const backHere = mask[back]!;
  const backBelow = mask[back + row]!;
  return (
    stage |
    (fullness[mask[up]!]! << 3) |
    ((mask[byte - 1]! & 3) << 6) |
    (is(mask[up - 1]! & 3) << 8) |
    (is(mask[up + 1]! & 0xc0) << 9) |
    (is(mask[up - row]!) << 10) |
    (backFullness[backHere]! << 11) |
    (is(mask[back - row]! | backBelow) << 13) |
    (right << 14) |
    (is(backBelow & backHere) << 15)
  );
};
/** 1 where a byte is not 0, without a branch. */
const is = (byte: number): number => (0 - byte) >>> 31;
const backFullness = fullness.map((value) => (value === 0 ? 0 : value <= 2 ? 1 : value <= 4 ? 2 : 3));

/**
 * What a voxel's own row says, for a chunk of which the bits before it (with a one put in front) and the last
 * two bits of the chunk before are known: the last three bits once the chunk holds a hit, else how far the
 * chunk is through, and the bits before it while they are near. Premultiplied: the state's contexts start here.
 */
const rowState = Int32Array.from({ length: 1024 }, (_, index) => {
  const prefix = index >>> 2;
  const before = index & 3;
  if (prefix === 0) return 0;
  const known = 31 - Math.clz32(prefix);
  const bits = prefix ^ (1 << known);
  if (bits !== 0) return (((before << known) | bits) & 7) << 12;
  const near = known === 0 ? before : known === 1 ? 4 + (before & 1) : 4 + known;
  return (8 + near) << 12;
});

/** Contexts of a voxel's bit: 20 row states × 12 neighbour bits. */
export const bitContexts = 20 << 12;

/** The windows a chunk's voxels see; gathered once a chunk: bytes before, at and after, as 24 bits. */
export const window24 = (mask: Uint8Array, byte: number): number =>
  (mask[byte - 1]! << 16) | (mask[byte]! << 8) | mask[byte + 1]!;

/**
 * `prefix` is a one followed by the chunk's bits before bit j; `before` the byte before the chunk; `up`, `up2`
 * and `back` the windows one and two rows and one layer back.
 */
export const bitContext = (
  prefix: number,
  before: number,
  j: number,
  up: number,
  up2: number,
  back: number,
): number =>
  rowState[(prefix << 2) | (before & 3)]! |
  (((up >>> (12 - j)) & 63) << 6) |
  (((up2 >>> (14 - j)) & 7) << 3) |
  ((back >>> (14 - j)) & 7);
