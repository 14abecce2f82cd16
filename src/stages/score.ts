/**
 * Scores each frame by name and says how rare it is under the policy's calibration. Refuses nothing and learns
 * nothing: calibration advances elsewhere, when packets are committed.
 */

import { type Judge, lotOf, unknown, type Verdict } from '../anomaly/calibration/judge.ts';
import type { ScorableColumns, Scorers } from '../anomaly/scores/scorers.ts';
import type { FrameIdentity } from '../domain/frame.ts';

export interface ScoredColumns extends ScorableColumns {
  readonly opens: readonly ({
    readonly hitCount: number;
    readonly region: number;
    readonly identity: FrameIdentity;
  } | null)[];
  readonly frameCount: number;
  /** Of each frame, one number for each score. */
  readonly scores: Float64Array;
  /** The sum of its ADC values, 0 where nothing sums them. */
  readonly totalCharge: Float64Array;
  readonly pValue: Float64Array;
  /** Between what it lies with 95 %. */
  readonly pLow: Float64Array;
  readonly pHigh: Float64Array;
  /** Which score is the rarest. */
  readonly driver: Uint8Array;
}

/** @param judge null: nothing is known yet, and every frame is as ordinary as any */
export const score = (scorers: Scorers, judge: Judge | null, bite: ScoredColumns): void => {
  const width = scorers.names.length;
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    if (!open) continue;
    scorers.scoreFrame(bite, frame, bite.scores, frame * width);
    const totalCharge = scorers.totalCharge(bite, frame);
    bite.totalCharge[frame] = totalCharge;
    const verdict = judge === null ? unknown : judgeFrame(judge, bite, frame, open);
    bite.pValue[frame] = verdict.pValue;
    bite.pLow[frame] = verdict.low;
    bite.pHigh[frame] = verdict.high;
    bite.driver[frame] = verdict.driver;
  }
};

const judgeFrame = (
  judge: Judge,
  bite: ScoredColumns,
  frame: number,
  { hitCount, region, identity: { run, timeFrame } }: NonNullable<ScoredColumns['opens'][number]>,
): Verdict => {
  const width = judge.scores.length;
  const scores = bite.scores.subarray(frame * width, (frame + 1) * width);
  const scored = { hitCount, totalCharge: bite.totalCharge[frame]!, scores };
  return judge.judge(scored, lotOf(run, timeFrame, region));
};

/** Frames that are shed are not scored: they are as ordinary as anything unknown. */
export const scoreNothing = (bite: ScoredColumns, width: number): void => {
  bite.scores.fill(0, 0, bite.frameCount * width);
  bite.totalCharge.fill(0, 0, bite.frameCount);
  bite.pValue.fill(1, 0, bite.frameCount);
  bite.pLow.fill(0, 0, bite.frameCount);
  bite.pHigh.fill(1, 0, bite.frameCount);
  bite.driver.fill(0, 0, bite.frameCount);
};
