/**
 * The slow twin of kernels/ladder/occupancy.ts: the same decisions in the same order, voxel by voxel from a set of
 * hits, without bytes or windows. Refuses nothing.
 */

import { type OccupancyWeights, rowContexts, wordContexts } from '../../../src/kernels/ladder/occupancy.ts';

export interface SlowGrid {
  readonly rows: number;
  readonly columns: number;
  readonly layerRows: number;
  readonly has: (row: number, column: number) => boolean;
}

export const slowGrid = (sizes: readonly number[], voxels: Iterable<number>): SlowGrid => {
  const hits = new Set(voxels);
  const columns = sizes[sizes.length - 1]!;
  const rows = sizes.slice(0, -1).reduce((n, size) => n * size, 1);
  const has = (row: number, column: number): boolean =>
    row >= 0 && row < rows && column >= 0 && column < columns && hits.has(row * columns + column);
  return { rows, columns, layerRows: Math.max(2, sizes[sizes.length - 2] ?? 1), has };
};

const number = (bits: readonly boolean[]): number =>
  bits.reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);

export interface Decision {
  readonly sum: number;
  readonly bit: number;
}

export const slowOccupancy = (grid: SlowGrid, weights: OccupancyWeights): Decision[] => {
  const { rows, columns, layerRows, has } = grid;
  const sums: Decision[] = [];
  const bits = (row: number, from: number, to: number): boolean[] =>
    Array.from({ length: to - from + 1 }, (_, i) => has(row, from + i));
  const any = (row: number, from: number, to: number): boolean => bits(row, from, to).some(Boolean);
  const rowHas = (row: number): boolean => any(row, 0, columns - 1);
  const flag = (context: number, bit: boolean): boolean => {
    sums.push({ sum: weights.flags[context]!, bit: bit ? 1 : 0 });
    return bit;
  };

  const chunk = (row: number, from: number, born: number): boolean => {
    const to = Math.min(columns, from + 8) - 1;
    const back = row - layerRows;
    let age = 0;
    if (!any(row - 1, from - 1, from + 8) && !any(row, from - 2, from - 1)) {
      const context =
        rowContexts +
        wordContexts +
        born +
        8 * Math.min(3, bits(back, from, from + 7).filter(Boolean).length) +
        number([
          any(row - 1, from + 9, from + 11),
          any(row - 2, from - 1, from + 8),
          any(back - 1, from - 1, from + 8) || any(back + 1, from - 1, from + 8),
          any(back, from + 8, from + 9),
          any(back, from - 2, from - 1),
        ]) *
          32;
      if (!flag(context, any(row, from, to))) return false;
      age = 8 - (to - from);
    }
    for (let at = from; at <= to; at++) {
      const first = number([
        ...bits(row, at - 5, at - 1),
        ...bits(row - 1, at - 2, at + 4),
        has(row - 2, at),
      ]);
      const second = number([
        ...bits(row - 2, at - 2, at + 3),
        ...bits(back, at - 1, at + 2),
        has(row, at - 1),
        ...bits(row - 1, at - 1, at + 1),
      ]);
      const sum = weights.first[first]! + weights.second[second]! + weights.fresh[age]!;
      sums.push({ sum, bit: has(row, at) ? 1 : 0 });
      age = has(row, at) || age === 0 ? 0 : age + 1;
    }
    return true;
  };

  const row = (at: number): void => {
    const back = at - layerRows;
    const around = [back + 1, back - 1, back, at - 2, at - 1].map(rowHas);
    if (!flag(number(around), rowHas(at))) return;
    let seen = false;
    const words = Math.ceil(columns / 32);
    for (let w = 0; w < words; w++) {
      const from = 32 * w;
      let born = false;
      if (!any(at - 1, from - 1, from + 32) && !any(at, from - 2, from - 1)) {
        const context =
          rowContexts +
          number([
            w === words - 1,
            w === words - 2,
            any(back - 1, from, from + 31) || any(back + 1, from, from + 31),
            any(back, from - 1, from + 32),
            any(at - 2, from, from + 31),
            seen,
          ]);
        if (!flag(context, any(at, from, from + 31))) continue;
        born = true;
      }
      seen = true;
      for (let c = 0; c < 4 && from + 8 * c < columns; c++) {
        if (chunk(at, from + 8 * c, born ? c + 1 : 0)) born = false;
      }
    }
  };
  for (let at = 0; at < rows; at++) row(at);
  return sums;
};
