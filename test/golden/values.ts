/**
 * The values behind the golden messages: what each .bin must decode to, and what must encode to it byte for
 * byte. They are never changed: a message of this build must be readable by every later one.
 */

import { encodeObjects, openObjectCoder } from '../../src/codec/objects/layer.ts';
import { objectGrid } from '../../src/codec/objects/shapes.ts';
import { type PartialEvent, PartialEventReason } from '../../src/domain/archive/partial_event.ts';
import { FrameEncoding } from '../../src/domain/frame.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { type Anomaly, FidelityReason, LayerCodec, LayerKind } from '../../src/domain/packet.ts';
import { halvingsMax, sizeKnots } from '../../src/domain/policy.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import { decodeAlarm, encodeAlarm } from '../../src/wire/alarms/alarm.ts';
import { decodeAnomaly, encodeAnomaly } from '../../src/wire/anomaly.ts';
import { decodePartialEvent, encodePartialEvent } from '../../src/wire/events/partial_event.ts';
import { encodeFrame, openFrame, readDigits } from '../../src/wire/frame.ts';
import { decodeInstants, encodeInstants } from '../../src/wire/instants.ts';
import { decodeLogData, encodeLogData } from '../../src/wire/log_data.ts';
import { decodePacket, encodePacket } from '../../src/wire/packet.ts';
import { decodePolicy, encodePolicy } from '../../src/wire/policy.ts';
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts';
import { objectsCard, smallCard } from '../wire/small_card.ts';

