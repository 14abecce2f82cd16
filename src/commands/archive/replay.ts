/**
 * `tessera replay ARCHIVE`: packets of an archive to a topic again, byte for byte, each time frame's together and in
 * its partition, at a rate or as they were recorded. It refuses to send a packet that has lost a layer.
 */

import { packetBytesOf } from '../../archive/packet_rows.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, OutputRecord } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OpenRun, StoredTimeFrame } from '../../services/dataset/archive.ts';
import { encodeInstants, instantsHeader } from '../../wire/instants.ts';

/** Time frames a second; `max`: as fast as the bus takes them; `recorded`: as far apart as they began. */
export type ReplayRate = number | 'max' | 'recorded';

export interface ReplayedArchive {
  readonly timeFrames: number;
  readonly packets: number;
  readonly bytes: number;
  /** Packets of which retention took a layer. */
  readonly incomplete: number;
}

export interface ArchiveReplayParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topic: string;
  readonly signal: AbortSignal;
  /** Told after each sending. */
  readonly progress: (so: ReplayedArchive) => void;
}

const recordsOf = (
  { timeFrame, packets }: StoredTimeFrame,
  run: OpenRun,
  topic: string,
  partitions: number,
): { readonly records: OutputRecord[]; readonly incomplete: number } => {
  const records: OutputRecord[] = [];
  let incomplete = 0;
  for (const { row, payloads, partition } of packets) {
    if (row.verbatim === null && payloads.some((payload) => payload === undefined)) {
      incomplete += 1;
      continue;
    }
    const value = packetBytesOf(row, payloads, run.identity);
    const headers = row.instants === null ? {} : { [instantsHeader]: encodeInstants(row.instants) };
    // Message ids count per source and partition: they stay consecutive only where the partition stays.
    const place = partition < partitions ? { partition } : {};
    records.push({ topic, key: Buffer.from(String(timeFrame)), value, headers, ...place });
  }
  return { records, incomplete };
};

/** ms after the first time frame at which this one is due; 0: at once. */
const dueOf = (rate: ReplayRate, number: number, startNanos: bigint, firstNanos: bigint): number => {
  if (rate === 'max') return 0;
  if (rate === 'recorded') return Number(startNanos - firstNanos) / 1e6;
  return (number * 1000) / rate;
};

const startOf = ({ events, packets }: StoredTimeFrame): bigint =>
  events[0]?.startNanos ?? packets[0]?.row.startNanos ?? 0n;

/** Throws bus-record when a packet does not fit the topic. */
export const replayArchive = async (
  { bus, clock, topic, signal, progress }: ArchiveReplayParts,
  runs: readonly OpenRun[],
  rate: ReplayRate,
): Promise<ReplayedArchive> => {
  const partitions = (await bus.offsets(topic)).length;
  const beganMs = clock.nowMs();
  let so: ReplayedArchive = { timeFrames: 0, packets: 0, bytes: 0, incomplete: 0 };
  let firstNanos: bigint | null = null;
  let load: OutputRecord[] = [];
  let loadBytes = 0;
  const send = async (): Promise<void> => {
    if (load.length === 0) return;
    await bus.send(load);
    [load, loadBytes] = [[], 0];
    progress(so);
  };
  for (const run of runs)
    for await (const frame of run.timeFrames({ kinds: ['tokens', 'near', 'lossless'] })) {
      if (signal.aborted) break;
      if (frame.packets.length === 0) continue;
      firstNanos ??= startOf(frame);
      const waitMs = beganMs + dueOf(rate, so.timeFrames, startOf(frame), firstNanos) - clock.nowMs();
      if (waitMs > 0) {
        await send();
        await clock.sleep(waitMs, signal);
        if (signal.aborted) break;
      }
      const { records, incomplete } = recordsOf(frame, run, topic, partitions);
      const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
      load.push(...records);
      loadBytes += bytes;
      so = {
        timeFrames: so.timeFrames + 1,
        packets: so.packets + records.length,
        bytes: so.bytes + bytes,
        incomplete: so.incomplete + incomplete,
      };
      if (loadBytes >= limits.replaySendBytesMax) await send();
    }
  await send();
  return so;
};
