/** tk00 and an00: what goes in comes out, our fixed layout reads like any builder's, and bytes are a pure function. */

import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import type { FidelityReason, Packet } from '../../src/domain/packet.ts';
import { decodeAnomaly, encodeAnomaly } from '../../src/wire/anomaly.ts';
import { Packet as PacketTable } from '../../src/wire/generated/tk00/packet.js';
import { decodePacket, encodePacket, isEncodingOf } from '../../src/wire/packet.ts';
import { anomalies, packets } from './arbitraries.ts';
import { buildPacket } from './builder.slow.ts';

/** −0 is 0 on the wire when a builder leaves out a default. */
const withoutNegativeZero = (packet: Packet): Packet => ({
  ...packet,
  pValue: packet.pValue + 0,
  scores: packet.scores.map(({ name, value }) => ({ name, value: value + 0 })),
});

describe('encodePacket and decodePacket', () => {
  it('return what was written', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decodePacket(encodePacket(packet))).toEqual(packet);
      }),
    );
  });

  it('give equal bytes for equal packets, in an array of exactly their size', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const bytes = encodePacket(packet);
        expect(bytes.buffer.byteLength).toBe(bytes.length);
        expect(encodePacket(structuredClone(packet))).toEqual(bytes);
      }),
    );
  });

  it('tell their own bytes from any others', () => {
    fc.assert(
      fc.property(packets, packets, fc.nat(), (packet, other, where) => {
        const bytes = encodePacket(packet);
        expect(isEncodingOf(bytes, packet)).toBe(true);
        expect(isEncodingOf(bytes, other)).toBe(Buffer.compare(bytes, encodePacket(other)) === 0);
        bytes[where % bytes.length]! ^= 1;
        expect(isEncodingOf(bytes, packet)).toBe(false);
      }),
    );
  });

  it('agree with the generated reader field by field', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const table = PacketTable.getRootAsPacket(new ByteBuffer(encodePacket(packet)));
        expect(table.sourceName()).toBe(packet.identity.sourceName);
        expect(table.messageId()).toBe(BigInt(packet.identity.messageId));
        expect(table.timestamp()).toBe(packet.identity.timestampNanos);
        expect(table.duration()).toBe(packet.identity.durationNanos);
        expect(table.run()).toBe(packet.identity.run);
        expect(table.timeFrame()).toBe(BigInt(packet.identity.timeFrame));
        expect(table.instrument()).toBe(packet.identity.instrumentId);
        expect(table.instrumentHash()).toBe(BigInt(`0x${packet.identity.instrumentHash}`));
        expect(table.model()).toBe(packet.modelId);
        expect(table.modelHash()).toBe(BigInt(`0x${packet.modelHash}`));
        expect(table.hitCount()).toBe(packet.hitCount);
        expect(table.rawByteCount()).toBe(packet.rawByteCount);
        expect(table.pValue()).toBe(packet.pValue);
        expect(table.policyVersion()).toBe(packet.policyVersion);
        expect(table.reason()).toBe(packet.reason);
        expect(table.layersLength()).toBe(packet.layers.length);
        packet.layers.forEach((layer, i) => {
          const read = table.layers(i)!;
          expect([read.kind(), read.codec(), read.symbolCount()]).toEqual([
            layer.kind,
            layer.codec,
            layer.symbolCount,
          ]);
          expect(read.payloadArray()).toEqual(layer.payload);
        });
        expect(table.scoresLength()).toBe(packet.scores.length);
        packet.scores.forEach((score, i) => {
          expect(table.scores(i)!.name()).toBe(score.name);
          expect(table.scores(i)!.value()).toBe(score.value);
        });
      }),
    );
  });

  it('read what a plain builder wrote', () => {
    fc.assert(
      fc.property(packets.map(withoutNegativeZero), (packet) => {
        expect(decodePacket(buildPacket(packet))).toEqual(packet);
      }),
    );
  });

  it('pass on layer kinds, codecs and reasons this build does not know', () => {
    const [packet] = fc.sample(packets, 1);
    const future: Packet = {
      ...packet!,
      layers: [{ kind: 900, codec: 901, symbolCount: 1, payload: Uint8Array.of(1) }],
      reason: 902 as FidelityReason,
    };
    expect(decodePacket(encodePacket(future))).toEqual(future);
  });

  it('refuse to write what no reader takes: that is our bug', () => {
    const [packet] = fc.sample(packets, 1);
    expect(() => encodePacket({ ...packet!, pValue: Number.NaN })).toThrow(/p-value/);
    expect(() =>
      encodePacket({ ...packet!, scores: [{ name: 'x', value: Number.POSITIVE_INFINITY }] }),
    ).toThrow();
    expect(() => encodePacket({ ...packet!, modelId: 'm'.repeat(200) })).toThrow(/at most/);
  });
});

describe('encodeAnomaly and decodeAnomaly', () => {
  it('return what was written, −0 as 0', () => {
    fc.assert(
      fc.property(anomalies, (anomaly) => {
        const { score, pValue, pLow, threshold } = anomaly;
        expect(decodeAnomaly(encodeAnomaly(anomaly))).toEqual({
          ...anomaly,
          score: score + 0,
          pValue: pValue + 0,
          pLow: pLow + 0,
          threshold: threshold + 0,
        });
      }),
    );
  });
});
