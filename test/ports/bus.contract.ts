/**
 * The bus contract, as one suite that every adapter must pass: order, atomicity, fencing, metadata, bounds and
 * endings. Refuses to know which bus it runs on, except for how a harness opens one.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { Bus, BusRecord, Consumption, OutputRecord, PartitionFeed } from '../../src/ports/bus.ts';

export interface BusHarness {
  /** A bus of its own on the one broker all of them share. */
  connect(): Bus;
  /** Wall time as the broker stamps records. */
  nowMs(): number;
  /** Lets at least one millisecond of that time pass. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const text = (bytes: Uint8Array | null): string => (bytes === null ? 'null' : decoder.decode(bytes));
const all = { recordsMax: 1000, bytesMax: 64 * 1024 * 1024 };

export const collect = async (records: AsyncIterable<BusRecord>): Promise<BusRecord[]> => {
  const found: BusRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
};

/** A promise and the function that settles it. */
export function gate<Value>(): { readonly opened: Promise<Value>; readonly open: (value: Value) => void } {
  const { promise, resolve } = Promise.withResolvers<Value>();
  return { opened: promise, open: resolve };
}

export function busContract(name: string, start: () => Promise<BusHarness>): void {
  describe(`bus contract: ${name}`, () => {
    let harness: BusHarness;
    let topicCount = 0;

    beforeAll(async () => {
      harness = await start();
    });
    afterAll(async () => {
      await harness?.close();
    });

    const withBus = async (use: (bus: Bus) => Promise<void>): Promise<void> => {
      const bus = harness.connect();
      try {
        await use(bus);
      } finally {
        await bus.close();
      }
    };
    const newTopic = async (bus: Bus, partitions = 1, messageBytesMax = 100_000): Promise<string> => {
      const topic = `contract_${topicCount++}`;
      await bus.ensureTopics([{ name: topic, partitions, messageBytesMax }]);
      return topic;
    };
    const output = (topic: string, value: string, partition = 0): OutputRecord => ({
      topic,
      partition,
      key: encoder.encode(`key of ${value}`),
      value: encoder.encode(value),
      headers: { kind: encoder.encode('test') },
    });
    const numbered = (topic: string, from: number, to: number, partition = 0): OutputRecord[] =>
      Array.from({ length: to - from }, (_, i) => output(topic, String(from + i), partition));
    const readAll = (bus: Bus, topic: string): Promise<BusRecord[]> =>
      collect(bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax: 1 << 20 }));
    const values = (records: readonly BusRecord[]): string[] => records.map(({ value }) => text(value));
    const committedOf = async (bus: Bus, group: string, topic: string): Promise<bigint | null> =>
      (await bus.committed(group, topic))[0]!.offset;

    /** Consumes one partition once with `use`, then stops. */
    const onOneFeed = async (
      bus: Bus,
      topic: string,
      group: string,
      use: (feed: PartitionFeed) => Promise<void>,
      options: { delivery?: 'exactly-once' | 'at-least-once'; fresh?: 'beginning' | 'end' } = {},
    ): Promise<void> => {
      const used = gate<unknown>();
      let uses = 0;
      const consumption = await bus.consume({
        group,
        topic,
        delivery: options.delivery ?? 'exactly-once',
        fresh: options.fresh ?? 'beginning',
        queueBytesMax: 1 << 20,
        onFeed: async (feed) => {
          if (uses++ > 0) return;
          await use(feed).then(
            () => used.open(null),
            (cause) => used.open(cause),
          );
        },
      });
      const cause = await Promise.race([used.opened, consumption.failed]);
      await consumption.stop();
      if (cause !== null) throw cause;
    };
    const takeCount = async (feed: PartitionFeed, count: number): Promise<BusRecord[]> => {
      const taken: BusRecord[] = [];
      while (taken.length < count) {
        const records = await feed.take({ recordsMax: count - taken.length, bytesMax: all.bytesMax });
        if (records.length === 0) throw new Error(`feed ended after ${taken.length} of ${count}`);
        taken.push(...records);
      }
      return taken;
    };

    it('keeps order, key, value, headers and time of what is sent', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus);
        const beforeMs = harness.nowMs();
        await bus.send(numbered(topic, 0, 50));
        await bus.send([{ topic, key: null, value: new Uint8Array(0) }]);
        const records = await readAll(bus, topic);
        expect(values(records)).toEqual([...Array(50).keys(), ''].map(String));
        expect(records.map(({ offset }) => offset)).toEqual([...Array(51).keys()].map(BigInt));
        expect(text(records[7]!.key)).toBe('key of 7');
        expect(text(records[7]!.headers.kind!)).toBe('test');
        expect(records[50]!.key).toBeNull();
        expect(records[50]!.headers).toEqual({});
        expect(records[7]!.timestampMs).toBeGreaterThanOrEqual(beforeMs);
        expect(records[7]!.timestampMs).toBeLessThanOrEqual(harness.nowMs());
      }));

    it('places keys as Kafka clients do', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus, 7);
        const keys = Array.from({ length: 40 }, (_, i) => String(i * 7919));
        await bus.send(keys.map((key) => ({ topic, key: encoder.encode(key), value: encoder.encode(key) })));
        const found = new Map((await readAll(bus, topic)).map((one) => [text(one.key), one.partition]));
        // Computed with org.apache.kafka.common.utils.Utils.murmur2's published vectors' implementation.
        expect(keys.map((key) => found.get(key))).toEqual(keys.map((key) => kafkaPartition(key, 7)));
      }));

    it('creates topics once, and only widens them', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus, 2, 2_000_000);
        await bus.ensureTopics([{ name: topic, partitions: 2, messageBytesMax: 10 }]);
        await bus.send([{ topic, partition: 1, key: null, value: new Uint8Array(1_900_000) }]);
        await bus.ensureTopics([{ name: topic, partitions: 2, messageBytesMax: 4_000_000 }]);
        await bus.send([{ topic, partition: 1, key: null, value: new Uint8Array(3_900_000).fill(7) }]);
        const sizes = (await readAll(bus, topic)).map(({ value }) => value.length);
        expect(sizes).toEqual([1_900_000, 3_900_000]);
        expect((await bus.offsets(topic)).map(({ low, high }) => [low, high])).toEqual([
          [0n, 0n],
          [0n, 2n],
        ]);
      }));

    it('refuses records larger than their topic, whole', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus, 1, 2_000_000);
        const large = { topic, partition: 0, key: null, value: new Uint8Array(3_000_000) };
        await expect(bus.send([output(topic, 'small'), large])).rejects.toMatchObject({ code: 'bus-record' });
        expect(await readAll(bus, topic)).toEqual([]);
      }));

    it('refuses a topic that does not exist', () =>
      withBus(async (bus) => {
        await expect(bus.send([output('contract_absent', 'x')])).rejects.toBeInstanceOf(Fault);
        await expect(bus.offsets('contract_absent')).rejects.toBeInstanceOf(Fault);
        await expect(readAll(bus, 'contract_absent')).rejects.toBeInstanceOf(Fault);
      }));

    it('commits outputs, offset and metadata as one, and starts again from there', () =>
      withBus(async (bus) => {
        const [input, outputs] = [await newTopic(bus), await newTopic(bus)];
        await bus.send(numbered(input, 0, 10));
        await onOneFeed(bus, input, 'g', async (feed) => {
          expect(feed).toMatchObject({ topic: input, partition: 0, startOffset: 0n, startMetadata: '' });
          const taken = await takeCount(feed, 4);
          expect(values(taken)).toEqual(['0', '1', '2', '3']);
          await feed.commit(
            taken.map(({ value }) => output(outputs, `out ${text(value)}`)),
            4n,
            'mark: 4, é',
          );
        });
        expect(await bus.committed('g', input)).toEqual([
          { partition: 0, offset: 4n, metadata: 'mark: 4, é' },
        ]);
        expect(values(await readAll(bus, outputs))).toEqual(['out 0', 'out 1', 'out 2', 'out 3']);
        await onOneFeed(bus, input, 'g', async (feed) => {
          expect(feed.startOffset).toBe(4n);
          expect(feed.startMetadata).toBe('mark: 4, é');
          expect(values(await takeCount(feed, 6))).toEqual(['4', '5', '6', '7', '8', '9']);
          await feed.commit([], 10n, '');
        });
        expect(await bus.committed('g', input)).toEqual([{ partition: 0, offset: 10n, metadata: '' }]);
        expect(await bus.committed('h', input)).toEqual([{ partition: 0, offset: null, metadata: '' }]);
      }));

    it('hands out again what was taken and not committed', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus);
        await bus.send(numbered(input, 0, 5));
        await onOneFeed(bus, input, 'g', async (feed) => {
          await takeCount(feed, 3);
          await feed.commit([], 1n, '');
        });
        await onOneFeed(bus, input, 'g', async (feed) => {
          expect(values(await takeCount(feed, 4))).toEqual(['1', '2', '3', '4']);
        });
      }));

    it('shows nothing of a commit that fails, and lets the next one through', () =>
      withBus(async (bus) => {
        const [input, outputs] = [await newTopic(bus), await newTopic(bus, 2, 2_000_000)];
        await bus.send(numbered(input, 0, 2));
        await onOneFeed(bus, input, 'g', async (feed) => {
          await takeCount(feed, 2);
          const large = { topic: outputs, partition: 1, key: null, value: new Uint8Array(3_000_000) };
          await expect(feed.commit([output(outputs, 'ghost'), large], 1n, 'no')).rejects.toMatchObject({
            code: 'bus-record',
          });
          await feed.commit([output(outputs, 'real')], 2n, 'yes');
        });
        expect(values(await readAll(bus, outputs))).toEqual(['real']);
        expect(await committedOf(bus, 'g', input)).toBe(2n);
      }));

    it('copies a long topic once and in order under many small commits', () =>
      withBus(async (bus) => {
        const [input, outputs] = [await newTopic(bus), await newTopic(bus, 3)];
        await bus.send(numbered(input, 0, 400));
        await onOneFeed(bus, input, 'g', async (feed) => {
          for (let next = 0; next < 400; ) {
            const taken = await feed.take({ recordsMax: 1 + (next % 37), bytesMax: 4000 });
            expect(taken.length).toBeLessThanOrEqual(1 + (next % 37));
            expect(taken[0]!.offset).toBe(BigInt(next));
            next += taken.length;
            const copies = taken.map(({ value, offset }) => output(outputs, text(value), Number(offset) % 3));
            await feed.commit(copies, BigInt(next), `at ${next}`);
          }
        });
        const found = await readAll(bus, outputs);
        for (const partition of [0, 1, 2]) {
          const own = found
            .filter((one) => one.partition === partition)
            .map(({ value }) => Number(text(value)));
          const expected = [...Array(400).keys()].filter((number) => number % 3 === partition);
          expect(own).toEqual(expected);
        }
      }));

    it('respects the limits of take, yet always hands out one', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus, 1, 300_000);
        const value = new Uint8Array(250_000);
        await bus.send(Array.from({ length: 6 }, () => ({ topic: input, partition: 0, key: null, value })));
        await onOneFeed(bus, input, 'g', async (feed) => {
          const [one, ...more] = await feed.take({ recordsMax: 9, bytesMax: 1 });
          expect(one!.value.length).toBe(250_000);
          expect(more).toEqual([]);
          const counts: number[] = [];
          for (let left = 5; left > 0; left -= counts.at(-1)!)
            counts.push((await feed.take({ recordsMax: 9, bytesMax: 520_000 })).length);
          expect(Math.max(...counts)).toBeLessThanOrEqual(2);
        });
      }));

    it('waits in take until there is something, markers aside', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus);
        const other = await newTopic(bus);
        await bus.send(numbered(other, 0, 1));
        await onOneFeed(bus, input, 'g', async (feed) => {
          const taken = feed.take(all);
          // A transaction into the input: its marker takes an offset of its own.
          await onOneFeed(bus, other, 'g2', async (second) => {
            await takeCount(second, 1);
            await second.commit([output(input, 'first')], 1n, '');
          });
          expect(values(await taken)).toEqual(['first']);
          const more = feed.take(all);
          await bus.send([output(input, 'second')]);
          expect(values(await more)).toEqual(['second']);
        });
        expect(values(await readAll(bus, input))).toEqual(['first', 'second']);
      }));

    it('starts a new group where it says', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus);
        await bus.send(numbered(input, 0, 3));
        await onOneFeed(
          bus,
          input,
          'late',
          async (feed) => {
            expect(feed.startOffset).toBe(3n);
            await bus.send(numbered(input, 3, 4));
            expect(values(await takeCount(feed, 1))).toEqual(['3']);
          },
          { fresh: 'end' },
        );
      }));

    it('delivers at least once when asked', () =>
      withBus(async (bus) => {
        const [input, outputs] = [await newTopic(bus), await newTopic(bus)];
        await bus.send(numbered(input, 0, 3));
        await onOneFeed(
          bus,
          input,
          'g',
          async (feed) => {
            const taken = await takeCount(feed, 3);
            await feed.commit(
              taken.map(({ value }) => output(outputs, text(value))),
              3n,
              'meta',
            );
          },
          { delivery: 'at-least-once' },
        );
        expect(values(await readAll(bus, outputs))).toEqual(['0', '1', '2']);
        expect(await bus.committed('g', input)).toEqual([{ partition: 0, offset: 3n, metadata: 'meta' }]);
      }));

    it('holds at most the queue bytes asked for while nobody takes', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus, 1, 60_000);
        const value = new Uint8Array(50_000);
        await bus.send(Array.from({ length: 80 }, () => ({ topic: input, partition: 0, key: null, value })));
        const opened = gate<PartitionFeed>();
        const end = gate<void>();
        const queueBytesMax = 1_200_000;
        const consumption = await bus.consume({
          group: 'g',
          topic: input,
          delivery: 'exactly-once',
          fresh: 'beginning',
          queueBytesMax,
          onFeed: async (feed) => {
            opened.open(feed);
            await end.opened;
          },
        });
        const feed = await opened.opened;
        let queuedMost = 0;
        for (let count = 0; count < 80; count++) {
          // Another client's round trips are the probe: whatever the feed still fetches has arrived by then.
          await bus.offsets(input);
          queuedMost = Math.max(queuedMost, feed.backlog.queuedBytes);
          expect(feed.backlog.queuedBytes).toBeLessThanOrEqual(queueBytesMax);
          const [record] = await feed.take({ recordsMax: 1, bytesMax: 1 });
          expect(record!.offset).toBe(BigInt(count));
        }
        expect(queuedMost).toBeGreaterThan(queueBytesMax / 4);
        expect(feed.backlog).toEqual({ queuedBytes: 0, lagRecords: 0n });
        end.open();
        await consumption.stop();
      }));

    it('drains: take ends, what was taken may still be committed, then the group is left', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus);
        await bus.send(numbered(input, 0, 3));
        const taken = gate<void>();
        let aborted: boolean | null = null;
        const consumption = await bus.consume({
          group: 'g',
          topic: input,
          delivery: 'exactly-once',
          fresh: 'beginning',
          queueBytesMax: 1 << 20,
          onFeed: async (feed) => {
            await takeCount(feed, 3);
            taken.open();
            expect(await feed.take(all)).toEqual([]);
            aborted = feed.revoked.aborted;
            await feed.commit([], 3n, 'drained');
          },
        });
        await taken.opened;
        await Promise.all([consumption.stop(), consumption.stop()]);
        await consumption.stop();
        expect(aborted).toBe(false);
        expect(await committedOf(bus, 'g', input)).toBe(3n);
      }));

    it('rejects `failed` when onFeed does', () =>
      withBus(async (bus) => {
        const input = await newTopic(bus);
        const consumption = await bus.consume({
          group: 'g',
          topic: input,
          delivery: 'exactly-once',
          fresh: 'beginning',
          queueBytesMax: 1 << 20,
          onFeed: () => Promise.reject(new Error('our own bug')),
        });
        await expect(consumption.failed).rejects.toThrow('our own bug');
        await consumption.stop();
      }));

    it('revokes feeds when a member joins, and gives them back when it leaves', async () => {
      await withBus((first) =>
        withBus(async (second) => {
          const [input, outputs] = [await newTopic(first, 2), await newTopic(first)];
          await first.send([...numbered(input, 0, 5, 0), ...numbered(input, 0, 5, 1)]);
          const owners: { member: string; feed: PartitionFeed }[] = [];
          let changed = gate<void>();
          const join = (bus: Bus, member: string): Promise<Consumption> =>
            bus.consume({
              group: 'g',
              topic: input,
              delivery: 'exactly-once',
              fresh: 'beginning',
              queueBytesMax: 1 << 20,
              onFeed: async (feed) => {
                const owned = { member, feed };
                owners.push(owned);
                changed.open();
                while ((await feed.take(all)).length > 0);
                owners.splice(owners.indexOf(owned), 1);
                changed.open();
              },
            });
          const ownersBecome = async (expected: string[]): Promise<void> => {
            for (;;) {
              changed = gate<void>();
              const now = owners.map(({ member, feed }) => `${member}${feed.partition}`).sort();
              const members = new Set(owners.map(({ member }) => member));
              if (
                now.length === 2 &&
                expected.every((member) => members.has(member)) &&
                members.size === expected.length
              )
                return;
              await changed.opened;
            }
          };
          const a = await join(first, 'a');
          await ownersBecome(['a']);
          const lost = owners.map(({ feed }) => feed);
          const b = await join(second, 'b');
          await ownersBecome(['a', 'b']);
          for (const feed of lost) {
            expect(feed.revoked.aborted).toBe(true);
            expect(await feed.take(all)).toEqual([]);
            await expect(feed.commit([output(outputs, 'zombie')], 5n, '')).rejects.toMatchObject({
              code: 'bus-fenced',
            });
          }
          await b.stop();
          await ownersBecome(['a']);
          await a.stop();
          expect(await readAll(first, outputs)).toEqual([]);
          expect((await first.committed('g', input)).map(({ offset }) => offset)).toEqual([null, null]);
        }),
      );
    });

    it('reads until the end of the moment, over markers and empty partitions', () =>
      withBus(async (bus) => {
        const [input, outputs] = [await newTopic(bus), await newTopic(bus, 3)];
        expect(await readAll(bus, outputs)).toEqual([]);
        await bus.send(numbered(input, 0, 1));
        await onOneFeed(bus, input, 'g', async (feed) => {
          await takeCount(feed, 1);
          await feed.commit([output(outputs, 'one', 1), output(outputs, 'two', 1)], 1n, '');
        });
        expect(values(await readAll(bus, outputs))).toEqual(['one', 'two']);
        const only = bus.read({
          topic: outputs,
          partitions: [0, 2],
          from: { at: 'beginning' },
          untilEnd: true,
          bufferBytesMax: 1000,
        });
        expect(await collect(only)).toEqual([]);
      }));

    it('reads from an offset, a time and the end', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus);
        await bus.send(numbered(topic, 0, 3));
        await harness.tick();
        const timestampMs = harness.nowMs();
        await harness.tick();
        await bus.send(numbered(topic, 3, 6));
        const options = { topic, untilEnd: true, bufferBytesMax: 1 << 20 };
        const from = async (at: Parameters<Bus['read']>[0]['from']): Promise<string[]> =>
          values(await collect(bus.read({ ...options, from: at })));
        expect(await from({ at: 'offset', offset: 4n })).toEqual(['4', '5']);
        expect(await from({ at: 'offset', offset: -5n })).toEqual(['0', '1', '2', '3', '4', '5']);
        expect(await from({ at: 'offset', offset: 99n })).toEqual([]);
        expect(await from({ at: 'offsets', offsets: new Map([[0, 4n]]) })).toEqual(['4', '5']);
        expect(await from({ at: 'offsets', offsets: new Map([[0, -5n]]) })).toHaveLength(6);
        expect(await from({ at: 'offsets', offsets: new Map() })).toEqual([]);
        expect(await from({ at: 'time', timestampMs })).toEqual(['3', '4', '5']);
        expect(await from({ at: 'time', timestampMs: timestampMs + 3_600_000 })).toEqual([]);
        expect(await from({ at: 'end' })).toEqual([]);
      }));

    it('follows a topic until its signal aborts', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus, 2);
        await bus.send(numbered(topic, 0, 1));
        const stop = new AbortController();
        const found: string[] = [];
        const reading = bus.read({
          topic,
          from: { at: 'beginning' },
          bufferBytesMax: 1 << 20,
          signal: stop.signal,
        });
        for await (const { value } of reading) {
          found.push(text(value));
          if (found.length < 6)
            await bus.send(numbered(topic, found.length, found.length + 1, found.length % 2));
          else stop.abort();
        }
        expect(found).toEqual(['0', '1', '2', '3', '4', '5']);
      }));

    it('reads many large messages through a small buffer', () =>
      withBus(async (bus) => {
        const topic = await newTopic(bus, 2, 1_500_000);
        const sizes = Array.from({ length: 12 }, (_, i) => 100_000 + ((i * 379_721) % 1_300_000));
        for (const [i, size] of sizes.entries())
          await bus.send([{ topic, partition: i % 2, key: null, value: new Uint8Array(size).fill(i) }]);
        const reading = bus.read({
          topic,
          from: { at: 'beginning' },
          untilEnd: true,
          bufferBytesMax: 200_000,
        });
        const found = new Map<number, number>();
        for await (const { value } of reading) {
          found.set(value[0]!, value.length);
          expect(value.at(-1)).toBe(value[0]);
        }
        expect([...found].sort(([a], [b]) => a - b).map(([, size]) => size)).toEqual(sizes);
      }));

    it('closes twice, with consumptions and readers open', async () => {
      const bus = harness.connect();
      const topic = await newTopic(bus);
      const opened = gate<void>();
      await bus.consume({
        group: 'g',
        topic,
        delivery: 'exactly-once',
        fresh: 'beginning',
        queueBytesMax: 1 << 20,
        onFeed: async (feed) => {
          opened.open();
          expect(await feed.take(all)).toEqual([]);
        },
      });
      await opened.opened;
      const reading = collect(bus.read({ topic, from: { at: 'beginning' }, bufferBytesMax: 1000 }));
      await Promise.all([bus.close(), bus.close()]);
      await bus.close();
      expect(await reading).toEqual([]);
      await expect(bus.send([output(topic, 'x')])).rejects.toBeInstanceOf(Fault);
    });
  });
}

/** Kafka's partition of an ASCII key: an independent, slow twin with 32-bit arithmetic in bigints. */
export function kafkaPartition(key: string, partitions: number): number {
  const word = (value: bigint): bigint => BigInt.asUintN(32, value);
  const multiplier = 0x5bd1e995n;
  const data = encoder.encode(key);
  let hash = word(0x9747b28cn ^ BigInt(data.length));
  let at = 0;
  for (; data.length - at >= 4; at += 4) {
    const bytes = [...data.subarray(at, at + 4)].map(BigInt);
    let k = bytes[0]! + (bytes[1]! << 8n) + (bytes[2]! << 16n) + (bytes[3]! << 24n);
    k = word(k * multiplier);
    k = word((k ^ (k >> 24n)) * multiplier);
    hash = word(hash * multiplier) ^ k;
  }
  const rest = [...data.subarray(at)].map(BigInt);
  for (let i = rest.length - 1; i >= 0; i--) hash ^= rest[i]! << BigInt(8 * i);
  if (rest.length > 0) hash = word(hash * multiplier);
  hash = word((hash ^ (hash >> 13n)) * multiplier);
  hash ^= hash >> 15n;
  return Number((hash & 0x7fffffffn) % BigInt(partitions));
}
