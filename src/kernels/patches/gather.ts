/**
 * Frames as patch rows, quickly: a room for the hits of one frame and the compiled kernels (wasm/gather.as) that
 * fill it from gap16 words and cut it into patches. In TypeScript the same took more than twice as long, most of a
 * lane's time beside the model. Refuses nothing of the data; a buffer too small for a frame is our bug and throws.
 */

import { wasmBase64 } from '../generated/gather.ts';
import { type LinearMemory, openKernels, openMemory, planRoom } from '../linear_memory.ts';
import type { PatchGrid } from './patch.ts';

/** Where patches go: ids, and `cellsPerPatch` codes for each; longer than needed is fine. */
export interface PatchRows {
  readonly patches: Uint32Array;
  readonly cells: Uint8Array;
}

/** One frame's hits in the kernels' memory, which also read them from gap16 words. */
export interface HitRoom {
  count: number;
  readonly voxel: Uint32Array;
  readonly adc: Uint16Array;
  /** The twin of `unpackGaps` in src/wire/hits.ts. */
  unpackGaps(payload: Uint8Array, count: number): number;
}

/** One per thread, never shared. */
export interface Gatherer {
  readonly hits: HitRoom;
  /**
   * Writes the active patches of the first `hits.count` hits, ascending, from row `firstRow` of `out` on, each hit's
   * cell the code of its ADC and every other cell 0; returns how many there are. Voxels ascend and lie in the grid
   * (`wire` checked them).
   */
  gather(out: PatchRows, firstRow: number): number;
  readonly room: GatherRoom;
}

/** Where another kernel finds the frame at hand, and `spare` bytes of its own behind it. */
export interface GatherRoom {
  readonly memory: LinearMemory;
  /** Addresses of the last frame's patches, cells and ADC values. */
  readonly patches: number;
  readonly cells: number;
  readonly adc: number;
  readonly spare: number;
}

interface Kernels {
  unpackGaps(
    words: number,
    length: number,
    count: number,
    adcBits: number,
    voxels: number,
    voxel: number,
    adc: number,
  ): number;
  gather(
    voxel: number,
    adc: number,
    count: number,
    columns: number,
    rowAddress: number,
    columnAddress: number,
    cellBits: number,
    cellsPerPatch: number,
    slabVoxels: number,
    slabPatches: number,
    codes: number,
    active: number,
    hitAddress: number,
    shift: number,
    patches: number,
    cells: number,
  ): number;
}

/**
 * `codes` has an entry for every ADC value of `adcBits` bits. The memory holds the worst frame: every voxel a hit
 * and every patch active (some 16 bytes a voxel); `spareBytes` more are left to other kernels.
 */
export const openGatherer = (
  grid: PatchGrid,
  adcBits: number,
  codes: Uint8Array,
  spareBytes = 0,
): Gatherer => {
  const { voxelCount, patchCount, cellsPerPatch, cellBits, columns, slabVoxels, slabPatches } = grid;
  // The kernel looks at eight flags at once.
  const flags = patchCount + 8;
  const room = planRoom();
  const at = {
    words: room.place(6 * voxelCount),
    voxel: room.place(4 * voxelCount),
    adc: room.place(2 * voxelCount),
    rowAddress: room.place(grid.rowAddress.byteLength),
    columnAddress: room.place(grid.columnAddress.byteLength),
    codes: room.place(2 ** adcBits),
    active: room.place(flags),
    hitAddress: room.place(4 * Math.min(voxelCount, slabVoxels)),
    shift: room.place(4 * patchCount),
    patches: room.place(4 * patchCount),
    cells: room.place(patchCount * cellsPerPatch),
    spare: room.place(spareBytes),
  };
  const memory = openMemory(room.pages);
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const { buffer } = memory;
  new Int32Array(buffer, at.rowAddress).set(grid.rowAddress);
  new Int32Array(buffer, at.columnAddress).set(grid.columnAddress);
  new Uint8Array(buffer, at.codes).set(codes.subarray(0, 2 ** adcBits));
  const words = new Uint8Array(buffer, at.words, 6 * voxelCount);
  const patches = new Uint32Array(buffer, at.patches, patchCount);
  const cells = new Uint8Array(buffer, at.cells, patchCount * cellsPerPatch);
  const hits: HitRoom = {
    count: 0,
    voxel: new Uint32Array(buffer, at.voxel, voxelCount),
    adc: new Uint16Array(buffer, at.adc, voxelCount),
    unpackGaps(payload, count) {
      if (payload.length > words.length || count > voxelCount) return -1;
      words.set(payload);
      return kernels.unpackGaps(at.words, payload.length >>> 1, count, adcBits, voxelCount, at.voxel, at.adc);
    },
  };
  return {
    hits,
    room: { memory, patches: at.patches, cells: at.cells, adc: at.adc, spare: at.spare },
    gather(out, firstRow) {
      const rowCount = kernels.gather(
        at.voxel,
        at.adc,
        hits.count,
        columns,
        at.rowAddress,
        at.columnAddress,
        cellBits,
        cellsPerPatch,
        slabVoxels,
        slabPatches,
        at.codes,
        at.active,
        at.hitAddress,
        at.shift,
        at.patches,
        at.cells,
      );
      const roomMax = Math.min(out.patches.length, Math.floor(out.cells.length / cellsPerPatch));
      if (firstRow + rowCount > roomMax)
        throw new Error(`${firstRow + rowCount} patches do not fit the ${roomMax} rows given`);
      out.patches.set(patches.subarray(0, rowCount), firstRow);
      out.cells.set(cells.subarray(0, rowCount * cellsPerPatch), firstRow * cellsPerPatch);
      return rowCount;
    },
  };
};
