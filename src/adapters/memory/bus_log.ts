/**
 * One partition of the in-memory bus: records in order with their offsets, bounded by bytes. Refuses to drop
 * what an active group has yet to commit: whoever appends waits for room instead.
 */

import type { BusRecord } from '../../ports/bus.ts';

export interface NewRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

interface Entry {
  readonly record: BusRecord;
  /** Bytes of this partition up to and including this record, counted since it was made. */
  readonly endBytes: number;
}

const noHeaders: Readonly<Record<string, Uint8Array>> = Object.freeze({});

export const recordBytes = (record: NewRecord): number => {
  let bytes = record.value.length + (record.key?.length ?? 0);
  for (const name in record.headers) bytes += name.length + record.headers[name]!.length;
  return bytes;
};

export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly low: bigint;
  /** The next offset; every record below it is committed. */
  readonly high: bigint;
  append(record: NewRecord, timestampMs: number): void;
  /** Takes one offset without a record, as the marker that ends a transaction does on Kafka. */
  mark(): void;
  /** Whether `append` may be called: below the byte bound, or what lies beyond can be dropped. */
  hasRoom(): boolean;
  /** Keeps records from this offset on for the group; null releases them. */
  pin(group: string, offset: bigint | null): void;
  /** Records from `offset` on, in order; at least one if there is one. */
  slice(offset: bigint, recordsMax: number, bytesMax: number): BusRecord[];
  bytesFrom(offset: bigint): number;
  /** First offset whose record is not older; `high` when all are. */
  offsetAtTime(timestampMs: number): bigint;
  /** Called after every append, mark and pin until the returned function is. */
  watch(wake: () => void): () => void;
}

export function createPartitionLog(
  topic: string,
  partition: number,
  bounds: { readonly retentionBytes: number; readonly compacted: boolean },
): PartitionLog {
  let entries: Entry[] = [];
  let head = 0; // entries before it are dropped; the array is cut when half of it is
  let low = 0n;
  let high = 0n;
  let totalBytes = 0;
  let droppedBytes = 0;
  const pins = new Map<string, bigint>();
  const watchers = new Set<() => void>();

  const wakeAll = (): void => {
    for (const wake of [...watchers]) wake();
  };

  // Index of the first kept entry at or above the offset.
  const indexOf = (offset: bigint): number => {
    let from = head;
    let to = entries.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (entries[middle]!.record.offset < offset) from = middle + 1;
      else to = middle;
    }
    return from;
  };

  const compact = (): void => {
    const lastByKey = new Map<string, Entry>();
    for (const entry of entries) {
      const key = entry.record.key;
      lastByKey.set(key === null ? '' : Buffer.from(key).toString('latin1'), entry);
    }
    const kept = entries.filter(({ record }) => {
      const key = record.key === null ? '' : Buffer.from(record.key).toString('latin1');
      return lastByKey.get(key)!.record === record;
    });
    totalBytes = 0;
    entries = kept.map(({ record }) => {
      totalBytes += recordBytes(record);
      return { record, endBytes: totalBytes };
    });
    droppedBytes = 0;
    head = 0;
  };

  const trim = (): void => {
    if (totalBytes - droppedBytes <= bounds.retentionBytes) return;
    if (bounds.compacted) {
      compact();
      return;
    }
    let keepFrom = high;
    for (const offset of pins.values()) if (offset < keepFrom) keepFrom = offset;
    while (totalBytes - droppedBytes > bounds.retentionBytes && head < entries.length - 1) {
      const first = entries[head]!;
      if (first.record.offset >= keepFrom) break;
      droppedBytes = first.endBytes;
      low = entries[head + 1]!.record.offset;
      head++;
    }
    if (head > 1024 && head * 2 > entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
  };

  return {
    topic,
    partition,
    get low() {
      return low;
    },
    get high() {
      return high;
    },
    append(record, timestampMs) {
      totalBytes += recordBytes(record);
      const { key, value } = record;
      const headers = record.headers ?? noHeaders;
      const offset = high++;
      entries.push({
        record: { topic, partition, offset, timestampMs, key, value, headers },
        endBytes: totalBytes,
      });
      trim();
      wakeAll();
    },
    mark() {
      high++;
      wakeAll();
    },
    hasRoom() {
      trim();
      return bounds.compacted || totalBytes - droppedBytes <= bounds.retentionBytes || pins.size === 0;
    },
    pin(group, offset) {
      if (offset === null) pins.delete(group);
      else pins.set(group, offset);
      trim();
      wakeAll();
    },
    slice(offset, recordsMax, bytesMax) {
      const records: BusRecord[] = [];
      let bytes = 0;
      for (let i = indexOf(offset); i < entries.length && records.length < recordsMax; i++) {
        const { record } = entries[i]!;
        bytes += recordBytes(record);
        if (bytes > bytesMax && records.length > 0) break;
        records.push(record);
      }
      return records;
    },
    bytesFrom(offset) {
      const index = indexOf(offset);
      return totalBytes - (index === head ? droppedBytes : entries[index - 1]!.endBytes);
    },
    offsetAtTime(timestampMs) {
      for (let i = head; i < entries.length; i++) {
        if (entries[i]!.record.timestampMs >= timestampMs) return entries[i]!.record.offset;
      }
      return high;
    },
    watch(wake) {
      watchers.add(wake);
      return () => watchers.delete(wake);
    },
  };
}
