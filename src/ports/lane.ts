/**
 * What we ask of the data plane: a batch of frame bytes in, as many results in the same order out. The pure
 * stages decode → tokenize → score → decide → refine → rescore → emit run behind it, in this thread or in others.
 */

import type { FaultCode } from '../domain/fault.ts';
import type { FidelityReason } from '../domain/packet.ts';
import type { PolicySnapshot, Pressure } from '../domain/policy.ts';
import type { Provider } from './model.ts';

export interface LaneJob {
  /** Message values, not kept after the promise settles; not modified. */
  readonly frames: readonly Uint8Array[];
  readonly policy: PolicySnapshot;
  readonly pressure: Pressure;
}

/** What a lane says of one frame. */
export type LaneResult = LanePacket | LaneRefusal;

export interface LanePacket {
  readonly end: 'kept' | 'shed';
  readonly region: number;
  readonly run: number;
  readonly timeFrame: number;
  readonly messageId: number;
  readonly timestampNanos: bigint;
  readonly hitCount: number;
  /** In the order of the lane's `scoreNames`; a refined frame's late ones behind them. */
  readonly scores: Float64Array;
  /** What tells its content from another's (`anomaly/scores/repeats.ts`); empty when it was shed. */
  readonly signature: Uint32Array;
  /** Sum of ADC values, 0 where nothing sums them. */
  readonly totalCharge: number;
  readonly pValue: number;
  readonly reason: FidelityReason;
  /** The tk00 message. */
  readonly packet: Uint8Array;
  /** Bytes of its occupancy, its remainder (0: none) and each of its planes; empty without rungs above the tokens. */
  readonly rungBytes: Uint32Array;
  /** The an00 message, when the frame is rare. */
  readonly anomaly: Uint8Array | null;
}

export interface LaneRefusal {
  readonly end: 'refused';
  readonly code: FaultCode;
  readonly detail: string;
}

/**
 * Wall instants at which one part left each stage, epoch nanoseconds, in stage order. A part is worked in
 * several bites; the instants are those of one bite as long as all together, and `emitNanos` is the real end.
 */
export interface LaneInstants {
  readonly decodeNanos: bigint;
  readonly tokenizeNanos: bigint;
  readonly scoreNanos: bigint;
  readonly refineNanos: bigint;
  readonly emitNanos: bigint;
}

export interface LaneBatch {
  readonly results: readonly LaneResult[];
  /** One entry a job part (a batch may be split over workers); `frameCount` frames each, in order. */
  readonly parts: readonly { readonly frameCount: number; readonly instants: LaneInstants }[];
}

/**
 * Any number of jobs may be given at once; they are worked in the order they came. A job without frames is
 * answered at once. The same frames, policy and pressure give the same results, however a job is split. Faults:
 * `lane-failed` (retryable while workers can still be started again), `model-run`; results are then lost whole.
 */
export interface Lane {
  readonly provider: Provider;
  readonly scoreNames: readonly string[];
  /** Frames are not copied before a worker has room for them. Throws `lane-failed` once the lane is closed. */
  process(job: LaneJob): Promise<LaneBatch>;
  /** Jobs under way or waiting. */
  readonly depth: number;
  /** Waits for jobs under way, releases models and threads. Idempotent. */
  close(): Promise<void>;
}

/** What one lane made of one part of a job. */
export interface LanePart {
  readonly results: readonly LaneResult[];
  readonly instants: LaneInstants;
}

/** The stages composed, with their model: what a worker thread runs, and what an inline lane is handed. */
export interface LaneRunner {
  readonly provider: Provider;
  readonly scoreNames: readonly string[];
  /** One call at a time: its buffers are shared from call to call. */
  run(job: LaneJob): Promise<LanePart>;
  /** After the last call has settled; once. */
  close(): Promise<void>;
}
