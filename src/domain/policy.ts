/**
 * The fidelity policy as data: one snapshot, made by the one calibrator, versioned on `<i>_policy`, pinned to
 * a batch across retries and named in each packet. Refuses nothing; `wire/policy.ts` checks its JSON.
 */

import type { Act } from './alarm.ts';
import type { PolicyVersion } from './quantity.ts';

/** Counts by place, only those that are not 0; places ascend. */
export interface SparseCounts {
  readonly places: Uint32Array;
  readonly counts: Uint32Array;
}

/** Knots of a frame's size, and how often the share of frames that exceeds a score is halved, at most. */
export const sizeKnots = 49;
export const halvingsMax = 14;

/** What scores are measured by for as long as it is not made anew, and how rare what it measured was. */
export interface Yardstick {
  /** Frames known when it was made; those counted by it came later. */
  readonly madeAfterFrames: number;
  /** By size knot, NaN where it is not known: the mean of log2 of charge a hit, and after all of these its spread. */
  readonly charges: Float32Array;
  /** The score that one of two, four, eight … frames exceeds; place = (score · size knots + knot) · most halvings + halving. */
  readonly halvings: Float32Array;
  /** By score: over how much of it the highest frames of all sizes halve. */
  readonly tails: Float32Array;
  /** Of the combined score; place = (size bin · charge bins + charge bin) · cells + cell. */
  readonly combined: SparseCounts;
}

/** Scores seen so far, on the grids of `anomaly/calibration/grid.ts`: what is usual, by a frame's size and charge. */
export interface ScoreSketch {
  /** Names of the scores, in the order of their columns. */
  readonly scores: readonly string[];
  /** Frames ever counted. */
  readonly framesSeen: number;
  /** By size knot: frames, the sum of their log2 of charge a hit, and of its square. */
  readonly frames: readonly number[];
  readonly chargeSums: readonly number[];
  readonly chargeSquares: readonly number[];
  /** Of each score; place = size knot · cells + cell. */
  readonly singles: readonly SparseCounts[];
  /** The first is judged by; one that follows it still counts. */
  readonly yardsticks: readonly Yardstick[];
}

/** How far up the ladder: planes 0 (the occupancy alone) … all the tables have; a remainder needs them all. */
export interface Rungs {
  readonly planes: number;
  readonly remainder: boolean;
}

/** Frames of the rate controller's open chunk. */
export interface ChunkTally {
  readonly frames: number;
  readonly hitSum: number;
  readonly chargeSum: number;
  /** Frames rarer than the threshold. */
  readonly passed: number;
  /** By cell of the p-value's reading, `anomaly/control/tail.ts`. */
  readonly counts: readonly number[];
}

/** A reading that moves slowly, the mean square of its moves, and whether the last was out of all proportion. */
export interface FollowedReading {
  readonly value: number;
  readonly variance: number;
  readonly jumped: boolean;
}

/** What the rate controller knows; `anomaly/control/controller.ts` moves it. */
export interface ControlState {
  /** Share of frames to be kept as rare. */
  readonly target: number;
  /** Threshold of the open chunk. */
  readonly pValue: number;
  /** The threshold that a person has set; null: none. */
  readonly held: number | null;
  /** Who holds it, since when and why; absent: nobody does. */
  readonly heldBy?: Act | undefined;
  readonly chunks: number;
  /** Share that passed in the last chunk. */
  readonly passRate: number;
  /** What the steps on the pass rate have summed to, a share of the target rate; and that rate's last miss, likewise. */
  readonly trim: number;
  readonly miss: number;
  /** Mean of the misses of late: what is out of band for long shows here through the counting noise. */
  readonly lastingMiss: number;
  /** Chunks that the usual tail counts as, and its share of frames by cell. */
  readonly memory: number;
  readonly usual: readonly number[];
  /** How many more frames the tail holds than usual, as a share, and the change of that a chunk. */
  readonly swell: { readonly level: number; readonly slope: number };
  /** Mean size and charge a hit. */
  readonly readings: readonly FollowedReading[];
  readonly tally: ChunkTally;
}

