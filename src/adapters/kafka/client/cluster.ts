/**
 * kafkajs 2.2.4 as a transport: connections, metadata, coordinators and group membership from its own modules,
 * with its log routed. Refuses any other version, by `connection.ts`: what is used below is not its public API.
 */

import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import type { Log } from '../../../ports/telemetry.ts';
import type { BufferPool } from './buffer_pool.ts';
import { openSocket } from './connection.ts';

const require = createRequire(import.meta.url);

/** One connection of kafkajs: the parts `request.ts` writes to. */
interface Connection {
  readonly socket: Socket;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  nextCorrelationId(): number;
  readonly requestQueue: {
    push(request: {
      entry: {
        apiKey: number;
        apiName: string;
        apiVersion: number;
        correlationId: number;
        resolve: (response: { payload: Buffer }) => void;
        reject: (error: Error) => void;
      };
      expectResponse: boolean;
      requestTimeout: number | null;
      sendRequest: () => void;
    }): void;
  };
}

interface OffsetTopic {
  topic: string;
  partitions: { partition: number; offset: string; metadata: string }[];
}

/** One broker of kafkajs: requests it encodes well enough itself go through its own methods. */
export interface Broker {
  readonly connectionPool: {
    readonly clientId: string;
    getConnectionByRequest(request: { request: { apiKey: number } }): Promise<Connection>;
  };
  disconnect(): Promise<void>;
  initProducerId(options: {
    transactionalId?: string;
    transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
  addPartitionsToTxn(options: {
    transactionalId: string;
    producerId: string;
    producerEpoch: number;
    topics: { topic: string; partitions: number[] }[];
  }): Promise<unknown>;
  addOffsetsToTxn(options: {
    transactionalId: string;
    producerId: string;
    producerEpoch: number;
    groupId: string;
  }): Promise<unknown>;
  txnOffsetCommit(options: {
    transactionalId: string;
    groupId: string;
    producerId: string;
    producerEpoch: number;
    topics: OffsetTopic[];
  }): Promise<unknown>;
  endTxn(options: {
    transactionalId: string;
    producerId: string;
    producerEpoch: number;
    transactionResult: boolean;
  }): Promise<unknown>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: OffsetTopic[];
  }): Promise<unknown>;
  offsetFetch(options: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: OffsetTopic[] }>;
}

interface TopicOffsets {
  topic: string;
  partitions: { partition: number; offset: string }[];
}

/** kafkajs' view of a cluster: one set of connections and one metadata cache. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  findBroker(options: { nodeId: string }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(options: { groupId: string; coordinatorType?: 0 | 1 }): Promise<Broker>;
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[];
  fetchTopicsOffset(
    topics: readonly {
      topic: string;
      partitions: { partition: number }[];
      fromBeginning?: boolean;
      fromTimestamp?: number;
    }[],
  ): Promise<TopicOffsets[]>;
}

/** kafkajs' side of a consumer group: joining, syncing, beating, leaving. */
export interface ConsumerGroup {
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly coordinator: Broker | null;
  connect(): Promise<void>;
  joinAndSync(): Promise<void>;
  heartbeat(options: { interval: number }): Promise<void>;
  leave(): Promise<void>;
  assigned(): { topic: string; partitions: number[] }[];
}

type Logger = object;
type Construct<Value> = new (options: Record<string, unknown>) => Value;

const ClusterClass: Construct<Cluster> = require('kafkajs/src/cluster/index.js');
const ConsumerGroupClass: Construct<ConsumerGroup & { memberId: string | null }> =
  require('kafkajs/src/consumer/consumerGroup.js');
const loggers: {
  createLogger(options: { level: number; logCreator: () => (entry: LogEntry) => void }): Logger;
} = require('kafkajs/src/loggers/index.js');
const roundRobin: (options: object) => object = require('kafkajs').PartitionAssigners.roundRobin;

export interface KafkaAccess {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: Log;
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
}

// Quick first tries: a coordinator that loads or a transaction that ends is ready within milliseconds.
const retry = { initialRetryTime: 20, factor: 0.2, multiplier: 1.5, maxRetryTime: 500, retries: 12 };
const connectionTimeoutMs = 3000;
// A broker that answers nothing for this long is treated as gone; the local ones answer in milliseconds.
const requestTimeoutMs = 15_000;
const closeMs = 2000;

/** As many requests under way as are asked for; reads are `read_committed`; responses land in `pool`'s buffers. */
export function createCluster(access: KafkaAccess, pool?: BufferPool): Cluster {
  const { brokers, clientId, ssl, sasl } = access;
  return new ClusterClass({
    logger: createLogger(access.log),
    socketFactory: (options: Parameters<typeof openSocket>[0]) => openSocket(options, pool),
    brokers: [...brokers],
    ssl,
    sasl,
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    retry,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 1,
  });
}

/** Disconnects; a broker that does not answer what is still under way is not waited for longer than this. */
export async function closeCluster(cluster: Cluster): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((done) => {
    timer = setTimeout(done, closeMs);
  });
  await Promise.race([cluster.disconnect().catch(() => {}), enough]);
  clearTimeout(timer);
}

export function createConsumerGroup(
  cluster: Cluster,
  log: Log,
  options: { readonly group: string; readonly topic: string; readonly sessionTimeoutMs: number },
): ConsumerGroup {
  return new ConsumerGroupClass({
    retry,
    cluster,
    groupId: options.group,
    topics: [options.topic],
    topicConfigurations: { [options.topic]: { fromBeginning: true } },
    logger: createLogger(log),
    instrumentationEmitter: { emit() {} },
    assigners: [roundRobin({ cluster, groupId: options.group })],
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: options.sessionTimeoutMs,
    autoCommit: false,
    isolationLevel: 1,
    rackId: '',
    metadataMaxAge: 300_000,
  });
}

/** After the coordinator forgot this member: the next join asks for a new id. */
export function forgetMember(group: ConsumerGroup): void {
  (group as { memberId: string | null }).memberId = null;
}

interface LogEntry {
  readonly namespace: string;
  readonly level: number;
  readonly log: { readonly message: string; readonly error?: unknown; readonly broker?: string };
}

const repeatMs = 10_000;
const warnLevel = 2;

// kafkajs calls ERROR what it then retries. Nothing is lost by any of it: what this adapter gives up on, it says
// itself. So its errors are warnings, coordinator start-up is information, and a repeated line is said once.
export const kafkajsLogCreator = (log: Log): (() => (entry: LogEntry) => void) => {
  const saidMs = new Map<string, number>();
  return () => (entry) => {
    const { message, error, broker } = entry.log;
    const sentence = `kafkajs ${entry.namespace}: ${message}`;
    const key = `${sentence} ${String(error)}`;
    const nowMs = performance.now();
    if (entry.level > warnLevel || nowMs - (saidMs.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs) return;
    if (saidMs.size > 200) saidMs.clear();
    saidMs.set(key, nowMs);
    const fields = { broker, error: error === undefined ? undefined : String(error) };
    const passing = /coordinator|rebalanc|loading|concurrent|re-joining|metadata/i.test(key);
    if (passing) log.info(fields, sentence);
    else log.warn(fields, sentence);
  };
};

const createLogger = (log: Log): Logger =>
  loggers.createLogger({ level: warnLevel, logCreator: kafkajsLogCreator(log) });
