/**
 * A consumption: the partitions a group gives us, each as a feed that is opened in the one safe order (fence, read
 * the committed offset, fetch) and dropped when the partition goes. Refuses to commit for a partition it lost.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, Consumption, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import { openBufferPool } from './client/buffer_pool.ts';
import { type Cluster, closeCluster, createCluster, type KafkaAccess } from './client/cluster.ts';
import { createFetcher, type Fetcher, type Track } from './client/fetcher.ts';
import type { Compression } from './client/record_batch.ts';
import { isFenced, persist, toFault } from './client/request.ts';
import type { Sender } from './client/sender.ts';
import type { TopicBook } from './client/topics.ts';
import { openTransactions, type TransactionalProducer } from './client/transaction.ts';
import { joinGroup, type Membership } from './membership.ts';

export interface ConsumptionParts {
  readonly access: KafkaAccess;
  readonly book: TopicBook;
  readonly sender: Sender;
  readonly sessionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  readonly compressionOf: (topic: string) => Compression;
}

type ConsumeOptions = Parameters<Bus['consume']>[0];

interface Owned {
  readonly revoke: () => void;
  readonly drain: () => void;
}

/** Resolves when the first assignment is known. */
export async function startConsumption(
  parts: ConsumptionParts,
  options: ConsumeOptions,
): Promise<Consumption> {
  const { access, book } = parts;
  const { topic, group } = options;
  await book.learn([topic]);
  const pool = openBufferPool(limits.receiveFreeBytesMax);
  const cluster = createCluster(access, pool);
  await persist(async () => {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
  }).catch(async (cause) => {
    await closeCluster(cluster);
    throw toFault(cause, `consuming ${topic}`);
  });

  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // who does not ask is not told; no unhandled rejection
  const assigned = Promise.withResolvers<void>();
  const owned = new Map<number, Owned>();
  const settled = new Map<number, Promise<void>>();
  let generation = 0;
  let stopping: Promise<void> | null = null;
  let draining = false;

  const fail = (cause: unknown): void => {
    failed.reject(cause);
    assigned.resolve();
    void stop();
  };
  const fetcher = createFetcher({ cluster, log: access.log, pool, onFailed: fail });
  const revokeAll = (): void => {
    generation++;
    for (const feed of owned.values()) feed.revoke();
    owned.clear();
  };
  const own = (partition: number): void => {
    const before = settled.get(partition);
    settled.set(partition, runFeed(partition, generation, before).catch(fail));
  };

  const runFeed = async (partition: number, ofGeneration: number, before?: Promise<void>): Promise<void> => {
    await before;
    if (generation !== ofGeneration || draining) return;
    const revoked = new AbortController();
    let owner: Owned = { revoke: () => revoked.abort(), drain: () => revoked.abort() };
    owned.set(partition, owner);
    let feed: OpenFeed;
    try {
      feed = await openFeed({ parts, options, cluster, fetcher, membership, partition, revoked });
    } catch (cause) {
      if (revoked.signal.aborted) return;
      if (!isFencedFault(cause)) throw cause;
      membership.rejoin();
      return;
    }
    owner = { revoke: () => feed.revoke(), drain: () => feed.drain() };
    if (revoked.signal.aborted) feed.revoke();
    else owned.set(partition, owner);
    if (draining) feed.drain();
    try {
      await options.onFeed(feed.feed);
    } finally {
      if (owned.get(partition) === owner) owned.delete(partition);
      await feed.close();
    }
  };

  const membership: Membership = joinGroup({
    cluster,
    log: access.log,
    group,
    topic,
    sessionTimeoutMs: parts.sessionTimeoutMs,
    onAssigned: (partitions) => {
      for (const partition of partitions) own(partition);
      assigned.resolve();
    },
    onRevoked: revokeAll,
    onFailed: fail,
  });

  const drain = async (): Promise<void> => {
    draining = true;
    for (const feed of owned.values()) feed.drain();
    // A broker that is away would be waited for much longer: what is not committed by then is given up.
    const enough = setTimeout(revokeAll, limits.drainMs);
    await Promise.all(settled.values());
    clearTimeout(enough);
    await membership.leave();
    fetcher.close();
    await closeCluster(cluster);
  };
  const stop = (): Promise<void> => {
    stopping ??= drain();
    return stopping;
  };
  await assigned.promise;
  return { failed: failed.promise, stop };
}

const isFencedFault = (cause: unknown): boolean =>
  isFenced(cause) || (cause instanceof Fault && cause.code === 'bus-fenced');

interface OpenFeed {
  readonly feed: PartitionFeed;
  revoke(): void;
  drain(): void;
  close(): Promise<void>;
}

interface FeedParts {
  readonly parts: ConsumptionParts;
  readonly options: ConsumeOptions;
  readonly cluster: Cluster;
  readonly fetcher: Fetcher;
  readonly membership: Membership;
  readonly partition: number;
  readonly revoked: AbortController;
}

