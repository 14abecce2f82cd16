/**
 * The slow twin of kernels/patches/patch.ts: by coordinates and maps, one voxel at a time, for any number of axes.
 * Refuses nothing.
 */

import type { Digits } from '../../../src/domain/frame.ts';

const unravel = (index: number, sizes: readonly number[]): number[] =>
  sizes.reduceRight<{ rest: number; at: number[] }>(
    ({ rest, at }, size) => ({ rest: Math.floor(rest / size), at: [rest % size, ...at] }),
    { rest: index, at: [] },
  ).at;

const ravel = (at: readonly number[], sizes: readonly number[]): number =>
  at.reduce((index, coordinate, axis) => index * sizes[axis]! + coordinate, 0);

export const slowGather = (
  digits: Digits,
  sizes: readonly number[],
  patch: readonly number[],
  inputTable: Uint8Array,
): Map<number, number[]> => {
  const perAxis = sizes.map((size, axis) => Math.ceil(size / patch[axis]!));
  const cellCount = patch.reduce((n, length) => n * length, 1);
  const found = new Map<number, number[]>();
  for (let i = 0; i < digits.count; i++) {
    const at = unravel(digits.voxel[i]!, sizes);
    const id = ravel(
      at.map((x, axis) => Math.floor(x / patch[axis]!)),
      perAxis,
    );
    const cell = ravel(
      at.map((x, axis) => x % patch[axis]!),
      patch,
    );
    const cells = found.get(id) ?? new Array<number>(cellCount).fill(0);
    cells[cell] = inputTable[digits.adc[i]!]!;
    found.set(id, cells);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
};

export const slowScatter = (
  rows: Map<number, number[]>,
  sizes: readonly number[],
  patch: readonly number[],
  codeAdc: Uint16Array,
): [number, number][] => {
  const perAxis = sizes.map((size, axis) => Math.ceil(size / patch[axis]!));
  const hits: [number, number][] = [];
  for (const [id, cells] of rows) {
    const origin = unravel(id, perAxis).map((x, axis) => x * patch[axis]!);
    cells.forEach((code, cell) => {
      const at = unravel(cell, patch).map((x, axis) => x + origin[axis]!);
      const adc = codeAdc[code]!;
      if (code > 0 && adc > 0 && at.every((x, axis) => x < sizes[axis]!)) hits.push([ravel(at, sizes), adc]);
    });
  }
  return hits.sort(([a], [b]) => a - b);
};
