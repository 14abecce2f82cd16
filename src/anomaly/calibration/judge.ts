/**
 * From a sketch to p-values: a yardstick turns a frame's scores into bits of rarity, and the strata of what it has counted
 * say how many frames of that size and charge are as rare. Refuses nothing: what has not been seen often enough is not
 * called rare.
 */

import type { ScoreSketch } from '../../domain/policy.ts';
import { hashKey } from '../../kernels/prng.ts';
import { lineExp2 } from './grid.ts';
import { prepareStrata, type Rated } from './strata.ts';
import { prepareMeasure, type ScoredFrame } from './yardstick.ts';

export interface Verdict extends Rated {
  /** Which score is the rarest. */
  readonly driver: number;
}

export interface Judge {
  readonly scores: readonly string[];
  /** p-value 1, anywhere between 0 and 1, where too little is known. `lot` orders frames that are equally rare. */
  judge(frame: ScoredFrame, lot: number): Verdict;
  /** Of each score alone, the share of frames of that size that exceed it; 1 where too little is known. */
  shares(frame: ScoredFrame): Float64Array;
}

/** Keeps lots apart from what else is hashed of a frame. */
const lotKey = 0x6c6f74;

/** A number in (0, 1) that is as good as chance, and the same wherever the frame is judged. */
export const lotOf = (run: number, timeFrame: number, region: number): number =>
  (hashKey([lotKey, run, timeFrame, region]) + 0.5) / 2 ** 32;

/** Beyond any count of frames; a tail that is drawn on has no end. */
const bitsMax = 64;

/** Of a frame nothing is known to compare with. */
export const unknown: Verdict = { pValue: 1, low: 0, high: 1, driver: 0 };

/**
 * A sketch made ready for many questions; null where it knows no score. `warmupCount`: frames a size must have been seen
 * with before anything of that size is called rare.
 */
export const prepareJudge = (sketch: ScoreSketch, warmupCount: number): Judge | null => {
  const yardstick = sketch.yardsticks[0];
  if (sketch.scores.length === 0 || yardstick === undefined) return null;
  const measure = prepareMeasure(yardstick);
  const rate = prepareStrata(yardstick.combined, warmupCount);
  return {
    scores: sketch.scores,
    judge(frame, lot) {
      const measured = measure(frame);
      if (measured === null) return unknown;
      const rated = rate(measured.bin, measured.bits, lot);
      return rated === null ? { ...unknown, driver: measured.driver } : { ...rated, driver: measured.driver };
    },
    shares(frame) {
      const each = new Float64Array(sketch.scores.length);
      return measure(frame, each) === null
        ? each.fill(1)
        : each.map((bits) => lineExp2(-Math.min(bits, bitsMax)));
    },
  };
};
