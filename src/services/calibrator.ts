/**
 * Makes policy snapshots from the scores of one partition: the owner of the calibrating partition is the one
 * calibrator, and its snapshots commit with that partition's offsets, so that versions have one lineage. It
 * refuses to outlive its partition: a session that loses it is dropped, and the next begins at the last snapshot.
 */

import { addScore, sketchBuilder, sketchSnapshot } from '../anomaly/calibration.ts';
import type { PolicySnapshot } from '../domain/policy.ts';
import { policyVersion } from '../domain/quantity.ts';
import type { LaneResult } from '../ports/lane.ts';

/** Its frames calibrate: time frames are spread over partitions by number, so any one is a fair sample. */
export const calibratingPartition = 0;

export interface Calibration {
  /** Counts the scores of a batch that is about to be committed. */
  observe(results: readonly LaneResult[]): void;
  /** The snapshot to commit with that batch, when it is time for one and something was learnt since the last. */
  due(nowMs: number): PolicySnapshot | null;
}

export const openCalibration = (from: PolicySnapshot, intervalMs: number, nowMs: number): Calibration => {
  const builder = sketchBuilder(from.sketch);
  let version: number = from.version;
  let lastMs = nowMs;
  let learnt = 0;
  return {
    observe(results) {
      for (const result of results) {
        // A shed frame has no score; a refused one is not a frame.
        if (result.end !== 'kept') continue;
        addScore(builder, result.hitCount, result.score);
        learnt += 1;
      }
    },
    due(now) {
      if (learnt === 0 || now - lastMs < intervalMs) return null;
      lastMs = now;
      learnt = 0;
      version += 1;
      return { ...from, version: policyVersion(version), sketch: sketchSnapshot(builder) };
    },
  };
};
