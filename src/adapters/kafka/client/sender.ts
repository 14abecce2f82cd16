/**
 * The producer outside transactions: idempotent, one request at a time, everything that waits meanwhile in the
 * next one. Refuses to reorder: records of a partition arrive in the order of the calls.
 */

import { Fault } from '../../../domain/fault.ts';
import { limits } from '../../../domain/limits.ts';
import type { OutputRecord } from '../../../ports/bus.ts';
import { type Cluster, closeCluster, createCluster, type KafkaAccess } from './cluster.ts';
import { type BatchPlan, planBatches, produceRound } from './produce.ts';
import type { Compression } from './record_batch.ts';
import { isFenced, isLost, persist, toFault } from './request.ts';
import { byLeader, partitionOf, type TopicBook } from './topics.ts';

export interface Sender {
  send(records: readonly OutputRecord[]): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly records: readonly OutputRecord[];
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** Records of calls that travel together: enough to fill requests, few enough to answer soon. */
const recordsTogetherMax = 4096;

export function createSender(options: {
  readonly access: KafkaAccess;
  readonly book: TopicBook;
  readonly transactionTimeoutMs: number;
  readonly compressionOf: (topic: string) => Compression;
}): Sender {
  const { access, book, compressionOf } = options;
  let cluster: Cluster | null = null;
  let producer: { producerId: string; producerEpoch: number } | null = null;
  let sequences = new Map<string, number>();
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  const closed = new AbortController();

  const retrying = <Value>(once: () => Promise<Value>): Promise<Value> =>
    persist(once, {
      signal: closed.signal,
      onRetry: (cause) => (isLost(cause) ? cluster?.refreshMetadata().catch(() => {}) : undefined),
    });

  const open = async (): Promise<{ cluster: Cluster; producerId: string; producerEpoch: number }> => {
    cluster ??= createCluster(access);
    const using = cluster;
    producer ??= await retrying(async () => {
      await using.connect();
      const broker = await using.findControllerBroker();
      return broker.initProducerId({ transactionTimeout: options.transactionTimeoutMs });
    });
    return { cluster: using, ...producer };
  };

  const sendRound = async (round: readonly BatchPlan[]): Promise<void> => {
    const timestampMs = Date.now();
    for (let renewed = false; ; renewed = true) {
      const { cluster: using, producerId, producerEpoch } = await open();
      const sequenceOf = (plan: BatchPlan): number => sequences.get(`${plan.topic}/${plan.partition}`) ?? 0;
      const identityOf = (plan: BatchPlan) => ({
        producerId: BigInt(producerId),
        producerEpoch,
        sequence: sequenceOf(plan),
        transactional: false,
      });
      try {
        await retrying(async () => {
          for (const { broker, plans } of await byLeader(using, round))
            await produceRound(broker, plans, {
              transactionalId: null,
              timestampMs,
              identityOf,
              compressionOf,
            });
        });
        for (const plan of round)
          sequences.set(
            `${plan.topic}/${plan.partition}`,
            (sequenceOf(plan) + plan.records.length) % 0x80000000,
          );
        return;
      } catch (cause) {
        // The broker forgot this producer, or a batch before never arrived: begin anew, once.
        producer = null;
        sequences = new Map();
        if (renewed || !isFenced(cause)) throw cause;
      }
    }
  };

  const sendTogether = async (calls: readonly Waiting[]): Promise<void> => {
    const records = calls.length === 1 ? calls[0]!.records : calls.flatMap((call) => call.records);
    try {
      await book.learn(records.map(({ topic }) => topic));
      for (const round of planBatches(records, book.shapeOf, partitionOf)) await sendRound(round);
      for (const call of calls) call.resolve();
    } catch (cause) {
      const refused = cause instanceof Fault && calls.length > 1;
      // One call's bad record is not the others' fault: each goes alone.
      if (refused) for (const call of calls) await sendTogether([call]);
      else for (const call of calls) call.reject(toFault(cause, 'sending records'));
    }
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      let count = 0;
      let calls = 0;
      while (calls < waiting.length && count < recordsTogetherMax) count += waiting[calls++]!.records.length;
      const together = waiting.slice(0, calls);
      waiting = waiting.slice(calls);
      await sendTogether(together);
    }
    running = null;
  };

  return {
    send(records) {
      if (closed.signal.aborted) return Promise.reject(new Fault('bus-failed', 'the bus has been closed'));
      if (records.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ records, resolve, reject });
        running ??= run();
      });
    },
    async close() {
      // What is under way is finished, unless the broker is away.
      const enough = setTimeout(() => closed.abort(), limits.drainMs);
      await running;
      clearTimeout(enough);
      closed.abort();
      if (cluster !== null) await closeCluster(cluster);
    },
  };
}
