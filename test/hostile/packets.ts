/** Named tk00 and an00 messages that no processor should write, each with the fault its reader must give. */

import type { FaultCode } from '../../src/domain/fault.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Anomaly, Packet } from '../../src/domain/packet.ts';
import { FidelityReason, LayerCodec, LayerKind } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import { encodeAnomaly } from '../../src/wire/anomaly.ts';
import { encodePacket } from '../../src/wire/packet.ts';
import { targetAt } from '../../src/wire/verify.ts';
import { buildPacket } from '../wire/builder.slow.ts';

export interface HostileMessage {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: FaultCode;
}

const identity = {
  sourceName: 'wedge_n00',
  messageId: messageId(5),
  timestampNanos: epochNanos(1_750_000_000_000_000_000n),
  durationNanos: durationNanos(13_000n),
  run: run(7),
  timeFrame: timeFrameNumber(99),
  instrumentId: 'test-small',
  instrumentHash: cardHash('0123456789abcdef'),
};

const layer = {
  kind: LayerKind.tokens,
  codec: LayerCodec.tokenRans1,
  symbolCount: 12,
  payload: Uint8Array.of(1, 2, 3, 4, 5),
};

export const goodPacket: Packet = {
  identity,
  modelId: 'tpc-fsq/1',
  modelHash: cardHash('fedcba9876543210'),
  hitCount: 764,
  rawByteCount: 3240,
  layers: [layer, { ...layer, kind: LayerKind.remainder, payload: Uint8Array.of(9, 9) }],
  scores: [{ name: 'surprise', value: 1.5 }],
  pValue: 0.25,
  policyVersion: policyVersion(3),
  reason: FidelityReason.ordinary,
};

export const goodAnomaly: Anomaly = {
  identity,
  scoreName: 'surprise',
  score: 9.5,
  pValue: 1e-5,
  pLow: 0,
  pHigh: 1,
  threshold: 1e-3,
  verdict: 'rare',
  patches: [
    { patch: 4, surpriseBits: 30.5 },
    { patch: 9, surpriseBits: 12.25 },
  ],
  policyVersion: policyVersion(3),
  findings: [
    {
      scoreName: 'silent-channels',
      score: 4.5,
      span: [{ from: 2, to: 3 }],
      channels: [{ index: 70, share: 0.75 }],
      patches: [{ index: 5, share: 1 }],
    },
  ],
  scores: [{ name: 'gain', value: 1.5, pValue: 0.25 }],
};

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** Where the scalar or offset of a table's slot lies in a good message. */
const slotIn = (bytes: Uint8Array, table: number, slot: number): number => {
  const message = view(bytes);
  const vtable = table - message.getInt32(table, true);
  return table + message.getUint16(vtable + 4 + 2 * slot, true);
};
/** The same of its root. */
const placeOf = (bytes: Uint8Array, slot: number): number =>
  slotIn(bytes, view(bytes).getUint32(0, true), slot);
const targetOf = (bytes: Uint8Array, slot: number): number =>
  placeOf(bytes, slot) + view(bytes).getUint32(placeOf(bytes, slot), true);
