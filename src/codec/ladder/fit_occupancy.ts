/** Fits the occupancy's weights and curve: flags by counting, voxels by descent. It refuses nothing. */

import type { Digits } from '../../domain/frame.ts';
import { weightMax, weightUnitsPerNat } from '../../kernels/ladder/curve.ts';
import {
  clearOccupancy,
  firstCells,
  flagContexts,
  freshCells,
  markOccupancy,
  type OccupancyWeights,
  occupancyStepsMax,
  secondCells,
} from '../../kernels/ladder/occupancy.ts';
import { putOccupancy } from '../../kernels/ladder/occupancy_writer.ts';
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

const indices = (size: number, first = 0): Int16Array =>
  Int16Array.from({ length: size }, (_, i) => first + i);
const nothing: OccupancyWeights = {
  flags: new Int16Array(flagContexts),
  first: new Int16Array(firstCells),
  second: new Int16Array(secondCells),
  fresh: new Int16Array(freshCells),
};
/** Weights that are their own indices: what is collected then says which cells a decision adds. A sum below
 * `freshCells` is a voxel's, what is above a flag's. */
const nameKind = {
  ...nothing,
  fresh: indices(freshCells),
  flags: indices(flagContexts, freshCells),
};
const nameFirst = { ...nothing, first: indices(firstCells) };
const nameSecond = { ...nothing, second: indices(secondCells) };

type OccupancyParts = Pick<TableParts, 'flags' | 'first' | 'second' | 'fresh' | 'curve'>;

export const fitOccupancy = (frames: readonly Digits[], tables: LadderTables): OccupancyParts => {
  const grid = tables.grid.occupancy;
  const roomFor = Math.max(0, ...frames.map(({ count }) => occupancyStepsMax(grid, count)));
  const kind = new Uint32Array(roomFor);
  const first = new Uint32Array(roomFor);
  const second = new Uint32Array(roomFor);
  const names = places(Math.max(firstCells, secondCells, freshCells + flagContexts));
  const learnt = {
    first: startDescent(firstCells),
    second: startDescent(secondCells),
    fresh: startDescent(freshCells),
  };
  const flagged = new Float64Array(2 * flagContexts);
  rounds.forEach((step, round) => {
    for (const digits of frames) {
      if (digits.count === 0) continue;
      markOccupancy(digits.voxel, digits.count, grid);
      const count = putOccupancy(grid, nameKind, names, kind);
      putOccupancy(grid, nameFirst, names, first);
      putOccupancy(grid, nameSecond, names, second);
      clearOccupancy(grid);
      for (let i = 0; i < count; i++) {
        const bit = kind[i]! & 1;
        const name = sumAt(kind[i]!);
        if (name >= freshCells) {
          if (round === 0) flagged[2 * (name - freshCells) + bit]!++;
          continue;
        }
        const a = sumAt(first[i]!);
        const b = sumAt(second[i]!);
        const sum = learnt.first.weight[a]! + learnt.second.weight[b]! + learnt.fresh.weight[name]!;
        const slope = slopeOf(sum, bit);
        descend(learnt.first, a, slope, step);
        descend(learnt.second, b, slope, step);
        if (name > 0) descend(learnt.fresh, name, slope, step);
      }
    }
  });
  const weights = {
    flags: flagWeights(flagged),
    first: rounded(learnt.first),
    second: rounded(learnt.second),
    fresh: rounded(learnt.fresh),
  };
  const counts = startCounts();
  for (const { voxel, count } of frames) {
    if (count === 0) continue;
    markOccupancy(voxel, count, grid);
    countSums(counts, first, 0, putOccupancy(grid, weights, names, first));
    clearOccupancy(grid);
  }
  return { ...weights, curve: fittedCurve(counts) };
};

/** Log-odds of each context (Krichevsky–Trofimov), in table units. */
const flagWeights = (flagged: Float64Array): Int8Array =>
  Int8Array.from({ length: flagContexts }, (_, context) => {
    const odds = (flagged[2 * context + 1]! + 0.5) / (flagged[2 * context]! + 0.5);
    return Math.max(-weightMax, Math.min(weightMax, Math.round(Math.log(odds) * weightUnitsPerNat)));
  });
