/**
 * What we ask of the data plane: a batch of frame bytes in, as many results in the same order out. The pure
 * stages decode → tokenize → score → decide → refine → emit run behind it, in this thread or in others.
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
  readonly score: number;
  readonly pValue: number;
  readonly reason: FidelityReason;
  /** The tk00 message. */
  readonly packet: Uint8Array;
  /** The an00 message, when the frame is rare. */
  readonly anomaly: Uint8Array | null;
}

export interface LaneRefusal {
  readonly end: 'refused';
  readonly code: FaultCode;
  readonly detail: string;
}

/** Wall instants of one batch inside the lane, epoch nanoseconds, in stage order. */
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

export interface Lane {
  readonly provider: Provider;
  /** Frames that fit in flight before `process` waits for room. */
  process(job: LaneJob): Promise<LaneBatch>;
  /** Jobs under way or waiting. */
  readonly depth: number;
  /** Waits for jobs under way, releases models and threads. Idempotent. */
  close(): Promise<void>;
}