async function openFeed(given: FeedParts): Promise<OpenFeed> {
  const { parts, options, cluster, membership, partition, revoked } = given;
  const { topic, group } = options;
  const { signal } = revoked;
  // First fence: what an earlier owner had under way is settled when this resolves, so that the offset read next
  // is the last one it will ever have committed.
  const transactions =
    options.delivery === 'exactly-once'
      ? await openTransactions({ ...parts, group, topic, partition, signal })
      : null;
  try {
    const start = await startPosition(cluster, options, partition, signal);
    return positionedFeed(given, transactions, start);
  } catch (cause) {
    await transactions?.close().catch(() => {});
    throw toFault(
      cause,
      `opening ${topic}/${partition} (group ${group}, member ${membership.identity?.memberId})`,
    );
  }
}

/** The committed offset if it is still kept, otherwise the beginning or the end as asked. */
async function startPosition(
  cluster: Cluster,
  options: ConsumeOptions,
  partition: number,
  signal: AbortSignal,
): Promise<{ offset: bigint; metadata: string }> {
  const { topic, group } = options;
  const edge = async (fromBeginning: boolean): Promise<bigint> => {
    const found = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
    return BigInt(found[0]!.partitions[0]!.offset);
  };
  return persist(
    async () => {
      const coordinator = await cluster.findGroupCoordinator({ groupId: group });
      const { responses } = await coordinator.offsetFetch({
        groupId: group,
        topics: [{ topic, partitions: [{ partition }] }],
      });
      const last = responses[0]?.partitions[0];
      const offset = BigInt(last?.offset ?? -1);
      if (offset < 0n) return { offset: await edge(options.fresh === 'beginning'), metadata: '' };
      const low = await edge(true);
      return { offset: offset < low ? low : offset, metadata: last?.metadata ?? '' };
    },
    { signal, onRetry: () => cluster.refreshMetadata().catch(() => {}) },
  );
}

function positionedFeed(
  given: FeedParts,
  transactions: TransactionalProducer | null,
  start: { offset: bigint; metadata: string },
): OpenFeed {
  const { parts, options, fetcher, membership, partition, revoked } = given;
  const { topic } = options;
  let ended = false;
  let wake: (() => void) | null = null;
  let committing = false;
  const track: Track = fetcher.add({
    topic,
    partition,
    offset: start.offset,
    queueBytesMax: options.queueBytesMax,
    batchBytesMax: parts.book.shapeOf(topic).batchBytesMax,
    onArrival: () => wake?.(),
  });
  const end = (): void => {
    ended = true;
    track.close();
    wake?.();
  };
  const fenced = (cause?: unknown): Fault =>
    new Fault('bus-fenced', `partition ${topic}/${partition} has another owner now`, { cause });

  const commitPlainly = async (
    outputs: readonly OutputRecord[],
    offset: bigint,
    metadata: string,
  ): Promise<void> => {
    await parts.sender.send(outputs);
    const partitions = [{ partition, offset: String(offset), metadata }];
    await persist(
      async () => {
        const member = membership.identity;
        if (member === null) throw fenced();
        const { coordinator, memberId, generationId } = member;
        const topics = [{ topic, partitions }];
        await coordinator.offsetCommit({
          groupId: options.group,
          groupGenerationId: generationId,
          memberId,
          topics,
        });
      },
      { signal: revoked.signal },
    );
  };

  const feed: PartitionFeed = {
    topic,
    partition,
    startOffset: start.offset,
    startMetadata: start.metadata,
    revoked: revoked.signal,
    async take({ recordsMax, bytesMax }) {
      if (wake !== null) throw new Error('take was called before the one before it settled');
      while (!ended) {
        const records = track.take(recordsMax, bytesMax);
        if (records.length > 0) return records;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
      return [];
    },
    async commit(outputs, nextOffset, metadata) {
      if (committing) throw new Error('commit was called before the one before it settled');
      if (revoked.signal.aborted) throw fenced();
      committing = true;
      try {
        if (transactions === null) await commitPlainly(outputs, nextOffset, metadata);
        else await transactions.commit(outputs, nextOffset, metadata);
        track.settled(nextOffset);
      } catch (cause) {
        if (revoked.signal.aborted) throw fenced(cause);
        if (!isFencedFault(cause)) throw toFault(cause, `committing ${topic}/${partition}`);
        // Fenced while the group still calls us the owner: only a new assignment may open the partition again.
        membership.rejoin();
        throw fenced(cause);
      } finally {
        committing = false;
      }
    },
    get backlog() {
      return { queuedBytes: track.queuedBytes, lagRecords: track.lagRecords };
    },
  };
  return {
    feed,
    revoke: () => {
      revoked.abort();
      end();
    },
    drain: end,
    close: async () => {
      end();
      await transactions?.close().catch(() => {});
    },
  };
}
