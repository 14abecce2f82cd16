/**
 * The fidelity policy as data: one snapshot, made by the one calibrator, versioned on `<i>_policy`, pinned to
 * a batch across retries and named in each packet. Refuses nothing; `wire/policy.ts` checks its JSON.
 */

import type { PolicyVersion } from './quantity.ts';

/**
 * Scores seen so far, as counts in fixed score cells, one row per band of hit count (so that "rare" means
 * rare for a frame of that size). The score is a standardised surprise; cell c covers
 * `scoreMin + c · scoreStep` and up, the first and last cells take what lies outside.
 */
export interface ScoreSketch {
  readonly scoreMin: number;
  readonly scoreStep: number;
  readonly cells: number;
  /** Band b holds hit counts in [2^b − 1, 2^(b+1) − 1); one row of `cells` counts each. */
  readonly bands: readonly (readonly number[])[];
}

/** How far up the ladder: planes 0 (the occupancy alone) … all the tables have; a remainder needs them all. */
export interface Rungs {
  readonly planes: number;
  readonly remainder: boolean;
}

export interface PolicySnapshot {
  readonly version: PolicyVersion;
  /** Frames whose p-value lies below it are refined. */
  readonly rarePValue: number;
  /** One time frame in this many is refined whatever its score; 0 turns the prescale off. */
  readonly prescale: number;
  /** Fewer scores than this in a band: the p-value is 1 (nothing is called rare before it is known). */
  readonly warmupCount: number;
  readonly sketch: ScoreSketch;
  /** What rare and prescaled frames are given beside their tokens; absent: every rung, to the last bit. */
  readonly refinement?: Rungs | undefined;
}

/** Pressure on a batch: what overload may take from it. */
export type Pressure = 'none' | 'shed-refinement' | 'shed-frames';
