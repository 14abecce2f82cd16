/**
 * The assembler: packets of assigned partitions → partial events, refusals, the change of what waits and the input
 * offset, in one transaction a batch. It refuses to look into a packet beyond whose it is: that is its readers' work.
 */

import { type Assembled, type Assembly, assemblyBounds, openAssembly } from '../../assembly/assembly.ts';
import { encodeChange } from '../../assembly/changelog.ts';
import { type Common, partialEventsOf } from '../../assembly/parts.ts';
import type { EventModelName } from '../../domain/archive/event_model.ts';
import type { CarriedPacket } from '../../domain/archive/partial_event.ts';
import { Fault, type FaultCode, faultList } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { frameBytesMax, limits } from '../../domain/limits.ts';
import { type Books, type Ends, openLedger } from '../../pipeline/ledger.ts';
import type { Bus, BusRecord, Delivery, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Counter, Log } from '../../ports/telemetry.ts';
import { encodePartialEvent } from '../../wire/events/partial_event.ts';
import { instantsHeader } from '../../wire/instants.ts';
import { identifyPacket } from '../../wire/packet.ts';
import { refusal } from '../outputs.ts';
import type { ServiceBook } from '../service_book.ts';
import { packetBytesMax, type Topics } from '../topics.ts';
import { bringPackets, committedMetadata, latestChanges } from './restored.ts';

export interface AssemblerParts {
  readonly card: InstrumentCard;
  readonly topics: Topics;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly book: ServiceBook;
  /** Tokens of the event as a whole, of the packets it first went out with; none where no model makes them. */
  readonly eventTokensOf: (packets: readonly CarriedPacket[]) => readonly number[];
  /** That model. */
  readonly eventModel: EventModelName | null;
  /** Partial events by the reason they were sent for. */
  readonly sent: Counter;
}

export interface AssemblerSettings {
  readonly group: string;
  readonly delivery: Delivery;
  /** Event time after a time frame's end at which it goes without the regions that are missing. */
  readonly deadlineMs: number;
  /** Wall time a time frame waits at most. */
  readonly backstopMs: number;
  /** Called whenever a partition has been assigned and its state is there again. */
  readonly onAssigned: () => void;
}

export interface Assembler {
  readonly failed: Promise<never>;
  readonly books: Books;
  readonly partitions: readonly number[];
  readonly lagRecords: bigint;
  readonly queuedBytes: number;
  /** Commits what it is at and leaves the group; what waits for regions is on the topic for the next owner. */
  stop(): Promise<void>;
}

/** Of the assemblers of a processors' group: members of one group take one topic, and theirs has the frames. */
export const assemblyGroup = (group: string): string => `${group}-assembly`;

/** What holds while one partition is ours; dropped whole when it is taken, rebuilt from what was committed. */
interface Session {
  readonly feed: PartitionFeed;
  readonly assembly: Assembly;
  readonly common: Common;
  nextOffset: bigint;
  /** Taken or restored, and in no committed partial event yet. */
  inFlight: number;
}

interface Refused {
  readonly code: FaultCode;
  readonly detail: string;
}

const none = new Uint8Array(0);
const reasonNames = ['complete', 'deadline', 'amendment', 'pressure'] as const;
const bytesOf = (records: readonly BusRecord[]): number =>
  records.reduce((bytes, { value }) => bytes + value.byteLength, 0);

