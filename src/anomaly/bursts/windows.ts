/**
 * Sliding windows of several lengths over one ring of events. Two of a kind: counted windows, where each event weighs 1
 * and a window is full when the event so many before is young enough; and weighted ones, which keep sums and are the
 * slow twin of the first. Refuses to grow: a full ring lets go of its oldest event.
 */

import { limits } from '../../domain/limits.ts';

export interface SlidingWindows {
  /** Lets go of events that are older than the longest window, in order, and hands each to `old`. */
  slide(atMs: number): void;
  push(atMs: number, weight: number): void;
  /** From which sum on each window is full. */
  fullFrom(sums: Float64Array): void;
  /** The first full window after a push; −1: none. */
  full(): number;
  /** Sum of the weights in a window that ends at the newest event. */
  sum(window: number): number;
  /** Instants in a window, oldest first; and their weights. */
  instants(window: number): number[];
  weights(window: number): number[];
}

const size = limits.burstEventsMax;
const mask = size - 1;

/** What both have: a ring of the events in the longest window. */
const openRing = (longestMs: number, old: (atMs: number, weight: number) => void) => {
  const ring = {
    instants: new Float64Array(size),
    weights: new Float64Array(size),
    /** Where the next event goes. */
    head: 0,
    held: 0,
    drop(): void {
      const at = (ring.head - ring.held) & mask;
      ring.held -= 1;
      old(ring.instants[at]!, ring.weights[at]!);
    },
    dropUntil(atMs: number): void {
      const begin = atMs - longestMs;
      while (ring.held > 0 && ring.instants[(ring.head - ring.held) & mask]! <= begin) ring.drop();
    },
    /** How many of the newest events are younger than that before the newest. */
    younger(lengthMs: number): number {
      const begin = ring.instants[(ring.head - 1) & mask]! - lengthMs;
      let count = 0;
      while (count < ring.held && ring.instants[(ring.head - 1 - count) & mask]! > begin) count++;
      return count;
    },
    newest(values: Float64Array, count: number): number[] {
      return Array.from({ length: count }, (_, i) => values[(ring.head - count + i) & mask]!);
    },
  };
  return ring;
};

/** @param lengthsMs rising */
export const openCountedWindows = (
  lengthsMs: readonly number[],
  old: (atMs: number, weight: number) => void,
): SlidingWindows => {
  const lengths = Float64Array.from(lengthsMs);
  const ring = openRing(lengths.at(-1)!, old);
  ring.weights.fill(1);
  /** Of how many events a full window consists: more than the ring holds while nothing is known. */
  const least = new Int32Array(lengths.length).fill(size + 1);
  return {
    slide: ring.dropUntil,
    push(atMs) {
      if (ring.held === size) ring.drop();
      ring.instants[ring.head] = atMs;
      ring.head = (ring.head + 1) & mask;
      ring.held += 1;
    },
    fullFrom(sums) {
      for (let j = 0; j < least.length; j++) least[j] = Math.min(size + 1, Math.ceil(sums[j]!));
    },
    full() {
      const { instants, head, held } = ring;
      const newest = instants[(head - 1) & mask]!;
      for (let j = 0; j < least.length; j++) {
        const count = least[j]!;
        if (held >= count && newest - instants[(head - count) & mask]! < lengths[j]!) return j;
      }
      return -1;
    },
    sum: (window) => ring.younger(lengths[window]!),
    instants: (window) => ring.newest(ring.instants, ring.younger(lengths[window]!)),
    weights: (window) => new Array<number>(ring.younger(lengths[window]!)).fill(1),
  };
};

/** @param lengthsMs rising */
export const openWeightedWindows = (
  lengthsMs: readonly number[],
  old: (atMs: number, weight: number) => void,
): SlidingWindows => {
  const ring = openRing(lengthsMs.at(-1)!, old);
  let from: Float64Array = new Float64Array(lengthsMs.length).fill(Number.POSITIVE_INFINITY);
  /** Of each window how many of the newest events it holds, and their sum. */
  const counts = new Int32Array(lengthsMs.length);
  const sums = new Float64Array(lengthsMs.length);
  const leave = (j: number): void => {
    sums[j] = sums[j]! - ring.weights[(ring.head - counts[j]!) & mask]!;
    counts[j] = counts[j]! - 1;
  };
  const slide = (atMs: number): void => {
    for (const [j, lengthMs] of lengthsMs.entries())
      while (counts[j]! > 0 && ring.instants[(ring.head - counts[j]!) & mask]! <= atMs - lengthMs) leave(j);
    ring.dropUntil(atMs);
  };
  return {
    slide,
    push(atMs, weight) {
      slide(atMs);
      for (let j = 0; j < lengthsMs.length; j++) if (counts[j]! === size) leave(j);
      if (ring.held === size) ring.drop();
      ring.instants[ring.head] = atMs;
      ring.weights[ring.head] = weight;
      ring.head = (ring.head + 1) & mask;
      ring.held += 1;
      for (let j = 0; j < lengthsMs.length; j++) {
        counts[j] = counts[j]! + 1;
        sums[j] = sums[j]! + weight;
      }
    },
    fullFrom(least) {
      from = least;
    },
    full() {
      for (let j = 0; j < lengthsMs.length; j++) if (sums[j]! >= from[j]!) return j;
      return -1;
    },
    sum: (window) => sums[window]!,
    instants: (window) => ring.newest(ring.instants, counts[window]!),
    weights: (window) => ring.newest(ring.weights, counts[window]!),
  };
};
