/**
 * The patches of a grid: where each voxel's cell lies, and the way back from cells to digits. Refuses nothing of the
 * data; a buffer too small for a frame is our bug and throws.
 */

import { coordinatesOf, type InstrumentCard, voxelCount } from '../../domain/instrument.ts';

/**
 * The patch grid of one instrument, with its scratch space: one per thread, never shared. A voxel's address is
 * `patch << cellBits | cell`, the sum of a part of its row (all axes but the last) and a part of its column: one
 * table of all voxels is quicker in a loop of its own, but 3 MB of it do not stay in a cache that others share.
 */
export interface PatchGrid {
  readonly voxelCount: number;
  readonly patchCount: number;
  readonly cellsPerPatch: number;
  readonly cellBits: number;
  readonly columns: number;
  readonly rowAddress: Int32Array;
  readonly columnAddress: Int32Array;
  /** Voxels worked on at once: whole patches of the first axis, few enough that all their scratch stays close. */
  readonly slabVoxels: number;
  readonly slabPatches: number;
  /** First voxel of each patch, and what each cell adds to it. */
  readonly patchVoxel: Uint32Array;
  readonly cellVoxel: Uint32Array;
  /** 1 where a cell of an edge patch lies outside the grid, in rows that start at `outsideRow[patch]`. */
  readonly outsideRow: Uint32Array;
  readonly outside: Uint8Array;
  readonly scratch: PatchScratch;
}

interface PatchScratch {
  /** One bit a voxel; all zero between calls. */
  readonly hit: Uint32Array;
  readonly adc: Uint16Array;
}

export const patchGrid = (card: Pick<InstrumentCard, 'axes' | 'patch'>): PatchGrid => {
  const sizes = card.axes.map((axis) => axis.size);
  const patch = card.patch;
  if (sizes.length < 1 || patch.length !== sizes.length) throw new Error('a patch needs one length an axis');
  const voxels = voxelCount(card as InstrumentCard);
  const perAxis = sizes.map((size, axis) => Math.ceil(size / patch[axis]!));
  const patchCount = perAxis.reduce((n, count) => n * count, 1);
  const cellsPerPatch = patch.reduce((n, length) => n * length, 1);
  const cellBits = 32 - Math.clz32(cellsPerPatch - 1);
  if (patchCount * 2 ** cellBits > 2 ** 31 || voxels > 2 ** 31)
    throw new Error('the grid is too large for int32');
  const columns = sizes[sizes.length - 1]!;
  const address = (voxel: number): number => addressOf(coordinatesOf(voxel, sizes), perAxis, patch, cellBits);
  const patchesAbreast = patchCount / perAxis[0]!;
  const voxelsAbreast = (voxels / sizes[0]!) * patch[0]!;
  const abreast = Math.min(perAxis[0]!, Math.max(1, Math.round(slabVoxelsWanted / voxelsAbreast)));
  return {
    voxelCount: voxels,
    patchCount,
    cellsPerPatch,
    cellBits,
    columns,
    rowAddress: Int32Array.from({ length: voxels / columns }, (_, row) => address(row * columns)),
    columnAddress: Int32Array.from({ length: columns }, (_, column) => address(column)),
    slabVoxels: voxelsAbreast * abreast,
    slabPatches: patchesAbreast * abreast,
    ...inverse(sizes, perAxis, patch, patchCount, cellsPerPatch),
    scratch: {
      hit: new Uint32Array((voxels + 31) >>> 5),
      adc: new Uint16Array(voxels),
    },
  };
};

/** A TPC layer is 48 k voxels; of these, the hits, their addresses and their cells fill a first-level cache. */
const slabVoxelsWanted = 48 * 1024;

const ravel = (coordinates: readonly number[], sizes: readonly number[]): number =>
  coordinates.reduce((index, coordinate, axis) => index * sizes[axis]! + coordinate, 0);

const addressOf = (
  coordinates: readonly number[],
  perAxis: readonly number[],
  patch: readonly number[],
  cellBits: number,
): number => {
  const patchAt = ravel(
    coordinates.map((coordinate, axis) => Math.floor(coordinate / patch[axis]!)),
    perAxis,
  );
  const cell = ravel(
    coordinates.map((coordinate, axis) => coordinate % patch[axis]!),
    patch,
  );
  return patchAt * 2 ** cellBits + cell;
};

