/**
 * Slow twins of our fixed-layout writers, through flatc's generated builders: what any other producer's bytes
 * look like (fields at their default left out, tables and strings in another order).
 */

import { crc32c } from '@node-rs/crc32';
import { Builder } from 'flatbuffers';
import type { Digits, FrameIdentity } from '../../src/domain/frame.ts';
import { FrameEncoding, FrameKind } from '../../src/domain/frame.ts';
import type { Packet } from '../../src/domain/packet.ts';
import { TimeFrame } from '../../src/wire/generated/tf00/time-frame.js';
import { Layer } from '../../src/wire/generated/tk00/layer.js';
import { Packet as PacketTable } from '../../src/wire/generated/tk00/packet.js';
import { Score } from '../../src/wire/generated/tk00/score.js';

/** Payload bytes of digits, hit by hit. */
export const payloadOf = (digits: Digits, encoding: number, adcBits: number): Uint8Array => {
  const { count, voxel, adc } = digits;
  if (encoding === FrameEncoding.packed32) {
    const view = new DataView(new ArrayBuffer(4 * count));
    for (let i = 0; i < count; i++) view.setUint32(4 * i, voxel[i]! * 2 ** adcBits + adc[i]!, true);
    return new Uint8Array(view.buffer);
  }
  if (encoding === FrameEncoding.gap16) {
    const words: number[] = [];
    const leap = 2 ** (16 - adcBits);
    let next = 0;
    for (let i = 0; i < count; i++) {
      let gap = voxel[i]! - next;
      // As many leaps in a word as it can say, which is how our own writer puts it.
      for (let leaps = Math.floor(gap / leap); leaps > 0; leaps = Math.floor(gap / leap)) {
        const said = Math.min(leap, leaps);
        words.push((said - 1) * 2 ** adcBits);
        gap -= said * leap;
      }
      words.push(gap * 2 ** adcBits + adc[i]!);
      next = voxel[i]! + 1;
    }
    const view = new DataView(new ArrayBuffer(2 * words.length));
    words.forEach((word, i) => {
      view.setUint16(2 * i, word, true);
    });
    return new Uint8Array(view.buffer);
  }
  const view = new DataView(new ArrayBuffer(6 * count));
  for (let i = 0; i < count; i++) {
    view.setUint32(4 * i, voxel[i]!, true);
    view.setUint16(4 * count + 2 * i, adc[i]!, true);
  }
  return new Uint8Array(view.buffer);
};

export interface FrameParts {
  readonly identity: FrameIdentity;
  readonly kind?: number;
  readonly encoding: number;
  readonly hitCount: number;
  readonly payload: Uint8Array;
  readonly crc?: number;
}

export const buildFrame = (parts: FrameParts): Uint8Array => {
  const { identity, payload } = parts;
  const builder = new Builder(64);
  const data = builder.createByteVector(payload);
  const instrument = builder.createString(identity.instrumentId);
  const source = builder.createString(identity.sourceName);
  builder.finish(
    TimeFrame.createTimeFrame(
      builder,
      source,
      BigInt(identity.messageId),
      identity.timestampNanos,
      identity.durationNanos,
      identity.run,
      BigInt(identity.timeFrame),
      instrument,
      BigInt(`0x${identity.instrumentHash}`),
      parts.kind ?? FrameKind.digits,
      parts.encoding,
      parts.hitCount,
      data,
      parts.crc ?? crc32c(payload),
    ),
    'tf00',
  );
  return builder.asUint8Array().slice();
};

/** Writes whatever it is given, in or out of range. */
export const buildPacket = (packet: Packet): Uint8Array => {
  const { identity } = packet;
  const builder = new Builder(64);
  const layers = packet.layers.map((layer) =>
    Layer.createLayer(
      builder,
      layer.kind,
      layer.codec,
      layer.symbolCount,
      builder.createByteVector(layer.payload),
      crc32c(layer.payload),
    ),
  );
  const scores = packet.scores.map((score) =>
    Score.createScore(builder, builder.createString(score.name), score.value),
  );
  const layerVector = PacketTable.createLayersVector(builder, layers);
  const scoreVector = PacketTable.createScoresVector(builder, scores);
  const source = builder.createString(identity.sourceName);
  const instrument = builder.createString(identity.instrumentId);
  const model = builder.createString(packet.modelId);
  builder.finish(
    PacketTable.createPacket(
      builder,
      source,
      BigInt(identity.messageId),
      identity.timestampNanos,
      identity.durationNanos,
      identity.run,
      BigInt(identity.timeFrame),
      instrument,
      BigInt(`0x${identity.instrumentHash}`),
      model,
      BigInt(`0x${packet.modelHash}`),
      packet.hitCount,
      packet.rawByteCount,
      layerVector,
      scoreVector,
      packet.pValue,
      packet.policyVersion,
      packet.reason,
    ),
    'tk00',
  );
  return builder.asUint8Array().slice();
};
