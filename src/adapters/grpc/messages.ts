/**
 * The gateway's words as messages of tessera.v1 and back. It refuses a request whose fields cannot mean anything
 * (an unknown stream, a number out of range); whether what it names exists is the gateway's to say.
 */

import { Fault } from '../../domain/fault.ts';
import { type Anomaly, FidelityReason, type Packet } from '../../domain/packet.ts';
import type {
  Delivery,
  StreamName,
  StreamPosition,
  Subscription,
  SubscriptionStart,
} from '../../services/gateway.ts';
import { instantsHeader } from '../../wire/instants.ts';
import {
  Reason,
  StreamKind,
  type SubscribeRequest,
  type SubscribeResponse,
  type Summary,
} from '../../wire/proto/generated/tessera/v1/tessera.ts';

const streamKinds: Readonly<Record<StreamName, StreamKind>> = {
  packets: StreamKind.STREAM_KIND_PACKETS,
  anomalies: StreamKind.STREAM_KIND_ANOMALIES,
};

const streamOf = (kind: number): StreamName => {
  if (kind === StreamKind.STREAM_KIND_PACKETS) return 'packets';
  if (kind === StreamKind.STREAM_KIND_ANOMALIES) return 'anomalies';
  throw new Fault('request-invalid', `stream ${kind} is not known; ask for packets (1) or anomalies (2)`);
};

const startOf = (start: SubscribeRequest['start']): SubscriptionStart => {
  switch (start?.$case) {
    case 'offsets':
      return {
        at: 'offsets',
        offsets: new Map(Object.entries(start.value.byPartition).map(([key, value]) => [Number(key), value])),
      };
    case 'timeMs': {
      const timestampMs = Number(start.value);
      if (timestampMs < 0 || !Number.isSafeInteger(timestampMs))
        throw new Fault(
          'request-invalid',
          `time_ms ${start.value} is not a time; give ms since the Unix epoch`,
        );
      return { at: 'time', timestampMs };
    }
    case 'beginning':
      return { at: 'beginning' };
    default:
      return { at: 'now' };
  }
};

export const subscriptionOf = (request: SubscribeRequest): Subscription => ({
  instrument: request.instrument,
  streams: request.streams.length === 0 ? ['packets'] : [...new Set(request.streams.map(streamOf))],
  start: startOf(request.start),
  untilEnd: request.untilEnd,
  partitions: [...new Set(request.partitions)],
  regions: [...new Set(request.regions)],
  rareOnly: request.rareOnly,
});

export const positionedMessage = (positions: readonly StreamPosition[]): SubscribeResponse => ({
  event: {
    $case: 'positioned',
    value: {
      positions: positions.map(({ stream, partition, offset }) => ({
        stream: streamKinds[stream],
        partition,
        offset,
      })),
    },
  },
});

/** The same bytes as a Buffer: protobuf's writer takes no less, and copying would cost what streaming saves. */
export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const noBytes = Buffer.alloc(0);

export const deliveryMessage = (delivery: Delivery, summaryOnly: boolean): SubscribeResponse => {
  const { stream, record } = delivery;
  const instants = record.headers[instantsHeader];
  return {
    event: {
      $case: 'delivery',
      value: {
        stream: streamKinds[stream],
        partition: record.partition,
        offset: record.offset,
        timeMs: BigInt(Math.trunc(record.timestampMs)),
        message: summaryOnly ? noBytes : bufferOf(record.value),
        summary: summaryOf(delivery),
        instants: instants === undefined ? noBytes : bufferOf(instants),
      },
    },
  };
};

const summaryOf = (delivery: Delivery): Summary | undefined => {
  if (delivery.content === null) return undefined;
  const messageBytes = delivery.record.value.byteLength;
  return delivery.stream === 'packets'
    ? packetSummary(delivery.content, messageBytes)
    : anomalySummary(delivery.content, messageBytes);
};

const identityOf = ({ identity }: Packet | Anomaly) => ({
  sourceName: identity.sourceName,
  messageId: BigInt(identity.messageId),
  run: identity.run,
  timeFrame: BigInt(identity.timeFrame),
  timestampNs: identity.timestampNanos,
  durationNs: identity.durationNanos,
  instrument: identity.instrumentId,
});

const reasons: Readonly<Record<number, Reason>> = {
  [FidelityReason.ordinary]: Reason.REASON_ORDINARY,
  [FidelityReason.rare]: Reason.REASON_RARE,
  [FidelityReason.prescale]: Reason.REASON_PRESCALE,
  [FidelityReason.shedRefinement]: Reason.REASON_SHED_REFINEMENT,
  [FidelityReason.shedFrame]: Reason.REASON_SHED_FRAME,
  [FidelityReason.budget]: Reason.REASON_BUDGET,
  [FidelityReason.spare]: Reason.REASON_SPARE,
};

export const packetSummary = (packet: Packet, messageBytes: number): Summary => ({
  ...identityOf(packet),
  hitCount: packet.hitCount,
  rawBytes: packet.rawByteCount,
  messageBytes,
  scores: packet.scores.map(({ name, value }) => ({ name, value })),
  pValue: packet.pValue,
  policyVersion: packet.policyVersion,
  reason: reasons[packet.reason] ?? Reason.REASON_UNSPECIFIED,
});

const anomalySummary = (anomaly: Anomaly, messageBytes: number): Summary => ({
  ...identityOf(anomaly),
  hitCount: 0,
  rawBytes: 0,
  messageBytes,
  // What made it rare first, then the others.
  scores: [
    { name: anomaly.scoreName, value: anomaly.score },
    ...anomaly.scores
      .filter(({ name }) => name !== anomaly.scoreName)
      .map(({ name, value }) => ({ name, value })),
  ],
  pValue: anomaly.pValue,
  policyVersion: anomaly.policyVersion,
  reason: anomaly.verdict === 'rare' ? Reason.REASON_RARE : Reason.REASON_ORDINARY,
});
