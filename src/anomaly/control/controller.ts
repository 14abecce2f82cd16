/**
 * Holds the share of frames kept as rare at its target while the detector drifts. It remembers what tails of p-values
 * have looked like of late, follows by the many frames around the threshold how the tail swells or shrinks and where
 * that will be a chunk on (feed-forward), and takes what remains by proportional-derivative steps on the raw pass rate.
 * Pure and causal: a chunk's threshold is made of earlier chunks. It refuses to fill quotas: within a chunk the threshold
 * stands still.
 */

import type { Act } from '../../domain/alarm.ts';
import type { ChunkTally, ControlState, FollowedReading } from '../../domain/policy.ts';
import { pValueOf, readingOf } from './reading.ts';
import { cellCount, cellOf, countAbove, pointAt, readingAt } from './tail.ts';

/** What the controller looks at in a frame. */
export interface ControlledFrame {
  readonly hitCount: number;
  readonly totalCharge: number;
  readonly pValue: number;
}

/** Tails are remembered over so many chunks: 50 frames a chunk beyond the threshold become a thousand. */
const memoryChunks = 20;
/** How the tail swells is read off this many times the target share: 400 frames a chunk instead of 50. */
const wideTimes = 8;
/** Shares of a miss that the swelling and its slope take (an alpha-beta filter, damped). */
const [swellGain, slopeGain] = [0.15, 0.012];
/** What remains: share of the target rate's miss that the threshold takes a chunk, and of the change of that miss. */
const [proportional, derivative] = [0.015, 0.005];
/** A rate further off than this, in units of the target, counts as that much; the steps sum to so much: anti-windup. */
const [missMost, trimMost] = [1, 0.25];
/** The tail may be foretold to swell to this many times its size, or to one in so many. */
const swellMost = 4;
/** Whatever is foretold, the threshold stays within so many times the target. */
const pValueTimesMost = 16;

/** Slow readings: a share of a miss moves them, its mean square is over so many, and so many sigma are a jump. */
const [readingGain, missMemory, jumpSigmas, jumpChunksMin] = [0.25, 30, 6, 8];
/** After a jump the memory counts as so many chunks. */
const memoryAfterJump = 1;

const emptyTally: ChunkTally = { frames: 0, hitSum: 0, chargeSum: 0, passed: 0, counts: [] };

/** P-values of a good calibration, remembered beforehand as so many chunks. */
const memoryBefore = 4;
const calibratedTail = (): number[] =>
  Array.from({ length: cellCount }, (_, cell) => {
    const [low, high] = [readingAt(cell), readingAt(cell + 1)];
    return (cell === 0 ? 1 : pValueOf(low)) - (cell === cellCount - 1 ? 0 : pValueOf(high));
  });

/** A first state: the threshold is the target itself, as good calibration would have it. */
/** @param target share of frames to be kept as rare, at most 0.05 */
export const firstControl = (target: number): ControlState => ({
  target,
  pValue: target,
  held: null,
  chunks: 0,
  passRate: 0,
  trim: 0,
  miss: 0,
  lastingMiss: 0,
  memory: memoryBefore,
  usual: calibratedTail(),
  swell: { level: 0, slope: 0 },
  readings: [],
  tally: emptyTally,
});

const within = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

const follow = (from: FollowedReading | undefined, value: number): FollowedReading => {
  if (from === undefined) return { value, variance: 0, jumped: false };
  const miss = value - from.value;
  return {
    value: from.value + readingGain * miss,
    variance: from.variance === 0 ? miss * miss : from.variance + (miss * miss - from.variance) / missMemory,
    jumped: miss * miss > jumpSigmas * jumpSigmas * from.variance,
  };
};

/** Mean size, and charge a hit: a fill that begins or a voltage that steps shows here at once. */
const slowReadings = ({ frames, hitSum, chargeSum }: ChunkTally): number[] => [
  hitSum / frames,
  chargeSum / Math.max(1, hitSum),
];

/** Where the tail's swelling is foretold to be, as a factor of what is remembered. */
const foretold = ({ level, slope }: ControlState['swell']): number =>
  within(1 + level + slope, 1 / swellMost, swellMost);

