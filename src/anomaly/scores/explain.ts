/**
 * Explains a frame: for each survey score that is unusual, the channels that drive it and the part of the grid they
 * span. Refuses to explain what is ordinary.
 */

import type { Digits } from '../../domain/frame.ts';
import { openMapMaker } from '../../kernels/survey/maps.ts';
import { type Blame, drawBlame } from './blame.ts';
import { type SurveyScore, type SurveySetup, scoreGauges } from './scorers.ts';

const surveyScores = Object.keys(scoreGauges) as SurveyScore[];

export interface Explainer {
  /** The map of one score, and of the frame: each score's map by how rare it is (−log10 p, in the order of the scores). */
  blameOf(digits: Digits, region: number, score: SurveyScore): Blame;
  combined(digits: Digits, region: number, rarities: readonly number[]): Blame;
}

/** A score as ordinary as one frame in thirty says nothing. */
const rarityMin = 1.5;
/** The rarest scores lead: one ten times rarer counts for some times as much. */
const power = 4;

/** One per thread: its maps are overwritten by the next frame. */
export const explainer = (setup: SurveySetup): Explainer => {
  const maker = openMapMaker(setup.grid, setup.scale, setup.codes);
  return {
    blameOf: (digits, region, score) => drawBlame[score](maker.mapsOf(digits), setup, region),
    combined(digits, region, rarities) {
      const maps = maker.mapsOf(digits);
      const sum = new Float64Array(setup.grid.channels);
      surveyScores.forEach((score, i) => {
        const rarity = rarities[i] ?? 0;
        if (rarity < rarityMin) return;
        const blame = drawBlame[score](maps, setup, region);
        const most = blame.reduce((top, one) => Math.max(top, one), 0);
        if (most === 0) return;
        for (let channel = 0; channel < sum.length; channel++)
          sum[channel]! += (rarity ** power * blame[channel]!) / most;
      });
      return sum;
    },
  };
};