export const startAssembler = async (
  parts: AssemblerParts,
  settings: AssemblerSettings,
): Promise<Assembler> => {
  const { card, topics, bus, clock, log, book, sent, eventTokensOf, eventModel } = parts;
  const sessions = new Map<number, Session>();
  const ledger = openLedger();
  book.watchInFlight(() => ledger.books.inFlight);
  const regionOf = new Map(card.regions.map((name, region) => [name, region]));
  const bytesMax = packetBytesMax(card);

  const openSession = async (feed: PartitionFeed): Promise<Session> => {
    const { partition } = feed;
    // The feed is fenced: what the last owner committed is on the topics by now.
    const changes = await latestChanges(bus, topics.assembly, partition, feed.startMetadata);
    const { deadlineMs, backstopMs } = settings;
    const deadlineNanos = BigInt(deadlineMs) * 1_000_000n;
    const rules = { regionCount: card.regions.length, deadlineNanos, backstopMs, bounds: assemblyBounds };
    const assembly = openAssembly(rules, changes, clock.nowMs());
    const lost = await bringPackets(bus, topics.tokens, feed, assembly);
    if (lost > 0)
      log.error(
        { topic: topics.tokens, partition, packets: lost },
        'packets that waited for their time frames are kept no more: they are lost; keep tokens for longer',
      );
    // They were received by the last owner, and are in flight here now.
    ledger.received(assembly.openPackets);
    book.received(assembly.openPackets, assembly.openBytes);
    const common: Common = {
      sourceName: `${card.id}.assembler/${partition}`,
      instrumentId: card.id,
      instrumentHash: card.hash,
      regionCount: card.regions.length,
      eventModel,
    };
    const inFlight = assembly.openPackets;
    return { feed, assembly, common, nextOffset: feed.startOffset, inFlight };
  };

  /** null: it waits or goes out. */
  const takePacket = (assembly: Assembly, record: BusRecord, nowMs: number): Refused | null => {
    if (record.unreadable !== undefined) return { code: 'frame-unreadable', detail: record.unreadable };
    try {
      const identity = identifyPacket(record.value);
      const region = regionOf.get(identity.sourceName);
      const { instrumentId, instrumentHash, messageId, run, timeFrame } = identity;
      if (region === undefined || instrumentId !== card.id || instrumentHash !== card.hash)
        return {
          code: 'packet-instrument',
          detail: `region '${identity.sourceName}' of ${instrumentId}, card ${instrumentHash}; served is ${card.id}, card ${card.hash}`,
        };
      const instants = record.headers[instantsHeader] ?? none;
      const packet = { region, packet: record.value, instants, offset: record.offset };
      const code = assembly.take({ identity, messageId, packet }, nowMs);
      if (code === null) return null;
      const whose = `${identity.sourceName}, run ${run}, time frame ${timeFrame}, message ${messageId}`;
      return { code, detail: `${faultList[code][1]}: ${whose}` };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { code: error.code, detail: error.detail };
    }
  };

  const partialOutputs = (session: Session, closed: readonly Assembled[]): OutputRecord[] => {
    const { assembly, common, feed } = session;
    const { partition } = feed;
    return closed.flatMap((one) => {
      const key = Buffer.from(String(one.identity.timeFrame));
      const tokens = one.revision === 0 ? eventTokensOf(one.packets) : [];
      return partialEventsOf(one, common, bytesMax, tokens, assembly.number).map((event) => ({
        ...{ topic: topics.partials, partition, key },
        value: encodePartialEvent(event),
      }));
    });
  };

  /** One transaction for what a batch brought and what is due; none where nothing changed. */
  const settle = async (session: Session, records: readonly BusRecord[]): Promise<void> => {
    const { feed, assembly } = session;
    const { partition } = feed;
    const nowMs = clock.nowMs();
    const refusals: OutputRecord[] = [];
    for (const record of records) {
      const refused = takePacket(assembly, record, nowMs);
      if (refused !== null) refusals.push(refusal(record, refused, topics, frameBytesMax(card)));
    }
    const closed = assembly.close(nowMs);
    if (records.length === 0 && closed.length === 0) return;
    const partials = partialOutputs(session, closed);
    const change = assembly.change();
    const outputs = [
      ...partials,
      ...refusals,
      {
        ...{ topic: topics.assembly, partition },
        // Twice as many keys as lie between two whole states: compaction keeps what a restart needs, and no more.
        key: Buffer.from(String(change.sequence % (2 * limits.assemblyChangesMax))),
        value: encodeChange(change),
      },
    ];
    assembly.keep();
    session.nextOffset = (records.at(-1)?.offset ?? session.nextOffset - 1n) + 1n;
    await feed.commit(outputs, session.nextOffset, committedMetadata(change.sequence, assembly));
    count(session, closed, partials, refusals.length);
  };

  const count = (
    session: Session,
    closed: readonly Assembled[],
    partials: readonly OutputRecord[],
    refused: number,
  ): void => {
    const kept = closed.reduce((sum, { packets }) => sum + packets.length, 0);
    const ends: Ends = { kept, shed: 0, refused };
    ledger.settled(ends);
    session.inFlight -= kept + refused;
    book.ended(
      ends,
      partials.reduce((sum, { value }) => sum + value.byteLength, 0),
    );
    for (const [reason, name] of reasonNames.entries()) {
      const events = closed.filter((one) => one.reason === reason).length;
      if (events > 0) sent.add(events, { reason: name });
    }
  };

  /** The next records, or [] when a time frame has waited long enough by the wall clock; null at the feed's end. */
  const next = async (
    session: Session,
    taking: Promise<readonly BusRecord[]>,
  ): Promise<readonly BusRecord[] | null> => {
    const waitMs = session.assembly.waitMs(clock.nowMs());
    const taken = taking.then((records) => (records.length === 0 ? null : records));
    if (waitMs === null) return taken;
    taken.catch(() => {}); // whoever waits for it again is told
    const over = new AbortController();
    try {
      return await Promise.race([taken, clock.sleep(waitMs, over.signal).then(() => [])]);
    } finally {
      over.abort();
    }
  };

  const assemble = async (session: Session): Promise<void> => {
    const { feed } = session;
    const bounds = { recordsMax: limits.batchRecordsMax, bytesMax: limits.batchBytesMax };
    let taking: Promise<readonly BusRecord[]> | null = null;
    for (;;) {
      taking ??= feed.take(bounds);
      const records = await next(session, taking);
      if (records === null) return;
      if (records.length > 0) {
        taking = null;
        ledger.received(records.length);
        session.inFlight += records.length;
        book.received(records.length, bytesOf(records));
      }
      await settle(session, records);
    }
  };

  const runFeed = async (feed: PartitionFeed): Promise<void> => {
    const session = await openSession(feed);
    sessions.set(feed.partition, session);
    settings.onAssigned();
    try {
      await assemble(session);
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'bus-fenced')) throw error;
      log.warn(
        { topic: feed.topic, partition: feed.partition },
        'partition handed over; what waits and what is uncommitted goes to the next owner',
      );
    } finally {
      sessions.delete(feed.partition);
      // They are in flight on the topics: the next owner takes them up as its own.
      ledger.returned(session.inFlight);
      book.returned(session.inFlight, session.assembly.openBytes);
    }
  };

  const consumption = await bus.consume({
    group: settings.group,
    topic: topics.tokens,
    delivery: settings.delivery,
    fresh: 'beginning',
    queueBytesMax: limits.partitionQueueBytesMax,
    onFeed: runFeed,
  });
  return {
    failed: consumption.failed,
    get books() {
      return ledger.books;
    },
    get partitions() {
      return [...sessions.keys()].sort((a, b) => a - b);
    },
    get lagRecords() {
      let lag = 0n;
      for (const { feed } of sessions.values()) lag += feed.backlog.lagRecords;
      return lag;
    },
    get queuedBytes() {
      let bytes = 0;
      for (const { feed, assembly } of sessions.values())
        bytes += feed.backlog.queuedBytes + assembly.openBytes;
      return bytes;
    },
    stop: () => consumption.stop(),
  };
};
