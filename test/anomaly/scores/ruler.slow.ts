/** The slow twin of the compiled ruler (wasm/ruler.as), from the gauges on: plain, one gauge after the other. */

import { gaugeNames } from '../../../src/anomaly/scores/gauges.ts';
import { scoreMax } from '../../../src/anomaly/scores/ruler.ts';
import { scoreGauges, surveyScores } from '../../../src/anomaly/scores/scorers.ts';
import {
  bandPosition,
  bandsMax,
  knotExceedances,
  type ScoreTables,
} from '../../../src/anomaly/scores/tables.ts';

const [half, tenth, hundredth, thousandth] = knotExceedances.map((share) => -Math.log10(share)) as [
  number,
  number,
  number,
  number,
];

/**
 * −log10 of the share of good frames that reads as much is 0.3, 1, 2 and 3 at the knots, interpolated between the bands
 * beside the hit count, linear between knots and on after the last.
 */
const levelOf = (
  value: number,
  lower: readonly number[],
  upper: readonly number[],
  share: number,
): number => {
  const [k0, k1, k2, k3] = lower.map((knot, i) => knot + share * (upper[i]! - knot)) as [
    number,
    number,
    number,
    number,
  ];
  if (value <= k1) return tenth - ((tenth - half) * (k1 - value)) / (k1 - k0);
  if (value <= k2) return tenth + ((hundredth - tenth) * (value - k1)) / (k2 - k1);
  return hundredth + ((thousandth - hundredth) * (value - k2)) / (k3 - k2);
};

/** The most unusual gauge of each score, of a frame of `hitCount` hits. */
export const scoresOfGauges = (
  gauges: Float64Array,
  hitCount: number,
  { knots }: Pick<ScoreTables, 'knots'>,
): number[] => {
  const position = bandPosition(hitCount);
  const band = Math.min(bandsMax - 2, Math.floor(position));
  return surveyScores.map((score) => {
    const levels = scoreGauges[score].map((name) =>
      levelOf(gauges[gaugeNames.indexOf(name)]!, knots[name][band]!, knots[name][band + 1]!, position - band),
    );
    // A gauge that is no number, where no channel of a region lives, says nothing.
    const told = levels.filter((level) => !Number.isNaN(level));
    return Math.min(scoreMax, Math.max(-scoreMax, ...told));
  });
};
