/** Learns normal frames as the calibrator does: a snapshot whenever there is news. Refuses to judge while it learns. */

import { type Judge, prepareJudge } from '../../../src/anomaly/calibration/judge.ts';
import { emptySketch, sketchBuilder } from '../../../src/anomaly/calibration/sketch.ts';
import type { ScoredFrame } from '../../../src/anomaly/calibration/yardstick.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { encodePolicy } from '../../../src/wire/policy.ts';

/** Frames of a size before anything of it is judged; fewer where few are learnt. */
const warmupFrames = 1000;

/** @param planned how many frames will be learnt */
export const openLearner = (names: readonly string[], planned: number) => {
  const warmupCount = Math.min(warmupFrames, Math.floor(planned / 16));
  const builder = sketchBuilder(emptySketch(names), warmupCount);
  let seen = 0;
  let next = warmupCount;
  return {
    add(frame: ScoredFrame): void {
      builder.add(frame);
      seen += 1;
      if (seen < next) return;
      builder.snapshot();
      next += Math.ceil(seen / 64);
    },
    finish(): { readonly judge: Judge; readonly snapshotBytes: number } {
      const sketch = builder.snapshot();
      const snapshotBytes = encodePolicy({ ...firstPolicy(), sketch }).length;
      return { judge: prepareJudge(sketch, warmupCount)!, snapshotBytes };
    },
  };
};
