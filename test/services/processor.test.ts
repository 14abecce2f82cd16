/** The whole processor over the memory bus and an inline lane with the real model: delivery, books, refusals. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryBroker, type MemoryBroker } from '../../src/adapters/memory/bus.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { quietLog } from '../../src/adapters/telemetry/quiet_log.ts';
import { firstPolicy } from '../../src/anomaly/fidelity.ts';
import { replayRecorded } from '../../src/commands/replay.ts';
import { FidelityReason } from '../../src/domain/packet.ts';
import type { Bus, OutputRecord } from '../../src/ports/bus.ts';
import type { Lane } from '../../src/ports/lane.ts';
import { followPolicy } from '../../src/services/policy.ts';
import { startProcessor } from '../../src/services/processor.ts';
import { createStatusBook } from '../../src/services/status.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { decodeInstants, encodeIntended, instantsHeader } from '../../src/wire/instants.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { digitsOf, frameOf, identityOf, randomOf } from '../frames.ts';
import { goodFrame, hostilePayloads } from '../hostile/corpus.ts';
import { card, openRealLane, processorSettings } from './processor_setup.ts';
import { readAll } from './read_all.ts';
import { statusIdentity } from './status_identity.ts';

const topics = topicsOf(card.id);
const partitions = 2;
const clock = createSystemClock();
const policy = { ...firstPolicy(), prescale: 4, warmupCount: 50 };

let lane: Lane;
beforeAll(async () => {
  lane = await openRealLane(clock);
});
afterAll(() => lane.close());

/** A fresh broker with topics; frames go in by time frame, two regions each. */
const openWorld = async (): Promise<{ broker: MemoryBroker; bus: Bus }> => {
  const broker = createMemoryBroker({ clock });
  const bus = broker.connect();
  await bus.ensureTopics(topicSpecs(card, partitions, 1 << 30));
  return { broker, bus };
};

const frameRecord = (timeFrame: number, value: Uint8Array): OutputRecord => ({
  topic: topics.frames,
  partition: timeFrame % partitions,
  key: Buffer.from(String(timeFrame)),
  value,
  headers: { [instantsHeader]: encodeIntended(clock.nowNanos()) },
});

const send = async (bus: Bus, from: number, to: number): Promise<void> => {
  for (let timeFrame = from; timeFrame < to; timeFrame += 1)
    await bus.send([0, 1].map((region) => frameRecord(timeFrame, frameOf(card, region, timeFrame))));
};

