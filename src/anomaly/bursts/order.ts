/**
 * Puts time frames of several partitions in the order of their event time: each waits a while, of the broker's time, for
 * older ones. One time frame is one event, however many of its regions are rare. Refuses to grow: when too many wait,
 * the oldest go on.
 */

/** Where a time frame was first seen. */
interface Waiting {
  readonly atMs: number;
  readonly seenMs: number;
  readonly partition: number;
  readonly offset: bigint;
}

export interface EventOrder {
  /**
   * A rare frame of a time frame.
   * @param atMs start of the time frame, ms since the epoch
   * @param seenMs the broker's time of it
   */
  add(atMs: number, seenMs: number, partition: number, offset: bigint): void;
  /**
   * Start instants that have waited long enough at the broker's time, rising; of those that came too late, none.
   * @param nowMs null: all wait, as long as there is room
   */
  ready(nowMs: number | null): number[];
  /** Time frames up to here have been given out, ms since the epoch; null: none. */
  readonly judgedMs: number | null;
  /** Time frames that were older than one given out already. */
  readonly lateCount: number;
  /** The first record of a partition that still waits; null: none does. */
  firstWaiting(partition: number): bigint | null;
}

export const openEventOrder = (waitMs: number, waitingMax: number, judged: number | null): EventOrder => {
  const waiting = new Map<number, Waiting>();
  let judgedMs = judged;
  let lateCount = 0;
  const giveOut = (horizonMs: number): number[] => {
    const out = [...waiting.keys()].filter((atMs) => atMs <= horizonMs).sort((a, b) => a - b);
    for (const atMs of out) waiting.delete(atMs);
    if (out.length > 0) judgedMs = out.at(-1)!;
    return out;
  };
  return {
    add(atMs, seenMs, partition, offset) {
      if (judgedMs !== null && atMs <= judgedMs) {
        // Another region of the newest time frame is not late.
        if (atMs < judgedMs) lateCount += 1;
        return;
      }
      if (!waiting.has(atMs)) waiting.set(atMs, { atMs, seenMs, partition, offset });
    },
    ready(nowMs) {
      let horizonMs = Number.NEGATIVE_INFINITY;
      if (nowMs === null && waiting.size <= waitingMax) return [];
      for (const { atMs, seenMs } of waiting.values())
        if (nowMs !== null && nowMs - seenMs >= waitMs && atMs > horizonMs) horizonMs = atMs;
      if (waiting.size > waitingMax) {
        const instants = [...waiting.keys()].sort((a, b) => a - b);
        horizonMs = Math.max(horizonMs, instants[instants.length >> 1]!);
      }
      return horizonMs === Number.NEGATIVE_INFINITY ? [] : giveOut(horizonMs);
    },
    get judgedMs() {
      return judgedMs;
    },
    get lateCount() {
      return lateCount;
    },
    firstWaiting(partition) {
      let first: bigint | null = null;
      for (const one of waiting.values())
        if (one.partition === partition && (first === null || one.offset < first)) first = one.offset;
      return first;
    },
  };
};
