/**
 * The bus in one process: the same contract as Kafka's, with transactions, groups, fencing and offsets, and no
 * timers of its own. Refuses to outlive its process, and makes senders wait rather than drop what a group needs.
 */

import { Fault } from '../../domain/fault.ts';
import type { Bus, BusRecord, Consumption, OutputRecord, ReadFrom, TopicSpec } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import { createGroup, type Group } from './bus_group.ts';
import { createPartitionLog, type NewRecord, type PartitionLog, recordBytes } from './bus_log.ts';
import { partitionOfKey } from './bus_partitioner.ts';

/** What several buses of one process share, as clients share a broker. */
export interface MemoryBroker {
  /** Each has its own consumptions and close(), and all see the same topics. */
  connect(): Bus;
}

export interface MemoryBusOptions {
  readonly clock: Clock;
  /** Bytes a partition keeps where its topic names no bound; the oldest nobody needs go first. */
  readonly retentionBytes?: number;
}

// Enough for minutes of frames of one partition, and for a test to read everything back.
const retentionBytesDefault = 256 * 1024 * 1024;
/** Key and headers a record may have beside the message limit of its topic, as on Kafka. */
export const recordOverheadBytesMax = 16 * 1024;
const noHeaders: Readonly<Record<string, Uint8Array>> = Object.freeze({});

interface Topic {
  readonly logs: readonly PartitionLog[];
  messageBytesMax: number;
}

export const createMemoryBus = (options: MemoryBusOptions): Bus => createMemoryBroker(options).connect();

export function createMemoryBroker(options: MemoryBusOptions): MemoryBroker {
  const topics = new Map<string, Topic>();
  const groups = new Map<string, Group>();
  let keylessCount = 0;
  const nowMs = (): number => Number(options.clock.nowNanos() / 1_000_000n);

  const topicOf = (name: string): Topic => {
    const topic = topics.get(name);
    if (topic === undefined) throw new Fault('bus-failed', `topic ${name} does not exist: create it first`);
    return topic;
  };

  const place = (output: OutputRecord): [PartitionLog, NewRecord] => {
    const topic = topicOf(output.topic);
    const record = { key: output.key, value: output.value, headers: output.headers ?? noHeaders };
    if (recordBytes(record) > topic.messageBytesMax + recordOverheadBytesMax)
      throw new Fault(
        'bus-record',
        `a record of ${recordBytes(record)} bytes exceeds the ${topic.messageBytesMax} of ${output.topic}`,
      );
    const count = topic.logs.length;
    const chosen =
      output.partition ?? (output.key === null ? keylessCount++ % count : partitionOfKey(output.key, count));
    const log = topic.logs[chosen];
    if (log === undefined)
      throw new Fault('bus-failed', `topic ${output.topic} has no partition ${output.partition}`);
    return [log, record];
  };

  const room = (log: PartitionLog): Promise<void> =>
    new Promise((resolve) => {
      const stopWatching = log.watch(() => {
        if (!log.hasRoom()) return;
        stopWatching();
        resolve();
      });
    });

  const append = async (
    outputs: readonly OutputRecord[],
    transaction: boolean,
    mayStill: () => void,
  ): Promise<void> => {
    const placed = outputs.map(place);
    const touched = new Set(placed.map(([log]) => log));
    for (const log of touched) while (!log.hasRoom()) await room(log);
    mayStill();
    const timestampMs = nowMs();
    for (const [log, record] of placed) log.append(record, timestampMs);
    if (transaction) for (const log of touched) log.mark();
  };

  const groupOf = (group: string, topic: string): Group => {
    const id = `${group}\n${topic}`;
    const known = groups.get(id);
    if (known !== undefined) return known;
    const made = createGroup(group, topicOf(topic).logs, append);
    groups.set(id, made);
    return made;
  };

  const ensureTopic = (spec: TopicSpec): void => {
    const known = topics.get(spec.name);
    if (known !== undefined) {
      known.messageBytesMax = Math.max(known.messageBytesMax, spec.messageBytesMax);
      return;
    }
    const retentionBytes = spec.retentionBytes ?? options.retentionBytes ?? retentionBytesDefault;
    const logs = Array.from({ length: spec.partitions }, (_, partition) =>
      createPartitionLog(spec.name, partition, { retentionBytes, compacted: spec.compacted ?? false }),
    );
    topics.set(spec.name, { logs, messageBytesMax: spec.messageBytesMax });
  };

  const connect = (): Bus => {
    const consumptions = new Set<Consumption>();
    const closed = new AbortController();
    const open = (): void => {
      if (closed.signal.aborted) throw new Fault('bus-failed', 'the bus has been closed');
    };
    return {
      async ensureTopics(specs) {
        open();
        for (const spec of specs) ensureTopic(spec);
      },
      async offsets(topic) {
        return topicOf(topic).logs.map(({ partition, low, high }) => ({ partition, low, high }));
      },
      async committed(group, topic) {
        const { logs } = topicOf(topic);
        const known = groups.get(`${group}\n${topic}`)?.committed;
        return logs.map(({ partition }) => {
          const last = known?.get(partition);
          return { partition, offset: last?.offset ?? null, metadata: last?.metadata ?? '' };
        });
      },
      async send(records) {
        open();
        await append(
          records.map((record) => ({ ...record, value: record.value.slice() })),
          false,
          open,
        );
      },
      async consume({ group, topic, ...member }) {
        open();
        const consumption = groupOf(group, topic).join(member);
        consumptions.add(consumption);
        return consumption;
      },
      async *read({ topic, partitions, from, untilEnd, bufferBytesMax, signal }) {
        open();
        const { logs } = topicOf(topic);
        const wanted = logs.filter(
          ({ partition }) =>
            (partitions?.includes(partition) ?? true) &&
            (from.at !== 'offsets' || from.offsets.has(partition)),
        );
        const ended = AbortSignal.any(signal === undefined ? [closed.signal] : [closed.signal, signal]);
        yield* readLogs(wanted, from, untilEnd ?? false, bufferBytesMax, ended);
      },
      async close() {
        await Promise.all([...consumptions].map((one) => one.stop()));
        closed.abort();
      },
    };
  };
  return { connect };
}

