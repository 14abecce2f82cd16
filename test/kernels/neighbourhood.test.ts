import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clearCells,
  gatherNeighbourhoods,
  type NeighbourhoodGrid,
  neighbourhoodGrid,
  placeCells,
} from '../../src/kernels/neighbourhood.ts';
import { type SlowHit, slowNeighbours } from './neighbourhood.slow.ts';

const axesOf = (sizes: readonly number[]) => sizes.map((size) => ({ size }));

/** A small grid, so that most hits are near a border, with hits and neighbours up to three steps away. */
const scene = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }).chain((sizes) => {
  const voxels = sizes.reduce((n, size) => n * size, 1);
  const byte = fc.integer({ min: 1, max: 255 });
  return fc.record({
    sizes: fc.constant(sizes),
    hits: fc.uniqueArray(
      fc.record({ voxel: fc.nat({ max: voxels - 1 }), own: fc.nat({ max: 255 }), code: byte }),
      {
        selector: ({ voxel }) => voxel,
        maxLength: 80,
      },
    ),
    neighbours: fc.array(fc.tuple(...sizes.map(() => fc.integer({ min: -3, max: 3 }))), {
      minLength: 1,
      maxLength: 12,
    }),
  });
});

const gather = (
  grid: NeighbourhoodGrid,
  hits: readonly SlowHit[],
  first: number,
  end: number,
): number[][] => {
  const voxel = Uint32Array.from(hits, (hit) => hit.voxel);
  placeCells(
    grid,
    voxel,
    Uint8Array.from(hits, (hit) => hit.code),
    hits.length,
  );
  const rows = new Uint8Array((end - first) * grid.rowBytes).fill(77);
  gatherNeighbourhoods(
    grid,
    Uint8Array.from(hits, (hit) => hit.own),
    first,
    end,
    rows,
  );
  clearCells(grid, hits.length);
  return Array.from({ length: end - first }, (_, row) =>
    Array.from(rows.subarray(row * grid.rowBytes, (row + 1) * grid.rowBytes)),
  );
};

describe('neighbourhoods', () => {
  it('are gathered as the slow twin does, at the borders too, frame after frame', () => {
    fc.assert(
      fc.property(scene, fc.nat(), ({ sizes, hits, neighbours }, cut) => {
        const grid = neighbourhoodGrid(axesOf(sizes), neighbours);
        const slow = slowNeighbours(hits, sizes, neighbours);
        const first = hits.length === 0 ? 0 : cut % hits.length;
        expect(gather(grid, hits, 0, hits.length)).toEqual(slow);
        expect(gather(grid, hits, first, hits.length)).toEqual(slow.slice(first));
        expect(grid.cell.every((code) => code === 0)).toBe(true);
      }),
    );
  });

  it('do not wrap from one end of an axis to the other', () => {
    const grid = neighbourhoodGrid(axesOf([2, 3, 4]), [
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
      [-1, -1, -1],
    ]);
    const full = Array.from({ length: 24 }, (_, voxel) => ({ voxel, own: 0, code: voxel + 1 }));
    const rows = gather(grid, full, 0, 24);
    expect(rows[3]).toEqual([0, 0, 8, 16, 0]);
    expect(rows[11]).toEqual([0, 0, 0, 24, 0]);
    expect(rows[23]).toEqual([0, 0, 0, 0, 7]);
  });

  it('refuse a voxel outside the grid and more hits than voxels, and stay clean', () => {
    const grid = neighbourhoodGrid(axesOf([2, 2]), [[1, 1]]);
    const code = new Uint8Array(8).fill(9);
    expect(() => placeCells(grid, Uint32Array.of(1, 4), code, 2)).toThrow('outside');
    expect(() => placeCells(grid, Uint32Array.of(0, 1, 2, 3, 3), code, 5)).toThrow('5 hits');
    expect(grid.cell.every((one) => one === 0)).toBe(true);
  });
});
