/**
 * The archiver: partial events, and the prescaled share of raw frames, of assigned partitions into files of a store,
 * each once. It refuses to hold more than its bound, and what a store cannot take waits on the bus.
 */

import { archiveFile, cardsFolder, layoutVersion } from '../../archive/names.ts';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import type { ConditionReading } from '../../domain/status.ts';
import type { Bus, Consumption, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { TableFormat } from '../../ports/table.ts';
import type { Log } from '../../ports/telemetry.ts';
import { assemblyGroup } from '../assembly/assembler.ts';
import { assembledUntil } from '../assembly/restored.ts';
import type { ServiceBook } from '../service_book.ts';
import type { Topics } from '../topics.ts';
import type { Chain } from './ending.ts';
import { type Intake, keepEvents, keepFrames } from './intake.ts';
import { isStoreFault, openPatience } from './patience.ts';
import { readRun } from './position.ts';
import { type Closing, keepRuns, type RunKeeper } from './runs.ts';
import { openByData } from './sealing.ts';
import { archiveStream } from './stream.ts';
import { writtenRecord } from './written.ts';

export interface ArchiverParts {
  readonly card: InstrumentCard;
  readonly topics: Topics;
  readonly bus: Bus;
  readonly store: Store;
  readonly format: TableFormat;
  readonly clock: Clock;
  readonly log: Log;
  readonly book: ServiceBook;
  readonly version: string;
  /** Whether frames come of a simulated detector; null: nobody said. */
  readonly simulated: boolean | null;
}

/** A file a reader needs to turn tokens back into hits: a card, a table, a decoder. */
export interface CardFile {
  /** Below `cards/`; made of its content's hash, so that it never changes. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ArchiverSettings {
  /** Of the processors; those of the archivers are named after it. */
  readonly group: string;
  readonly segmentBytes: number;
  readonly rollMs: number;
  /** One raw time frame in this many; 0: none. */
  readonly prescale: number;
  readonly cards: readonly CardFile[];
  /** Called with what is waited for whenever that changes; [] when nothing is. */
  readonly onWaiting: (waitingFor: readonly string[]) => void;
  readonly onAssigned: () => void;
  /** What else is made of a run when it closes. */
  readonly closing: Closing;
}

export interface Archiver {
  readonly failed: Promise<never>;
  readonly lagRecords: bigint;
  readonly partitions: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  readonly conditions: readonly ConditionReading[];
  /** Seals what was taken and leaves; what cannot be sealed is taken again by the next owner. */
  stop(): Promise<void>;
}

/** Groups by topic: another group would archive everything again. */
export const archiveGroups = (group: string) => ({
  partials: `${group}-archive`,
  frames: `${group}-archive-raw`,
});

/** What lies before the archive, by the groups that read it. */
const chainOf = ({ bus, topics }: ArchiverParts, group: string, keepsRaw: boolean): Chain => {
  const { frames, tokens, partials } = topics;
  const own = archiveGroups(group);
  const assemblers = assemblyGroup(group);
  return {
    steps: [
      [
        { who: 'the processor', topic: frames, group },
        ...(keepsRaw ? [{ who: 'the archiver', topic: frames, group: own.frames }] : []),
      ],
      [
        {
          ...{ who: 'the assembler', topic: tokens, group: assemblers },
          heldFrom: (metadata) => assembledUntil(metadata).openFrom,
        },
      ],
      [{ who: 'the archiver', topic: partials, group: own.partials }],
    ],
    watermarks: async () =>
      (await bus.committed(assemblers, tokens))
        .filter(({ offset }) => offset !== null)
        .map(({ metadata }) => assembledUntil(metadata).watermarkNanos),
  };
};

const canonical = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** The archive's own files; refuses a folder that is another instrument's. */
const openArchive = async ({ store, card }: ArchiverParts, cards: readonly CardFile[]): Promise<void> => {
  const own = { layout: layoutVersion, instrument: card.id };
  if (!(await store.create(archiveFile, canonical(own)))) {
    const found = JSON.parse(new TextDecoder().decode(await store.read(archiveFile))) as Partial<typeof own>;
    if (found.layout !== own.layout || found.instrument !== own.instrument)
      throw new Fault(
        'config-invalid',
        `${store.place} is an archive of ${found.instrument}, layout ${found.layout}, not of ${own.instrument}, layout ${own.layout}; name another --archive`,
      );
  }
  for (const { name, bytes } of cards) await store.create(cardsFolder + name, bytes);
  for (const folder of ['', cardsFolder]) await store.clear(folder);
};

export const startArchiver = async (parts: ArchiverParts, settings: ArchiverSettings): Promise<Archiver> => {
  const { card, topics, bus, clock, log, book, store } = parts;
  const patience = openPatience(clock, log, () => settings.onWaiting(patience.waitingFor));
  const stopping = new AbortController();
  await patience.until(() => openArchive(parts, settings.cards), stopping.signal);
  const feeds = new Set<PartitionFeed>();
  let held = { messages: 0, bytes: 0 };
  const hold = (messages: number, bytes: number): void => {
    held = { messages: held.messages + messages, bytes: held.bytes + bytes };
  };
  book.watchInFlight(() => held.messages);

  const instrument = { id: card.id, hash: card.hash };
  const streamParts = (topic: string, intake: Intake) => ({
    ...parts,
    instrument,
    patience,
    stopping: stopping.signal,
    intake,
    rollMs: settings.rollMs,
    segmentBytesMax: () =>
      Math.min(settings.segmentBytes, Math.floor(limits.archiveHeldBytesMax / Math.max(1, feeds.size))),
    isStopped: async (run: number) => {
      try {
        const found = await readRun(store, run);
        if (found === null) await openByData({ ...parts, instrument }, run);
        return found?.state === 'stopping';
      } catch (error) {
        if (!isStoreFault(error)) throw error;
        return false;
      }
    },
    writtenOf: (seal: Parameters<typeof writtenRecord>[1]) => writtenRecord(topics, seal, parts.version),
    count: (messages: number, bytes: number) => {
      hold(messages, bytes);
      book.received(messages, bytes);
    },
    // What is passed over has ended well: it was not to be kept.
    settled: ({ kept, passed }: { kept: number; passed: number }, bytes: number) => {
      hold(-(kept + passed), -bytes);
      book.ended({ kept: kept + passed }, bytes);
    },
    returned: (messages: number, bytes: number) => {
      hold(-messages, -bytes);
      book.returned(messages, bytes);
    },
    endOf: async (partition: number) =>
      (await bus.offsets(topic)).find((one) => one.partition === partition)?.high ?? 0n,
  });

  const consume = (topic: string, group: string, intake: Intake): Promise<Consumption> =>
    bus.consume({
      group,
      topic,
      delivery: 'exactly-once',
      fresh: 'beginning',
      queueBytesMax: limits.partitionQueueBytesMax,
      async onFeed(feed) {
        feeds.add(feed);
        settings.onAssigned();
        try {
          await archiveStream(feed, streamParts(topic, intake));
        } catch (error) {
          const handed = error instanceof Fault && error.code === 'bus-fenced';
          if (!handed && !isStoreFault(error)) throw error;
          const place = { topic, partition: feed.partition };
          log.warn(place, 'partition handed over; what is not sealed goes to the next owner');
        } finally {
          feeds.delete(feed);
        }
      },
    });

  const groups = archiveGroups(settings.group);
  const consumptions = [await consume(topics.partials, groups.partials, keepEvents)];
  const keepsRaw = settings.prescale > 0;
  if (keepsRaw)
    consumptions.push(await consume(topics.frames, groups.frames, keepFrames(card, settings.prescale)));
  const runs: RunKeeper = keepRuns(
    { bus, log, clock, topics, store, patience, instrumentId: card.id, simulated: parts.simulated },
    {
      group: `${settings.group}-archive-runs`,
      chain: chainOf(parts, settings.group, keepsRaw),
      closing: settings.closing,
    },
  );
  const failed = Promise.race(consumptions.map((one) => one.failed));
  failed.catch(() => undefined);
  return {
    failed,
    get lagRecords() {
      let lag = 0n;
      for (const feed of feeds) lag += feed.backlog.lagRecords;
      return lag;
    },
    get partitions() {
      return feeds.size;
    },
    get queuedBytes() {
      let bytes = held.bytes;
      for (const feed of feeds) bytes += feed.backlog.queuedBytes;
      return bytes;
    },
    get inFlight() {
      return held.messages;
    },
    get conditions() {
      return [patience.condition, runs.condition];
    },
    async stop() {
      stopping.abort();
      await runs.stop();
      await Promise.all(consumptions.map((one) => one.stop()));
    },
  };
};