export interface Golden {
  /** Name of the .bin beside this file. */
  readonly file: string;
  readonly value: unknown;
  readonly encode: () => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const golden = <Value>(
  file: string,
  value: Value,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): Golden => ({ file, value, encode: () => encode(value), decode });

const identity = {
  sourceName: 'wedge_n01',
  messageId: messageId(41),
  timestampNanos: epochNanos(1_750_000_000_123_456_789n),
  durationNanos: durationNanos(13_000n),
  run: run(54_321),
  timeFrame: timeFrameNumber(9_007_199_254_740_991),
  instrumentId: smallCard.id,
  instrumentHash: smallCard.hash,
};

const frame = (
  file: string,
  encoding: number,
  voxel: number[],
  adc: number[],
  card: InstrumentCard = smallCard,
): Golden =>
  golden(
    file,
    {
      identity:
        card === smallCard
          ? identity
          : {
              ...identity,
              sourceName: card.regions[1]!,
              instrumentId: card.id,
              instrumentHash: card.hash,
            },
      digits: { count: voxel.length, voxel: Uint32Array.from(voxel), adc: Uint16Array.from(adc) },
    },
    (value) => encodeFrame(value.identity, value.digits, card, encoding),
    (bytes) => {
      const open = openFrame(bytes, card);
      const hits = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
      const count = readDigits(open, card, hits);
      return { identity: open.identity, digits: { count, ...hits } };
    },
  );

const packet = {
  identity,
  modelId: 'tpc-fsq/1',
  modelHash: cardHash('fedcba9876543210'),
  hitCount: 5,
  rawByteCount: 180,
  layers: [
    {
      kind: LayerKind.tokens,
      codec: LayerCodec.tokenRans1,
      symbolCount: 12,
      payload: Uint8Array.of(1, 2, 3, 4, 5),
    },
    {
      // A lossless layer in one piece, as earlier builds wrote: readers keep kinds they do not know.
      kind: 5,
      codec: 2,
      symbolCount: 5,
      payload: Uint8Array.of(255, 0, 128),
    },
  ],
  scores: [{ name: 'surprise', value: -0.75 }],
  pValue: 0.000_5,
  policyVersion: policyVersion(7),
  reason: FidelityReason.rare,
};

/** Two clusters of one patch, one at the grid's far end: what object tokens are coded as. */
const objectLayer = encodeObjects(
  {
    count: 3,
    patch: Uint32Array.of(0, 0, 15),
    place: Uint16Array.of(1, 4095, 31 * 64 + 15),
    shape: Uint16Array.of(0x3812, 0x5a34, 0x7fff),
  },
  openObjectCoder(objectGrid(smallCard)),
);

const anomaly: Anomaly = {
  identity,
  scoreName: 'surprise',
  score: 9.5,
  pValue: 0.000_5,
  pLow: 0,
  pHigh: 1,
  threshold: 0.001,
  verdict: 'rare',
  patches: [
    { patch: 4, surpriseBits: 30.5 },
    { patch: 9, surpriseBits: 12.25 },
  ],
  policyVersion: policyVersion(7),
  findings: [],
  scores: [],
};

const amendment: PartialEvent = {
  sourceName: 'test-small.assembler/3',
  messageId: messageId(12),
  timestampNanos: identity.timestampNanos,
  durationNanos: identity.durationNanos,
  run: identity.run,
  timeFrame: identity.timeFrame,
  instrumentId: identity.instrumentId,
  instrumentHash: identity.instrumentHash,
  revision: 1,
  part: 0,
  partCount: 2,
  reason: PartialEventReason.amendment,
  regionCount: 10,
  present: Uint8Array.of(0b1000_0001, 0b10),
  gaps: [{ region: 9, fromId: 38, count: 3 }],
  packets: [
    { region: 7, packet: Uint8Array.of(1, 2, 3), instants: Uint8Array.of(4) },
    { region: 9, packet: Uint8Array.of(5), instants: new Uint8Array(0) },
  ],
  eventTokens: [7, 65_535],
  eventModel: null,
};

export const goldens: readonly Golden[] = [
  frame('tf00_packed32.bin', FrameEncoding.packed32, [0, 3, 119, 120, 479], [64, 1023, 1, 512, 700]),
  frame('tf00_columns48.bin', FrameEncoding.columns48, [0, 3, 119, 120, 479], [64, 1023, 1, 512, 700]),
  frame('tf00_gap16.bin', FrameEncoding.gap16, [0, 3, 119, 120, 479], [64, 1023, 1, 512, 700]),
  frame('tf00_no_hits.bin', FrameEncoding.packed32, [], []),
  frame(
    'tf00_records16.bin',
    FrameEncoding.records16,
    [0, 3, 4, 5, 6, 7, 8, 12, 13],
    [2048, 701, 1, 9, 701, 32, 128, 1, 17],
    objectsCard,
  ),
  golden('tk00_rare.bin', packet, encodePacket, decodePacket),
  golden(
    'tk00_ladder.bin',
    {
      ...packet,
      layers: [LayerKind.occupancy, LayerKind.plane, LayerKind.plane, LayerKind.remainder].map(
        (kind, rung) => ({
          kind,
          codec: LayerCodec.ladder1,
          symbolCount: 5,
          payload: Uint8Array.of(16 + rung, 7),
        }),
      ),
      reason: FidelityReason.prescale,
    },
    encodePacket,
    decodePacket,
  ),
  golden(
    'tk00_objects.bin',
    {
      ...packet,
      hitCount: 12,
      layers: [...packet.layers.slice(0, 1), objectLayer],
    },
    encodePacket,
    decodePacket,
  ),
  golden(
    'tk00_shed.bin',
    { ...packet, layers: [], scores: [], pValue: 1, reason: FidelityReason.shedFrame },
    encodePacket,
    decodePacket,
  ),
  golden('an00.bin', anomaly, encodeAnomaly, decodeAnomaly),
  golden('an00_interval.bin', { ...anomaly, pLow: 0.000_25, pHigh: 0.000_75 }, encodeAnomaly, decodeAnomaly),
  golden(
    'an00_findings.bin',
    {
      ...anomaly,
      findings: [
        {
          scoreName: 'silent-channels',
          score: 4.5,
          span: [
            { from: 2, to: 3 },
            { from: 8, to: 12 },
            { from: 0, to: 20 },
          ],
          channels: [
            { index: 70, share: 0.75 },
            { index: 71, share: 0.25 },
          ],
          patches: [{ index: 5, share: 1 }],
        },
        { scoreName: 'gain', score: 2.25, span: [], channels: [], patches: [] },
      ],
    },
    encodeAnomaly,
    decodeAnomaly,
  ),
  golden(
    'an00_scores.bin',
    {
      ...anomaly,
      scores: [
        { name: 'token-surprise', value: 9.5, pValue: 0.000_5 },
        { name: 'gain', value: -0.25, pValue: 0.75 },
        { name: 'coder-surprise', value: 36, pValue: 1 },
      ],
    },
    encodeAnomaly,
    decodeAnomaly,
  ),
  golden('pe00.bin', amendment, encodePartialEvent, decodePartialEvent),
  golden(
    'pe00_event_model.bin',
    {
      ...amendment,
      revision: 0,
      partCount: 1,
      reason: PartialEventReason.complete,
      present: Uint8Array.of(0b1000_0000, 0),
      gaps: [],
      packets: amendment.packets.slice(0, 1),
      eventModel: { id: 'event-fsq/1', hash: cardHash('fedcba9876543210') },
    },
    encodePartialEvent,
    decodePartialEvent,
  ),
  golden(
    'x5f2.bin',
    {
      softwareName: 'tessera',
      softwareVersion: '0.1.0',
      serviceId: 'processor:test-small',
      hostName: 'daq-01',
      processId: 4711,
      updateIntervalMs: 1000,
      statusJson: '{"status":200,"message":{"received":3}}',
    },
    encodeStatus,
    decodeStatus,
  ),
  golden(
    'f144_double.bin',
    { sourceName: 'test-small/ratio', timestampNanos: epochNanos(1_750_000_000_000_000_000n), value: 12.5 },
    encodeLogData,
    decodeLogData,
  ),
  golden(
    'al00.bin',
    {
      sourceName: 'test-small/anomalies',
      timestampNanos: epochNanos(1_750_000_000_000_000_000n),
      severity: 'major' as const,
      message: 'wedge_n01: p-value 5e-4',
    },
    encodeAlarm,
    decodeAlarm,
  ),
  golden(
    'policy_yardstick.bin',
    {
      version: policyVersion(7),
      rarePValue: 0.001,
      prescale: 1000,
      warmupCount: 200,
      sketch: {
        scores: ['token-surprise'],
        framesSeen: 4,
        frames: [0, 3],
        chargeSums: [0, 21.5],
        chargeSquares: [0, 155.25],
        singles: [{ places: Uint32Array.of(1030, 1536), counts: Uint32Array.of(2, 1) }],
        yardsticks: [
          {
            madeAfterFrames: 3,
            charges: new Float32Array(2 * sizeKnots).fill(0.25),
            halvings: new Float32Array(sizeKnots * halvingsMax).fill(Number.NaN, 20).fill(1.5, 0, 20),
            tails: Float32Array.of(0.5),
            combined: { places: Uint32Array.of(5000), counts: Uint32Array.of(300) },
          },
        ],
      },
    },
    encodePolicy,
    decodePolicy,
  ),
  golden(
    'instants.bin',
    {
      intended: epochNanos(1n),
      received: epochNanos(2n),
      decode: epochNanos(3n),
      tokenize: epochNanos(4n),
      score: epochNanos(5n),
      refine: epochNanos(6n),
      emit: epochNanos(7n),
      commit: epochNanos(1_750_000_000_000_000_000n),
    },
    encodeInstants,
    decodeInstants,
  ),
];
