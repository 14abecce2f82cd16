/**
 * The slow twin of kernels/ladder/planes.ts: each bit's sum from a map of levels, one neighbour at a time. Refuses
 * nothing.
 */

import { pairCells } from '../../../src/kernels/ladder/planes.ts';

/** Pairs of opposite neighbours, the earlier one of each, as (rows, columns) away. */
const earlier: readonly (readonly [number, number])[] = [
  [0, -1],
  [-1, 0],
  [0, -2],
  [-1, -1],
  [-1, 1],
  [-2, 0],
];

/** Sum and bit of each hit in plane `plane` (from 1) of hits with levels of a tree `depth` deep. */
export const slowPlane = (
  voxel: Uint32Array,
  level: Uint8Array,
  columns: number,
  depth: number,
  plane: number,
  weights: Int8Array,
): { sum: number; bit: number }[] => {
  const levelAt = new Map(Array.from(voxel, (v, i) => [v, level[i]!]));
  const node = (v: number, planes: number): number => {
    const found = levelAt.get(v);
    return found === undefined ? 0 : 2 ** planes + Math.floor(found / 2 ** (depth - planes));
  };
  return Array.from(voxel, (v, i) => {
    const own = node(v, plane - 1);
    const sum = earlier.reduce((all, [rows, cells], pair) => {
      const away = rows * columns + cells;
      return (
        all + weights[pair * pairCells + node(v + away, plane) * 256 + node(v - away, plane - 1) * 16 + own]!
      );
    }, 0);
    return { sum, bit: Math.floor(level[i]! / 2 ** (depth - plane)) % 2 };
  });
};