/** Which frames have object tokens: none, those that are kept with rungs above their tokens, all that are not shed. */
export const objectTokensOf = ['none', 'refined', 'all'] as const;
export type ObjectTokensOf = (typeof objectTokensOf)[number];

/** Frames rarer than a p-value, and how far up the ladder they are taken. */
export interface Grade {
  readonly pValue: number;
  readonly rungs: Rungs;
}

/** Sums of hits and of the bytes one step up the ladder took for them; older frames weigh less. */
export interface StepSize {
  readonly hits: number;
  readonly bytes: number;
}

/** What frames of the calibrating partition are of late, each figure a frame. */
export interface FrameUsage {
  /** Frames that weigh in; 0: nothing is known. */
  readonly frames: number;
  /** Event time between two of them. */
  readonly seconds: number;
  /** Bytes that no budget takes: tokens, heads, and control frames whole. */
  readonly fixedBytes: number;
  /** Of frames that are no control frames, and how they share out by cell of the p-value (`anomaly/control/rarity.ts`). */
  readonly hitCount: number;
  readonly shares: readonly number[];
}

/** What the byte budget's controller knows; `anomaly/control/budget.ts` moves it. */
export interface BudgetState {
  /** Of packets, by event time. */
  readonly bytesPerSecond: number;
  /** Rare frames under this p-value keep their last rung, and less rare ones the more the lower a rung lies. */
  readonly reach: number;
  /** Ordinary frames under this p-value are given planes, because there is room. */
  readonly spareReach: number;
  /** Share of the bytes rare frames ask for that they are given. */
  readonly level: number;
  /** Bytes of the whole instrument beyond the budget that are to be saved again; below 0, what is in reserve. */
  readonly debtBytes: number;
  readonly steps: number;
  /** Bytes a second of event time since the step before, of the whole instrument, and what of them no budget takes. */
  readonly spentPerSecond: number;
  readonly fixedPerSecond: number;
  readonly usual: FrameUsage;
  /** Occupancy with the first plane, each further plane; and the remainder. */
  readonly planeSizes: readonly StepSize[];
  readonly remainderSize: StepSize;
  /** Newest event time, µs since the Unix epoch. */
  readonly latestMicros: number;
}

export interface PolicySnapshot {
  readonly version: PolicyVersion;
  /** Frames whose p-value lies below it are refined. */
  readonly rarePValue: number;
  /** One time frame in this many is refined whatever its score; 0 turns the prescale off. */
  readonly prescale: number;
  /** Fewer scores than this at a size: the p-value is 1 (nothing is called rare before it is known). */
  readonly warmupCount: number;
  readonly sketch: ScoreSketch;
  /** Of scores that refined frames alone have, one each, of prescaled frames; absent: nothing is known of them. */
  readonly late?: readonly ScoreSketch[] | undefined;
  /** What rare and prescaled frames are given beside their tokens; absent: every rung, to the last bit. */
  readonly refinement?: Rungs | undefined;
  /** Which packets carry the objects found in their frames; absent: none, as before there were any. */
  readonly objectTokens?: ObjectTokensOf | undefined;
  /** Of the rate controller that moves `rarePValue`; absent: it is fixed. */
  readonly control?: ControlState | undefined;
  /** What rare frames are given by how rare they are, rarest first; a frame beyond all has its tokens. Absent: all is. */
  readonly grades?: readonly Grade[] | undefined;
  /** What ordinary frames are given, and up to which p-value; absent: their tokens. */
  readonly spare?: Grade | undefined;
  /** Of the controller that moves both; absent: no budget is set. */
  readonly budget?: BudgetState | undefined;
  /** Commands before this offset of the commands' topic have been obeyed, or were not about the rate; absent: none. */
  readonly obeyed?: number | undefined;
}

/** What a person may ask of the rate controller. */
export type RateCommand =
  /** @param pValue threshold to hold, in (0, 1]; absent: the present one */
  | {
      readonly command: 'hold-rate';
      readonly pValue?: number | undefined;
      readonly who: string;
      readonly why: string;
    }
  | { readonly command: 'release-rate'; readonly who: string; readonly why: string };

/** Pressure on a batch: what overload may take from it. */
export type Pressure = 'none' | 'shed-refinement' | 'shed-frames';
