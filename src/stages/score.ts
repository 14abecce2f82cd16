/**
 * Scores each frame by name and says how rare it is under the policy's calibration. Refuses nothing and learns
 * nothing: calibration advances elsewhere, when packets are committed.
 */

import type { Judge } from '../anomaly/calibration/judge.ts';
import type { ScorableColumns, Scorers } from '../anomaly/scores/scorers.ts';

export interface ScoredColumns extends ScorableColumns {
  readonly frameCount: number;
  /** Of each frame, one number for each score. */
  readonly scores: Float64Array;
  /** The sum of its ADC values, 0 where nothing sums them. */
  readonly totalCharge: Float64Array;
  readonly pValue: Float64Array;
  /** Which score is the rarest. */
  readonly driver: Uint8Array;
}

/** @param judge null: nothing is known yet, and every frame is as ordinary as any */
export const score = (scorers: Scorers, judge: Judge | null, bite: ScoredColumns): void => {
  const width = scorers.names.length;
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    if (!open) continue;
    const scores = bite.scores.subarray(frame * width, (frame + 1) * width);
    scorers.scoreFrame(bite, frame, scores);
    const totalCharge = scorers.totalCharge(bite, frame);
    bite.totalCharge[frame] = totalCharge;
    const verdict = judge?.judge({ hitCount: open.hitCount, totalCharge, scores });
    bite.pValue[frame] = verdict?.pValue ?? 1;
    bite.driver[frame] = verdict?.driver ?? 0;
  }
};

/** Frames that are shed are not scored: they are as ordinary as anything unknown. */
export const scoreNothing = (bite: ScoredColumns, width: number): void => {
  bite.scores.fill(0, 0, bite.frameCount * width);
  bite.totalCharge.fill(0, 0, bite.frameCount);
  bite.pValue.fill(1, 0, bite.frameCount);
  bite.driver.fill(0, 0, bite.frameCount);
};
