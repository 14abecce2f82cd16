/**
 * Tells when regions send again what they sent a moment ago: a count of such frames and the condition it is. Its owner
 * keeps it outside of any packet. Refuses to call a frame repeated for a few patches that are alike by chance, or for
 * content that comes round much later.
 */

import { limits } from '../../domain/limits.ts';
import type { ConditionReading } from '../../domain/status.ts';
import { openRepeatMemory } from './repeats.ts';

/** Of a frame's hashes: so many at least, and most of them. */
const matchesMin = 8;
const shareMin = 0.5;

interface SignedFrame {
  readonly region: number;
  readonly timeFrame: number;
  readonly signature: Uint32Array;
}

export interface RepeatWatch {
  /** @param nowMs any clock that does not run backwards; the same as for `condition` */
  take(frame: SignedFrame, nowMs: number): void;
  condition(nowMs: number): ConditionReading;
}

/** @param regions their names, in the order of their numbers */
export const openRepeatWatch = (regions: readonly string[]): RepeatWatch => {
  const memory = openRepeatMemory(limits.repeatReachTimeFrames);
  let [total, lastMs] = [0, Number.NEGATIVE_INFINITY];
  let message = '';
  return {
    take({ region, timeFrame, signature }, nowMs) {
      const { matches, share, timeFrame: earlier } = memory.judge(region, timeFrame, signature);
      if (matches < matchesMin || share < shareMin) return;
      if (Math.abs(timeFrame - earlier) > limits.repeatReachTimeFrames) return;
      total += 1;
      lastMs = nowMs;
      const percent = Math.round(100 * share);
      message = `${regions[region]} repeats ${percent} % of its time frame ${earlier} in ${timeFrame}`;
    },
    condition(nowMs) {
      const recent = nowMs - lastMs <= limits.repeatLingerMs;
      return {
        cause: 'repeated-frames',
        severity: recent ? 'minor' : 'ok',
        total,
        message: recent ? message : '',
      };
    },
  };
};
