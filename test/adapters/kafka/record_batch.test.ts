/**
 * The record batch against kafkajs's own encoder and decoder as slow twins, over generated records, and against
 * bytes cut short. What a broker alone can show is in test/integration.
 */

import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchHeaderBytes,
  openBatch,
  packBatch,
  recordBytes,
  splitBatches,
  writeBatch,
} from '../../../src/adapters/kafka/client/record_batch.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { BusRecord, OutputRecord } from '../../../src/ports/bus.ts';

const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js');
const Decoder = require('kafkajs/src/protocol/decoder.js');
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js');

const identity = { producerId: 77n, producerEpoch: 3, sequence: 12, transactional: false };
const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const records = fc.array(
  fc.record({
    topic: fc.constant('t'),
    key: fc.option(bytes(40), { nil: null }),
    value: bytes(300),
    headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), bytes(20), { maxKeys: 3 }),
  }),
  { minLength: 1, maxLength: 200 },
);

const plainBytes = (given: readonly OutputRecord[]): number =>
  given.reduce((sum, record, i) => sum + recordBytes(record, i), 0);
const encode = (given: readonly OutputRecord[], at = 0): Buffer => {
  const target = Buffer.alloc(at + batchHeaderBytes + plainBytes(given));
  expect(writeBatch(target, at, given, 1_700_000_000_123, identity)).toBe(target.length);
  return target.subarray(at);
};
const decode = (batch: Buffer, fromOffset = 0n): BusRecord[] => {
  const cursor = openBatch({ bytes: batch, nextOffset: 0n }, fromOffset);
  const found: BusRecord[] = [];
  while (cursor.peekBytes() > 0) found.push(cursor.next('t', 0));
  return found;
};
const plain = ({ key, value, headers }: Pick<BusRecord, 'key' | 'value' | 'headers'>) => ({
  key: key === null ? null : Buffer.from(key).toString('hex'),
  value: Buffer.from(value).toString('hex'),
  headers: Object.entries(headers).map(([name, header]) => [name, Buffer.from(header).toString('hex')]),
});
const atOffset = (batch: Buffer, offset: bigint): Buffer => {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(offset, 0);
  return copy;
};
/** A batch of a transaction, or the marker that ends one. */
const ofProducer = (batch: Buffer, producerId: bigint, attributes: number): Buffer => {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(producerId, 43);
  copy.writeInt16BE(attributes, 21);
  return copy;
};

describe('record batch', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(records, fc.nat(50), (given, at) => {
        const found = decode(encode(given, at));
        expect(found.map(plain)).toEqual(given.map(plain));
        expect(found.map(({ offset }) => offset)).toEqual(given.map((_, i) => BigInt(i)));
        expect(new Set(found.map(({ timestampMs }) => timestampMs))).toEqual(new Set([1_700_000_000_123]));
      }),
    );
  });

  it('is read by kafkajs as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        // kafkajs mistakes headers named like something every object has (`constructor`) for repeated ones.
        fc.pre(!given.some(({ headers }) => Object.keys(headers).some((name) => name in {})));
        const { records: found } = await decodeBatch(new Decoder(encode(given)));
        const theirs = found.map((record: { key: Buffer | null; value: Buffer; headers: object }) =>
          plain({ ...record, headers: record.headers as BusRecord['headers'] }),
        );
        expect(theirs).toEqual(given.map(plain));
      }),
    );
  });

  it('has the bytes and the checksum kafkajs gives the same records', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const timestamp = 1_700_000_000_123;
        const theirs = await RecordBatch({
          compression: 0,
          firstTimestamp: timestamp,
          maxTimestamp: timestamp,
          producerId: 77,
          producerEpoch: 3,
          firstSequence: 12,
          lastOffsetDelta: given.length - 1,
          records: given.map(({ key, value, headers }, offsetDelta) =>
            Record({
              offsetDelta,
              timestampDelta: 0,
              key: key === null ? null : Buffer.from(key),
              value: Buffer.from(value),
              headers: Object.fromEntries(
                Object.entries(headers ?? {}).map(([name, header]) => [name, Buffer.from(header)]),
              ),
            }),
          ),
        });
        const ours = encode(given);
        ours.writeInt32BE(theirs.buffer.readInt32BE(12), 12); // the leader's epoch is the broker's to fill
        expect(ours.equals(theirs.buffer)).toBe(true);
      }),
    );
  });

  it('packs with zstd and opens it again', () => {
    fc.assert(
      fc.property(records, (given) => {
        const packed = packBatch(given, plainBytes(given), 1_700_000_000_123, identity);
        expect(decode(packed).map(plain)).toEqual(given.map(plain));
      }),
      { numRuns: 30 },
    );
  });

  it('starts at the wanted offset', () => {
    fc.assert(
      fc.property(records, fc.nat(220), (given, from) => {
        const found = decode(atOffset(encode(given), 1000n), 1000n + BigInt(from));
        expect(found.map(plain)).toEqual(given.slice(from).map(plain));
      }),
    );
  });

  it('refuses bytes cut short or altered, and never reads beyond them', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.nat(255), (given, seed, byte) => {
        const whole = encode(given);
        const at = batchHeaderBytes + (seed % (whole.length - batchHeaderBytes));
        const altered = Buffer.from(whole);
        altered[at] = byte;
        for (const batch of [whole.subarray(0, at), altered]) {
          try {
            decode(batch);
          } catch (cause) {
            expect(cause).toBeInstanceOf(Fault);
          }
        }
      }),
    );
  });

  it('names the codec it cannot open', () => {
    const batch = encode([{ topic: 't', key: null, value: new Uint8Array(3) }]);
    batch.writeInt16BE(3, 21);
    expect(() => decode(batch)).toThrow(/lz4/);
  });
});

