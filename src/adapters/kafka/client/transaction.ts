/**
 * One transactional producer of one input partition: fences its predecessor when it opens, then commits outputs
 * and the input offset as one, batch after batch. Refuses to go on once fenced: only a new one may be opened.
 */

import { Fault } from '../../../domain/fault.ts';
import type { OutputRecord } from '../../../ports/bus.ts';
import { type Cluster, closeCluster, createCluster, type KafkaAccess } from './cluster.ts';
import { type BatchPlan, planBatches, produceRound } from './produce.ts';
import type { Compression } from './record_batch.ts';
import { type Api, isConcurrent, isFenced, isLost, pause, persist, request, toFault } from './request.ts';
import { byLeader, partitionOf, type TopicBook } from './topics.ts';

export interface TransactionOptions {
  readonly access: KafkaAccess;
  readonly book: TopicBook;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly transactionTimeoutMs: number;
  readonly compressionOf: (topic: string) => Compression;
  /** Aborted: stop retrying, the partition is lost. */
  readonly signal: AbortSignal;
}

export interface TransactionalProducer {
  commit(outputs: readonly OutputRecord[], nextOffset: bigint, metadata: string): Promise<void>;
  close(): Promise<void>;
}

const transactionCoordinator = 1;
const groupCoordinator = 0;

/** Constant for an input partition, so that each new owner fences the one before. */
export const transactionalIdOf = (group: string, topic: string, partition: number): string =>
  `tessera-${group}-${topic}-${partition}`;

/** Resolves once every earlier owner is fenced and its last transaction settled. */
export async function openTransactions(options: TransactionOptions): Promise<TransactionalProducer> {
  const { group, topic, partition, signal } = options;
  const transactionalId = transactionalIdOf(group, topic, partition);
  const cluster = createCluster(options.access);
  const onRetry = (cause: unknown): unknown => (isLost(cause) ? refresh(cluster) : undefined);
  const retrying = <Value>(once: () => Promise<Value>): Promise<Value> => persist(once, { signal, onRetry });

  try {
    const identity = await retrying(async () => {
      await cluster.connect();
      const coordinator = await cluster.findGroupCoordinator({
        groupId: transactionalId,
        coordinatorType: transactionCoordinator,
      });
      return coordinator.initProducerId({
        transactionalId,
        transactionTimeout: options.transactionTimeoutMs,
      });
    });
    return createProducer(options, transactionalId, cluster, identity, retrying);
  } catch (cause) {
    await closeCluster(cluster);
    throw toFault(cause, `opening the transactions of ${topic}/${partition}`);
  }
}

const refresh = (cluster: Cluster): Promise<void> => cluster.refreshMetadata().catch(() => {});

