/** Fits the planes' weights by descent, all planes at once, and a curve for each. It refuses nothing. */

import type { Digits } from '../../domain/frame.ts';
import { curveSize } from '../../kernels/ladder/curve.ts';
import { clearNodes, pairCells, pairs, planeCells, putPlanes } from '../../kernels/ladder/planes.ts';
import {
  countSums,
  descend,
  fittedCurve,
  places,
  rounded,
  rounds,
  slopeOf,
  startCounts,
  startDescent,
  sumAt,
} from './fit_additive.ts';
import type { LadderTables, TableParts } from './tables.ts';

/** Weights that say which cell of one pair a bit adds. */
const namesOf = (pair: number): Int16Array => {
  const names = new Int16Array(planeCells);
  for (let cell = 0; cell < pairCells; cell++) names[pair * pairCells + cell] = cell;
  return names;
};

export const fitPlanes = (
  frames: readonly Digits[],
  tables: LadderTables,
): Pick<TableParts, 'pairs' | 'curves'> => {
  const { planes } = tables.scale;
  const roomFor = planes * Math.max(0, ...frames.map(({ count }) => count));
  const names = Array.from({ length: pairs }, (_, pair) => namesOf(pair));
  const cells = Array.from({ length: pairs }, () => new Uint32Array(roomFor));
  const placesOf = places(pairCells, planes);
  const learnt = startDescent(planeCells);
  for (const step of rounds) {
    for (const digits of frames) {
      markNodes(digits, tables);
      const { voxel, count } = digits;
      for (let pair = 0; pair < pairs; pair++)
        putPlanes(tables.grid.nodes, voxel, count, planes, planes, names[pair]!, placesOf, cells[pair]!);
      clearNodes(tables.grid.nodes, voxel, count);
      for (let i = 0; i < planes * count; i++) {
        let sum = 0;
        for (let pair = 0; pair < pairs; pair++)
          sum += learnt.weight[pair * pairCells + sumAt(cells[pair]![i]!)]!;
        const slope = slopeOf(sum, cells[0]![i]! & 1);
        for (let pair = 0; pair < pairs; pair++)
          descend(learnt, pair * pairCells + sumAt(cells[pair]![i]!), slope, step);
      }
    }
  }
  const weights = rounded(learnt);
  const counts = Array.from({ length: planes }, startCounts);
  const sums = cells[0]!;
  for (const digits of frames) {
    markNodes(digits, tables);
    const { voxel, count } = digits;
    putPlanes(tables.grid.nodes, voxel, count, planes, planes, weights, placesOf, sums);
    clearNodes(tables.grid.nodes, voxel, count);
    for (let plane = 0; plane < planes; plane++) countSums(counts[plane]!, sums, plane * count, count);
  }
  const curves = new Uint16Array(planes * curveSize);
  counts.forEach((seen, plane) => {
    curves.set(fittedCurve(seen), plane * curveSize);
  });
  return { pairs: weights, curves };
};

const markNodes = ({ count, voxel, adc }: Digits, { grid, scale }: LadderTables): void => {
  const { node, origin } = grid.nodes;
  for (let i = 0; i < count; i++) node[origin + voxel[i]!] = (1 << scale.planes) | scale.levelOf[adc[i]!]!;
};