/** The way back: patch and cell to voxel, and which cells of edge patches lie outside the grid. */
const inverse = (
  sizes: readonly number[],
  perAxis: readonly number[],
  patch: readonly number[],
  patchCount: number,
  cellsPerPatch: number,
): Pick<PatchGrid, 'patchVoxel' | 'cellVoxel' | 'outsideRow' | 'outside'> => {
  const patchVoxel = new Uint32Array(patchCount);
  const cellVoxel = new Uint32Array(cellsPerPatch);
  const cells = Array.from(cellVoxel, (_, cell) => coordinatesOf(cell, patch));
  for (let cell = 0; cell < cellsPerPatch; cell++) cellVoxel[cell] = ravel(cells[cell]!, sizes);
  const rowOf = new Map<string, number>([['', 0]]);
  const rows: Uint8Array[] = [new Uint8Array(cellsPerPatch)];
  const outsideRow = new Uint32Array(patchCount);
  for (let p = 0; p < patchCount; p++) {
    const origin = coordinatesOf(p, perAxis).map((at, axis) => at * patch[axis]!);
    patchVoxel[p] = ravel(origin, sizes);
    const left = origin.map((at, axis) => Math.min(sizes[axis]! - at, patch[axis]!));
    const name = left.every((length, axis) => length === patch[axis]) ? '' : left.join();
    let row = rowOf.get(name);
    if (row === undefined) {
      row = rows.length;
      rowOf.set(name, row);
      rows.push(Uint8Array.from(cells, (cell) => (cell.some((at, axis) => at >= left[axis]!) ? 1 : 0)));
    }
    outsideRow[p] = row * cellsPerPatch;
  }
  const outside = new Uint8Array(rows.length * cellsPerPatch);
  rows.forEach((row, r) => {
    outside.set(row, r * cellsPerPatch);
  });
  return { patchVoxel, cellVoxel, outsideRow, outside };
};

/**
 * The way back: the cells of `patchCount` distinct patches (ids from `patches`, codes from `cells`) as digits in
 * ascending voxel order, ADC by `codeAdc`, written into `into`; returns the hit count. Cells outside the grid
 * and codes whose ADC is 0 give no hit. `into` must hold min(voxels, patchCount × cellsPerPatch) hits.
 */
export const scatterPatches = (
  patches: Uint32Array,
  patchCount: number,
  cells: Uint8Array,
  grid: PatchGrid,
  codeAdc: Uint16Array,
  into: { readonly voxel: Uint32Array; readonly adc: Uint16Array },
): number => {
  const { cellsPerPatch, patchVoxel, cellVoxel, outsideRow, outside } = grid;
  const { hit, adc } = grid.scratch;
  for (let row = 0; row < patchCount; row++) {
    const patch = patches[row]!;
    const origin = patchVoxel[patch]!;
    const edge = outsideRow[patch]!;
    const from = row * cellsPerPatch;
    for (let cell = 0; cell < cellsPerPatch; cell++) {
      const code = cells[from + cell]!;
      if (code === 0 || outside[edge + cell] === 1) continue;
      const value = codeAdc[code]!;
      if (value === 0) continue;
      const v = origin + cellVoxel[cell]!;
      hit[v >>> 5]! |= 1 << (v & 31);
      adc[v] = value;
    }
  }
  return listHits(hit, adc, into);
};

const listHits = (
  hit: Uint32Array,
  adc: Uint16Array,
  into: { readonly voxel: Uint32Array; readonly adc: Uint16Array },
): number => {
  let count = 0;
  for (let word = 0; word < hit.length; word++) {
    let bits = hit[word]!;
    if (bits === 0) continue;
    hit[word] = 0;
    do {
      const low = bits & -bits;
      const v = (word << 5) | (31 - Math.clz32(low));
      bits ^= low;
      into.voxel[count] = v;
      into.adc[count] = adc[v]!;
      count++;
    } while (bits !== 0);
  }
  if (count > into.voxel.length || count > into.adc.length)
    throw new Error('the digits do not fit their arrays');
  return count;
};
