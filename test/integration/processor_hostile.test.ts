/**
 * Hostile bytes through a real broker into a real `tessera process`: the whole corpus, seeded damage, odd records
 * and batches that cannot be opened. What should become of each is computed here by the pure parts in order.
 */

import { createGzip } from 'node:zlib';
import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { type Crew, type Member, openCrew } from '../../loadtest/prove/crew.ts';
import { drained, openWorld, type ProofWorld } from '../../loadtest/prove/world.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { FrameIdentity } from '../../src/domain/frame.ts';
import { voxelCount } from '../../src/domain/instrument.ts';
import { frameBytesMax, limits } from '../../src/domain/limits.ts';
import type { BusRecord } from '../../src/ports/bus.ts';
import { openAdmission } from '../../src/stages/admit.ts';
import { encodeFrame, openFrame, readDigits } from '../../src/wire/frame.ts';
import { encodeIntended, instantsHeader } from '../../src/wire/instants.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { digitsOf, randomOf } from '../frames.ts';
import { goodFrame, hostilePayloads } from '../hostile/corpus.ts';
import { mutate } from '../hostile/mutate.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();
const mutations = 400;
const firstSeed = 20_260_000;

/** An lz4 frame of one stored block: a compression that tessera does not read, and the broker does. */
const storedLz4 = (bytes: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE((bytes.length | 0x80000000) >>> 0);
  return Buffer.concat([Buffer.from([4, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]), size, bytes, Buffer.alloc(4)]);
};

/** One valid record with a value of so many zeros, under gzip: some 300 kB that open to 300 MB. */
const bombOf = async (megabytes: number): Promise<Buffer> => {
  const bytes = megabytes * 1024 * 1024;
  const varint = (value: number): number[] => {
    const list: number[] = [];
    let rest = value * 2;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) list.push((rest % 128) | 0x80);
    return [...list, rest];
  };
  const head = [0, 0, 0, 1, ...varint(bytes)];
  const gzip = createGzip();
  const parts: Buffer[] = [];
  gzip.on('data', (part: Buffer) => parts.push(part));
  gzip.write(Buffer.from([...varint(head.length + bytes + 1), ...head]));
  const zeros = Buffer.alloc(1024 * 1024);
  for (let i = 0; i < megabytes; i += 1)
    if (!gzip.write(zeros)) await new Promise<void>((resolve) => gzip.once('drain', () => resolve()));
  gzip.end(Buffer.from([0]));
  await new Promise<void>((resolve) => gzip.once('end', () => resolve()));
  return Buffer.concat(parts);
};