/** The tail remembered with this chunk in it, and how this chunk's differs from it. */
const remember = (state: ControlState, { counts, frames }: ChunkTally, memory: number) => {
  const gain = 1 / (memory + 1);
  const usual = Array.from({ length: cellCount }, (_, cell) => {
    const before = state.usual[cell] ?? 0;
    return before + gain * ((counts[cell] ?? 0) / frames - before);
  });
  const wide = wideTimes * state.target;
  const point = pointAt(usual, wide);
  const seen = countAbove(counts, point) / (wide * frames) - 1;
  // The memory has moved, and with it what the swelling is measured in.
  const level = (1 + state.swell.level) * (countAbove(state.usual, point) / wide) - 1;
  const miss = seen - (level + state.swell.slope);
  const swell = {
    level: level + state.swell.slope + Math.max(swellGain, gain) * miss,
    slope: state.swell.slope + slopeGain * miss,
  };
  return { usual, swell };
};

/** The state after a whole chunk. A held threshold stands; all else goes on learning, so that release is no jolt. */
export const afterChunk = (state: ControlState, tally: ChunkTally): ControlState => {
  const { target, held, heldBy } = state;
  const readings = slowReadings(tally).map((value, i) => follow(state.readings[i], value));
  const hasJumped = state.chunks >= jumpChunksMin && readings.some(({ jumped }) => jumped);
  const memory = hasJumped ? Math.min(memoryAfterJump, state.memory) : state.memory;
  const { usual, swell } = remember(state, tally, memory);
  const passRate = tally.passed / tally.frames;
  const miss = within(passRate / target - 1, -missMost, missMost);
  const step = proportional * miss + (state.chunks === 0 ? 0 : derivative * (miss - state.miss));
  const trim = held === null ? within(state.trim + step, -trimMost, trimMost) : state.trim;
  const share = target / (foretold(swell) * (1 + trim));
  const asked = pValueOf(pointAt(usual, share));
  return {
    target,
    pValue: held ?? within(asked, target / pValueTimesMost, Math.min(1, target * pValueTimesMost)),
    held,
    ...(heldBy && { heldBy }),
    chunks: state.chunks + 1,
    passRate,
    trim,
    miss,
    lastingMiss: state.lastingMiss + (miss - state.lastingMiss) / Math.min(memoryChunks, state.chunks + 1),
    memory: Math.min(memoryChunks - 1, memory + 1),
    usual,
    swell,
    readings,
    tally: emptyTally,
  };
};

/** A person sets the threshold, at once and until it is released. */
export const hold = (state: ControlState, pValue: number, heldBy?: Act): ControlState => {
  const { heldBy: _, ...rest } = state;
  return { ...rest, held: pValue, pValue, ...(heldBy && { heldBy }) };
};
/** The threshold goes on from where it was held, and moves with the next chunk. */
export const release = (state: ControlState): ControlState => {
  const { heldBy: _, ...rest } = state;
  return { ...rest, held: null };
};

export interface Controller {
  observe(frame: ControlledFrame): void;
  /** As `hold` and `release` of a state, within the open chunk. */
  hold(pValue: number, heldBy: Act): void;
  release(): void;
  /** Frames whose p-value lies below it pass. */
  readonly pValue: number;
  /** Plain data, the open chunk with it. */
  readonly state: ControlState;
}

export const openController = (from: ControlState, chunkFrames: number): Controller => {
  let state = from;
  const counts = new Float64Array(cellCount);
  let { frames, hitSum, chargeSum, passed } = from.tally;
  from.tally.counts.forEach((count, cell) => {
    counts[cell] = count;
  });
  const tally = (): ChunkTally => ({ frames, hitSum, chargeSum, passed, counts: Array.from(counts) });
  return {
    observe({ hitCount, totalCharge, pValue }) {
      frames += 1;
      hitSum += hitCount;
      chargeSum += totalCharge;
      if (pValue < state.pValue) passed += 1;
      counts[cellOf(readingOf(pValue))]! += 1;
      if (frames < chunkFrames) return;
      state = afterChunk(state, tally());
      frames = hitSum = chargeSum = passed = 0;
      counts.fill(0);
    },
    hold(pValue, heldBy) {
      state = hold(state, pValue, heldBy);
    },
    release() {
      state = release(state);
    },
    get pValue() {
      return state.pValue;
    },
    get state() {
      return { ...state, tally: tally() };
    },
  };
};

/** The band that is asked for, as a share of the target. */
const bandShare = 0.1;
/** Chunks before a lasting miss says anything: their counting noise is some 4 % by then. */
const judgedChunksMin = 10;

/** Share of frames that is rare of late, counting noise averaged out. */
export const lastingRate = ({ target, lastingMiss }: ControlState): number => (1 + lastingMiss) * target;

/** Whether the rate has been out of its band for long; a held threshold answers for its rate, too. */
export const isOutOfBand = ({ chunks, lastingMiss }: ControlState): boolean =>
  chunks >= judgedChunksMin && Math.abs(lastingMiss) > bandShare;
