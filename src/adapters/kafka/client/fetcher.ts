/**
 * Fetches partitions into bounded queues of unopened batches: one request a broker at a time, for those that
 * have room. Refuses to hold more bytes than it was told, one batch excepted, and opens a batch only when taken.
 */

import type { Fault } from '../../../domain/fault.ts';
import type { BusRecord } from '../../../ports/bus.ts';
import type { Log } from '../../../ports/telemetry.ts';
import type { BufferPool, Lease } from './buffer_pool.ts';
import type { Cluster } from './cluster.ts';
import { type FetchedPartition, fetchBatches } from './fetch.ts';
import { readBatch } from './readable_batch.ts';
import { type BatchCursor, type FetchedBatch, splitBatches } from './record_batch.ts';
import { failOnCode, isLost, patienceMs, pause, toFault } from './request.ts';
import { leaderOf } from './topics.ts';

export interface Track {
  readonly topic: string;
  readonly partition: number;
  /** Offset after the last record taken, or after what was skipped behind it. */
  readonly position: bigint;
  readonly queuedBytes: number;
  readonly lagRecords: bigint;
  /** Records in order; [] when none is queued. */
  take(recordsMax: number, bytesMax: number): BusRecord[];
  /** Nobody looks at records before `offset` any more: their memory may be used again. */
  settled(offset: bigint): void;
  /** Forgets what is queued and fetches no more. */
  close(): void;
}

export interface Fetcher {
  /** `onArrival` is called when there may be something to take, or nothing left before `position`. */
  add(options: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: bigint;
    readonly queueBytesMax: number;
    readonly batchBytesMax: number;
    readonly onArrival: () => void;
  }): Track;
  close(): void;
}

// Long enough to be quiet when idle; short when a partition is left out, so that it is asked for soon after it
// has room again.
const waitMsMax = 250;
const waitShortMs = 5;
const responseBytesMax = 48 * 1024 * 1024;
const offsetOutOfRange = 1;

interface OpenTrack extends Track {
  readonly room: () => number;
  readonly fetchOffset: () => bigint;
  readonly batchBytesMax: number;
  readonly hungry: () => boolean;
  accept(fetched: FetchedPartition): void;
  jump(offset: bigint, stableOffset: bigint): void;
}

