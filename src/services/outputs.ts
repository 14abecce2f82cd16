/**
 * What one computed batch becomes on the bus: packets, anomalies and refusals beside their frames' partition,
 * after admission has judged the frames in order. It refuses to lose a byte: a frame that is refused travels
 * on with its reason, and only what cannot fit its topic is cut, with its hash and place.
 */

import { type FaultCode, faultList } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';
import { crc32cByTable } from '../kernels/crc32c.ts';
import type { BusRecord, OutputRecord } from '../ports/bus.ts';
import type { LaneBatch, LaneRefusal, LaneResult } from '../ports/lane.ts';
import type { Admission } from '../stages/admit.ts';
import { encodeInstants, instantsHeader, readIntended, stampInstant } from '../wire/instants.ts';
import type { Topics } from './topics.ts';

const admissionDetail = (code: FaultCode, watermarkNanos: bigint): string =>
  `${faultList[code][1]}; the partition's event time had come to ${watermarkNanos} ns`;

/** The lane's results in order, with what the bus could not open and what admission refuses turned into refusals. */
export const admitBatch = (
  records: readonly BusRecord[],
  computed: LaneBatch,
  admission: Admission,
): LaneBatch => ({
  parts: computed.parts,
  results: computed.results.map((result, index): LaneResult => {
    const { unreadable } = records[index]!;
    if (unreadable !== undefined) return { end: 'refused', code: 'frame-unreadable', detail: unreadable };
    if (result.end === 'refused') return result;
    const code = admission.admit(result);
    if (code === null) return result;
    return { end: 'refused', code, detail: admissionDetail(code, admission.watermarkNanos) };
  }),
});

/** When the source meant to send each frame, epoch ns; the broker's create time where it did not say. */
export const intendedOf = (records: readonly BusRecord[]): BigInt64Array => {
  const intended = new BigInt64Array(records.length);
  records.forEach((record, index) => {
    const said = readIntended(record.headers[instantsHeader]);
    intended[index] = said > 0n ? said : BigInt(record.timestampMs) * 1_000_000n;
  });
  return intended;
};

/** A refused message's own bytes with the reason; one too large for the topic is cut to its beginning. */
export const refusal = (
  record: BusRecord,
  { code, detail }: Pick<LaneRefusal, 'code' | 'detail'>,
  topics: Topics,
  valueBytesMax: number,
): OutputRecord => {
  const { value } = record;
  const fits = value.byteLength <= valueBytesMax;
  const headers: Record<string, Uint8Array> = {
    code: Buffer.from(code),
    detail: Buffer.from(detail),
    topic: Buffer.from(record.topic),
    partition: Buffer.from(String(record.partition)),
    offset: Buffer.from(String(record.offset)),
  };
  if (!fits) {
    headers.bytes = Buffer.from(String(value.byteLength));
    headers.crc32c = Buffer.from(crc32cByTable(value).toString(16).padStart(8, '0'));
  }
  return {
    topic: topics.refused,
    partition: record.partition,
    key: record.key,
    value: fits ? value : value.subarray(0, limits.refusedBeginningBytes),
    headers,
  };
};

/**
 * Output records of an admitted batch, frame by frame in input order.
 * @param intended one instant a frame; receivedNanos and commitNanos hold for the whole batch
 * @param valueBytesMax the largest value the topics take (`frameBytesMax` of the instrument)
 */
export const batchOutputs = (
  topics: Topics,
  records: readonly BusRecord[],
  admitted: LaneBatch,
  intended: BigInt64Array,
  receivedNanos: bigint,
  commitNanos: bigint,
  valueBytesMax: number,
): OutputRecord[] => {
  const outputs: OutputRecord[] = [];
  let index = 0;
  for (const { frameCount, instants } of admitted.parts) {
    const template = encodeInstants({
      received: receivedNanos,
      decode: instants.decodeNanos,
      tokenize: instants.tokenizeNanos,
      score: instants.scoreNanos,
      refine: instants.refineNanos,
      emit: instants.emitNanos,
      commit: commitNanos,
    });
    for (const end = index + frameCount; index < end; index += 1) {
      const record = records[index]!;
      const result = admitted.results[index]!;
      if (result.end === 'refused') {
        outputs.push(refusal(record, result, topics, valueBytesMax));
        continue;
      }
      const { key, partition } = record;
      const header = template.slice();
      stampInstant(header, 'intended', intended[index]!);
      const headers = { [instantsHeader]: header };
      outputs.push({ topic: topics.tokens, partition, key, value: result.packet, headers });
      if (result.anomaly !== null)
        outputs.push({ topic: topics.anomalies, partition, key, value: result.anomaly, headers });
    }
  }
  return outputs;
};
