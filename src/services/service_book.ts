/**
 * The book of one service: how many frames it took and how they ended, with the rates of both. It refuses to
 * guess what is in flight: a ledger of its own says so, and the book only checks that the sum is right.
 */

import type { BookSnapshot, Rate } from '../domain/status.ts';
import type { Clock } from '../ports/clock.ts';

export interface ServiceBook {
  received(frames: number, bytes: number): void;
  /** Frames that ended for good, and the bytes that left with them. */
  ended(frames: { kept?: number; shed?: number; refused?: number }, bytesOut: number): void;
  /** Frames received that another owner will receive again. */
  returned(frames: number, bytes: number): void;
  /** Frames between receipt and end as the service's own ledger counts them. */
  watchInFlight(read: () => number): void;
  /** `taken` grows only; received = taken − returned. */
  counts(): { taken: number; returned: number; kept: number; shed: number; refused: number };
  snapshot(): BookSnapshot;
}

const windowSlots = 20;
const slotMs = 250;

/** A rate over the last five seconds, in quarter-second slots. */
const createMeter = (clock: Clock) => {
  const startMs = clock.nowMs();
  const frames = new Float64Array(windowSlots);
  const bytes = new Float64Array(windowSlots);
  let slot = 0;
  const advance = (): number => {
    const elapsedMs = clock.nowMs() - startMs;
    const now = Math.floor(elapsedMs / slotMs);
    for (let step = Math.max(slot + 1, now - windowSlots + 1); step <= now; step++) {
      frames[step % windowSlots] = 0;
      bytes[step % windowSlots] = 0;
    }
    slot = Math.max(slot, now);
    return elapsedMs;
  };
  return {
    add(frameCount: number, byteCount: number): void {
      advance();
      const at = slot % windowSlots;
      frames[at] = frames[at]! + frameCount;
      bytes[at] = bytes[at]! + byteCount;
    },
    rate(): Rate {
      const elapsedMs = advance();
      // The oldest slot is whole, the newest has only begun; a young meter has no more than its age.
      const windowMs = Math.max(slotMs, elapsedMs - Math.max(0, slot - windowSlots + 1) * slotMs);
      const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
      return {
        framesPerSecond: (sum(frames) * 1000) / windowMs,
        bytesPerSecond: (sum(bytes) * 1000) / windowMs,
      };
    },
  };
};

export function createServiceBook(service: string, clock: Clock): ServiceBook {
  let taken = 0;
  let returned = 0;
  let kept = 0;
  let shed = 0;
  let refused = 0;
  let readInFlight: (() => number) | null = null;
  const inward = createMeter(clock);
  const outward = createMeter(clock);
  return {
    received(frames, bytes) {
      taken += frames;
      inward.add(frames, bytes);
    },
    ended(frames, bytesOut) {
      kept += frames.kept ?? 0;
      shed += frames.shed ?? 0;
      refused += frames.refused ?? 0;
      outward.add((frames.kept ?? 0) + (frames.shed ?? 0), bytesOut);
    },
    returned(frames) {
      returned += frames;
    },
    watchInFlight(read) {
      readInFlight = read;
    },
    counts: () => ({ taken, returned, kept, shed, refused }),
    snapshot() {
      const received = taken - returned;
      const ended = kept + shed + refused;
      const inFlight = readInFlight === null ? Math.max(0, received - ended) : readInFlight();
      return {
        service,
        received,
        kept,
        shed,
        refused,
        inFlight,
        returned,
        balanced: received === ended + inFlight,
        in: inward.rate(),
        out: outward.rate(),
      };
    },
  };
}