export function createFetcher(options: {
  readonly cluster: Cluster;
  readonly log: Log;
  /** Of all partitions together; absent: each partition's own bound is enough. */
  readonly totalBytesMax?: number;
  /** The cluster's, if records are given back by `settled`. */
  readonly pool?: BufferPool;
  /** Called once, when fetching has failed for longer than it may. */
  readonly onFailed: (fault: Fault) => void;
}): Fetcher {
  const { cluster, log } = options;
  let tracks: OpenTrack[] = [];
  const busyNodes = new Set<string>();
  let pumping = false;
  let pumpAgain = false;
  let closed = false;
  let failingSinceMs: number | null = null;
  let turn = 0;

  const pump = async (): Promise<void> => {
    if (pumping) {
      pumpAgain = true;
      return;
    }
    pumping = true;
    try {
      do {
        pumpAgain = false;
        await startFetches();
      } while (pumpAgain && !closed);
    } catch (cause) {
      await recover(cause);
      pumpAgain = true;
    } finally {
      pumping = false;
    }
    if (pumpAgain && !closed) void pump();
  };

  const startFetches = async (): Promise<void> => {
    const hungry = new Map<string, OpenTrack[]>();
    const all = new Map<string, number>();
    for (const track of tracks) {
      const node = await leaderOf(cluster, track.topic, track.partition);
      all.set(node, (all.get(node) ?? 0) + 1);
      if (busyNodes.has(node) || !track.hungry()) continue;
      const list = hungry.get(node);
      if (list === undefined) hungry.set(node, [track]);
      else list.push(track);
    }
    for (const [node, list] of hungry) {
      if (!busyNodes.has(node) && !closed) void fetchFrom(node, list, list.length === all.get(node));
    }
  };

  const roomInAll = (): number => {
    if (options.totalBytesMax === undefined) return responseBytesMax;
    let held = 0;
    for (const track of tracks) held += track.queuedBytes;
    return options.totalBytesMax - held;
  };

  const fetchFrom = async (node: string, hungry: OpenTrack[], everyone: boolean): Promise<void> => {
    const room = roomInAll();
    const largest = Math.max(...hungry.map((track) => track.batchBytesMax));
    // Too little room for a batch: wait until more is taken, unless nothing is held at all.
    if (room < Math.min(largest, options.totalBytesMax ?? 0)) return;
    busyNodes.add(node);
    // The first partition is served whole whatever its size, so each gets to be first.
    const first = turn++ % hungry.length;
    const inTurn = [...hungry.slice(first), ...hungry.slice(0, first)];
    try {
      const broker = await cluster.findBroker({ nodeId: node });
      if (closed) return;
      const fetched = await fetchBatches(broker, {
        partitions: inTurn.map((track) => ({
          topic: track.topic,
          partition: track.partition,
          offset: track.fetchOffset(),
          bytesMax: track.room(),
        })),
        waitMsMax: everyone ? waitMsMax : waitShortMs,
        bytesMax: Math.max(1, Math.min(room, responseBytesMax)),
        ...(options.pool === undefined ? {} : { pool: options.pool }),
      });
      if (!closed) await acceptAll(inTurn, fetched);
      failingSinceMs = null;
    } catch (cause) {
      await recover(cause);
    } finally {
      busyNodes.delete(node);
    }
    if (!closed) void pump();
  };

  // Matched with the tracks that asked: a partition may have been closed and opened anew at another offset since.
  const acceptAll = async (
    asked: readonly OpenTrack[],
    fetched: readonly FetchedPartition[],
  ): Promise<void> => {
    let failed: unknown = null;
    // All partitions of a response share its lease; held here too, as a response may hold no batch at all.
    const lease = fetched[0]?.lease;
    lease?.hold();
    for (const one of fetched) {
      const track = asked.find(({ topic, partition }) => topic === one.topic && partition === one.partition);
      if (track === undefined) continue;
      if (one.errorCode === 0) track.accept(one);
      else if (one.errorCode === offsetOutOfRange) await backIntoRange(track);
      else {
        try {
          failOnCode(one.errorCode);
        } catch (cause) {
          failed = cause;
        }
      }
    }
    lease?.release();
    if (failed !== null) throw failed;
  };

  // Retention has overtaken this reader, or the topic was made anew.
  const backIntoRange = async (track: OpenTrack): Promise<void> => {
    const ask = async (fromBeginning: boolean): Promise<bigint> => {
      const partitions = [{ partition: track.partition }];
      const found = await cluster.fetchTopicsOffset([{ topic: track.topic, partitions, fromBeginning }]);
      return BigInt(found[0]!.partitions[0]!.offset);
    };
    const [low, high] = [await ask(true), await ask(false)];
    const wanted = track.fetchOffset();
    if (wanted >= low && wanted <= high) return;
    const offset = wanted < low ? low : high;
    const fields = {
      topic: track.topic,
      partition: track.partition,
      wanted: `${wanted}`,
      offset: `${offset}`,
    };
    log.error(
      fields,
      'records were dropped by retention before they were read: going on at the nearest kept',
    );
    track.jump(offset, high);
  };

  const recover = async (cause: unknown): Promise<void> => {
    if (closed) return;
    failingSinceMs ??= performance.now();
    const fault = toFault(cause, 'fetching records');
    const mayPass = isLost(cause) || fault.code !== 'bus-failed' || fault.retryable;
    if (!mayPass || performance.now() - failingSinceMs > patienceMs) {
      closed = true;
      options.onFailed(fault);
      return;
    }
    await pause(100);
    await cluster.refreshMetadata().catch(() => {});
  };

  return {
    add(want) {
      const track = createTrack(
        want,
        () => void pump(),
        () => {
          tracks = tracks.filter((one) => one !== track);
        },
      );
      tracks = [...tracks, track];
      void pump();
      return track;
    },
    close() {
      closed = true;
      for (const track of tracks) track.close();
    },
  };
}

