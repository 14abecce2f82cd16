/**
 * The named scores of an objects frame: token surprise, an AXOL1TL-like latent score (the sum of squares of a variational
 * encoder's means) and a reconstruction score in a learnt space of features. Exact integers until the last division, a
 * function of the frame and the cards. Refuses to calibrate, and frames of hits.
 */

import type { ObjectsCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import { openDense } from '../../kernels/dense.ts';
import type { HitRoom } from '../../kernels/patches/gather.ts';
import type { ObjectScoreTables } from './object_tables.ts';
import { gaugeColumns, openScorers, type Scorers } from './scorers.ts';

/** In the order of their gauges; token surprise stands before them. */
export const objectScores = ['latent', 'feature'] as const;

/** Scores the objects of a frame into the first numbers from `at` on. */
type Judge = (hits: Pick<HitRoom, 'count' | 'voxel' | 'adc'>, into: Float64Array, at: number) => void;

/** One per thread. */
export const openObjectJudge = ({ inputs, latent, features, rebuild }: ObjectScoreTables): Judge => {
  const dense = openDense(inputs, [
    { net: latent, of: null },
    { net: features, of: null },
    { net: rebuild, of: 1 },
  ]);
  const { cells } = dense;
  return ({ count, voxel, adc }, into, at) => {
    cells.fill(0);
    for (let i = 0; i < count; i++) cells[voxel[i]!] = adc[i]!;
    dense.run();
    into[at] = dense.distance(0, null);
    into[at + 1] = dense.distance(1, 2);
  };
};

/** Summed first fields (pT, in steps) are what a total charge is to hits; it stands where the survey's does. */
const chargeColumn = gaugeColumns - 1;

export const openObjectScorers = (
  card: ObjectsCard,
  model: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet' | 'contexts' | 'symbolCounts' | 'inputTable'>,
  tables: ObjectScoreTables | null,
): Scorers => {
  const surprise = openScorers(card, model, null);
  if (tables === null) return surprise;
  const judge = openObjectJudge(tables);
  const fieldCount = card.fields.length;
  return {
    ...surprise,
    names: [...surprise.names, ...objectScores],
    watch:
      ({ hits }) =>
      (_rowCount, _region, _hitCount, gauges, at) => {
        judge(hits, gauges, at);
        let charge = 0;
        for (let i = 0; i < hits.count; i++)
          if (hits.voxel[i]! % fieldCount === 0) charge += hits.adc[i]! - 1;
        gauges[at + chargeColumn] = charge;
      },
    scoreFrame(bite, frame, out) {
      surprise.scoreFrame(bite, frame, out);
      const at = frame * gaugeColumns;
      for (let score = 0; score < objectScores.length; score++) out[1 + score] = bite.gauges[at + score]!;
    },
    totalCharge: (bite, frame) => bite.gauges[frame * gaugeColumns + chargeColumn]!,
  };
};
