/**
 * Holds what packets take within a budget of bytes a second of event time while the detector drifts. It knows how many
 * hits come with which p-value and what each step up the ladder takes a hit, and solves for how far down the p-values
 * each step may reach; what was spent too much it saves again. Pure and causal. It refuses to touch tokens and control
 * frames: a budget that these alone exceed cannot be held, and it says so.
 */

import type { BudgetState, FrameUsage, Grade, StepSize } from '../../domain/policy.ts';
import { gradesOf, solve, spareOf } from './grades.ts';
import { rarityCellOf, rarityCells } from './rarity.ts';

/** What the budget looks at in a packet that left. */
export interface SpentFrame {
  readonly hitCount: number;
  readonly pValue: number;
  readonly timestampNanos: bigint;
  readonly packetBytes: number;
  /** Of the ladder's occupancy, remainder (0: none) and planes; empty where it has no rung above its tokens. */
  readonly rungBytes: ArrayLike<number>;
  /** Of the prescale: not the budget's to take. */
  readonly isControl: boolean;
}

export interface ByteBudget {
  /** Of the packets of the whole instrument, by event time; 0: none is set. */
  readonly bytesPerSecond: number;
  /** Planes that ordinary frames may be given while there is room; 0: none. */
  readonly sparePlanes: number;
}

/** Aimed at, so that chance has room: the rest is the reserve's. */
const aimedShare = 0.95;
/** Seconds of the budget, in steps: what the reserve holds at most, and over how many a debt is saved again. */
const [reserveSteps, savedOverSteps] = [4, 8];
/** Frames that are remembered: a thousand say how large and how many they are, and ten thousand how rare they are. */
const [flowFrames, memoryFrames] = [1000, 10_000];
/** A step whose event time is this many times what is usual held a pause, in which nothing could be spent. */
const pauseTimes = 2;
/** Frames a step is made of, at least. */
const stepFramesMin = 200;
/** A level this far from the last that was told is worth a snapshot's bytes. */
const newsLevel = 0.02;

const nothing: StepSize = { hits: 0, bytes: 0 };
const nothingUsual: FrameUsage = { frames: 0, seconds: 0, fixedBytes: 0, hitCount: 0, shares: [] };

export const firstBudget = (bytesPerSecond: number): BudgetState => ({
  bytesPerSecond,
  reach: 1,
  spareReach: 0,
  level: 1,
  debtBytes: 0,
  steps: 0,
  spentPerSecond: 0,
  fixedPerSecond: 0,
  usual: nothingUsual,
  planeSizes: [],
  remainderSize: nothing,
  latestMicros: 0,
});

interface Tally {
  frames: number;
  bytes: number;
  fixedBytes: number;
  readonly hits: Float64Array;
  readonly planes: { hits: number; bytes: number }[];
  readonly remainder: { hits: number; bytes: number };
}

const emptyTally = (): Tally => ({
  frames: 0,
  bytes: 0,
  fixedBytes: 0,
  hits: new Float64Array(rarityCells),
  planes: [],
  remainder: { hits: 0, bytes: 0 },
});

const tallyOf = (tally: Tally, { hitCount, pValue, packetBytes, rungBytes, isControl }: SpentFrame): void => {
  tally.frames += 1;
  tally.bytes += packetBytes;
  let ladderBytes = 0;
  for (let i = 0; i < rungBytes.length; i++) ladderBytes += rungBytes[i]!;
  tally.fixedBytes += isControl ? packetBytes : packetBytes - ladderBytes;
  if (!isControl) tally.hits[rarityCellOf(pValue)]! += hitCount;
  if (hitCount === 0) return;
  const [occupancy = 0, remainder = 0] = [rungBytes[0], rungBytes[1]];
  if (remainder > 0) {
    tally.remainder.hits += hitCount;
    tally.remainder.bytes += remainder;
  }
  for (let i = 2; i < rungBytes.length; i++) {
    tally.planes[i - 2] ??= { hits: 0, bytes: 0 };
    const size = tally.planes[i - 2]!;
    size.hits += hitCount;
    size.bytes += rungBytes[i]! + (i === 2 ? occupancy : 0);
  }
};

/** Sizes by newer frames; those of a rung that none had stay as they are. */
const resized = (before: StepSize | undefined, seen: StepSize | undefined, keep: number): StepSize =>
  seen === undefined || seen.hits === 0
    ? (before ?? nothing)
    : { hits: keep * (before?.hits ?? 0) + seen.hits, bytes: keep * (before?.bytes ?? 0) + seen.bytes };

/** What is known keeps this share when so many frames come to those that are remembered at most. */
const keptShare = (usual: FrameUsage, most: number, frames: number): number =>
  Math.min(most, usual.frames) / (Math.min(most, usual.frames) + frames);

