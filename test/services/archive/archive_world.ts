/** Partial events on a memory broker, and an archiver on a virtual clock. */

import { createMemoryBroker } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { createMemoryStore } from '../../../src/adapters/memory/store.ts';
import { createParquetFormat } from '../../../src/adapters/parquet/format.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import type { PartialEvent } from '../../../src/domain/archive/partial_event.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { FidelityReason, type Layer, LayerKind } from '../../../src/domain/packet.ts';
import { cardHash, messageId, policyVersion, run, timeFrameNumber } from '../../../src/domain/quantity.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Store } from '../../../src/ports/store.ts';
import {
  type Archiver,
  type ArchiverSettings,
  startArchiver,
} from '../../../src/services/archive/archiver.ts';
import { createServiceBook } from '../../../src/services/service_book.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { encodePartialEvent } from '../../../src/wire/events/partial_event.ts';
import { encodeInstants } from '../../../src/wire/instants.ts';
import { encodePacket } from '../../../src/wire/packet.ts';
import { identityOf } from '../../frames.ts';
import { smallCard } from '../../wire/small_card.ts';
import { settle } from '../settle.ts';

export const format = createParquetFormat('a test');
export const topics = topicsOf(smallCard.id);

const layersOf = (timeFrame: number, region: number, lossless: boolean): Layer[] => {
  const payload = (seed: number, length: number): Uint8Array =>
    new Uint8Array(length).map((_, i) => (timeFrame * 31 + region * 7 + seed + i * i) & 255);
  const tokens = {
    kind: LayerKind.tokens,
    codec: 1,
    symbolCount: 5,
    payload: payload(1, 40 + (timeFrame % 9)),
  };
  if (!lossless) return [tokens];
  return [
    tokens,
    { kind: LayerKind.occupancy, codec: 3, symbolCount: 90, payload: payload(2, 60) },
    { kind: LayerKind.plane, codec: 3, symbolCount: 90, payload: payload(3, 20) },
    { kind: LayerKind.remainder, codec: 3, symbolCount: 90, payload: payload(4, 80) },
  ];
};

export const packetOf = (
  card: InstrumentCard,
  region: number,
  timeFrame: number,
  runNumber = 7,
): Uint8Array => {
  const lossless = timeFrame % 4 === 0;
  return encodePacket({
    identity: { ...identityOf(card, region, timeFrame), run: run(runNumber) },
    modelId: 'tpc-fsq/1',
    modelHash: cardHash('00112233445566ff'),
    hitCount: 90,
    rawByteCount: 400,
    layers: layersOf(timeFrame, region, lossless),
    scores: [
      { name: 'surprise', value: timeFrame / 3 },
      { name: 'size', value: -region },
    ],
    pValue: 0.25,
    policyVersion: policyVersion(3),
    reason: lossless ? FidelityReason.prescale : FidelityReason.ordinary,
  });
};

export interface EventOptions {
  readonly run?: number;
  readonly revision?: number;
  readonly regions?: readonly number[];
}

export const eventOf = (
  timeFrame: number,
  { run: runNumber = 7, revision = 0, regions = [0, 1, 2] }: EventOptions = {},
  card = smallCard,
): PartialEvent => ({
  ...identityOf(card, 0, timeFrame),
  sourceName: `${card.id}.assembler/0`,
  messageId: messageId(timeFrame),
  run: run(runNumber),
  timeFrame: timeFrameNumber(timeFrame),
  revision,
  part: 0,
  partCount: 1,
  reason: 0,
  regionCount: card.regions.length,
  present: Uint8Array.of(regions.reduce((mask, region) => mask | (1 << region), 0)),
  gaps: timeFrame % 5 === 0 ? [{ region: 1, fromId: timeFrame, count: 2 }] : [],
  packets: regions.map((region) => ({
    region,
    packet: packetOf(card, region, timeFrame, runNumber),
    instants: encodeInstants({ received: BigInt(timeFrame), commit: 9n }),
  })),
  eventTokens: [],
  eventModel: null,
});

/** In memory. */
export const openArchiveWorld = (partitions = 1, store = createMemoryStore()) =>
  openWorldOn(store, partitions);

export const openWorldOn = async <Kind extends Store>(store: Kind, partitions: number) => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock });
  const bus = broker.connect();
  await bus.ensureTopics(topicSpecs(smallCard, partitions, 1 << 28));
  const waits: (readonly string[])[] = [];
  const defaults: ArchiverSettings = {
    group: 'a',
    segmentBytes: 1 << 20,
    rollMs: 1000,
    prescale: 0,
    cards: [{ name: 'instrument.json', bytes: Uint8Array.of(123, 125) }],
    onWaiting: (waitingFor) => waits.push(waitingFor),
    onAssigned: () => {},
    closing: async () => {},
  };
  const start = async (settings: Partial<ArchiverSettings> = {}, over: Bus = broker.connect()) => {
    const book = createServiceBook('archiver', clock);
    const starting = startArchiver(
      {
        card: smallCard,
        topics,
        bus: over,
        store,
        format,
        clock,
        log: quietLog,
        book,
        version: '0',
        simulated: null,
      },
      { ...defaults, ...settings },
    );
    let archiver: Archiver | null = null;
    starting.then(
      (one) => {
        archiver = one;
      },
      () => undefined,
    );
    for (let turn = 0; turn < 50 && archiver === null; turn += 1) await settle();
    return { archiver: await starting, book };
  };
  /** Time passes until it is so. */
  const until = async (so: () => Promise<boolean> | boolean, msMax = 60_000): Promise<void> => {
    for (let ms = 0; !(await so()); ms += 250) {
      if (ms > msMax) throw new Error('it never came so');
      await clock.advance(250);
      await settle(4);
    }
  };
  const send = (events: readonly PartialEvent[], partition = 0) =>
    bus.send(
      events.map((event) => ({
        topic: topics.partials,
        partition,
        key: null,
        value: encodePartialEvent(event),
      })),
    );
  return { clock, broker, bus, store, start, until, send, waits };
};