const start = async (bus: Bus, policyIntervalMs = 5) => {
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  const policies = await followPolicy(bus, topics.policy, policy, quietLog);
  const processor = await startProcessor(
    { card, topics, bus, lane, clock, log: quietLog, policies, book },
    processorSettings({
      policyIntervalMs,
      policy,
      onAssigned: () => book.state('running'),
    }),
  );
  /** Waits until the group has committed all there is: the offsets say so, no clock does. */
  const drained = async (): Promise<void> => {
    const ends = await bus.offsets(topics.frames);
    for (;;) {
      const committed = await bus.committed('test', topics.frames);
      const done = ends.every(({ partition, high }) => {
        const at = committed.find((one) => one.partition === partition)?.offset ?? 0n;
        return at >= high;
      });
      if (done) return;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  const stop = async (): Promise<void> => {
    await processor.stop();
    await policies.stop();
  };
  return { book, processor, policies, drained, stop };
};

describe('processor', () => {
  it('gives every frame one packet, in order, with instants, and balances its books', async () => {
    const { bus } = await openWorld();
    await send(bus, 0, 60);
    const service = await start(bus);
    await service.drained();
    await service.stop();
    const records = await readAll(bus, topics.tokens);
    const names = records.map(({ value }) => {
      const { identity } = decodePacket(value);
      return `${identity.timeFrame}/${identity.sourceName}`;
    });
    expect(new Set(names).size).toBe(120);
    expect(records).toHaveLength(120);
    for (const partition of [0, 1]) {
      const inOrder = records.filter((one) => one.partition === partition);
      const timeFrames = inOrder.map(({ value }) => decodePacket(value).identity.timeFrame);
      expect(timeFrames).toEqual([...timeFrames].sort((a, b) => a - b));
    }
    const instants = decodeInstants(records[0]!.headers[instantsHeader]!);
    const order = [instants.intended, instants.received, instants.decode, instants.emit, instants.commit];
    expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
    expect(service.processor.books).toEqual({ received: 120, kept: 120, shed: 0, refused: 0, inFlight: 0 });
    expect(service.book.snapshot().books[0]).toMatchObject({ received: 120, kept: 120, balanced: true });
    await bus.close();
  });

  it('says that a region sends its content again under another id', async () => {
    const { bus } = await openWorld();
    const service = await start(bus);
    const conditions = () =>
      service.book.snapshot().conditions.filter(({ cause }) => cause === 'repeated-frames');
    await send(bus, 0, 20);
    await service.drained();
    expect(conditions()).toMatchObject([{ severity: 'ok', total: 0 }]);
    const digits = digitsOf(card, 20, randomOf(3));
    for (const timeFrame of [20, 21])
      await bus.send([frameRecord(timeFrame, encodeFrame(identityOf(card, 1, timeFrame), digits, card))]);
    await service.drained();
    await service.stop();
    expect(conditions()).toMatchObject([{ severity: 'minor', total: 1 }]);
    expect(conditions()[0]!.message).toMatch(/ repeats 100 % of its time frame 2[01] in 2[01]$/);
    expect(service.processor.books.kept).toBe(42);
    await bus.close();
  });

  it('keeps prescaled time frames losslessly in all regions, and publishes policies that only count up', async () => {
    const { bus } = await openWorld();
    const service = await start(bus);
    for (let from = 0; from < 400; from += 50) {
      await send(bus, from, from + 50);
      await service.drained();
    }
    await service.stop();
    const packets = (await readAll(bus, topics.tokens)).map(({ value }) => decodePacket(value));
    const byTimeFrame = Map.groupBy(packets, ({ identity }) => identity.timeFrame);
    for (const regions of byTimeFrame.values()) {
      const prescaled = regions.map(({ reason }) => reason === FidelityReason.prescale);
      const rare = regions.some(({ reason }) => reason === FidelityReason.rare);
      if (!rare) expect(prescaled[0]).toBe(prescaled[1]);
    }
    expect(packets.some(({ reason }) => reason === FidelityReason.prescale)).toBe(true);
    const versions = (await readAll(bus, topics.policy)).map(
      ({ value }) => JSON.parse(Buffer.from(value).toString()).version as number,
    );
    expect(versions.length).toBeGreaterThan(1);
    expect(versions).toEqual(versions.map((_, index) => index));
    await bus.close();
  });

  it('replays the recorded frames under the recorded policy byte for byte', async () => {
    const { bus } = await openWorld();
    const service = await start(bus);
    for (let from = 0; from < 300; from += 60) {
      await send(bus, from, from + 60);
      await service.drained();
    }
    await service.stop();
    // The first policy is recorded as those that follow: who replays need not know how the processor was started.
    const builtIn = firstPolicy();
    const summary = await replayRecorded({ bus, lane, card, topics, builtIn, log: quietLog });
    expect(summary).toEqual({
      packets: 600,
      frames: 600,
      identical: 600,
      different: 0,
      withoutPacket: 0,
      withoutPolicy: 0,
      differences: [],
    });
    await bus.close();
  });

  it('takes the recorded policy for its first, whatever it was started with', async () => {
    const { bus } = await openWorld();
    await send(bus, 0, 20);
    const first = await start(bus, 3_600_000);
    await first.drained();
    await first.stop();
    const other = await followPolicy(bus, topics.policy, { ...policy, prescale: 7 }, quietLog);
    expect([other.isRecorded, other.current.version, other.current.prescale]).toEqual([true, 0, 4]);
    await other.stop();
    await bus.close();
  });

  it('goes on where another owner stopped, with nothing lost, repeated or out of order', async () => {
    const { broker, bus } = await openWorld();
    await send(bus, 0, 200);
    let done = false;
    // Owners come and go while the topic drains: each takes over from what was committed.
    for (let turn = 0; turn < 6; turn += 1) {
      const connection = broker.connect();
      const service = await start(connection);
      if (turn === 5) {
        await service.drained();
        done = true;
      } else await new Promise<void>((resolve) => setImmediate(resolve));
      await service.stop();
      const { received, kept, inFlight } = service.processor.books;
      expect([received, inFlight]).toEqual([kept, 0]);
      await connection.close();
    }
    expect(done).toBe(true);
    const names = (await readAll(bus, topics.tokens)).map(({ value }) => {
      const { identity } = decodePacket(value);
      return `${identity.timeFrame}/${identity.sourceName}`;
    });
    expect([names.length, new Set(names).size]).toEqual([400, 400]);
    const versions = (await readAll(bus, topics.policy)).map(
      ({ value }) => JSON.parse(Buffer.from(value).toString()).version as number,
    );
    expect(versions).toEqual(versions.map((_, index) => index));
    await bus.close();
  });

  it('refuses the whole hostile corpus, each with its code and its bytes, and goes on after each', async () => {
    const { bus } = await openWorld();
    const service = await start(bus);
    const hostile = hostilePayloads(card).filter(({ bytes }) => bytes.byteLength < 4 * 1024 * 1024);
    let timeFrame = 0;
    for (const { bytes } of hostile) {
      await bus.send([{ ...frameRecord(0, bytes), partition: 0 }]);
      await bus.send([{ ...frameRecord(timeFrame, goodFrame(card, timeFrame)), partition: 0 }]);
      timeFrame += 1;
    }
    await service.drained();
    await service.stop();
    const refused = await readAll(bus, topics.refused);
    const tokens = await readAll(bus, topics.tokens);
    expect(hostile.length).toBeGreaterThanOrEqual(55);
    const told = refused.map((one) => Buffer.from(one.headers.code!).toString());
    expect(tokens.length).toBe(hostile.length);
    expect(told).toEqual(hostile.map(({ code }) => code));
    refused.forEach((one, index) => {
      expect(Buffer.compare(Buffer.from(one.value), Buffer.from(hostile[index]!.bytes))).toBe(0);
    });
    expect(service.processor.books).toMatchObject({
      kept: tokens.length,
      refused: refused.length,
      inFlight: 0,
    });
    await bus.close();
  });
});
