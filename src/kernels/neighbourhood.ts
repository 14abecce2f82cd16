/**
 * What a hit's neighbours are: the cells of a frame in a grid with an empty margin, and one row of bytes a hit
 * that holds its neighbours' codes. Refuses nothing of the data; a voxel outside the grid is our bug and throws.
 */

import type { Axis } from '../domain/instrument.ts';
import { marginGrid } from './margin.ts';

/** A grid of one instrument and one set of neighbours, with its scratch space: one per thread, never shared. */
export interface NeighbourhoodGrid {
  readonly voxelCount: number;
  /** Bytes of a row: the hit's own and one for each neighbour. */
  readonly rowBytes: number;
  /** Cells along the last axis, and for each line of them what turns a voxel into its place in `cell`. */
  readonly lineCells: number;
  readonly lineShift: Int32Array;
  /** Distance in `cell` from a hit to each neighbour. */
  readonly distance: Int32Array;
  /** Codes by place; the margin is as wide as the furthest neighbour. All zero between frames. */
  readonly cell: Uint8Array;
  readonly scratch: { place: Int32Array };
}

/** `neighbours`: steps along the axes, one list for each neighbour. */
export const neighbourhoodGrid = (
  axes: readonly Pick<Axis, 'size'>[],
  neighbours: readonly (readonly number[])[],
): NeighbourhoodGrid => {
  const grid = marginGrid(
    axes.map(({ size }) => size),
    neighbours,
  );
  const lineCells = axes.at(-1)!.size;
  return {
    voxelCount: grid.cellCount,
    rowBytes: 1 + neighbours.length,
    lineCells,
    lineShift: Int32Array.from(
      { length: grid.cellCount / lineCells },
      (_, line) => grid.placeOf(line * lineCells) - line * lineCells,
    ),
    distance: grid.distance,
    cell: new Uint8Array(grid.placeCount),
    scratch: { place: new Int32Array(0) },
  };
};

/** Puts the first `count` hits into the grid, each with its code (1 … 255). `clearCells` takes them out again. */
export const placeCells = (
  grid: NeighbourhoodGrid,
  voxel: Uint32Array,
  code: Uint8Array,
  count: number,
): void => {
  const { cell, lineCells, lineShift, voxelCount, scratch } = grid;
  // As many as the grid has voxels at most, since hits are in different ones.
  if (scratch.place.length < count) {
    if (count > voxelCount) throw new Error(`${count} hits in a grid of ${voxelCount} voxels`);
    scratch.place = new Int32Array(Math.min(voxelCount, 2 * count));
  }
  const { place } = scratch;
  for (let i = 0; i < count; i++) {
    const at = voxel[i]!;
    if (at >= voxelCount) {
      clearCells(grid, i);
      throw new Error(`voxel ${at} is outside a grid of ${voxelCount}`);
    }
    const to = at + lineShift[(at / lineCells) | 0]!;
    place[i] = to;
    cell[to] = code[i]!;
  }
};

/** Takes the hits of the last `placeCells` out of the grid. */
export const clearCells = (grid: NeighbourhoodGrid, count: number): void => {
  const { cell, scratch } = grid;
  for (let i = 0; i < count; i++) cell[scratch.place[i]!] = 0;
};

/**
 * Rows of the hits first … end − 1 that `placeCells` put in: `own` of the hit, then its neighbours' codes. `rows`
 * holds at least (end − first) · rowBytes.
 */
export const gatherNeighbourhoods = (
  grid: NeighbourhoodGrid,
  own: Uint8Array,
  first: number,
  end: number,
  rows: Uint8Array,
): void => {
  const { cell, distance, scratch } = grid;
  let to = 0;
  for (let i = first; i < end; i++) {
    const place = scratch.place[i]!;
    rows[to++] = own[i]!;
    for (let n = 0; n < distance.length; n++) rows[to++] = cell[place + distance[n]!]!;
  }
};
