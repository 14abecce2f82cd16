import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitContext,
  bitContexts,
  chunkContext,
  chunkContexts,
  clearOccupancy,
  markOccupancy,
  occupancyGrid,
  window24,
} from '../../src/kernels/occupancy.ts';
import { slowBitContext, slowChunkContext, slowGrid } from './occupancy.slow.ts';

const scene = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 }),
    density: fc.integer({ min: 1, max: 9 }),
  })
  .chain(({ sizes, density }) => {
    const voxels = sizes.reduce((n, size) => n * size, 1);
    return fc.record({
      sizes: fc.constant(sizes),
      voxel: fc
        .array(fc.nat({ max: 9 }), { minLength: voxels, maxLength: voxels })
        .map((draws) => Uint32Array.from(draws.flatMap((draw, v) => (draw < density ? [v] : [])))),
    });
  });

const axes = (sizes: readonly number[]) =>
  sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 }));

describe('occupancy', () => {
  it('lists the tiles with hits and leaves no trace', () => {
    fc.assert(
      fc.property(scene, ({ sizes, voxel }) => {
        const grid = occupancyGrid({ axes: axes(sizes) });
        const tiles = new Set(
          Array.from(voxel, (v) => {
            const row = Math.floor(v / grid.columns);
            return (row >>> 3) * grid.stride + ((v - row * grid.columns) >>> 3);
          }),
        );
        const count = markOccupancy(voxel, voxel.length, grid);
        expect(Array.from(grid.scratch.active.subarray(0, count))).toEqual([...tiles].sort((a, b) => a - b));
        clearOccupancy(count, grid);
        expect(grid.scratch.mask.every((byte) => byte === 0)).toBe(true);
        expect(grid.scratch.tile.every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('has the contexts its slow twin finds voxel by voxel', () => {
    fc.assert(
      fc.property(scene, fc.nat({ max: 7 }), fc.nat({ max: 1 }), ({ sizes, voxel }, stage, right) => {
        const grid = occupancyGrid({ axes: axes(sizes) });
        const slow = slowGrid(sizes, voxel);
        const { mask } = grid.scratch;
        const count = markOccupancy(voxel, voxel.length, grid);
        for (let row = 0; row < grid.rows; row++) {
          for (let chunk = 0; chunk < grid.chunks; chunk++) {
            const byte = grid.origin + row * grid.stride + chunk;
            const context = chunkContext(mask, byte, grid.stride, grid.layerBytes, stage, right);
            expect(context).toBe(slowChunkContext(slow, row, chunk, stage, right));
            expect(context).toBeLessThan(chunkContexts);
            const windows = [grid.stride, 2 * grid.stride, grid.layerBytes].map((away) =>
              window24(mask, byte - away),
            );
            for (let j = 0; j < Math.min(8, grid.columns - chunk * 8); j++) {
              const prefix = (1 << j) | (mask[byte]! >>> (8 - j));
              const bit = bitContext(prefix, mask[byte - 1]!, j, windows[0]!, windows[1]!, windows[2]!);
              expect(bit).toBe(slowBitContext(slow, row, chunk * 8 + j));
              expect(bit).toBeLessThan(bitContexts);
            }
          }
        }
        clearOccupancy(count, grid);
      }),
    );
  });
});