const startOf = (log: PartitionLog, from: ReadFrom): bigint => {
  if (from.at === 'beginning') return log.low;
  if (from.at === 'end') return log.high;
  if (from.at === 'time') return log.offsetAtTime(from.timestampMs);
  const offset = from.at === 'offsets' ? from.offsets.get(log.partition)! : from.offset;
  if (offset < log.low) return log.low;
  if (offset > log.high) return log.high;
  return offset;
};

// Records handed out between two looks at the other partitions: fair, and cheap enough.
const readRecordsMax = 256;

async function* readLogs(
  logs: readonly PartitionLog[],
  from: ReadFrom,
  untilEnd: boolean,
  bufferBytesMax: number,
  ended: AbortSignal,
): AsyncGenerator<BusRecord> {
  const positions = logs.map((log) => startOf(log, from));
  const ends = logs.map((log) => log.high);
  while (!ended.aborted) {
    let found = false;
    let left = 0;
    for (const [i, log] of logs.entries()) {
      for (const record of log.slice(positions[i]!, readRecordsMax, bufferBytesMax)) {
        if (ended.aborted) return;
        if (untilEnd && record.offset >= ends[i]!) break;
        found = true;
        positions[i] = record.offset + 1n;
        yield record;
      }
      if (log.slice(positions[i]!, 1, 1).some((record) => record.offset < ends[i]!)) left++;
    }
    if (untilEnd && left === 0) return;
    if (!found && !untilEnd) await moreIn(logs, positions, ended);
  }
}

const moreIn = (
  logs: readonly PartitionLog[],
  positions: readonly bigint[],
  ended: AbortSignal,
): Promise<void> =>
  new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const wake = (): void => {
      for (const stop of stops) stop();
      ended.removeEventListener('abort', wake);
      resolve();
    };
    for (const [i, log] of logs.entries()) {
      stops.push(log.watch(() => log.slice(positions[i]!, 1, 1).length > 0 && wake()));
    }
    ended.addEventListener('abort', wake);
    // What arrived between the last look and now.
    const waiting = logs.some((log, i) => log.slice(positions[i]!, 1, 1).length > 0);
    if (ended.aborted || waiting) wake();
  });
