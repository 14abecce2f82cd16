import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCurve } from '../../../src/codec/ladder/tables.ts';
import {
  curveSteps,
  curveStepsLength,
  decision,
  ladderPrecision,
} from '../../../src/kernels/ladder/curve.ts';
import {
  clearNodes,
  nodeGrid,
  planeCells,
  planesMax,
  putPlanes,
  takePlane,
} from '../../../src/kernels/ladder/planes.ts';
import { closeRans, openRans, ransBytesMax, ransEncode } from '../../../src/kernels/rans.ts';
import { slowPlane } from './planes.slow.ts';

const weights = Int8Array.from(
  { length: planeCells },
  (_, i) => ((Math.imul(i + 7, 2_654_435_761) >>> 8) % 250) - 125,
);
const curve = curveSteps(plainCurve());
/** Curves that say which sum was asked for. */
const itself = Uint32Array.from({ length: planesMax * curveStepsLength }, (_, i) => i % curveStepsLength);

const scene = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 4, max: 30 }),
    depth: fc.integer({ min: 1, max: planesMax }),
  })
  .chain(({ rows, columns, depth }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      depth: fc.constant(depth),
      // −1 is no hit.
      cells: fc.array(fc.integer({ min: -1, max: 2 ** depth - 1 }), {
        minLength: rows * columns,
        maxLength: rows * columns,
      }),
    }),
  )
  .map(({ rows, columns, depth, cells }) => {
    const hits = cells.flatMap((level, v) => (level < 0 ? [] : [[v, level] as const]));
    const grid = nodeGrid({
      axes: [rows, columns].map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 })),
    });
    return {
      columns,
      depth,
      grid,
      voxel: Uint32Array.from(hits, ([v]) => v),
      level: Uint8Array.from(hits, ([, level]) => level),
    };
  });

describe('planes', () => {
  it('add what their slow twin adds neighbour by neighbour', () => {
    fc.assert(
      fc.property(scene, ({ columns, depth, grid, voxel, level }) => {
        const count = voxel.length;
        const found = new Uint32Array(depth * count);
        voxel.forEach((v, i) => {
          grid.node[grid.origin + v] = 2 ** depth + level[i]!;
        });
        const curves = itself.subarray(0, depth * curveStepsLength);
        putPlanes(grid, voxel, count, depth, depth, weights, curves, found);
        for (let plane = 1; plane <= depth; plane++)
          expect(Array.from(found.subarray((plane - 1) * count, plane * count))).toEqual(
            slowPlane(voxel, level, columns, depth, plane, weights).map(({ sum, bit }) => decision(sum, bit)),
          );
        clearNodes(grid, voxel, count);
        expect(grid.node.every((node) => node === 0)).toBe(true);
      }),
    );
  });

  it('come back one by one from their streams', () => {
    fc.assert(
      fc.property(scene, ({ columns, depth, grid, voxel, level }) => {
        const count = voxel.length;
        voxel.forEach((v) => {
          grid.node[grid.origin + v] = 1;
        });
        for (let plane = 1; plane <= depth; plane++) {
          const steps = Uint32Array.from(
            slowPlane(voxel, level, columns, depth, plane, weights),
            ({ sum, bit }) => curve[decision(sum, bit)]!,
          );
          const out = new Uint8Array(ransBytesMax(count));
          const begin = ransEncode(steps, count, ladderPrecision, out);
          const reader = openRans(out, begin, out.length, ladderPrecision);
          takePlane(reader, grid, voxel, count, weights, curve);
          closeRans(reader);
          expect(Array.from(voxel, (v) => grid.node[grid.origin + v])).toEqual(
            Array.from(level, (one) => 2 ** plane + (one >> (depth - plane))),
          );
        }
      }),
    );
  });
});
