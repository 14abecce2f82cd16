import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCurve } from '../../../src/codec/ladder/tables.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { curveSteps, decision, ladderPrecision } from '../../../src/kernels/ladder/curve.ts';
import {
  clearOccupancy,
  firstCells,
  flagContexts,
  freshCells,
  markOccupancy,
  type OccupancyGrid,
  type OccupancyWeights,
  occupancyGrid,
  occupancyStepsMax,
  secondCells,
} from '../../../src/kernels/ladder/occupancy.ts';
import { takeOccupancy, voxelListLength } from '../../../src/kernels/ladder/occupancy_reader.ts';
import { putOccupancy } from '../../../src/kernels/ladder/occupancy_writer.ts';
import { closeRans, openRans, ransBytesMax, ransEncode } from '../../../src/kernels/rans.ts';
import { slowGrid, slowOccupancy } from './occupancy.slow.ts';

/** Weights that differ from cell to cell, so that a cell looked up wrongly shows. */
const scattered = (size: number, salt: number, reach: number): Int8Array =>
  Int8Array.from(
    { length: size },
    (_, i) => ((Math.imul(i + salt, 2_654_435_761) >>> 8) % (2 * reach)) - reach,
  );
const weights: OccupancyWeights = {
  flags: scattered(flagContexts, 1, 100),
  first: scattered(firstCells, 2, 60),
  second: scattered(secondCells, 3, 60),
  fresh: Int8Array.from([0, ...scattered(freshCells - 1, 4, 60)]),
};
const curve = curveSteps(plainCurve());
/** A curve that says which sum was asked for. */
const itself = Uint32Array.from(curve, (_, place) => place);

/** Grids of one to three axes; some frames full of hits, some with hardly any. */
const scene = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 2 }),
    columns: fc.integer({ min: 1, max: 90 }),
    share: fc.constantFrom(0, 0.003, 0.02, 0.2, 0.6, 1),
    seed: fc.nat(),
  })
  .map(({ sizes, columns, share, seed }) => {
    const all = [...sizes, columns];
    const voxels = all.reduce((n, size) => n * size, 1);
    const hit = (v: number): boolean =>
      (Math.imul(Math.imul(v ^ seed, 2_246_822_519) ^ (v >>> 3), 3_266_489_917) >>> 0) / 2 ** 32 < share;
    return {
      sizes: all,
      voxel: Uint32Array.from(Array.from({ length: voxels }, (_, v) => v).filter(hit)),
    };
  });

const axes = (sizes: readonly number[]) =>
  sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 }));

const isClean = (grid: OccupancyGrid): boolean =>
  grid.scratch.mask.every((byte) => byte === 0) && grid.scratch.row.every((byte) => byte === 0);

const coded = (grid: OccupancyGrid, voxel: Uint32Array): Uint8Array => {
  const steps = new Uint32Array(occupancyStepsMax(grid, voxel.length));
  markOccupancy(voxel, voxel.length, grid);
  const count = putOccupancy(grid, weights, curve, steps);
  clearOccupancy(grid);
  const out = new Uint8Array(ransBytesMax(count));
  return out.slice(ransEncode(steps, count, ladderPrecision, out));
};

describe('occupancy', () => {
  it('takes the decisions its slow twin takes voxel by voxel, and leaves no trace', () => {
    fc.assert(
      fc.property(scene, ({ sizes, voxel }) => {
        const grid = occupancyGrid({ axes: axes(sizes) });
        const found = new Uint32Array(occupancyStepsMax(grid, voxel.length));
        markOccupancy(voxel, voxel.length, grid);
        const count = putOccupancy(grid, weights, itself, found);
        expect(count).toBeLessThanOrEqual(found.length);
        const slow = slowOccupancy(slowGrid(sizes, voxel), weights);
        expect(Array.from(found.subarray(0, count))).toEqual(slow.map(({ sum, bit }) => decision(sum, bit)));
        clearOccupancy(grid);
        expect(isClean(grid)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('comes back from its stream', () => {
    fc.assert(
      fc.property(scene, ({ sizes, voxel }) => {
        const grid = occupancyGrid({ axes: axes(sizes) });
        const bytes = coded(grid, voxel);
        const reader = openRans(bytes, 0, bytes.length, ladderPrecision);
        const room = voxel.length;
        const hits = { voxel: new Uint32Array(voxelListLength(room)), room, count: 0 };
        takeOccupancy(reader, grid, weights, curve, hits);
        closeRans(reader);
        expect(hits.count).toBe(voxel.length);
        expect(hits.voxel.subarray(0, room)).toEqual(voxel);
        clearOccupancy(grid);
        expect(isClean(grid)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('ends with a fault, never outside its lists, whatever the bytes are', () => {
    const grid = occupancyGrid({ axes: axes([3, 9, 70]) });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), fc.nat({ max: 300 }), (noise, room) => {
        const bytes = noise.slice(0, noise.length & ~1);
        bytes[3]! &= 0x7f;
        bytes[7]! &= 0x7f;
        bytes[2]! |= 1;
        bytes[6]! |= 1;
        const hits = { voxel: new Uint32Array(voxelListLength(room)), room, count: 0 };
        try {
          takeOccupancy(openRans(bytes, 0, bytes.length, ladderPrecision), grid, weights, curve, hits);
        } catch (fault) {
          if (!(fault instanceof Fault)) throw fault;
        }
        expect(hits.count).toBeLessThanOrEqual(room);
        const wild = hits.voxel
          .subarray(0, hits.count)
          .filter((voxel, i) => voxel >= 1890 || (i > 0 && voxel <= hits.voxel[i - 1]!));
        expect(Array.from(wild)).toEqual([]);
        clearOccupancy(grid);
        expect(isClean(grid)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