function createProducer(
  options: TransactionOptions,
  transactionalId: string,
  cluster: Cluster,
  { producerId, producerEpoch }: { producerId: string; producerEpoch: number },
  retrying: <Value>(once: () => Promise<Value>) => Promise<Value>,
): TransactionalProducer {
  const { group, topic, partition, book } = options;
  const sequences = new Map<string, number>();
  const owner = { transactionalId, producerId, producerEpoch };
  let fenced = false;
  let committed = false;

  const transactions = () =>
    cluster.findGroupCoordinator({ groupId: transactionalId, coordinatorType: transactionCoordinator });
  // Coordinators rarely move: they are looked up once, and again after an error.
  let known: {
    transactions: Awaited<ReturnType<typeof transactions>>;
    group: Awaited<ReturnType<typeof transactions>>;
  } | null = null;
  const coordinators = async () => {
    known ??= {
      transactions: await transactions(),
      group: await cluster.findGroupCoordinator({ groupId: group, coordinatorType: groupCoordinator }),
    };
    return known;
  };
  const step = <Value>(once: (at: NonNullable<typeof known>) => Promise<Value>): Promise<Value> =>
    retrying(async () => {
      try {
        return await once(await coordinators());
      } catch (cause) {
        if (!isConcurrent(cause)) known = null;
        throw cause;
      }
    });

  const produce = async (rounds: readonly BatchPlan[][]): Promise<void> => {
    const timestampMs = Date.now();
    for (const round of rounds) {
      const sequenceOf = new Map<BatchPlan, number>();
      for (const plan of round) {
        const id = `${plan.topic}/${plan.partition}`;
        const sequence = sequences.get(id) ?? 0;
        sequenceOf.set(plan, sequence);
        sequences.set(id, (sequence + plan.records.length) % 0x80000000);
      }
      const identityOf = (plan: BatchPlan) => ({
        producerId: BigInt(producerId),
        producerEpoch,
        sequence: sequenceOf.get(plan)!,
        transactional: true,
      });
      // A retry sends the same batches under the same sequences: what was written before is not written again.
      await retrying(async () => {
        for (const { broker, plans } of await byLeader(cluster, round))
          await produceRound(broker, plans, {
            transactionalId,
            timestampMs,
            identityOf,
            compressionOf: options.compressionOf,
          });
      });
    }
  };

  const settleOffset = async (nextOffset: bigint, metadata: string): Promise<void> => {
    await step((at) => at.transactions.addOffsetsToTxn({ ...owner, groupId: group }));
    const partitions = [{ partition, offset: String(nextOffset), metadata }];
    await step((at) =>
      at.group.txnOffsetCommit({ ...owner, groupId: group, topics: [{ topic, partitions }] }),
    );
  };

  const end = (commits: boolean): Promise<unknown> =>
    step((at) => at.transactions.endTxn({ ...owner, transactionResult: commits }));

  const transact = async (rounds: BatchPlan[][], nextOffset: bigint, metadata: string): Promise<void> => {
    const touched = new Map<string, Set<number>>();
    for (const plan of rounds.flat()) {
      const partitions = touched.get(plan.topic);
      if (partitions === undefined) touched.set(plan.topic, new Set([plan.partition]));
      else partitions.add(plan.partition);
    }
    const topics = [...touched].map(([name, partitions]) => ({ topic: name, partitions: [...partitions] }));
    if (topics.length > 0) await step((at) => at.transactions.addPartitionsToTxn({ ...owner, topics }));
    // Outputs and offset go to different places of one transaction: neither waits for the other.
    const [produced, settled] = await Promise.allSettled([
      produce(rounds),
      settleOffset(nextOffset, metadata),
    ]);
    if (produced.status === 'rejected') throw produced.reason;
    if (settled.status === 'rejected') throw settled.reason;
    await end(true);
  };

  return {
    async commit(outputs, nextOffset, metadata) {
      if (fenced) throw new Fault('bus-fenced', `partition ${topic}/${partition} has another owner now`);
      await book.learn(outputs.map((output) => output.topic));
      const rounds = planBatches(outputs, book.shapeOf, partitionOf);
      try {
        await transact(rounds, nextOffset, metadata);
        committed = true;
      } catch (cause) {
        // Nothing of it may become visible; a fenced transaction is aborted by its fencer. Sequences may have
        // gaps now, so this producer is done either way: the partition's next feed opens another.
        fenced = true;
        if (!isFenced(cause)) await end(false).catch(() => {});
        throw toFault(cause, `committing to ${topic}/${partition}`);
      }
    },
    async close() {
      // What was committed last is decided but its markers may still be on their way to the partitions: whoever
      // reads after this must find it. A lost partition is its new owner's to wait for.
      if (committed && !fenced && !options.signal.aborted)
        await untilSettled(cluster, transactionalId).catch(() => {});
      await closeCluster(cluster);
    },
  };
}

const describeTransactions: Api = { key: 65, version: 0, name: 'DescribeTransactions' };
const settledMs = 5000;

/** Asks the coordinator, without touching the transaction, until its last one is complete. */
async function untilSettled(cluster: Cluster, transactionalId: string): Promise<void> {
  const deadlineMs = performance.now() + settledMs;
  for (;;) {
    const coordinator = await cluster.findGroupCoordinator({
      groupId: transactionalId,
      coordinatorType: transactionCoordinator,
    });
    const idBytes = Buffer.byteLength(transactionalId);
    // The flexible encoding: lengths are varints of one more, and empty tagged fields close header and body.
    const idLength = idBytes + 1;
    const lengthBytes = idLength < 128 ? 1 : 2;
    const response = await request(
      coordinator,
      describeTransactions,
      3 + lengthBytes + idBytes,
      (frame, start) => {
        let at = frame.writeUInt8(0, start);
        at = frame.writeUInt8(2, at);
        if (lengthBytes === 2) at = frame.writeUInt8((idLength & 0x7f) | 0x80, at);
        at = frame.writeUInt8(lengthBytes === 2 ? idLength >> 7 : idLength, at);
        at += frame.write(transactionalId, at);
        return frame.writeUInt8(0, at);
      },
    );
    // Tagged fields, throttle time, array length, error code, the id again, then the state's name.
    const stateAt = 1 + 4 + 1 + 2 + lengthBytes + idBytes;
    const state = response.toString('latin1', stateAt + 1, stateAt + response[stateAt]!);
    if (!state.startsWith('Prepare') || performance.now() > deadlineMs) return;
    await pause(2);
  }
}
