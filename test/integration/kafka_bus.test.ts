/**
 * The Kafka bus against the bus contract on a real broker, and what only the wire can show: fencing by the
 * broker, aborted transactions, compression and start-up without noise.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { CompressionTypes, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compression, createKafkaBus } from '../../src/adapters/kafka/bus.ts';
import { transactionalIdOf } from '../../src/adapters/kafka/client/transaction.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { busContract, collect, gate } from '../ports/bus.contract.ts';
import { kafkaMissing, keptLog, startTestBroker, type TestBroker } from './broker.ts';

const missing = await kafkaMissing();

describe.skipIf(missing !== null)('kafka bus', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker();
  });
  afterAll(async () => {
    await broker?.stop();
  });

  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(String(warning));
  beforeAll(() => void process.on('warning', warn));
  afterAll(() => void process.off('warning', warn));

  busContract('kafka', async () => ({
    connect: () => createKafkaBus({ brokers: broker.brokers, log: keptLog(), sessionTimeoutMs: 3000 }),
    nowMs: () => Date.now(),
    tick: () => delay(2), // the broker stamps whole milliseconds; nothing can be waited for instead
    close: async () => {},
  }));

  describe('on the wire', () => {
    const encoder = new TextEncoder();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    const outsider = () => new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING });
    const connect = (log = keptLog(), compressionOf: (topic: string) => Compression = () => 'none'): Bus =>
      createKafkaBus({ brokers: broker.brokers, log, sessionTimeoutMs: 3000, compressionOf });
    const newTopic = async (bus: Bus, topic: string): Promise<string> => {
      await bus.ensureTopics([{ name: topic, partitions: 1, messageBytesMax: 2_000_000 }]);
      return topic;
    };
    const readAll = (bus: Bus, topic: string) =>
      collect(bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax: 1 << 20 }));
    const plain = (topic: string, value: string) => ({
      topic,
      partition: 0,
      key: null,
      value: encoder.encode(value),
    });

    it('loses to a later owner, and comes back from what that one committed', async () => {
      const bus = connect();
      const [input, output] = [await newTopic(bus, 'fence_in'), await newTopic(bus, 'fence_out')];
      await bus.send(['a', 'b', 'c'].map((value) => plain(input, value)));
      const rival = outsider().producer({
        transactionalId: transactionalIdOf('fence', input, 0),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      const starts: bigint[] = [];
      const refused = gate<unknown>();
      const copied = gate<string[]>();
      const consumption = await bus.consume({
        group: 'fence',
        topic: input,
        delivery: 'exactly-once',
        fresh: 'beginning',
        queueBytesMax: 1 << 20,
        onFeed: async (feed) => {
          starts.push(feed.startOffset);
          const records = await feed.take({ recordsMax: 9, bytesMax: 1 << 20 });
          if (starts.length === 1) {
            await rival.connect();
            const transaction = await rival.transaction();
            await transaction.send({ topic: output, messages: [{ value: 'by the rival' }] });
            const partitions = [{ partition: 0, offset: '1' }];
            await transaction.sendOffsets({
              consumerGroupId: 'fence',
              topics: [{ topic: input, partitions }],
            });
            await transaction.commit();
          }
          const outputs = records.map(({ value }) => plain(output, `copy of ${text(value)}`));
          try {
            await feed.commit(outputs, 3n, '');
            copied.open(outputs.map(({ value }) => text(value)));
          } catch (cause) {
            refused.open(cause);
          }
        },
      });
      expect(await refused.opened).toMatchObject({ code: 'bus-fenced' });
      expect(await copied.opened).toEqual(['copy of b', 'copy of c']);
      await consumption.stop();
      expect(starts).toEqual([0n, 1n]);
      const found = (await readAll(bus, output)).map(({ value }) => text(value));
      expect(found).toEqual(['by the rival', 'copy of b', 'copy of c']);
      await rival.disconnect();
      await bus.close();
    });

    it('shows nothing of aborted and nothing of open transactions', async () => {
      const bus = connect();
      const topic = await newTopic(bus, 'aborted');
      const producer = outsider().producer({
        transactionalId: 'outsider',
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      const write = async (value: string) => {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [{ value }, { value }] });
        return transaction;
      };
      await (await write('ghost 1')).abort();
      await (await write('real 1')).commit();
      await bus.send([plain(topic, 'plain')]);
      await (await write('ghost 2')).abort();
      await (await write('real 2')).commit();
      const open = await write('open');
      await bus.send([plain(topic, 'behind the open one')]);
      const values = async (): Promise<string[]> =>
        (await readAll(bus, topic)).map(({ value }) => text(value));
      expect(await values()).toEqual(['real 1', 'real 1', 'plain', 'real 2', 'real 2']);
      await open.abort();
      await (await write('last')).commit();
      const follow = new AbortController();
      const found: string[] = [];
      for await (const { value } of bus.read({
        topic,
        from: { at: 'beginning' },
        bufferBytesMax: 1 << 20,
        signal: follow.signal,
      })) {
        found.push(text(value));
        if (found.filter((one) => one === 'last').length === 2) follow.abort();
      }
      expect(found).toEqual([
        'real 1',
        'real 1',
        'plain',
        'real 2',
        'real 2',
        'behind the open one',
        'last',
        'last',
      ]);
      await producer.disconnect();
      await bus.close();
    });

    it('packs batches with zstd when asked, and opens gzip from outside', async () => {
      const bus = connect(keptLog(), () => 'zstd');
      const topic = await newTopic(bus, 'packed');
      const value = 'again and again '.repeat(1000);
      await bus.send(Array.from({ length: 50 }, (_, i) => plain(topic, `${i} ${value}`)));
      const producer = outsider().producer();
      await producer.connect();
      await producer.send({
        topic,
        compression: CompressionTypes.GZIP,
        messages: [{ value: `50 ${value}` }],
      });
      await producer.disconnect();
      const found = (await readAll(bus, topic)).map((record) => text(record.value));
      expect(found).toEqual(Array.from({ length: 51 }, (_, i) => `${i} ${value}`));
      await bus.close();
    });

    it('is read by kafkajs as it was written', async () => {
      const bus = connect();
      const topic = await newTopic(bus, 'outside');
      const headers = { one: encoder.encode('1'), 'zwei ü': new Uint8Array([0, 255]) };
      await bus.send([
        { topic, partition: 0, key: encoder.encode('key'), value: encoder.encode('value'), headers },
      ]);
      const consumer = outsider().consumer({ groupId: 'outside' });
      await consumer.subscribe({ topic, fromBeginning: true });
      const seen = gate<KafkaMessage>();
      await consumer.run({ eachMessage: async ({ message }) => seen.open(message) });
      const message = await seen.opened;
      expect(message.key!.toString()).toBe('key');
      expect(message.value!.toString()).toBe('value');
      expect(message.headers).toEqual({ one: Buffer.from('1'), 'zwei ü': Buffer.from([0, 255]) });
      await consumer.disconnect();
      await bus.close();
    });

    it('says nothing louder than a warning, and Node nothing at all', async () => {
      const log = keptLog();
      const bus = connect(log);
      const topic = await newTopic(bus, 'quiet');
      await bus.send([plain(topic, 'x')]);
      expect((await readAll(bus, topic)).length).toBe(1);
      await bus.close();
      expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
      expect(warnings).toEqual([]);
    });

    it('says in one sentence that no broker answers', async () => {
      const bus = createKafkaBus({ brokers: ['127.0.0.1:1'], log: keptLog(), connectMs: 500 });
      await expect(bus.offsets('any')).rejects.toMatchObject({ code: 'bus-unreachable' });
      await bus.close();
    });
  });
});
