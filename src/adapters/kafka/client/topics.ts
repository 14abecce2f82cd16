/**
 * What this client knows of topics: partitions, leaders and size limits, asked for once and again when stale.
 * Refuses topics that do not exist, with a sentence instead of kafkajs's retries.
 */

import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';
import { Fault } from '../../../domain/fault.ts';
import type { OutputRecord } from '../../../ports/bus.ts';
import type { Broker, Cluster } from './cluster.ts';
import type { BatchPlan, TopicShape } from './produce.ts';
import { errorType, persist, toFault } from './request.ts';

const require = createRequire(import.meta.url);
const murmur2: (key: Buffer) => number = require('kafkajs/src/producer/partitioners/default/murmur2.js');

const brokerBatchBytesMax = 1_048_588; // Kafka's own default of max.message.bytes

export interface TopicBook {
  /** Shapes of all these topics, after which `shapeOf` answers for them. */
  learn(topics: Iterable<string>): Promise<void>;
  shapeOf(topic: string): TopicShape;
  forget(topic: string): void;
}

type Admin = ReturnType<Kafka['admin']>;

export function createTopicBook(admin: () => Promise<Admin>): TopicBook {
  const known = new Map<string, TopicShape>();
  const ask = async (topics: readonly string[]): Promise<void> => {
    const client = await admin();
    // kafkajs retries an unknown topic for seconds and logs each try; the list of all topics says it at once.
    const existing = new Set(await persist(() => client.listTopics()));
    const absent = topics.find((topic) => !existing.has(topic));
    if (absent !== undefined)
      throw new Fault('bus-failed', `topic ${absent} does not exist: create it first`);
    const resources = topics.map((name) => ({ type: 2, name, configNames: ['max.message.bytes'] }));
    const [configs, metadata] = await Promise.all([
      persist(() => client.describeConfigs({ includeSynonyms: false, resources })),
      persist(() => client.fetchTopicMetadata({ topics: [...topics] })),
    ]);
    for (const { name, partitions } of metadata.topics) {
      const entries = configs.resources.find((one) => one.resourceName === name)?.configEntries ?? [];
      const limit = entries.find((one) => one.configName === 'max.message.bytes')?.configValue;
      known.set(name, {
        partitions: partitions.length,
        batchBytesMax: limit === undefined ? brokerBatchBytesMax : Number(limit),
      });
    }
  };
  return {
    async learn(topics) {
      const unknown = [...new Set(topics)].filter((topic) => !known.has(topic));
      if (unknown.length === 0) return;
      try {
        await ask(unknown);
      } catch (cause) {
        if (errorType(cause) === 'UNKNOWN_TOPIC_OR_PARTITION')
          throw new Fault('bus-failed', `one of the topics ${unknown.join(', ')} does not exist`, { cause });
        throw toFault(cause, `asking for the topics ${unknown.join(', ')}`);
      }
    },
    shapeOf(topic) {
      const shape = known.get(topic);
      if (shape === undefined) throw new Error(`topic ${topic} was not learnt`);
      return shape;
    },
    forget: (topic) => void known.delete(topic),
  };
}

let keylessCount = 0;
/** As Kafka's own clients: murmur2 of the key, or in turn where there is none. */
export const partitionOf = (record: OutputRecord, count: number): number => {
  const { key } = record;
  if (key === null) return keylessCount++ % count;
  const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.length);
  return (murmur2(bytes) & 0x7fffffff) % count;
};

/** The broker that leads a partition; refreshes what the cluster knows when it does not. */
export async function leaderOf(cluster: Cluster, topic: string, partition: number): Promise<string> {
  for (let tries = 0; ; tries++) {
    const metadata = cluster.findTopicPartitionMetadata(topic).find((one) => one.partitionId === partition);
    if (metadata !== undefined && metadata.leader >= 0) return String(metadata.leader);
    if (tries > 0)
      throw new Fault('bus-failed', `partition ${topic}/${partition} has no leader`, { retryable: true });
    await cluster.refreshMetadata();
  }
}

/** A round's plans by the broker that leads them: nearly always one. */
export async function byLeader(
  cluster: Cluster,
  plans: readonly BatchPlan[],
): Promise<{ broker: Broker; plans: BatchPlan[] }[]> {
  await cluster.addMultipleTargetTopics([...new Set(plans.map(({ topic }) => topic))]);
  const byNode = new Map<string, BatchPlan[]>();
  for (const plan of plans) {
    const node = await leaderOf(cluster, plan.topic, plan.partition);
    const list = byNode.get(node);
    if (list === undefined) byNode.set(node, [plan]);
    else list.push(plan);
  }
  return Promise.all(
    [...byNode].map(async ([nodeId, list]) => ({
      broker: await cluster.findBroker({ nodeId }),
      plans: list,
    })),
  );
}
