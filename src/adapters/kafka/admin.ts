/**
 * What the bus asks of Kafka's administration: topics made and widened, offsets and commits looked up. Refuses to
 * shrink or delete anything.
 */

import type { Kafka } from 'kafkajs';
import type { TopicSpec } from '../../ports/bus.ts';
import { type Cluster, closeCluster, createCluster, type KafkaAccess } from './client/cluster.ts';
import { errorType, persist, toFault } from './client/request.ts';
import type { TopicBook } from './client/topics.ts';

type Admin = ReturnType<Kafka['admin']>;

/** Key, headers and batch header beside the message limit of a topic; the memory bus grants the same. */
const overheadBytes = 16 * 1024;
/** Batches of small messages may fill this much even where a single message may not. */
const batchBytesMin = 1024 * 1024;
const segmentBytesMin = 1024 * 1024;
const segmentBytesMax = 64 * 1024 * 1024;

const batchBytesOf = (spec: TopicSpec): number =>
  Math.max(spec.messageBytesMax + overheadBytes, batchBytesMin);

function configOf(spec: TopicSpec): { name: string; value: string }[] {
  const batchBytes = batchBytesOf(spec);
  const entries: Record<string, string | number> = {
    'max.message.bytes': batchBytes,
    'cleanup.policy': spec.compacted ? 'compact' : 'delete',
  };
  if (spec.retentionMs !== undefined) entries['retention.ms'] = spec.retentionMs;
  if (spec.retentionBytes !== undefined) {
    entries['retention.bytes'] = spec.retentionBytes;
    // Retention drops whole segments: small ones keep the folder near its bound, but one must hold a batch.
    const segmentBytes = Math.min(
      segmentBytesMax,
      Math.max(segmentBytesMin, Math.floor(spec.retentionBytes / 8)),
    );
    entries['segment.bytes'] = Math.max(segmentBytes, batchBytes);
  }
  return Object.entries(entries).map(([name, value]) => ({ name, value: String(value) }));
}

export async function ensureTopics(
  admin: Admin,
  book: TopicBook,
  specs: readonly TopicSpec[],
): Promise<void> {
  try {
    const existing = new Set(await persist(() => admin.listTopics()));
    const missing = specs.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) await createTopics(admin, missing);
    for (const spec of specs) if (existing.has(spec.name)) await widen(admin, book, spec);
    await book.learn(specs.map(({ name }) => name));
  } catch (cause) {
    throw toFault(cause, `setting up the topics ${specs.map(({ name }) => name).join(', ')}`);
  }
}

async function createTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  await persist(async () => {
    try {
      await admin.createTopics({
        waitForLeaders: true,
        topics: specs.map((spec) => ({
          topic: spec.name,
          numPartitions: spec.partitions,
          replicationFactor: -1, // the broker's default
          configEntries: configOf(spec),
        })),
      });
    } catch (cause) {
      // Another process made them at the same moment.
      if (!/TOPIC_ALREADY_EXISTS|already exists/i.test(`${errorType(cause)} ${(cause as Error).message}`))
        throw cause;
    }
  });
}

async function widen(admin: Admin, book: TopicBook, spec: TopicSpec): Promise<void> {
  await book.learn([spec.name]);
  const { batchBytesMax } = book.shapeOf(spec.name);
  const wanted = batchBytesOf(spec);
  if (batchBytesMax >= wanted) return;
  // kafkajs's alterConfigs replaces all of a topic's own settings: they are read first and sent along.
  const { resources } = await persist(() =>
    admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: spec.name }] }),
  );
  const own = new Map<string, string>();
  for (const entry of resources[0]!.configEntries) {
    const source = (entry as { configSource?: number }).configSource;
    if (source === topicConfigSource && !entry.readOnly) own.set(entry.configName, entry.configValue);
  }
  own.set('max.message.bytes', String(wanted));
  const segment = own.get('segment.bytes');
  if (segment !== undefined && Number(segment) < wanted) own.set('segment.bytes', String(wanted));
  const configEntries = [...own].map(([name, value]) => ({ name, value }));
  await persist(() =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: spec.name, configEntries }] }),
  );
  book.forget(spec.name);
}

/** DYNAMIC_TOPIC_CONFIG: set on the topic itself. */
const topicConfigSource = 1;

async function withCluster<Value>(
  access: KafkaAccess,
  doing: string,
  use: (cluster: Cluster) => Promise<Value>,
): Promise<Value> {
  const cluster = createCluster(access);
  try {
    return await persist(async () => {
      await cluster.connect();
      return use(cluster);
    });
  } catch (cause) {
    throw toFault(cause, doing);
  } finally {
    await closeCluster(cluster);
  }
}

export const topicOffsets = (access: KafkaAccess, topic: string) =>
  withCluster(access, `asking for the offsets of ${topic}`, async (cluster) => {
    await cluster.addMultipleTargetTopics([topic]);
    const partitions = cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId }) => ({ partition: partitionId }));
    const ask = async (fromBeginning: boolean): Promise<Map<number, bigint>> => {
      const found = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
      return new Map(found[0]!.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
    };
    const [low, high] = [await ask(true), await ask(false)];
    return [...high]
      .sort(([a], [b]) => a - b)
      .map(([partition, end]) => ({ partition, low: low.get(partition)!, high: end }));
  });

export const committedOffsets = (access: KafkaAccess, group: string, topic: string) =>
  withCluster(access, `asking for what ${group} committed`, async (cluster) => {
    await cluster.addMultipleTargetTopics([topic]);
    const partitions = cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId }) => ({ partition: partitionId }));
    const coordinator = await cluster.findGroupCoordinator({ groupId: group });
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions }] });
    return responses[0]!.partitions
      .sort((a, b) => a.partition - b.partition)
      .map(({ partition, offset, metadata }) => {
        const committed = BigInt(offset) >= 0n;
        return {
          partition,
          offset: committed ? BigInt(offset) : null,
          metadata: committed ? (metadata ?? '') : '',
        };
      });
  });
