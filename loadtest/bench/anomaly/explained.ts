/**
 * Judges explanations against what was really touched: an explanation is good when nine tenths of the touched channels
 * are among the top twentieth of its map. Refuses to judge what was not found.
 */

import { topOf } from '../../../src/anomaly/scores/blame/blame.ts';
import { explainer } from '../../../src/anomaly/scores/explain.ts';
import type { Scorers } from '../../../src/anomaly/scores/scorers.ts';
import type { Cards } from '../../../src/assemble.ts';
import type { Frame } from './scoring.ts';

export interface Explained {
  readonly judged: number;
  readonly good: number;
  /** Of faults that touch at most a twentieth of the channels. */
  readonly judgedSmall: number;
  readonly goodSmall: number;
}

const [topShare, touchedShare] = [0.05, 0.9];

export const openJury = (_: Cards, scorers: Scorers) => {
  const explain = explainer(scorers.survey!);
  const tally = { judged: 0, good: 0, judgedSmall: 0, goodSmall: 0 };
  return {
    /** `rarities` of the scores in their order, and of what else was judged behind them. */
    judge({ digits, region }: Frame, touched: Uint32Array, rarities: readonly number[]): void {
      if (touched.length === 0) return;
      const blame = explain.combined(digits, region, rarities.slice(1, scorers.names.length));
      const top = new Set(topOf(blame, Math.max(touched.length, Math.floor(topShare * blame.length))));
      const inTop = touched.filter((channel) => top.has(channel)).length;
      const isGood = inTop >= touchedShare * touched.length;
      tally.judged += 1;
      if (isGood) tally.good += 1;
      if (touched.length > topShare * blame.length) return;
      tally.judgedSmall += 1;
      if (isGood) tally.goodSmall += 1;
    },
    verdict: (): Explained => ({ ...tally }),
  };
};
