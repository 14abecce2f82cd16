/**
 * Kafka's Produce request (version 7): records grouped by partition, cut into batches that fit their topic, and
 * written once into the frame that is sent. Refuses a record that no batch of its topic can hold.
 */

import { Fault } from '../../../domain/fault.ts';
import type { OutputRecord } from '../../../ports/bus.ts';
import type { Broker } from './cluster.ts';
import {
  type BatchIdentity,
  batchHeaderBytes,
  type Compression,
  packBatch,
  recordBytes,
  writeBatch,
} from './record_batch.ts';
import { type Api, failOnCode, request } from './request.ts';

const api: Api = { key: 0, version: 7, name: 'Produce' };
const timeoutMs = 15_000;
const duplicateSequence = 46;
/** Bytes of one request beside what a single batch may need: keeps a commit's frame in hand. */
const requestBytesMax = 8 * 1024 * 1024;

/**
 * Bytes at which a batch is full though its topic takes more: readers see a batch when all of it is stored, so a
 * burst of large frames in a few batches is being computed on while the rest is still on its way.
 */
const batchBytesWanted = 1024 * 1024;

/** Records of one partition that travel as one batch. */
export interface BatchPlan {
  readonly topic: string;
  readonly partition: number;
  readonly records: OutputRecord[];
  /** Of the records as written, without the header of the batch. */
  recordsBytes: number;
}

/** What the producer must know of a topic. */
export interface TopicShape {
  readonly partitions: number;
  /** The broker's max.message.bytes: a batch, header included, may not exceed it. */
  readonly batchBytesMax: number;
}

/**
 * Groups records into batches, in order, and batches into rounds: a request may hold one batch of a partition,
 * so what does not fit in one goes into the next round.
 */
export function planBatches(
  records: readonly OutputRecord[],
  shapeOf: (topic: string) => TopicShape,
  partitionOf: (record: OutputRecord, count: number) => number,
): BatchPlan[][] {
  const open = new Map<string, Map<number, BatchPlan[]>>();
  for (const record of records) {
    const shape = shapeOf(record.topic);
    const partition = record.partition ?? partitionOf(record, shape.partitions);
    if (partition < 0 || partition >= shape.partitions)
      throw new Fault('bus-failed', `topic ${record.topic} has no partition ${partition}`);
    const plans = plansOf(open, record.topic, partition);
    let plan = plans.at(-1);
    let bytes = recordBytes(record, plan?.records.length ?? 0);
    const batchBytesMax = Math.min(shape.batchBytesMax, batchBytesWanted);
    if (plan === undefined || batchHeaderBytes + plan.recordsBytes + bytes > batchBytesMax) {
      bytes = recordBytes(record, 0);
      if (batchHeaderBytes + bytes > shape.batchBytesMax)
        throw new Fault(
          'bus-record',
          `a record of ${bytes} bytes exceeds the ${shape.batchBytesMax} that ${record.topic} takes`,
        );
      plan = { topic: record.topic, partition, records: [], recordsBytes: 0 };
      plans.push(plan);
    }
    plan.records.push(record);
    plan.recordsBytes += bytes;
  }
  return roundsOf([...open.values()].flatMap((partitions) => [...partitions.values()]));
}

function plansOf(open: Map<string, Map<number, BatchPlan[]>>, topic: string, partition: number): BatchPlan[] {
  let partitions = open.get(topic);
  if (partitions === undefined) {
    partitions = new Map();
    open.set(topic, partitions);
  }
  let plans = partitions.get(partition);
  if (plans === undefined) {
    plans = [];
    partitions.set(partition, plans);
  }
  return plans;
}

function roundsOf(plansByPartition: readonly BatchPlan[][]): BatchPlan[][] {
  const rounds: BatchPlan[][] = [];
  for (let index = 0; ; index++) {
    let round: BatchPlan[] = [];
    let bytes = 0;
    for (const plans of plansByPartition) {
      const plan = plans[index];
      if (plan === undefined) continue;
      if (bytes > 0 && bytes + plan.recordsBytes > requestBytesMax) {
        rounds.push(round);
        round = [];
        bytes = 0;
      }
      round.push(plan);
      bytes += plan.recordsBytes;
    }
    if (round.length === 0) return rounds;
    rounds.push(round);
  }
}

/** Sends one round to the broker that leads all its partitions; resolves when every batch is acknowledged. */
export async function produceRound(
  broker: Broker,
  plans: readonly BatchPlan[],
  options: {
    readonly transactionalId: string | null;
    readonly timestampMs: number;
    readonly identityOf: (plan: BatchPlan) => BatchIdentity;
    readonly compressionOf: (topic: string) => Compression;
  },
): Promise<void> {
  const { transactionalId, timestampMs, identityOf } = options;
  const byTopic = new Map<string, { plan: BatchPlan; packed: Buffer | null; bytes: number }[]>();
  let bytes = 2 + (transactionalId === null ? 0 : Buffer.byteLength(transactionalId)) + 2 + 4 + 4;
  for (const plan of plans) {
    const packed =
      options.compressionOf(plan.topic) === 'none'
        ? null
        : packBatch(plan.records, plan.recordsBytes, timestampMs, identityOf(plan));
    const batchBytes = packed?.length ?? batchHeaderBytes + plan.recordsBytes;
    let list = byTopic.get(plan.topic);
    if (list === undefined) {
      list = [];
      byTopic.set(plan.topic, list);
      bytes += 2 + Buffer.byteLength(plan.topic) + 4;
    }
    list.push({ plan, packed, bytes: batchBytes });
    bytes += 4 + 4 + batchBytes;
  }
  const payload = await request(broker, api, bytes, (frame, start) => {
    let at = frame.writeInt16BE(transactionalId === null ? -1 : Buffer.byteLength(transactionalId), start);
    if (transactionalId !== null) at += frame.write(transactionalId, at);
    at = frame.writeInt16BE(-1, at); // acknowledged by all in-sync replicas
    at = frame.writeInt32BE(timeoutMs, at);
    at = frame.writeInt32BE(byTopic.size, at);
    for (const [topic, list] of byTopic) {
      at = frame.writeInt16BE(Buffer.byteLength(topic), at);
      at += frame.write(topic, at);
      at = frame.writeInt32BE(list.length, at);
      for (const { plan, packed, bytes: batchBytes } of list) {
        at = frame.writeInt32BE(plan.partition, at);
        at = frame.writeInt32BE(batchBytes, at);
        if (packed === null) at = writeBatch(frame, at, plan.records, timestampMs, identityOf(plan));
        else at += packed.copy(frame, at);
      }
    }
    return at;
  });
  failOnError(payload);
}

function failOnError(payload: Buffer): void {
  let at = 0;
  const topicCount = payload.readInt32BE(at);
  at += 4;
  for (let t = 0; t < topicCount; t++) {
    at += 2 + payload.readInt16BE(at);
    const partitionCount = payload.readInt32BE(at);
    at += 4;
    for (let p = 0; p < partitionCount; p++, at += 30) {
      const code = payload.readInt16BE(at + 4);
      // The first try was written, only its answer was lost.
      if (code !== duplicateSequence) failOnCode(code);
    }
  }
}