describe.skipIf(missing !== null)(`hostile bytes${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let world: ProofWorld;
  let crew: Crew;
  let processor: Member;
  let producer: ReturnType<Kafka['producer']>;
  let good = 0;

  beforeAll(async () => {
    world = await openWorld('sphenix-tpc-pp', 1);
    crew = openCrew([...world.flags, '--group', 'hostile']);
    processor = await crew.start();
    await processor.ready();
    const kafka = new Kafka({ brokers: [world.broker.address], logLevel: logLevel.NOTHING });
    producer = kafka.producer({ createPartitioner: () => () => 0 });
    await producer.connect();
  });
  afterAll(async () => {
    await producer?.disconnect();
    await stopAll();
  });

  interface Message {
    readonly key?: Buffer | null;
    readonly value: Uint8Array | null;
    readonly headers?: Readonly<Record<string, Buffer>>;
    readonly timestamp?: string;
  }
  const send = async (messages: readonly Message[], compression = CompressionTypes.None): Promise<void> => {
    const plain = messages.map(({ value, ...rest }) => ({ ...rest, value: value && Buffer.from(value) }));
    await producer.send({ topic: world.topics.frames, compression, messages: plain });
  };

  /** A good frame of another region than the corpus', so that its message_ids are its own. */
  const nextGood = (): Uint8Array => {
    const { card } = world.cards;
    const { identity } = openFrame(goodFrame(card, good), card);
    good += 1;
    const own: FrameIdentity = { ...identity, sourceName: card.regions[1]! };
    return encodeFrame(own, digitsOf(card, 2, randomOf(good)), card);
  };

  const readAll = async (topic: string): Promise<BusRecord[]> => {
    const records: BusRecord[] = [];
    const from = { at: 'beginning' } as const;
    for await (const record of world.bus.read({ topic, from, untilEnd: true, bufferBytesMax: 1 << 26 }))
      records.push(record);
    return records;
  };

  /** What must become of the frames topic: every record's end, in order, by the pure parts alone. */
  const expected = (records: readonly BusRecord[]) => {
    const { card } = world.cards;
    const admission = openAdmission(card.regions.length, '');
    const into = { voxel: new Uint32Array(voxelCount(card)), adc: new Uint16Array(voxelCount(card)) };
    const kept: string[] = [];
    const refused: { code: string; value: Uint8Array }[] = [];
    for (const { value, unreadable } of records) {
      let code: string | null = null;
      if (unreadable !== undefined) code = 'frame-unreadable';
      else
        try {
          const open = openFrame(value, card);
          readDigits(open, card, into);
          const { messageId, run, timestampNanos, sourceName, timeFrame } = open.identity;
          code = admission.admit({ region: open.region, run, messageId, timestampNanos });
          if (code === null) kept.push(`${sourceName} ${run} ${timeFrame} ${messageId}`);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          code = error.code;
        }
      const whole = value.byteLength <= frameBytesMax(card);
      if (code !== null)
        refused.push({ code, value: whole ? value : value.subarray(0, limits.refusedBeginningBytes) });
    }
    return { kept, refused };
  };

  /** After everything sent so far: ends as computed, bytes kept, the processor alive and balanced. */
  const judge = async (): Promise<ReturnType<typeof expected>> => {
    await drained(world, 'hostile');
    expect(crew.faults, crew.logs()).toEqual([]);
    const sent = await readAll(world.topics.frames);
    const want = expected(sent);
    const kept = (await readAll(world.topics.tokens)).map(({ value }) => {
      const { sourceName, run, timeFrame, messageId } = decodePacket(value).identity;
      return `${sourceName} ${run} ${timeFrame} ${messageId}`;
    });
    expect(kept).toEqual(want.kept);
    const refused = await readAll(world.topics.refused);
    expect(refused.map(({ headers }) => Buffer.from(headers.code!).toString())).toEqual(
      want.refused.map(({ code }) => code),
    );
    for (const [index, { value }] of refused.entries())
      expect(Buffer.compare(Buffer.from(value), Buffer.from(want.refused[index]!.value))).toBe(0);
    const { books } = await processor.status();
    expect(books[0]).toMatchObject({
      received: sent.length,
      refused: refused.length,
      balanced: true,
      inFlight: 0,
    });
    return want;
  };

  it('of the whole corpus: each is refused with its code and bytes, the good frame after it comes out', async () => {
    const { card } = world.cards;
    const corpus = hostilePayloads(card);
    // The corpus' own region first, so that what is late or repeated has something to be late against.
    await send([{ value: goodFrame(card, 0) }, { value: goodFrame(card, 1) }]);
    for (const { bytes } of corpus) {
      // What is larger than the topic takes arrives all the same when it compresses well.
      const compression = bytes.byteLength > 1_000_000 ? CompressionTypes.GZIP : CompressionTypes.None;
      await send([{ value: bytes }], compression);
      await send([{ value: nextGood() }]);
    }
    const { refused, kept } = await judge();
    expect(corpus.length).toBeGreaterThanOrEqual(60);
    expect(refused.map(({ code }) => code)).toEqual(corpus.map(({ code }) => code));
    expect(kept.length).toBe(2 + corpus.length);
  }, 120_000);

  it(`of ${mutations} seeded mutations, with a good frame after each`, async () => {
    const { card } = world.cards;
    const before = good;
    for (let from = 0; from < mutations; from += 50) {
      const messages: Message[] = [];
      for (let i = from; i < from + 50; i += 1)
        messages.push({ value: mutate(goodFrame(card, 100 + i), firstSeed + i) }, { value: nextGood() });
      await send(messages);
    }
    const { kept } = await judge();
    const probes = kept.filter((name) => name.startsWith(`${card.regions[1]} `));
    expect(probes.length, `seeds from ${firstSeed}`).toBe(before + mutations);
  }, 120_000);

  it('of odd records: no value, no key, lying headers, clocks that are wrong', async () => {
    const lying = (nanos: bigint): Message => ({
      value: nextGood(),
      headers: { [instantsHeader]: Buffer.from(encodeIntended(nanos)) },
    });
    const before = (await expectedNow()).kept.length;
    await send([
      { value: null },
      { value: nextGood(), key: null },
      { value: nextGood(), headers: { [instantsHeader]: Buffer.from([1, 2, 3]) } },
      { value: nextGood(), headers: { ['__proto__']: Buffer.from('x'), constructor: Buffer.alloc(70_000) } },
      lying(-(2n ** 63n)),
      lying(2n ** 63n - 1n),
      lying(1n),
      { value: nextGood(), timestamp: '0' },
      { value: nextGood(), timestamp: String(Date.now() + 600_000) },
    ]);
    const { kept, refused } = await judge();
    expect(kept.length - before).toBe(8);
    expect(refused.at(-1)?.code).toBe('frame-empty');
    const { latency } = await processor.status();
    for (const { p50Ms, p99Ms } of latency)
      for (const ms of [p50Ms, p99Ms]) if (ms !== null) expect(Number.isFinite(ms)).toBe(true);
  }, 60_000);

  const expectedNow = async () => expected(await readAll(world.topics.frames));

  it('of batches that cannot be opened: another compression, a bomb', async () => {
    const before = (await expectedNow()).kept.length;
    CompressionCodecs[CompressionTypes.LZ4] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => storedLz4(buffer),
      decompress: async (buffer: Buffer) => buffer,
    });
    await send([{ value: nextGood() }, { value: nextGood() }], CompressionTypes.LZ4);
    await send([{ value: nextGood() }]);
    const bomb = await bombOf(300);
    const gzip = CompressionCodecs[CompressionTypes.GZIP]!;
    CompressionCodecs[CompressionTypes.GZIP] = () => ({ ...gzip(), compress: async () => bomb });
    try {
      await send([{ value: Buffer.from('x') }], CompressionTypes.GZIP);
    } finally {
      CompressionCodecs[CompressionTypes.GZIP] = gzip;
    }
    await send([{ value: nextGood() }]);
    const { kept, refused } = await judge();
    expect(kept.length - before).toBe(2);
    expect(refused.slice(-2).map(({ code }) => code)).toEqual(['frame-unreadable', 'frame-unreadable']);
    expect(await processor.retire()).toBe(0);
  }, 120_000);
});
