/**
 * The archiver alone on a memory bus: how fast it writes what it is given, and what the files weigh. Refuses to end before
 * every partial event is sealed.
 */

import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createParquetFormat } from '../../../src/adapters/parquet/format.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import type { Seal } from '../../../src/archive/seal.ts';
import { openBus, version } from '../../../src/assemble.ts';
import { readConfig } from '../../../src/config.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import type { Bus, OutputRecord } from '../../../src/ports/bus.ts';
import type { Store } from '../../../src/ports/store.ts';
import { archiveGroups, startArchiver } from '../../../src/services/archive/archiver.ts';
import { runsIn, sealsOf } from '../../../src/services/archive/position.ts';
import { createServiceBook } from '../../../src/services/service_book.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { encodePartialEvent } from '../../../src/wire/events/partial_event.ts';
import { sleep } from '../../drive.ts';
import { eventOf, type MadePacket, renumbered } from './events.ts';
import { clock, cpuMicros, partitions } from './produce.ts';

export const format = createParquetFormat(`tessera ${version}`);

export interface Written {
  readonly packets: number;
  readonly packetBytes: number;
  readonly archiveBytes: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly segments: number;
  readonly seconds: number;
  readonly microsecondsAPacket: number;
}

/** In memory where there is room, so that a figure is not that of one machine's disk; on it, to say what that costs. */
export const temporary = (place: 'memory' | 'disk'): string =>
  mkdtempSync(join(place === 'memory' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tessera-archive-'));

const bytesIn = async (store: Store): Promise<{ all: number; byKind: Record<string, number> }> => {
  const byKind: Record<string, number> = {};
  let all = 0;
  for await (const { name, byteCount } of store.list('run=')) {
    const kind = /\.([a-z]+)\.[0-9a-f]{8}\.parquet$/.exec(name)?.[1] ?? 'seals';
    byKind[kind] = (byKind[kind] ?? 0) + byteCount;
    all += byteCount;
  }
  return { all, byKind };
};

/** The archiver alone, on a memory bus that `feed` fills; from its start until all is sealed. */
export const write = async (
  card: InstrumentCard,
  store: Store,
  messages: number,
  feed: (bus: Bus) => Promise<void>,
  before: boolean,
): Promise<Written> => {
  const config = readConfig({ instrument: card.id, bus: 'memory' }, {});
  const bus = openBus(config, clock, quietLog);
  await bus.ensureTopics(topicSpecs(card, partitions, 32_000_000_000));
  const topics = topicsOf(card.id);
  if (before) await feed(bus);
  const [beginMs, used] = [performance.now(), process.cpuUsage()];
  const archiver = await startArchiver(
    {
      card,
      topics,
      bus,
      store,
      format,
      clock,
      log: quietLog,
      book: createServiceBook('archiver', clock),
      version,
      simulated: true,
    },
    {
      group: 'bench',
      segmentBytes: config.archiveSegmentBytes,
      rollMs: 2_000,
      prescale: 0,
      cards: [],
      onWaiting: () => {},
      onAssigned: () => {},
      closing: async () => {},
    },
  );
  const feeding = before ? Promise.resolve() : feed(bus);
  const done = async (): Promise<number> => {
    const committed = await bus.committed(archiveGroups('bench').partials, topics.partials);
    return committed.reduce((sum, { offset }) => sum + Number(offset ?? 0n), 0);
  };
  // What is taken last is sealed when the archiver is told to stop, not after a wait for its age.
  while (archiver.inFlight + (await done()) < messages) await Promise.race([sleep(5), archiver.failed]);
  await feeding;
  await archiver.stop();
  const [seconds, microseconds] = [(performance.now() - beginMs) / 1000, cpuMicros(used)];
  const seals: Seal[] = [];
  for (const run of await runsIn(store)) seals.push(...(await sealsOf(store, run)));
  const sum = (of: (seal: Seal) => number): number => seals.reduce((all, seal) => all + of(seal), 0);
  if (sum(({ counts }) => counts.events) !== messages)
    throw new Error(`${sum(({ counts }) => counts.events)} of ${messages} partial events are archived`);
  const { all, byKind } = await bytesIn(store);
  return {
    packets: sum(({ counts }) => counts.packets),
    packetBytes: sum(({ counts }) => counts.packetBytes),
    archiveBytes: all,
    byKind,
    segments: seals.length,
    seconds,
    microsecondsAPacket: microseconds / sum(({ counts }) => counts.packets),
  };
};

/** All events of a case, `copies` times over under new numbers, to the partitions by time frame. */
export const messagesOf = (
  card: InstrumentCard,
  made: ReadonlyMap<number, MadePacket[]>,
  copies: number,
): OutputRecord[] => {
  const topic = topicsOf(card.id).partials;
  const lists = [...made.values()];
  return Array.from({ length: copies * lists.length }, (_, number) => {
    const packets = lists[number % lists.length]!.map((packet) => renumbered(packet, number));
    const value = encodePartialEvent(eventOf(card, packets, number));
    return { topic, partition: number % partitions, key: null, value };
  });
};
