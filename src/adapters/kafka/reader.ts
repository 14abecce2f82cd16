/**
 * Reads a topic without a group: committed records of some or all partitions, from an offset, a time, the
 * beginning or the end. Refuses to fetch ahead of its reader by more than its buffer.
 */

import type { Fault } from '../../domain/fault.ts';
import type { Bus, BusRecord, ReadFrom } from '../../ports/bus.ts';
import { type Cluster, closeCluster, createCluster, type KafkaAccess } from './client/cluster.ts';
import { createFetcher, type Track } from './client/fetcher.ts';
import { persist, toFault } from './client/request.ts';
import type { TopicBook } from './client/topics.ts';

/** Records handed out between two looks at the other partitions. */
const recordsInTurn = 512;

export async function* readTopic(
  parts: { readonly access: KafkaAccess; readonly book: TopicBook },
  options: Parameters<Bus['read']>[0],
  ended: AbortSignal,
): AsyncGenerator<BusRecord> {
  const { topic, bufferBytesMax } = options;
  await parts.book.learn([topic]);
  if (ended.aborted) return;
  const cluster = createCluster(parts.access);
  let failure: Fault | null = null;
  let wake: () => void = () => {};
  const wakeUp = (): void => wake();
  const fetcher = createFetcher({
    cluster,
    log: parts.access.log,
    totalBytesMax: bufferBytesMax,
    onFailed: (fault) => {
      failure = fault;
      wake();
    },
  });
  ended.addEventListener('abort', wakeUp);
  try {
    const edges = await readEdges(cluster, topic, options.from);
    const wanted = edges.filter(({ partition }) => isWanted(options, partition));
    const ends = new Map(wanted.map(({ partition, high }) => [partition, high]));
    const reading = options.untilEnd ? wanted.filter(({ start, high }) => start < high) : wanted;
    let tracks: Track[] = reading.map(({ partition, start }) =>
      fetcher.add({
        topic,
        partition,
        offset: start,
        queueBytesMax: bufferBytesMax,
        batchBytesMax: parts.book.shapeOf(topic).batchBytesMax,
        onArrival: wakeUp,
      }),
    );
    while (!ended.aborted && (tracks.length > 0 || !options.untilEnd)) {
      // Armed before looking, so that what arrives while a record is handed out is not missed.
      const arrival = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let found = false;
      for (const track of tracks) {
        for (const record of track.take(recordsInTurn, bufferBytesMax)) {
          if (ended.aborted) return;
          if (options.untilEnd && record.offset >= ends.get(track.partition)!) break;
          found = true;
          yield record;
        }
      }
      if (failure !== null) throw failure;
      // Markers count: a position at the end is there, whether or not its last offset was a record.
      if (options.untilEnd)
        tracks = tracks.filter((track) => {
          const more = track.position < ends.get(track.partition)!;
          if (!more) track.close();
          return more;
        });
      if (!found && tracks.length > 0 && !ended.aborted) await arrival;
      else if (tracks.length === 0 && !options.untilEnd) await arrival;
    }
  } finally {
    ended.removeEventListener('abort', wakeUp);
    fetcher.close();
    await closeCluster(cluster);
  }
}

interface Edge {
  readonly partition: number;
  readonly start: bigint;
  readonly high: bigint;
}

async function readEdges(cluster: Cluster, topic: string, from: ReadFrom): Promise<Edge[]> {
  try {
    return await persist(async () => {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([topic]);
      const partitions = cluster
        .findTopicPartitionMetadata(topic)
        .map(({ partitionId }) => ({ partition: partitionId }));
      const ask = async (at: { fromBeginning: boolean } | { fromTimestamp: number }) => {
        const found = await cluster.fetchTopicsOffset([{ topic, partitions, ...at }]);
        return new Map(found[0]!.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      };
      const low = await ask({ fromBeginning: true });
      const high = await ask({ fromBeginning: false });
      const timed = from.at === 'time' ? await ask({ fromTimestamp: from.timestampMs }) : null;
      return [...high].map(([partition, end]) => {
        const begin = low.get(partition)!;
        return {
          partition,
          start: startOf(from, partition, begin, end, timed?.get(partition) ?? -1n),
          high: end,
        };
      });
    });
  } catch (cause) {
    throw toFault(cause, `reading ${topic}`);
  }
}

const isWanted = ({ partitions, from }: Parameters<Bus['read']>[0], partition: number): boolean =>
  (partitions?.includes(partition) ?? true) && (from.at !== 'offsets' || from.offsets.has(partition));

function startOf(from: ReadFrom, partition: number, low: bigint, high: bigint, timed: bigint): bigint {
  const wanted = wantedOffset(from, partition, low, high, timed);
  if (wanted < low) return low;
  return wanted > high ? high : wanted;
}

function wantedOffset(from: ReadFrom, partition: number, low: bigint, high: bigint, timed: bigint): bigint {
  if (from.at === 'beginning') return low;
  if (from.at === 'offset') return from.offset;
  if (from.at === 'offsets') return from.offsets.get(partition) ?? high;
  // No record is that young: Kafka answers −1.
  return from.at === 'end' || timed < 0n ? high : timed;
}
