/**
 * Scores each frame by the surprise of its tokens and says how rare such a score is under the policy's
 * calibration. Refuses nothing and learns nothing: calibration advances elsewhere, when packets are committed.
 */

import { type SketchTails, tailPValue } from '../anomaly/calibration.ts';
import { type SurpriseTables, surpriseScore } from '../anomaly/surprise.ts';

export interface ScoredColumns {
  readonly frameCount: number;
  /** null where the frame is refused. */
  readonly opens: readonly ({ readonly hitCount: number } | null)[];
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  readonly symbols: Uint8Array;
  readonly score: Float64Array;
  readonly pValue: Float64Array;
}

export const score = (
  tables: SurpriseTables,
  calibration: SketchTails,
  warmupCount: number,
  bite: ScoredColumns,
): void => {
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    if (!open) continue;
    const symbolsAt = bite.firstRow[frame]! * tables.symbolsPerPatch;
    const value = surpriseScore(bite.symbols, symbolsAt, bite.rowCount[frame]!, tables);
    bite.score[frame] = value;
    bite.pValue[frame] = tailPValue(calibration, open.hitCount, value, warmupCount);
  }
};

/** Frames that are shed are not scored: they are as ordinary as anything unknown. */
export const scoreNothing = (bite: ScoredColumns): void => {
  bite.score.fill(0, 0, bite.frameCount);
  bite.pValue.fill(1, 0, bite.frameCount);
};
