/**
 * The bus on Apache Kafka through kafkajs: exactly once by one fenced transactional producer an input partition,
 * bounded fetching, and readers without groups. Refuses to hide a lost broker for longer than its patience.
 */

import type { ConnectionOptions } from 'node:tls';
import { Kafka, type SASLOptions } from 'kafkajs';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, Consumption } from '../../ports/bus.ts';
import type { Log } from '../../ports/telemetry.ts';
import { committedOffsets, ensureTopics, topicOffsets } from './admin.ts';
import { type KafkaAccess, kafkajsLogCreator } from './client/cluster.ts';
import type { Compression } from './client/record_batch.ts';
import { persist, toFault } from './client/request.ts';
import { createSender } from './client/sender.ts';
import { createTopicBook } from './client/topics.ts';
import { startConsumption } from './consumption.ts';
import { readTopic } from './reader.ts';

export interface KafkaBusOptions {
  readonly brokers: readonly string[];
  readonly log: Log;
  /** Shown in the broker's metrics and quotas. */
  readonly clientId?: string;
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Whether the record batches sent to a topic are compressed; none by default: tokens are dense already. */
  readonly compressionOf?: (topic: string) => Compression;
  /** How long the first connection is tried for; a broker lost later is waited for longer. */
  readonly connectMs?: number;
  readonly sessionTimeoutMs?: number;
  readonly transactionTimeoutMs?: number;
}

const connectMsDefault = 20_000;

export type { Compression } from './client/record_batch.ts';

/** Connects on first use. */
export function createKafkaBus(options: KafkaBusOptions): Bus {
  const { log, ssl, sasl } = options;
  const access: KafkaAccess = {
    brokers: options.brokers,
    clientId: options.clientId ?? 'tessera',
    log,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
  const kafka = new Kafka({
    ...access,
    brokers: [...access.brokers],
    retry: { initialRetryTime: 50, retries: 3 },
    logCreator: kafkajsLogCreator(log),
  });
  let admin: Promise<ReturnType<Kafka['admin']>> | null = null;
  const openAdmin = (): Promise<ReturnType<Kafka['admin']>> => {
    const deadlineMs = performance.now() + (options.connectMs ?? connectMsDefault);
    admin ??= persist(
      async () => {
        const client = kafka.admin();
        await client.connect();
        return client;
      },
      { deadlineMs },
    ).catch((cause) => {
      admin = null;
      throw toFault(cause, `connecting to ${access.brokers.join(', ')}`);
    });
    return admin;
  };
  const book = createTopicBook(openAdmin);
  const compressionOf = options.compressionOf ?? (() => 'none' as const);
  const transactionTimeoutMs = options.transactionTimeoutMs ?? limits.transactionTimeoutMs;
  const sender = createSender({ access, book, transactionTimeoutMs, compressionOf });
  const sessionTimeoutMs = options.sessionTimeoutMs ?? limits.sessionTimeoutMs;
  const parts = { access, book, sender, sessionTimeoutMs, transactionTimeoutMs, compressionOf };

  const consumptions = new Set<Consumption>();
  const readers = new Set<Promise<void>>();
  const closed = new AbortController();
  const open = (): void => {
    if (closed.signal.aborted) throw new Fault('bus-failed', 'the bus has been closed');
  };
  const close = async (): Promise<void> => {
    await Promise.all([...consumptions].map((one) => one.stop()));
    closed.abort();
    await sender.close();
    await Promise.all(readers);
    const client = await admin?.catch(() => null);
    await client?.disconnect().catch(() => {});
  };
  let closing: Promise<void> | null = null;

  return {
    async ensureTopics(topics) {
      open();
      await ensureTopics(await openAdmin(), book, topics);
    },
    async offsets(topic) {
      await book.learn([topic]);
      return topicOffsets(access, topic);
    },
    async committed(group, topic) {
      await book.learn([topic]);
      return committedOffsets(access, group, topic);
    },
    async send(records) {
      open();
      await sender.send(records);
    },
    async consume(given) {
      open();
      const consumption = await startConsumption(parts, given);
      consumptions.add(consumption);
      return consumption;
    },
    async *read(given) {
      open();
      const ended = AbortSignal.any(
        given.signal === undefined ? [closed.signal] : [closed.signal, given.signal],
      );
      const finished = Promise.withResolvers<void>();
      readers.add(finished.promise);
      try {
        yield* readTopic(parts, given, ended);
      } finally {
        readers.delete(finished.promise);
        finished.resolve();
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
