/** The assembler over the memory bus: what it commits, what it refuses, and what its successor goes on from. */

import { describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { PartialEventReason } from '../../../src/domain/archive/partial_event.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../../src/domain/quantity.ts';
import { balanced } from '../../../src/pipeline/ledger.ts';
import { type Assembler, startAssembler } from '../../../src/services/assembly/assembler.ts';
import { createServiceBook } from '../../../src/services/service_book.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { decodePartialEvent } from '../../../src/wire/events/partial_event.ts';
import { encodePacket } from '../../../src/wire/packet.ts';
import { keptLog } from '../../integration/broker.ts';
import { smallCard as card } from '../../wire/small_card.ts';
import { readAll } from '../read_all.ts';
import { settle } from '../settle.ts';

const topics = topicsOf(card.id);
const backstopMs = 500;

const packet = (timeFrame: number, region: number, id = timeFrame): Uint8Array =>
  encodePacket({
    identity: {
      sourceName: card.regions[region]!,
      messageId: messageId(id),
      timestampNanos: epochNanos(1_700_000_000_000_000_000n + BigInt(timeFrame) * 1_000_000n),
      durationNanos: durationNanos(1_000_000n),
      run: run(5),
      timeFrame: timeFrameNumber(timeFrame),
      instrumentId: card.id,
      instrumentHash: card.hash,
    },
    modelId: 'test/1',
    modelHash: cardHash('0123456789abcdef'),
    hitCount: 0,
    rawByteCount: 1,
    layers: [],
    scores: [],
    pValue: 1,
    policyVersion: policyVersion(0),
    reason: 0,
  });

const openWorld = async () => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock });
  const bus = broker.connect();
  await bus.ensureTopics(topicSpecs(card, 1, 64_000_000));
  const log = keptLog();
  const start = async (): Promise<Assembler & { leave(): Promise<void> }> => {
    const own = broker.connect();
    const assembler = await startAssembler(
      {
        ...{ card, topics, clock, log, bus: own },
        book: createServiceBook('assembler', clock),
        eventTokensOf: (packets) => packets.map(({ region }) => 100 + region),
        eventModel: { id: 'event/1', hash: cardHash('0123456789abcdef') },
        sent: { add: () => {} },
      },
      { group: 'test', delivery: 'exactly-once', deadlineMs: 10, backstopMs, onAssigned: () => {} },
    );
    await settle(20);
    return Object.assign(Object.create(assembler) as Assembler, {
      async leave() {
        await assembler.stop();
        await own.close();
      },
    });
  };
  const send = async (...values: Uint8Array[]): Promise<void> => {
    await bus.send(values.map((value) => ({ topic: topics.tokens, partition: 0, key: null, value })));
    await settle(20);
  };
  const partials = async () =>
    (await readAll(bus, topics.partials)).map(({ value }) => decodePartialEvent(value));
  return { clock, bus, log, start, send, partials };
};

const all = card.regions.map((_, region) => region);

describe('the assembler', () => {
  it('sends complete time frames at once, the others at their deadline, and amends them', async () => {
    const { clock, start, send, partials } = await openWorld();
    const assembler = await start();
    await send(...all.map((region) => packet(0, region)));
    await send(...all.slice(1).map((region) => packet(1, region)));
    expect(await partials()).toMatchObject([
      {
        ...{ timeFrame: 0, revision: 0, reason: PartialEventReason.complete, partCount: 1, messageId: 0 },
        eventTokens: all.map((region) => 100 + region),
        eventModel: { id: 'event/1', hash: '0123456789abcdef' },
      },
    ]);
    expect(assembler.books).toMatchObject({ received: 2 * all.length - 1, kept: all.length });
    // Event time passes the end of time frame 1 and its deadline of 10 ms.
    await send(packet(13, 0));
    await send(packet(1, 0));
    const [, second, third] = await partials();
    expect(second).toMatchObject({
      ...{ timeFrame: 1, revision: 0, reason: PartialEventReason.deadline },
      packets: all.slice(1).map((region) => ({ region, packet: packet(1, region) })),
    });
    expect(third).toMatchObject({
      ...{ timeFrame: 1, revision: 1, reason: PartialEventReason.amendment, messageId: 2, eventTokens: [] },
      packets: [{ region: 0, packet: packet(1, 0) }],
      present: (await partials())[0]!.present,
    });
    expect(await partials()).toHaveLength(3);
    // The wall clock closes what event time leaves open, and tells which ids were passed over: 1 came after all.
    await clock.advance(backstopMs + 1);
    await settle(20);
    expect((await partials())[3]).toMatchObject({
      ...{ timeFrame: 13, reason: PartialEventReason.deadline, packets: [{ region: 0 }] },
      gaps: [{ region: 0, fromId: 2, count: 11 }],
    });
    expect(balanced(assembler.books)).toBe(true);
    expect(assembler.books.inFlight).toBe(0);
    await assembler.leave();
  });

  it('refuses what is no packet, of another card, or there already, with its bytes', async () => {
    const { bus, start, send } = await openWorld();
    const assembler = await start();
    const other = packet(0, 0).slice();
    other[other.indexOf(card.id.charCodeAt(0), 150)]! ^= 1;
    await send(Buffer.from('no packet at all'), packet(0, 0), packet(0, 0), packet(0, 0, 9), other);
    const refused = await readAll(bus, topics.refused);
    expect(refused.map(({ headers }) => Buffer.from(headers.code!).toString())).toEqual([
      'packet-schema',
      'packet-duplicate',
      'packet-duplicate',
      'packet-instrument',
    ]);
    expect(Buffer.from(refused[0]!.value).toString()).toBe('no packet at all');
    expect(assembler.books).toEqual({ received: 5, kept: 0, shed: 0, refused: 4, inFlight: 1 });
    await assembler.leave();
    expect(assembler.books).toEqual({ received: 4, kept: 0, shed: 0, refused: 4, inFlight: 0 });
  });

  it('hands over what waits: the next one sends it with the same bytes, once', async () => {
    const { clock, start, send, partials } = await openWorld();
    const first = await start();
    await send(packet(3, 1), packet(4, 1));
    await send(packet(3, 0));
    await first.leave();
    const next = await start();
    expect(next.books).toMatchObject({ received: 3, inFlight: 3 });
    expect(await partials()).toEqual([]);
    await clock.advance(backstopMs + 1);
    await settle(20);
    expect(await partials()).toMatchObject([
      {
        ...{ timeFrame: 3, messageId: 0 },
        packets: [
          { region: 0, packet: packet(3, 0) },
          { region: 1, packet: packet(3, 1) },
        ],
      },
      { timeFrame: 4, messageId: 1, packets: [{ region: 1, packet: packet(4, 1) }] },
    ]);
    await send(packet(4, 1));
    expect(await partials()).toHaveLength(2);
    await next.leave();
  });

  it('does not begin anew where a state was committed and is gone', async () => {
    const { bus, start, send } = await openWorld();
    const first = await start();
    await send(packet(3, 1));
    await first.leave();
    // Another writer took the keys of its changes.
    const strange = { topic: topics.assembly, partition: 0, value: new Uint8Array(3) };
    await bus.send([{ ...strange, key: Buffer.from('1') }]);
    const next = await start();
    await expect(next.failed).rejects.toThrow(/assembly/);
  });
});
