import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import { type PatchGrid, patchGrid, scatterPatches } from '../../../src/kernels/patches/patch.ts';
import { gatherPatches } from './gathered.ts';
import { slowGather, slowScatter } from './patch.slow.ts';

const inputTable = Uint8Array.from({ length: 1024 }, (_, adc) => Math.round(Math.log2(adc + 1) * 25.5));
const codeAdc = Uint16Array.from({ length: 256 }, (_, code) => Math.round(2 ** (code / 25.5) - 1));

const axes = (sizes: readonly number[]) =>
  sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 }));

const digitsOf = (hits: readonly (readonly [number, number])[]): Digits => ({
  count: hits.length,
  voxel: Uint32Array.from(hits, ([voxel]) => voxel),
  adc: Uint16Array.from(hits, ([, adc]) => adc),
});

/** A grid of 1 to 4 axes, a patch that need not divide it, and some hits. */
const scene = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 9 }), patch: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((shape) => {
    const sizes = shape.map(({ size }) => size);
    const voxels = sizes.reduce((n, size) => n * size, 1);
    return fc
      .uniqueArray(fc.tuple(fc.nat({ max: voxels - 1 }), fc.integer({ min: 1, max: 1023 })), {
        selector: ([voxel]) => voxel,
        maxLength: 200,
      })
      .map((hits) => ({
        sizes,
        patch: shape.map(({ patch }) => patch),
        digits: digitsOf(hits.sort(([a], [b]) => a - b)),
      }));
  });

const rowsFor = (grid: PatchGrid) => ({
  patches: new Uint32Array(grid.patchCount),
  cells: new Uint8Array(grid.patchCount * grid.cellsPerPatch).fill(99),
});

describe('patches', () => {
  it('are gathered as the slow twin does, twice in a row', () => {
    fc.assert(
      fc.property(scene, ({ sizes, patch, digits }) => {
        const grid = patchGrid({ axes: axes(sizes), patch });
        const slow = slowGather(digits, sizes, patch, inputTable);
        for (let round = 0; round < 2; round++) {
          const out = rowsFor(grid);
          const count = gatherPatches(digits, grid, inputTable, out);
          expect(Array.from(out.patches.subarray(0, count))).toEqual([...slow.keys()]);
          expect(Array.from(out.cells.subarray(0, count * grid.cellsPerPatch))).toEqual(
            [...slow.values()].flat(),
          );
        }
      }),
    );
  });

  it('are scattered as the slow twin does, whatever codes a decoder makes', () => {
    fc.assert(
      fc.property(scene, fc.infiniteStream(fc.nat({ max: 255 })), ({ sizes, patch, digits }, codes) => {
        const grid = patchGrid({ axes: axes(sizes), patch });
        const rows = new Map(
          [...slowGather(digits, sizes, patch, inputTable).keys()].map((id) => [id, [] as number[]]),
        );
        for (const cells of rows.values()) {
          for (let cell = 0; cell < grid.cellsPerPatch; cell++) cells.push(codes.next().value!);
        }
        const into = { voxel: new Uint32Array(grid.voxelCount), adc: new Uint16Array(grid.voxelCount) };
        const count = scatterPatches(
          Uint32Array.from(rows.keys()),
          rows.size,
          Uint8Array.from([...rows.values()].flat()),
          grid,
          codeAdc,
          into,
        );
        expect(Array.from({ length: count }, (_, i) => [into.voxel[i], into.adc[i]])).toEqual(
          slowScatter(rows, sizes, patch, codeAdc),
        );
      }),
    );
  });

  it('gather and scatter give back the voxels, and the ADC within the table', () => {
    const grid = patchGrid({ axes: axes([3, 10, 21]), patch: [1, 8, 8] });
    const hits = Array.from({ length: 630 }, (_, v) => [v, 64 + ((v * 37) % 960)] as const);
    for (const kept of [[], hits.slice(0, 1), hits.slice(-1), hits.filter((_, i) => i % 7 === 0), hits]) {
      const out = rowsFor(grid);
      const count = gatherPatches(digitsOf(kept), grid, inputTable, out);
      const into = { voxel: new Uint32Array(630), adc: new Uint16Array(630) };
      expect(scatterPatches(out.patches, count, out.cells, grid, codeAdc, into)).toBe(kept.length);
      kept.forEach(([voxel, adc], i) => {
        expect(into.voxel[i]).toBe(voxel);
        expect(Math.abs(Math.log2(into.adc[i]! + 1) - Math.log2(adc + 1))).toBeLessThan(0.04);
      });
    }
  });

  it('of several frames share one batch', () => {
    const grid = patchGrid({ axes: axes([2, 16, 16]), patch: [1, 8, 8] });
    const first = digitsOf([
      [0, 100],
      [300, 200],
    ]);
    const second = digitsOf([[17, 300]]);
    const out = rowsFor(grid);
    const firstCount = gatherPatches(first, grid, inputTable, out);
    const secondCount = gatherPatches(second, grid, inputTable, out, firstCount);
    expect([firstCount, secondCount]).toEqual([2, 1]);
    expect(Array.from(out.patches.subarray(0, 3))).toEqual([0, 5, 0]);
    expect(out.cells[2 * 64 + 9]).toBe(inputTable[300]);
  });

  it('that do not fit their rows are our bug, and the next frame still comes out', () => {
    const grid = patchGrid({ axes: axes([2, 16, 16]), patch: [1, 8, 8] });
    const small = { patches: new Uint32Array(1), cells: new Uint8Array(64) };
    expect(() =>
      gatherPatches(
        digitsOf([
          [0, 100],
          [300, 200],
        ]),
        grid,
        inputTable,
        small,
      ),
    ).toThrow('do not fit');
    expect(gatherPatches(digitsOf([[300, 200]]), grid, inputTable, small)).toBe(1);
    expect(small.patches[0]).toBe(5);
  });

  it('are gathered the same slab after slab of a large grid', () => {
    const sizes = [16, 192, 249];
    const patch = [1, 8, 8];
    const grid = patchGrid({ axes: axes(sizes), patch });
    expect(grid.slabPatches).toBeLessThan(grid.patchCount);
    const out = rowsFor(grid);
    const place = fc.tuple(fc.nat({ max: grid.voxelCount - 1 }), fc.integer({ min: 1, max: 1023 }));
    fc.assert(
      fc.property(fc.uniqueArray(place, { selector: ([voxel]) => voxel, maxLength: 400 }), (hits) => {
        const digits = digitsOf(hits.sort(([a], [b]) => a - b));
        const slow = slowGather(digits, sizes, patch, inputTable);
        const count = gatherPatches(digits, grid, inputTable, out);
        expect(Array.from(out.patches.subarray(0, count))).toEqual([...slow.keys()]);
        expect(Buffer.from([...slow.values()].flat())).toEqual(
          Buffer.from(out.cells.subarray(0, count * 64)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('of the sPHENIX grid are 12,288', () => {
    const grid = patchGrid({ axes: axes([16, 192, 249]), patch: [1, 8, 8] });
    expect([grid.patchCount, grid.cellsPerPatch, grid.voxelCount]).toEqual([12_288, 64, 764_928]);
  });
});