describe('splitBatches', () => {
  const one = (value: string): Buffer => encode([{ topic: 't', key: null, value: Buffer.from(value) }]);
  const values = (batches: readonly { bytes: Buffer }[]): string[] =>
    batches.flatMap(({ bytes: batch }) => decode(batch).map(({ value }) => Buffer.from(value).toString()));
  const transactional = 0x10;
  const marker = 0x30;

  it('drops aborted batches and markers, and goes on behind them', () => {
    const log = Buffer.concat(
      [
        ofProducer(one('aborted by 1'), 1n, transactional),
        ofProducer(one('kept of 2'), 2n, transactional),
        ofProducer(one('marker of 1'), 1n, marker),
        ofProducer(one('later by 1'), 1n, transactional),
        ofProducer(one('marker of 2'), 2n, marker),
        ofProducer(one('marker of 1'), 1n, marker),
      ].map((batch, i) => atOffset(batch, BigInt(i))),
    );
    const { batches, nextOffset } = splitBatches(log, 0n, [{ producerId: 1n, firstOffset: 0n }]);
    expect(values(batches)).toEqual(['kept of 2', 'later by 1']);
    expect(nextOffset).toBe(6n);
  });

  it('leaves a batch that was cut for the next fetch', () => {
    const log = Buffer.concat([atOffset(one('whole'), 5n), atOffset(one('cut'), 6n)]);
    for (let end = 0; end <= log.length; end++) {
      const { batches, nextOffset } = splitBatches(log.subarray(0, end), 5n, []);
      const count = end === log.length ? 2 : end >= one('whole').length ? 1 : 0;
      expect(batches.length).toBe(count);
      expect(nextOffset).toBe(5n + BigInt(count));
    }
  });

  it('keeps a batch that begins before the wanted offset, and moves over one that ends before it', () => {
    const wide = encode(
      ['a', 'b', 'c'].map((value) => ({ topic: 't', key: null, value: Buffer.from(value) })),
    );
    const log = Buffer.concat([atOffset(one('before'), 0n), atOffset(wide, 1n)]);
    const { batches, nextOffset } = splitBatches(log, 2n, []);
    expect(batches.length).toBe(1);
    expect(decode(batches[0]!.bytes, 2n).map(({ offset }) => offset)).toEqual([2n, 3n]);
    expect(nextOffset).toBe(4n);
  });

  it('refuses the formats of before 2017', () => {
    const old = one('x');
    old[16] = 1;
    expect(() => splitBatches(old, 0n, [])).toThrow(Fault);
  });
});
