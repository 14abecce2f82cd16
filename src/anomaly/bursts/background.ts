/**
 * The background rate of a stream of events, from slots of event time: what a window is judged against. Refuses to learn
 * from a burst: what is masked does not count, and a slot that is too full counts as the fullest that is believable.
 */

import type { BackgroundSlot, BackgroundState } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import { type BackgroundCount, windowPValue } from './tails.ts';

/** A slot as full as this has been seen by chance once in ten thousand; fuller ones are cut to it. */
const fullPValue = 1e-4;
/** So many full slots in a row are no burst but another rate: it is learnt anew from them. */
const fullSlotsToBelieve = 3;
/** A silence of this many mean intervals (e⁻³⁰) is no background: the stream stood still. */
const silentIntervals = 30;
/** Events from which a mean interval is known. */
const intervalEventsMin = 10;

export interface Background {
  /** Weights and live time of closed slots; the scale is what one event counts for (Σw² / Σw). */
  readonly known: BackgroundCount & { readonly scale: number };
  /** Increases whenever `known` changed. */
  readonly version: number;
  /** End of the open slot, ms since the epoch: nothing happens before. */
  readonly slotEndMs: number;
  /** An event that is old enough to be background. Instants do not run backwards. */
  take(atMs: number, weight: number): void;
  /** The stream was alive until then. */
  advance(toMs: number): void;
  /** The stream stood still until then. */
  skip(toMs: number): void;
  /** From the clock on, nothing counts until then; later calls prolong it. */
  maskUntil(toMs: number): void;
  /** Whether a silence is too long to be one. */
  standsStill(silentMs: number): boolean;
  /** Forgets all: from then on the stream is another. */
  beginAnew(atMs: number): void;
  state(): BackgroundState;
}

const { burstSlotMs: slotMs, burstSlots: slotsMax } = limits;
const emptySlot: BackgroundSlot = { liveMs: 0, weight: 0, squares: 0 };

/** The slot cut to the fullest that is believable beside what is known. */
const believable = (slot: BackgroundSlot, known: Background['known']): BackgroundSlot => {
  const count = slot.weight / known.scale;
  const mean = (known.count * slot.liveMs) / 1000 / known.seconds;
  // Within three deviations nothing is that improbable; most slots end here.
  if (!(known.seconds > 0) || count <= mean + 3 * Math.sqrt(mean)) return slot;
  const pValue = (least: number) => windowPValue(known, slot.liveMs / 1000, least);
  if (pValue(count) >= fullPValue) return slot;
  // Bisection: p-values fall as counts rise.
  let [low, high] = [0, Math.ceil(count)];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (pValue(middle) >= fullPValue) low = middle;
    else high = middle;
  }
  const share = low / count;
  return { liveMs: slot.liveMs, weight: slot.weight * share, squares: slot.squares * share };
};

export const openBackground = (from: BackgroundState | null): Background => {
  let slots: BackgroundSlot[] = [...(from?.slots ?? [])];
  let clockMs = from?.clockMs ?? Number.NEGATIVE_INFINITY;
  let [maskFrom, maskTo] = from?.mask ?? [0, 0];
  let { liveMs, weight, squares } = from?.open ?? emptySlot;
  let fullInRow = from?.fullInRow ?? 0;
  let version = 0;
  let slotEndMs = Number.NEGATIVE_INFINITY;
  let known: Background['known'] = { count: 0, seconds: 0, scale: 1 };

  const learn = (): void => {
    let [live, sum, square] = [0, 0, 0];
    for (const slot of slots) {
      live += slot.liveMs;
      sum += slot.weight;
      square += slot.squares;
    }
    const scale = sum > 0 ? square / sum : 1;
    known = { count: sum / scale, seconds: live / 1000, scale };
    version += 1;
  };
  const slotEndOf = (atMs: number): number => (Math.floor(atMs / slotMs) + 1) * slotMs;
  const accrue = (toMs: number): void => {
    const masked = Math.max(0, Math.min(toMs, maskTo) - Math.max(clockMs, maskFrom));
    liveMs += toMs - clockMs - masked;
    clockMs = toMs;
  };
  const closeSlot = (): void => {
    const slot = { liveMs, weight, squares };
    [liveMs, weight, squares] = [0, 0, 0];
    // What is left of a slot beside a mask says little.
    if (slot.liveMs < slotMs / 8) return;
    const cut = believable(slot, known);
    fullInRow = cut === slot ? 0 : fullInRow + 1;
    if (fullInRow >= fullSlotsToBelieve) {
      // The earlier full ones were cut; this one stands for the new rate.
      slots = [slot];
      fullInRow = 0;
    } else {
      slots.push(cut);
      if (slots.length > slotsMax) slots.shift();
    }
    learn();
  };
  const start = (atMs: number): void => {
    clockMs = atMs;
    slotEndMs = slotEndOf(atMs);
  };
  const advance = (toMs: number): void => {
    if (clockMs === Number.NEGATIVE_INFINITY) start(toMs);
    if (toMs <= clockMs) return;
    while (toMs >= slotEndMs) {
      accrue(slotEndMs);
      closeSlot();
      slotEndMs += slotMs;
    }
    accrue(toMs);
  };
  const skip = (toMs: number): void => {
    if (toMs <= clockMs) return;
    if (toMs >= slotEndMs) closeSlot();
    start(toMs);
  };

  if (from !== null && from.clockMs !== null) slotEndMs = slotEndOf(from.clockMs);
  learn();
  return {
    get known() {
      return known;
    },
    get version() {
      return version;
    },
    get slotEndMs() {
      return slotEndMs;
    },
    take(atMs, eventWeight) {
      if (atMs >= slotEndMs) advance(atMs);
      if (atMs >= maskFrom && atMs < maskTo) return;
      weight += eventWeight;
      squares += eventWeight * eventWeight;
    },
    advance,
    skip,
    maskUntil(toMs) {
      // Live time up to here is counted under the old mask.
      if (clockMs >= maskTo) maskFrom = clockMs;
      maskTo = Math.max(maskTo, toMs);
    },
    standsStill: (silentMs) =>
      silentMs > slotMs * slotsMax ||
      (known.count >= intervalEventsMin && (silentMs / 1000 / known.seconds) * known.count > silentIntervals),
    beginAnew(atMs) {
      slots = [];
      [liveMs, weight, squares, fullInRow] = [0, 0, 0, 0];
      [maskFrom, maskTo] = [0, 0];
      start(atMs);
      learn();
    },
    state: () => ({
      clockMs: clockMs === Number.NEGATIVE_INFINITY ? null : clockMs,
      mask: [maskFrom, maskTo],
      slots: [...slots],
      open: { liveMs, weight, squares },
      fullInRow,
    }),
  };
};