/**
 * A slice keeps the whole response alive. Where the response was mostly other partitions' and this one already
 * lags, its share is copied, so that what waits here is not a multiple of what is counted.
 */
function ownCopy(fetched: FetchedPartition): Pick<FetchedPartition, 'records' | 'lease'> {
  const { records, responseBytes } = fetched;
  if (records.length * 4 >= responseBytes * 3) return fetched;
  const copy = Buffer.allocUnsafeSlow(records.length);
  records.copy(copy);
  return { records: copy, lease: null };
}

interface QueuedBatch extends FetchedBatch {
  readonly lease: Lease | null;
}

function createTrack(want: Parameters<Fetcher['add']>[0], wake: () => void, remove: () => void): OpenTrack {
  const { topic, partition, queueBytesMax, batchBytesMax, onArrival } = want;
  let queue: QueuedBatch[] = [];
  /** Leased, taken to their end and not settled yet, in order. */
  let taken: QueuedBatch[] = [];
  let queuedBytes = 0;
  let fetchOffset = want.offset;
  let position = want.offset;
  let stableOffset = want.offset;
  let cursor: BatchCursor | null = null;
  let closed = false;

  const room = (): number => Math.max(queueBytesMax - queuedBytes, batchBytesMax);
  const advance = (): void => {
    const batch = queue.shift()!;
    if (batch.lease !== null) taken.push(batch);
    queuedBytes -= batch.bytes.length;
    cursor = null;
    position = queue.length === 0 ? fetchOffset : batch.nextOffset;
  };

  return {
    topic,
    partition,
    batchBytesMax,
    room,
    fetchOffset: () => fetchOffset,
    hungry: () => !closed && (queue.length === 0 || queuedBytes + batchBytesMax <= queueBytesMax),
    get position() {
      return position;
    },
    get queuedBytes() {
      return queuedBytes;
    },
    get lagRecords() {
      return stableOffset > position ? stableOffset - position : 0n;
    },
    accept(fetched) {
      if (closed) return;
      if (fetched.stableOffset > stableOffset) stableOffset = fetched.stableOffset;
      const { records, lease } = queue.length > 0 ? ownCopy(fetched) : fetched;
      const { batches, nextOffset } = splitBatches(records, fetchOffset, fetched.aborted);
      const moved = nextOffset > fetchOffset;
      fetchOffset = nextOffset;
      for (const batch of batches) {
        lease?.hold();
        queue.push({ ...batch, lease });
        queuedBytes += batch.bytes.length;
      }
      if (queue.length === 0) position = fetchOffset;
      if (moved) onArrival();
    },
    jump(offset, stable) {
      fetchOffset = offset;
      stableOffset = stable;
      if (queue.length === 0) position = offset;
      onArrival();
    },
    take(recordsMax, bytesMax) {
      const records: BusRecord[] = [];
      let bytes = 0;
      while (queue.length > 0 && records.length < recordsMax) {
        cursor ??= readBatch(queue[0]!, position);
        const next = cursor.peekBytes();
        if (next === 0) {
          advance();
          continue;
        }
        bytes += next;
        if (bytes > bytesMax && records.length > 0) break;
        const record = cursor.next(topic, partition);
        records.push(record);
        position = record.offset + 1n;
        if (cursor.peekBytes() === 0) advance();
      }
      wake();
      return records;
    },
    settled(offset) {
      while (taken.length > 0 && taken[0]!.nextOffset <= offset) taken.shift()!.lease?.release();
    },
    close() {
      // What is held here is not given back: a batch under way may still be looked at.
      closed = true;
      queue = [];
      taken = [];
      queuedBytes = 0;
      remove();
    },
  };
}
