/** The feeder: a plan kept by a virtual clock, and frames that are the same whether packed or restamped. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { messageId } from '../../src/domain/quantity.ts';
import { type FrameSource, feed } from '../../src/services/feeder.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { instantsHeader, readIntended } from '../../src/wire/instants.ts';
import { digitsOf, identityOf, randomOf } from '../frames.ts';

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
});
