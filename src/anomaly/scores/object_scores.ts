/**
 * The named scores of an objects frame: token surprise, an AXOL1TL-like latent score (the sum of squares of a variational
 * encoder's means) and a reconstruction score in a learnt space of features, of which the network gives what is left. Exact integers until the last division, a
 * function of the frame and the cards. Refuses to calibrate, and frames of hits.
 */

import type { ObjectsCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import { openDense } from '../../kernels/dense.ts';
import type { HitRoom } from '../../kernels/patches/gather.ts';
import type { ObjectScoreTables } from './object_tables.ts';
import { openScorers, type Scorers, surveyColumns } from './scorers.ts';

/** In the order of their columns; token surprise stands before them. */
export const objectScores = ['latent', 'feature'] as const;

/** Scores the objects of a frame into the first numbers from `at` on; returns the sum of their first fields. */
type Judge = (hits: Pick<HitRoom, 'count' | 'voxel' | 'adc'>, into: Float64Array, at: number) => number;

/**
 * Cells (integer + 1, 0 = absent) on a logarithmic scale, again with 1 added and 0 = absent: 64 an octave, linear within
 * one, so that it is exact in whole numbers.
 */
export const logSteps = (cell: number): number => {
  if (cell === 0) return 0;
  const octave = 31 - Math.clz32(cell);
  return 1 + 64 * octave + Math.floor((cell * 64) / 2 ** octave) - 64;
};

/** One per thread. */
export const openObjectJudge = (
  tables: ObjectScoreTables,
  card: Pick<ObjectsCard, 'adcBits' | 'axes'>,
): Judge => {
  const latent = openDense(tables.latent.inputs, tables.latent.net);
  const feature = openDense(tables.feature.inputs, tables.feature.net);
  const [latentCells, featureCells] = [latent.cells, feature.cells];
  const logOf = Uint16Array.from({ length: 2 ** card.adcBits }, (_, cell) => logSteps(cell));
  const [slots, fields] = card.axes.map(({ size }) => size) as [number, number];
  /** The slot of a first field; `slots` of others. */
  const slotOf = Uint8Array.from({ length: slots * fields }, (_, cell) =>
    cell % fields === 0 ? cell / fields : slots,
  );
  return ({ count, voxel, adc }, into, at) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const cell = voxel[i]!;
      const value = adc[i]!;
      latentCells[cell] = value;
      const slot = slotOf[cell]!;
      if (slot === slots) continue;
      featureCells[slot] = logOf[value]!;
      sum += value - 1;
    }
    into[at] = latent.run();
    into[at + 1] = feature.run();
    latentCells.fill(0);
    featureCells.fill(0);
    return sum;
  };
};

/** Summed first fields (pT, in steps) are what a total charge is to hits; it stands where the survey's does. */
const chargeColumn = surveyColumns - 1;

export const openObjectScorers = (
  card: ObjectsCard,
  model: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet' | 'contexts' | 'symbolCounts' | 'inputTable'>,
  tables: ObjectScoreTables | null,
): Scorers => {
  const surprise = openScorers(card, model, null);
  if (tables === null) return surprise;
  const judge = openObjectJudge(tables, card);
  return {
    ...surprise,
    names: [...surprise.names, ...objectScores],
    watch:
      ({ hits }) =>
      (_rowCount, _region, _hitCount, surveyed, at) => {
        surveyed[at + chargeColumn] = judge(hits, surveyed, at);
      },
    scoreFrame(bite, frame, out, at) {
      surprise.scoreFrame(bite, frame, out, at);
      const from = frame * surveyColumns;
      for (let score = 0; score < objectScores.length; score++)
        out[at + 1 + score] = bite.surveyed[from + score]!;
    },
    totalCharge: (bite, frame) => bite.surveyed[frame * surveyColumns + chargeColumn]!,
  };
};