/** @param share of the instrument's frames that are seen here */
const afterStep = (
  state: BudgetState,
  tally: Tally,
  latestMicros: number,
  share: number,
  rarePValue: number,
  sparePlanes: number,
): BudgetState => {
  const { usual, bytesPerSecond } = state;
  const { frames } = tally;
  const elapsed = state.latestMicros === 0 ? 0 : (latestMicros - state.latestMicros) / 1e6;
  const most = usual.frames === 0 ? elapsed : pauseTimes * usual.seconds * frames;
  const seconds = Math.min(elapsed, most);
  // Frames of one instant say nothing of how long they took.
  if (seconds <= 0 && usual.frames === 0) return state;
  const keep = keptShare(usual, memoryFrames, frames);
  const keepFlow = keptShare(usual, flowFrames, frames);
  const flowing = (before: number, sum: number): number =>
    keepFlow * before + (1 - keepFlow) * (sum / frames);
  const hits = tally.hits.reduce((sum, count) => sum + count, 0);
  const known: FrameUsage = {
    frames: Math.min(memoryFrames, usual.frames) + frames,
    seconds: flowing(usual.seconds, seconds),
    fixedBytes: flowing(usual.fixedBytes, tally.fixedBytes),
    hitCount: flowing(usual.hitCount, hits),
    shares: Array.from(tally.hits, (count, cell) => {
      const before = usual.shares[cell] ?? 0;
      return hits === 0 ? before : keep * before + (1 - keep) * (count / hits);
    }),
  };
  const planes = Math.max(state.planeSizes.length, tally.planes.length);
  const sizes = {
    planeSizes: Array.from({ length: planes }, (_, i) => resized(state.planeSizes[i], tally.planes[i], keep)),
    remainderSize: resized(state.remainderSize, tally.remainder, keep),
  };
  const stepBudget = bytesPerSecond * seconds;
  // What no budget takes cannot be saved again either: the alarm tells of it.
  const owed = Math.min(tally.bytes / share - stepBudget, (tally.bytes - tally.fixedBytes) / share);
  const debtBytes = Math.max(-reserveSteps * stepBudget, state.debtBytes + owed);
  const saved = (Math.max(0, debtBytes) * share) / (savedOverSteps * frames);
  const allowed = aimedShare * bytesPerSecond * share * known.seconds - known.fixedBytes - saved;
  return {
    ...state,
    ...solve(allowed, known, sizes, rarePValue, sparePlanes),
    ...sizes,
    debtBytes,
    steps: state.steps + 1,
    spentPerSecond: seconds > 0 ? tally.bytes / share / seconds : state.spentPerSecond,
    fixedPerSecond: seconds > 0 ? tally.fixedBytes / share / seconds : state.fixedPerSecond,
    usual: known,
    latestMicros,
  };
};

export interface Budgeter {
  observe(frame: SpentFrame): void;
  /** Whether enough was seen for a step; it is made with the snapshot that tells of it. */
  readonly isDue: boolean;
  /** Solves anew for this threshold of rare frames; whether that is worth telling. */
  step(rarePValue: number): boolean;
  grades(rarePValue: number): readonly Grade[] | undefined;
  spare(rarePValue: number): Grade | undefined;
  readonly state: BudgetState;
}

/** @param share of the instrument's frames that it observes: those of one partition of so many */
export const openBudgeter = (
  from: BudgetState,
  { sparePlanes }: Pick<ByteBudget, 'sparePlanes'>,
  share: number,
): Budgeter => {
  let state = from;
  let latestMicros = from.latestMicros;
  let tally = emptyTally();
  let told = from;
  return {
    observe(frame) {
      const micros = Number(frame.timestampNanos / 1000n);
      // The first step's time begins with its first frame.
      if (state.latestMicros === 0) state = { ...state, latestMicros: micros };
      latestMicros = Math.max(latestMicros, micros);
      tallyOf(tally, frame);
    },
    get isDue() {
      return tally.frames >= stepFramesMin;
    },
    step(rarePValue) {
      state = afterStep(state, tally, latestMicros, share, rarePValue, sparePlanes);
      tally = emptyTally();
      const isNews =
        Math.abs(state.level - told.level) > newsLevel ||
        state.level < 1 !== told.level < 1 ||
        Math.abs(state.spareReach - told.spareReach) > newsLevel;
      if (isNews) told = state;
      return isNews;
    },
    grades: (rarePValue) => gradesOf(state, rarePValue),
    spare: (rarePValue) => spareOf(state, rarePValue, sparePlanes),
    get state() {
      return state;
    },
  };
};

/** Whether tokens and control frames alone take more than the budget, as far as frames are known. */
export const isExceeded = ({ bytesPerSecond, usual }: BudgetState, share: number): boolean =>
  usual.frames > 0 && usual.fixedBytes > bytesPerSecond * share * usual.seconds;
