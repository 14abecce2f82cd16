/** The feeder: a plan kept by a virtual clock, and frames that are the same whether packed or restamped. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { messageId } from '../../src/domain/quantity.ts';
import { type FeedSummary, type FrameSource, feed } from '../../src/services/feeder.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { instantsHeader, readIntended } from '../../src/wire/instants.ts';
import { digitsOf, identityOf, randomOf } from '../frames.ts';
import { randomObjects, triggerCard } from '../objects.ts';

const root = join(import.meta.dirname, '../..');
const card = parseInstrumentCard(readFileSync(join(root, 'instruments/sphenix-tpc-pp.json'), 'utf8'));
const topic = topicsOf(card.id).frames;
const partitions = 2;

/** Two regions, and digits that repeat every third time frame, as a pool's do. */
const pool = Array.from({ length: 6 }, (_, index) => digitsOf(card, 3, randomOf(index)));
const source: FrameSource = {
  timeFrame: (number) =>
    [0, 1].map((region) => ({
      identity: identityOf(card, region, number),
      digits: pool[(number % 3) * 2 + region]!,
    })),
};

describe('feeder', () => {
  it('keeps its plan, stamps when it meant to send, and numbers messages by source and partition', async () => {
    const clock = createVirtualClock();
    const bus = createMemoryBus({ clock });
    await bus.ensureTopics(topicSpecs(card, partitions, 1 << 28));
    const startNanos = clock.nowNanos();
    const plan = { topic, partitions, rate: 10, timeFrames: 9, sendsInFlightMax: 2 };
    let ended = false;
    const feeding = feed({ bus, clock, card }, source, plan, new AbortController().signal, () => {});
    void feeding.finally(() => {
      ended = true;
    });
    while (!ended) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (clock.sleepers > 0) await clock.advance(100);
    }
    const summary = await feeding;
    expect(summary).toMatchObject({ timeFrames: 9, frames: 18 });
    const bufferBytesMax = limits.partitionQueueBytesMax;
    let seen = 0;
    for await (const record of bus.read({
      topic,
      from: { at: 'beginning' },
      untilEnd: true,
      bufferBytesMax,
    })) {
      const number = Number(Buffer.from(record.key!).toString());
      const frames = source.timeFrame(number);
      const fresh = frames.map(({ identity, digits }) =>
        encodeFrame({ ...identity, messageId: messageId(Math.floor(number / partitions)) }, digits, card),
      );
      const same = fresh.some((bytes) => Buffer.compare(bytes, record.value) === 0);
      expect(same, `time frame ${number}`).toBe(true);
      expect(record.partition).toBe(number % partitions);
      const intended = readIntended(record.headers[instantsHeader]);
      expect(intended - startNanos).toBe(BigInt(number) * 100_000_000n);
      seen += 1;
    }
    expect(seen).toBe(18);
    await bus.close();
  });

  it('sends small time frames that are due together, each with its own instant, and none before it is due', async () => {
    const clock = createVirtualClock();
    const bus = createMemoryBus({ clock });
    await bus.ensureTopics(topicSpecs(triggerCard, partitions, 1 << 28));
    const objects: FrameSource = {
      timeFrame: (number) => [
        {
          identity: identityOf(triggerCard, 0, number),
          digits: randomObjects(triggerCard, number),
        },
      ],
    };
    const sends: number[] = [];
    let brokerMs = 0;
    const counting = {
      ...bus,
      send: async (records: Parameters<typeof bus.send>[0]) => {
        sends.push(records.length);
        if (brokerMs > 0) await clock.sleep(brokerMs);
        await bus.send(records);
      },
    };
    const objectsTopic = topicsOf(triggerCard.id).frames;
    const plan = { topic: objectsTopic, partitions, rate: 0.2, timeFrames: 3, sendsInFlightMax: 2 };
    const run = async (over: Partial<typeof plan>): Promise<FeedSummary> => {
      const parts = { bus: counting, clock, card: triggerCard };
      const feeding = feed(parts, objects, { ...plan, ...over }, new AbortController().signal, () => {});
      let ended = false;
      void feeding.finally(() => {
        ended = true;
      });
      while (!ended) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (clock.sleepers > 0) await clock.advance(5000);
      }
      return feeding;
    };
    expect(await run({})).toMatchObject({ timeFrames: 3, frames: 3, lateMsMax: 0 });
    expect(sends).toEqual([1, 1, 1]);
    sends.length = 0;
    // Some 50 become due while the broker takes two sends.
    brokerMs = 500;
    expect(await run({ rate: 100, timeFrames: 2000 })).toMatchObject({ timeFrames: 2000, frames: 2000 });
    expect(sends.reduce((sum, one) => sum + one, 0)).toBe(2000);
    expect(sends.length).toBeLessThan(120);
    sends.length = 0;
    brokerMs = 0;
    expect(await run({ rate: 0, timeFrames: 1000 })).toMatchObject({ timeFrames: 1000, frames: 1000 });
    expect(sends.length).toBeLessThan(10);
    await bus.close();
  });
});