const changed = (bytes: Uint8Array, change: (message: DataView, bytes: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  change(view(copy), copy);
  return copy;
};

const packetSlot = { layers: 12, scores: 13, pValue: 14 } as const;

/** Packets with one thing wrong each. */
export const hostilePackets = (): HostileMessage[] => {
  const good = encodePacket(goodPacket);
  const layers = targetOf(good, packetSlot.layers);
  const firstLayer = layers + 4 + view(good).getUint32(layers + 4, true);
  const malformed = (name: string, change: (message: DataView) => void): HostileMessage => ({
    name,
    bytes: changed(good, change),
    code: 'packet-malformed',
  });
  const said = (name: string, change: Partial<Packet>): HostileMessage => ({
    name,
    bytes: buildPacket({ ...goodPacket, ...change }),
    code: 'packet-field',
  });
  // One table reached from very many offsets: small bytes that would be much work.
  const bomb = new Uint8Array(good.length + 4 + 4 * 4000);
  bomb.set(good);
  const bombAt = (good.length + 3) & ~3;
  view(bomb).setUint32(placeOf(good, packetSlot.layers), bombAt - placeOf(good, packetSlot.layers), true);
  view(bomb).setUint32(bombAt, 100, true);
  for (let i = 0; i < 100; i++)
    view(bomb).setUint32(bombAt + 4 + 4 * i, firstLayer - (bombAt + 4 + 4 * i), true);
  return [
    { name: 'empty', bytes: new Uint8Array(0), code: 'packet-schema' },
    { name: 'a frame', bytes: changed(good, (m) => m.setUint32(4, 0x30306674, true)), code: 'packet-schema' },
    { name: 'cut in half', bytes: good.slice(0, good.length >> 1), code: 'packet-malformed' },
    malformed('layers leading to themselves', (m) => m.setUint32(placeOf(good, packetSlot.layers), 0, true)),
    malformed('layers before the message', (m) =>
      m.setUint32(placeOf(good, packetSlot.layers), 0xfffffff0, true),
    ),
    malformed('2^30 layers', (m) => m.setUint32(layers, 0x40000000, true)),
    malformed('-1 layers', (m) => m.setUint32(layers, 0xffffffff, true)),
    malformed('a layer leading to its own vector', (m) => m.setUint32(layers + 4, 0, true)),
    malformed('a layer past the end', (m) => m.setUint32(layers + 4, good.length, true)),
    malformed('a layer with a wild vtable', (m) => m.setInt32(firstLayer, 0x7fffffff, true)),
    malformed('a layer unaligned', (m) => m.setUint32(layers + 4, m.getUint32(layers + 4, true) + 1, true)),
    { name: 'offsets backwards to one table', bytes: bomb, code: 'packet-malformed' },
    said('p-value NaN', { pValue: Number.NaN }),
    said('p-value above 1', { pValue: 1.5 }),
    said('p-value below 0', { pValue: -0.5 }),
    said('score NaN', { scores: [{ name: 'surprise', value: Number.NaN }] }),
    said('score infinite', { scores: [{ name: 'surprise', value: Number.NEGATIVE_INFINITY }] }),
    said('score without a name', { scores: [{ name: '', value: 1 }] }),
    said('too many layers', { layers: new Array(limits.layersMax + 1).fill(layer) }),
    said('too many scores', { scores: new Array(limits.scoresMax + 1).fill(goodPacket.scores[0]) }),
    said('model name of 200 bytes', { modelId: 'm'.repeat(200) }),
    said('no timestamp', { identity: { ...identity, timestampNanos: epochNanos(0n) } }),
    {
      name: 'more tables than any reader takes',
      bytes: buildPacket({ ...goodPacket, layers: new Array(limits.tablesMax).fill(layer) }),
      code: 'packet-malformed',
    },
    {
      name: 'a layer whose payload was changed',
      bytes: changed(good, (m, bytes) => m.setUint8(bytes.length - 3, 77)),
      code: 'packet-crc',
    },
  ];
};

const anomalySlot = {
  pValue: 10,
  threshold: 11,
  verdict: 12,
  patches: 13,
  findings: 15,
  scores: 18,
} as const;
const scoreSlot = { value: 1, pValue: 2 } as const;
const findingSlot = { from: 2, channels: 4 } as const;

/** Anomalies with one thing wrong each. */
export const hostileAnomalies = (): HostileMessage[] => {
  const good = encodeAnomaly(goodAnomaly);
  const patches = targetOf(good, anomalySlot.patches);
  const findings = targetOf(good, anomalySlot.findings);
  const scores = targetOf(good, anomalySlot.scores);
  const scored = scores + 4 + view(good).getUint32(scores + 4, true);
  const finding = findings + 4 + view(good).getUint32(findings + 4, true);
  const [span, channels] = [
    targetAt(good, finding, findingSlot.from),
    targetAt(good, finding, findingSlot.channels),
  ];
  const entry = (name: string, code: FaultCode, change: (message: DataView) => void): HostileMessage => ({
    name,
    bytes: changed(good, change),
    code,
  });
  const field = 'message-field';
  return [
    { name: 'empty', bytes: new Uint8Array(0), code: 'message-schema' },
    { name: 'a packet', bytes: encodePacket(goodPacket), code: 'message-schema' },
    { name: 'cut', bytes: good.slice(0, good.length - 8), code: 'message-malformed' },
    entry('p-value NaN', field, (m) => m.setFloat64(placeOf(good, anomalySlot.pValue), Number.NaN, true)),
    entry('threshold 2', field, (m) => m.setFloat64(placeOf(good, anomalySlot.threshold), 2, true)),
    entry('verdict 9', field, (m) => m.setUint16(placeOf(good, anomalySlot.verdict), 9, true)),
    entry('surprise NaN', field, (m) => m.setFloat32(patches + 8, Number.NaN, true)),
    entry('patches past the end', 'message-malformed', (m) => m.setUint32(patches, 0x20000000, true)),
    entry('findings past the end', 'message-malformed', (m) => m.setUint32(findings, 0x20000000, true)),
    entry('a finding leading to its own vector', 'message-malformed', (m) =>
      m.setUint32(findings + 4, 0, true),
    ),
    entry('a span that ends where it begins', field, (m) => m.setUint32(span + 4, 3, true)),
    entry('a span of more axes than its ends', field, (m) => m.setUint32(span, 0, true)),
    entry('a share above 1', field, (m) => m.setFloat32(channels + 8, 1.5, true)),
    entry('a share NaN', field, (m) => m.setFloat32(channels + 8, Number.NaN, true)),
    entry('scores past the end', 'message-malformed', (m) => m.setUint32(scores, 0x20000000, true)),
    entry('a score NaN', field, (m) => m.setFloat64(slotIn(good, scored, scoreSlot.value), Number.NaN, true)),
    entry("a score's p-value 2", field, (m) => m.setFloat64(slotIn(good, scored, scoreSlot.pValue), 2, true)),
  ];
};
