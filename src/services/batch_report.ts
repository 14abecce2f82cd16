/**
 * From what the lane said of a batch to what the status book counts of it: ends, bytes and stage spans.
 * It refuses to be called a frame at a time; a batch is the unit of account.
 */

import type { FaultCode } from '../domain/fault.ts';
import { type Anomaly, FidelityReason } from '../domain/packet.ts';
import type { LaneBatch } from '../ports/lane.ts';
import type { BatchReport, StageSpan } from './status.ts';

export interface CommittedBatch {
  /** Bytes of each frame message, in the order of the lane's results. */
  readonly frameBytes: ArrayLike<number>;
  readonly lane: LaneBatch;
  /** When each frame was received and was meant to be sent, epoch nanoseconds; 0 where the source said nothing. */
  readonly receivedNanos: BigInt64Array;
  readonly intendedNanos: BigInt64Array;
  /** When the commit came back. */
  readonly commitNanos: bigint;
  /** Two bytes a voxel of the instrument: `voxelCount(card) * 2`. */
  readonly denseBytesPerFrame: number;
  /** The an00 messages of the batch, decoded. */
  readonly anomalies: readonly Anomaly[];
}

const spansOf = (batch: CommittedBatch): StageSpan[] => {
  const spans: StageSpan[] = [];
  const { receivedNanos, intendedNanos, commitNanos } = batch;
  let from = 0;
  for (const { frameCount, instants } of batch.lane.parts) {
    const waits = new Float64Array(frameCount);
    for (let i = 0; i < frameCount; i++) waits[i] = Number(instants.decodeNanos - receivedNanos[from + i]!);
    const span = (stage: StageSpan['stage'], start: bigint, end: bigint): StageSpan => ({
      stage,
      nanos: Number(end - start),
      frames: frameCount,
    });
    spans.push(
      { stage: 'decode', nanos: waits, frames: frameCount },
      span('tokenize', instants.decodeNanos, instants.tokenizeNanos),
      span('score', instants.tokenizeNanos, instants.scoreNanos),
      span('refine', instants.scoreNanos, instants.refineNanos),
      span('emit', instants.refineNanos, instants.emitNanos),
      span('commit', instants.emitNanos, commitNanos),
    );
    from += frameCount;
  }
  const frames = receivedNanos.length;
  spans.push({
    stage: 'inside',
    nanos: Float64Array.from(receivedNanos, (at) => Number(commitNanos - at)),
    frames,
  });
  const known: number[] = [];
  for (let i = 0; i < frames; i++) if (intendedNanos[i]! > 0n) known.push(i);
  if (known.length > 0)
    spans.push(
      {
        stage: 'transport',
        nanos: Float64Array.from(known, (i) => Number(receivedNanos[i]! - intendedNanos[i]!)),
        frames: known.length,
      },
      {
        stage: 'total',
        nanos: Float64Array.from(known, (i) => Number(commitNanos - intendedNanos[i]!)),
        frames: known.length,
      },
    );
  return spans;
};

export const reportOfBatch = (batch: CommittedBatch): BatchReport => {
  let kept = 0;
  let shed = 0;
  let rawBytes = 0;
  let packetBytes = 0;
  const refused: FaultCode[] = [];
  const reasons = new Array<number>(Object.keys(FidelityReason).length).fill(0);
  batch.lane.results.forEach((result, i) => {
    if (result.end === 'refused') {
      refused.push(result.code);
      return;
    }
    if (result.end === 'kept') kept++;
    else shed++;
    rawBytes += batch.frameBytes[i]!;
    packetBytes += result.packet.length;
    reasons[result.reason] = (reasons[result.reason] ?? 0) + 1;
  });
  return {
    kept,
    shed,
    refused,
    rawBytes,
    packetBytes,
    denseBytes: (kept + shed) * batch.denseBytesPerFrame,
    reasons,
    spans: spansOf(batch),
    anomalies: batch.anomalies,
  };
};
