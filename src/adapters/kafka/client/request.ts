/**
 * One request over a kafkajs connection without its encoder's copies, and what its errors mean: try again,
 * fenced, or failed. Refuses to retry for ever: every wait ends at a deadline.
 */

import { createRequire } from 'node:module';
import { Fault } from '../../../domain/fault.ts';
import { limits } from '../../../domain/limits.ts';
import { openBufferPool } from './buffer_pool.ts';
import type { Broker } from './cluster.ts';

const require = createRequire(import.meta.url);
const protocolErrors: { createErrorFromCode(code: number): Error } = require('kafkajs/src/protocol/error.js');

export interface Api {
  readonly key: number;
  readonly version: number;
  readonly name: string;
}

/** Requests of megabytes (produce) are written into the same memory again once they are answered. */
const frames = openBufferPool(limits.sendFreeBytesMax);

const headerBytes = (clientId: string): number => 4 + 2 + 2 + 4 + 2 + Buffer.byteLength(clientId);

/** Sends a body of exactly `bodyBytes`, written in place by `write`; resolves with the response after its header. */
export async function request(
  broker: Broker,
  api: Api,
  bodyBytes: number,
  write: (frame: Buffer, at: number) => number,
): Promise<Buffer> {
  const pool = broker.connectionPool;
  const connection = await pool.getConnectionByRequest({ request: { apiKey: api.key } });
  if (!connection.isAuthenticated()) await connection.authenticate();
  if (!connection.isConnected())
    throw new Fault('bus-unreachable', 'the connection was closed', { retryable: true });
  const correlationId = connection.nextCorrelationId();
  const start = headerBytes(pool.clientId);
  const frame = frames.take(start + bodyBytes);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(api.key, 4);
  frame.writeInt16BE(api.version, 6);
  frame.writeInt32BE(correlationId, 8);
  frame.writeInt16BE(start - 14, 12);
  frame.write(pool.clientId, 14);
  const end = write(frame, start);
  if (end !== frame.length) throw new Error(`${api.name} wrote ${end} of ${frame.length} bytes`);
  try {
    const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
      connection.requestQueue.push({
        entry: {
          apiKey: api.key,
          apiName: api.name,
          apiVersion: api.version,
          correlationId,
          resolve,
          reject,
        },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => connection.socket.write(frame),
      });
    });
    frames.give(frame);
    return payload;
  } catch (cause) {
    if ((cause as Error).name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw cause;
  }
}

/** Throws what kafkajs throws for this error code; codes it does not know keep their number. */
export function failOnCode(code: number): void {
  if (code === 0) return;
  const error = protocolErrors.createErrorFromCode(code) as Error & { code: number };
  error.code = code;
  throw error;
}

interface KafkaError extends Error {
  readonly type?: string;
  readonly code?: number | string;
  readonly retriable?: boolean;
}

// kafkajs wraps what it gave up on; the error inside says more.
const rootOf = (error: unknown): KafkaError => {
  let found = error as KafkaError;
  while (found?.cause instanceof Error) found = found.cause as KafkaError;
  return found;
};

const fencedTypes = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);
// Codes newer than kafkajs: PRODUCER_FENCED.
const fencedCodes = new Set<unknown>([90]);

/** Another owner, or a coordinator that gave up on us: what was not committed is not ours to commit. */
export function isFenced(error: unknown): boolean {
  const root = rootOf(error);
  return fencedTypes.has(root.type ?? '') || fencedCodes.has(root.code) || /error code 90/.test(root.message);
}

const passingTypes = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'UNSTABLE_OFFSET_COMMIT',
  'TOPIC_ALREADY_EXISTS',
]);
const lostNames =
  /ConnectionError|ConnectionClosed|RequestTimeout|BrokerNotFound|LockTimeout|CoordinatorNotFound|MetadataNotLoaded|NoBrokerAvailable|InvariantViolation/;

/** The connection, not the request: the broker is away or just came back. */
export const isLost = (error: unknown): boolean => {
  const root = rootOf(error);
  if (root instanceof Fault) return root.code === 'bus-unreachable';
  const { code } = root;
  return (
    lostNames.test(root.name) ||
    code === 'ECONNREFUSED' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    /Invalid state, can't transition|Failed to find group coordinator/.test(root.message) ||
    // Where no broker answers at all, kafkajs looks into metadata that is null.
    (root instanceof TypeError && root.message.includes('topicMetadata'))
  );
};

/** Trying the same again may help. */
export function isPassing(error: unknown): boolean {
  if (isFenced(error)) return false;
  const root = rootOf(error);
  if (passingTypes.has(root.type ?? '')) return true;
  return isLost(error) || (root.type !== undefined && root.retriable === true);
}

export const isConcurrent = (error: unknown): boolean => rootOf(error).type === 'CONCURRENT_TRANSACTIONS';
export const errorType = (error: unknown): string => rootOf(error).type ?? rootOf(error).name;

/** How long the adapter keeps trying what may pass; a broker that restarts is back well before. */
export const patienceMs = 60_000;

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Runs `once` until it succeeds, fails for good, or the deadline passes. A transaction that still ends is asked
 * for again within a millisecond or two; a lost broker with growing patience.
 */
export async function persist<Value>(
  once: () => Promise<Value>,
  options: {
    readonly signal?: AbortSignal;
    readonly deadlineMs?: number;
    readonly onRetry?: (e: unknown) => unknown;
  } = {},
): Promise<Value> {
  const deadlineMs = options.deadlineMs ?? performance.now() + patienceMs;
  let lostCount = 0;
  let concurrentCount = 0;
  for (;;) {
    try {
      return await once();
    } catch (cause) {
      if (!isPassing(cause) || performance.now() > deadlineMs || options.signal?.aborted) throw cause;
      if (isConcurrent(cause)) {
        await pause(++concurrentCount < 20 ? 1 : 5);
        continue;
      }
      await pause(Math.min(1000, 10 * 2 ** lostCount++));
      await options.onRetry?.(cause);
    }
  }
}

export function toFault(error: unknown, doing: string): Fault {
  if (error instanceof Fault) return error;
  const root = rootOf(error);
  const says = `${doing}: ${root.message}${root.type === undefined ? '' : ` (${root.type})`}`;
  if (isFenced(error)) return new Fault('bus-fenced', says, { cause: error });
  if (isLost(error))
    return new Fault('bus-unreachable', `${says}: check that the broker runs`, {
      cause: error,
      retryable: true,
    });
  if (root.type === 'MESSAGE_TOO_LARGE' || root.type === 'RECORD_LIST_TOO_LARGE')
    return new Fault('bus-record', says, { cause: error });
  return new Fault('bus-failed', says, { cause: error, retryable: isPassing(error) });
}
