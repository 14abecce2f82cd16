/**
 * Which frames bring a content that was not counted of late: one sent again, by a stuck buffer or by a simulator whose
 * pool comes round, says nothing new about what is usual. Counted each time, a pool's few frames would pass for many, and
 * whatever is not among them for rare. Refuses to judge frames of few patches: those are alike by chance.
 */

import { limits } from '../../domain/limits.ts';

export interface Contents {
  /** @param signature of the frame, as the lane makes it (`anomaly/scores/repeats.ts`) */
  isNew(signature: Uint32Array): boolean;
}

/** Hashes that a frame needs to be told from others. */
const hashesMin = 8;

export const openContents = (kept: number = limits.calibrationContentsKept): Contents => {
  const seen = new Set<number>();
  return {
    isNew(signature) {
      if (signature.length < hashesMin) return true;
      let content = 0;
      for (const hash of signature) content = (Math.imul(content, 31) + hash) >>> 0;
      if (seen.has(content)) return false;
      seen.add(content);
      // A set keeps its order: the first is the oldest.
      if (seen.size > kept) for (const oldest of seen.keys()) return seen.delete(oldest);
      return true;
    },
  };
};
