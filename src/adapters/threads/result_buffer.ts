/**
 * Results of one part of a job in one transferable buffer of exactly their size: the instants, a table of
 * fixed-size records, then packet bytes, anomaly bytes and the sentences of refusals. It refuses nothing: both
 * ends are ours and of one version.
 */

import { type FaultCode, faultCodes } from '../../domain/fault.ts';
import type { FidelityReason } from '../../domain/packet.ts';
import type { LanePart, LaneResult } from '../../ports/lane.ts';

/**
 * Header: five instants (i64). Record: end u8 · reason u8 · fault (of a packet: rung count) u16 · region u32 · run u32 · hitCount u32 ·
 * timeFrame f64 · messageId f64 · timestamp i64 · totalCharge f64 · pValue f64 · bytes offset u32 · packet (or
 * sentence) length u32 · anomaly length u32 (it follows the packet) · score count u16 · signature length u16. Scores
 * (f64) come after all records, those of each packet together; after all scores, packet by packet, signature and the
 * bytes of its rungs (u32).
 */
const headerBytes = 40;
const recordBytes = 72;
const ends = ['kept', 'shed', 'refused'] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const none = new Uint8Array(0);

const writeInstants = (view: DataView, { instants }: LanePart): void => {
  view.setBigInt64(0, instants.decodeNanos, true);
  view.setBigInt64(8, instants.tokenizeNanos, true);
  view.setBigInt64(16, instants.scoreNanos, true);
  view.setBigInt64(24, instants.refineNanos, true);
  view.setBigInt64(32, instants.emitNanos, true);
};

const writeRecord = (view: DataView, at: number, result: LaneResult): void => {
  view.setUint8(at, ends.indexOf(result.end));
  if (result.end === 'refused') {
    view.setUint16(at + 2, faultCodes.indexOf(result.code), true);
    return;
  }
  view.setUint8(at + 1, result.reason);
  view.setUint16(at + 2, result.rungBytes.length, true);
  view.setUint32(at + 4, result.region, true);
  view.setUint32(at + 8, result.run, true);
  view.setUint32(at + 12, result.hitCount, true);
  view.setFloat64(at + 16, result.timeFrame, true);
  view.setFloat64(at + 24, result.messageId, true);
  view.setBigInt64(at + 32, result.timestampNanos, true);
  view.setFloat64(at + 40, result.totalCharge, true);
  view.setFloat64(at + 48, result.pValue, true);
};

export const packResults = (part: LanePart): ArrayBuffer => {
  const { results } = part;
  const sentences = results.map((result) =>
    result.end === 'refused' ? encoder.encode(result.detail) : none,
  );
  const scoresAt = headerBytes + recordBytes * results.length;
  let size = scoresAt;
  for (const result of results) if (result.end !== 'refused') size += 8 * result.scores.length;
  let signatureAt = size;
  for (const result of results)
    if (result.end !== 'refused') size += 4 * (result.signature.length + result.rungBytes.length);
  let offset = size;
  for (let index = 0; index < results.length; index++) {
    const result = results[index]!;
    size +=
      result.end === 'refused'
        ? sentences[index]!.byteLength
        : result.packet.byteLength + (result.anomaly?.byteLength ?? 0);
  }
  const buffer = new ArrayBuffer(size);
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  writeInstants(view, part);
  let scoreAt = scoresAt;
  for (let index = 0; index < results.length; index++) {
    const result = results[index]!;
    const at = headerBytes + recordBytes * index;
    writeRecord(view, at, result);
    const first = result.end === 'refused' ? sentences[index]! : result.packet;
    const second = result.end === 'refused' ? null : result.anomaly;
    if (result.end !== 'refused') {
      new Float64Array(buffer, scoreAt, result.scores.length).set(result.scores);
      new Uint32Array(buffer, signatureAt, result.signature.length).set(result.signature);
      view.setUint16(at + 68, result.scores.length, true);
      view.setUint16(at + 70, result.signature.length, true);
      scoreAt += 8 * result.scores.length;
      signatureAt += 4 * result.signature.length;
      new Uint32Array(buffer, signatureAt, result.rungBytes.length).set(result.rungBytes);
      signatureAt += 4 * result.rungBytes.length;
    }
    view.setUint32(at + 56, offset, true);
    view.setUint32(at + 60, first.byteLength, true);
    bytes.set(first, offset);
    offset += first.byteLength;
    if (second === null) continue;
    view.setUint32(at + 64, second.byteLength, true);
    bytes.set(second, offset);
    offset += second.byteLength;
  }
  return buffer;
};

const readRecord = (view: DataView, at: number, scoresAt: number, signatureAt: number): LaneResult => {
  const end = ends[view.getUint8(at)]!;
  const offset = view.getUint32(at + 56, true);
  const length = view.getUint32(at + 60, true);
  const bytes = new Uint8Array(view.buffer as ArrayBuffer, offset, length);
  if (end === 'refused') {
    const code: FaultCode = faultCodes[view.getUint16(at + 2, true)]!;
    return { end, code, detail: decoder.decode(bytes) };
  }
  const anomalyLength = view.getUint32(at + 64, true);
  const signature = new Uint32Array(view.buffer as ArrayBuffer, signatureAt, view.getUint16(at + 70, true));
  return {
    end,
    region: view.getUint32(at + 4, true),
    run: view.getUint32(at + 8, true),
    timeFrame: view.getFloat64(at + 16, true),
    messageId: view.getFloat64(at + 24, true),
    timestampNanos: view.getBigInt64(at + 32, true),
    hitCount: view.getUint32(at + 12, true),
    scores: new Float64Array(view.buffer as ArrayBuffer, scoresAt, view.getUint16(at + 68, true)),
    signature,
    rungBytes: new Uint32Array(
      view.buffer as ArrayBuffer,
      signatureAt + signature.byteLength,
      view.getUint16(at + 2, true),
    ),
    totalCharge: view.getFloat64(at + 40, true),
    pValue: view.getFloat64(at + 48, true),
    reason: view.getUint8(at + 1) as FidelityReason,
    packet: bytes,
    anomaly:
      anomalyLength === 0 ? null : new Uint8Array(view.buffer as ArrayBuffer, offset + length, anomalyLength),
  };
};

/** Packets and anomalies are views on `buffer`, which lives as long as one of them does. */
export const unpackResults = (buffer: ArrayBuffer, frameCount: number): LanePart => {
  const view = new DataView(buffer);
  const results = new Array<LaneResult>(frameCount);
  let scoresAt = headerBytes + recordBytes * frameCount;
  let signatureAt = scoresAt;
  for (let index = 0; index < frameCount; index++)
    signatureAt += 8 * view.getUint16(headerBytes + recordBytes * index + 68, true);
  for (let index = 0; index < frameCount; index++) {
    const result = readRecord(view, headerBytes + recordBytes * index, scoresAt, signatureAt);
    results[index] = result;
    if (result.end === 'refused') continue;
    scoresAt += result.scores.byteLength;
    signatureAt += result.signature.byteLength + result.rungBytes.byteLength;
  }
  return {
    results,
    instants: {
      decodeNanos: view.getBigInt64(0, true),
      tokenizeNanos: view.getBigInt64(8, true),
      scoreNanos: view.getBigInt64(16, true),
      refineNanos: view.getBigInt64(24, true),
      emitNanos: view.getBigInt64(32, true),
    },
  };
};
