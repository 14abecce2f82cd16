/**
 * A packet: the compressed frame that leaves, with the layers of the fidelity ladder it carries, its scores
 * and the reason for its fidelity. Refuses nothing; `wire` verifies bytes before they become one.
 */

import type { FrameIdentity } from './frame.ts';
import type { CardHash, PolicyVersion } from './quantity.ts';

/**
 * Rungs of the ladder, and the objects found in a frame; open on the wire: a reader skips a kind it does not know. 5 was
 * a lossless layer in one piece, and archives hold some: objects are 6, so that no reader ever takes one for the other.
 */
export const LayerKind = { tokens: 1, occupancy: 2, plane: 3, remainder: 4, objects: 6 } as const;

/** How a layer's payload is coded; open on the wire. 2 was the lossless layer's. */
export const LayerCodec = { tokenRans1: 1, ladder1: 3, objectRans1: 4 } as const;

export interface Layer {
  readonly kind: number;
  readonly codec: number;
  readonly symbolCount: number;
  readonly payload: Uint8Array;
}

/** Why a packet has the rungs it has; values are the wire's, never renumbered. */
export const FidelityReason = {
  /** Tokens only: nothing asked for more. */
  ordinary: 0,
  /** Its p-value lies under the policy's threshold: kept losslessly. */
  rare: 1,
  /** The hashed prescale chose this time frame as an unbiased lossless control. */
  prescale: 2,
  /** It was chosen for refinement, but pressure took the refinement. */
  shedRefinement: 3,
  /** Overload policy `shed-frames`: the packet has no layers at all. */
  shedFrame: 4,
  /** Rare, but the byte budget took some of its rungs, or all. */
  budget: 5,
  /** Ordinary, but the byte budget has room: it has planes beside its tokens. */
  spare: 6,
} as const;
export type FidelityReason = (typeof FidelityReason)[keyof typeof FidelityReason];

export interface Score {
  readonly name: string;
  readonly value: number;
}

export interface Packet {
  readonly identity: FrameIdentity;
  readonly modelId: string;
  readonly modelHash: CardHash;
  readonly hitCount: number;
  /** Bytes of the frame message this packet was made from. */
  readonly rawByteCount: number;
  readonly layers: readonly Layer[];
  readonly scores: readonly Score[];
  readonly pValue: number;
  readonly policyVersion: PolicyVersion;
  readonly reason: FidelityReason;
}

/** A part of what drives a score: a channel or a patch, and its share of all, 0 … 1. */
export interface Share {
  readonly index: number;
  readonly share: number;
}

/** One unusual score of a frame, and what drives it. */
export interface Finding {
  readonly scoreName: string;
  readonly score: number;
  /** Along each axis of the grid, the indices [from, to) of the part it spans; empty where it spans no part. */
  readonly span: readonly { readonly from: number; readonly to: number }[];
  /** Channels (rows of the grid: all axes but the last) and patches that drive it, those that do most first. */
  readonly channels: readonly Share[];
  readonly patches: readonly Share[];
}

/** A score by its name, and the share of normal frames that exceed it by its own; 1 where that is not known. */
export interface RatedScore extends Score {
  readonly pValue: number;
}

/** What is said of a frame that is unusual (`an00`). */
export interface Anomaly {
  readonly identity: FrameIdentity;
  readonly scoreName: string;
  readonly score: number;
  readonly pValue: number;
  /** Where the share of normal frames as rare lies with 95 %; 0 and 1 where nobody said. */
  readonly pLow: number;
  readonly pHigh: number;
  /** The p-value under which the policy calls a frame rare. */
  readonly threshold: number;
  readonly verdict: 'rare' | 'ordinary';
  /** Patches that drive the score, most surprising first, with the surprise of each in bits. */
  readonly patches: readonly { readonly patch: number; readonly surpriseBits: number }[];
  readonly policyVersion: PolicyVersion;
  /** Other scores that are unusual, most unusual first. */
  readonly findings: readonly Finding[];
  /** All scores of the frame, in the lane's order; empty where nobody said. */
  readonly scores: readonly RatedScore[];
}
