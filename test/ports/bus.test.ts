/**
 * The memory bus against the bus contract, and what only it promises: bounded memory and senders that wait.
 * The same contract runs against a real broker in test/integration/kafka_bus.test.ts.
 */

import { describe, expect, it } from 'vitest';
import { createMemoryBroker, createMemoryBus } from '../../src/adapters/memory/bus.ts';
import { murmur2 } from '../../src/adapters/memory/bus_partitioner.ts';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import type { PartitionFeed } from '../../src/ports/bus.ts';
import { busContract, gate } from './bus.contract.ts';

busContract('memory', async () => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock });
  return {
    connect: broker.connect,
    nowMs: () => Number(clock.nowNanos() / 1_000_000n),
    tick: () => clock.advance(1),
    close: async () => {},
  };
});

describe('memory bus', () => {
  const record = (topic: string, bytes: number) => ({
    topic,
    partition: 0,
    key: null,
    value: new Uint8Array(bytes),
  });

  it('drops the oldest records beyond its bound when nobody needs them', async () => {
    const bus = createMemoryBus({ clock: createVirtualClock(), retentionBytes: 10_000 });
    await bus.ensureTopics([{ name: 't', partitions: 1, messageBytesMax: 1000 }]);
    for (let i = 0; i < 50; i++) await bus.send([record('t', 1000)]);
    expect(await bus.offsets('t')).toEqual([{ partition: 0, low: 40n, high: 50n }]);
    await bus.close();
  });

  it('lets a sender wait while a group has yet to commit', async () => {
    const bus = createMemoryBus({ clock: createVirtualClock(), retentionBytes: 10_000 });
    await bus.ensureTopics([{ name: 't', partitions: 1, messageBytesMax: 1000 }]);
    const opened = gate<PartitionFeed>();
    const end = gate<void>();
    await bus.consume({
      group: 'g',
      topic: 't',
      delivery: 'exactly-once',
      fresh: 'beginning',
      queueBytesMax: 5000,
      onFeed: async (feed) => {
        opened.open(feed);
        await end.opened;
      },
    });
    const feed = await opened.opened;
    let sent = 0;
    const sending = (async () => {
      for (; sent < 50; sent++) await bus.send([record('t', 1000)]);
    })();
    let most = 0;
    for (let next = 0n; next < 50n; ) {
      const records = await feed.take({ recordsMax: 3, bytesMax: 1 << 20 });
      expect(records[0]!.offset).toBe(next);
      next += BigInt(records.length);
      const kept = (await bus.offsets('t'))[0]!;
      most = Math.max(most, Number(kept.high - kept.low));
      await feed.commit([], next, '');
    }
    await sending;
    expect(sent).toBe(50);
    expect(most).toBeLessThanOrEqual(11);
    end.open();
    await bus.close();
  });

  it('keeps the last record of each key of a compacted topic', async () => {
    const bus = createMemoryBus({ clock: createVirtualClock(), retentionBytes: 1000 });
    await bus.ensureTopics([{ name: 't', partitions: 1, messageBytesMax: 1000, compacted: true }]);
    for (let i = 0; i < 40; i++)
      await bus.send([
        { ...record('t', 100), key: new Uint8Array([i % 4]), value: new Uint8Array(100).fill(i) },
      ]);
    const found: number[] = [];
    for await (const { value } of bus.read({
      topic: 't',
      from: { at: 'beginning' },
      untilEnd: true,
      bufferBytesMax: 1 << 20,
    }))
      found.push(value[0]!);
    expect(found.slice(-4)).toEqual([36, 37, 38, 39]);
    expect(found.length).toBeLessThanOrEqual(10);
    await bus.close();
  });

  it("hashes keys as Kafka's published vectors say", () => {
    const vectors = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    };
    for (const [key, hash] of Object.entries(vectors))
      expect(murmur2(new TextEncoder().encode(key)), key).toBe(hash);
  });
});
