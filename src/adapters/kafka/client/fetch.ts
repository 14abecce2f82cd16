/**
 * Kafka's Fetch request (version 11), with the response cut into partitions and their batches left unopened.
 * Refuses to copy record bytes: they stay slices of the response.
 */

import { type BufferPool, type Lease, leaseOf } from './buffer_pool.ts';
import type { Broker } from './cluster.ts';
import { type Api, failOnCode, request } from './request.ts';

const api: Api = { key: 1, version: 11, name: 'Fetch' };
const readCommitted = 1;

export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly bytesMax: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The next offset a committed reader cannot see yet. */
  readonly stableOffset: bigint;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly records: Buffer;
  readonly responseBytes: number;
  /** Of the response that `records` is a slice of; null where it is not used again. */
  readonly lease: Lease | null;
}

const partitionBytes = 4 + 4 + 8 + 8 + 4;

export async function fetchBatches(
  broker: Broker,
  options: {
    readonly partitions: readonly FetchPartition[];
    readonly waitMsMax: number;
    /** Of the whole response; one batch comes whole even if it is larger. */
    readonly bytesMax: number;
    /** The cluster's own, when it has one. */
    readonly pool?: BufferPool;
  },
): Promise<FetchedPartition[]> {
  const byTopic = new Map<string, FetchPartition[]>();
  for (const one of options.partitions) {
    const list = byTopic.get(one.topic);
    if (list === undefined) byTopic.set(one.topic, [one]);
    else list.push(one);
  }
  let bytes = 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4 + 4 + 2;
  for (const [topic, list] of byTopic)
    bytes += 2 + Buffer.byteLength(topic) + 4 + list.length * partitionBytes;

  const payload = await request(broker, api, bytes, (frame, start) => {
    let at = frame.writeInt32BE(-1, start);
    at = frame.writeInt32BE(options.waitMsMax, at);
    at = frame.writeInt32BE(1, at);
    at = frame.writeInt32BE(options.bytesMax, at);
    at = frame.writeInt8(readCommitted, at);
    at = frame.writeInt32BE(0, at); // no fetch session
    at = frame.writeInt32BE(-1, at);
    at = frame.writeInt32BE(byTopic.size, at);
    for (const [topic, list] of byTopic) {
      at = frame.writeInt16BE(Buffer.byteLength(topic), at);
      at += frame.write(topic, at);
      at = frame.writeInt32BE(list.length, at);
      for (const { partition, offset, bytesMax } of list) {
        at = frame.writeInt32BE(partition, at);
        at = frame.writeInt32BE(-1, at);
        at = frame.writeBigInt64BE(offset, at);
        at = frame.writeBigInt64BE(-1n, at);
        at = frame.writeInt32BE(bytesMax, at);
      }
    }
    at = frame.writeInt32BE(0, at); // nothing to forget
    return frame.writeInt16BE(0, at); // no rack
  });
  return readResponse(payload, options.pool === undefined ? null : leaseOf(payload, options.pool));
}

function readResponse(payload: Buffer, lease: Lease | null): FetchedPartition[] {
  const found: FetchedPartition[] = [];
  failOnCode(payload.readInt16BE(4));
  let at = 10; // throttle time, error, session
  const topicCount = payload.readInt32BE(at);
  at += 4;
  for (let t = 0; t < topicCount; t++) {
    const topicLength = payload.readInt16BE(at);
    const topic = payload.toString('utf8', at + 2, at + 2 + topicLength);
    at += 2 + topicLength;
    const partitionCount = payload.readInt32BE(at);
    at += 4;
    for (let p = 0; p < partitionCount; p++) {
      const partition = payload.readInt32BE(at);
      const errorCode = payload.readInt16BE(at + 4);
      const stableOffset = payload.readBigInt64BE(at + 14);
      const abortedCount = payload.readInt32BE(at + 30);
      at += 34;
      const aborted: { producerId: bigint; firstOffset: bigint }[] = [];
      for (let a = 0; a < abortedCount; a++, at += 16)
        aborted.push({ producerId: payload.readBigInt64BE(at), firstOffset: payload.readBigInt64BE(at + 8) });
      const recordsLength = Math.max(0, payload.readInt32BE(at + 4)); // after the preferred replica
      at += 8;
      const records = payload.subarray(at, at + recordsLength);
      at += recordsLength;
      found.push({
        topic,
        partition,
        errorCode,
        stableOffset,
        aborted,
        records,
        responseBytes: payload.length,
        lease,
      });
    }
  }
  return found;
}
