/**
 * Time frames that were sent of late, so that what comes twice is known and what comes late amends. It forgets those that
 * lie furthest back in event time, and says up to when: what lies before can no longer be told from what is new.
 */

import type { SentFrame } from '../domain/archive/assembly.ts';

export interface SentFrames {
  get(key: string): SentFrame | undefined;
  put(key: string, frame: SentFrame): void;
  /** Removes and returns it: it waits for regions again. */
  take(key: string): SentFrame | null;
  values(): Iterable<SentFrame>;
  /** The latest end of what was forgotten, 0 before. */
  readonly forgottenNanos: bigint;
  /** Begins anew, empty, with all up to this end forgotten. */
  begin(forgottenNanos: bigint): void;
  /** When there are too many, forgets the older half: one sort for thousands. A pure function of what is held. */
  shorten(): void;
}

const endOf = ({ identity }: SentFrame): bigint => identity.timestampNanos + identity.durationNanos;

export const openSentFrames = (framesKept: number): SentFrames => {
  const frames = new Map<string, SentFrame>();
  let forgottenNanos = 0n;
  return {
    get: (key) => frames.get(key),
    put(key, frame) {
      frames.set(key, frame);
    },
    take(key) {
      const frame = frames.get(key) ?? null;
      frames.delete(key);
      return frame;
    },
    values: () => frames.values(),
    get forgottenNanos() {
      return forgottenNanos;
    },
    begin(endNanos) {
      frames.clear();
      forgottenNanos = endNanos;
    },
    shorten() {
      if (frames.size <= framesKept) return;
      const ends = BigInt64Array.from(frames.values(), endOf).sort();
      const middle = ends[ends.length >> 1]!;
      if (middle > forgottenNanos) forgottenNanos = middle;
      for (const [key, frame] of frames) if (endOf(frame) <= forgottenNanos) frames.delete(key);
    },
  };
};
