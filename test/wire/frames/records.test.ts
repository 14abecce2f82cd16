/** Objects frames: the same digits whatever order objects are sent in, and back again; every wrong record is named. */

import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/domain/fault.ts';
import { type Digits, FrameEncoding, FrameKind, type ObjectRecord } from '../../../src/domain/frame.ts';
import { voxelCount } from '../../../src/domain/instrument.ts';
import { frameBytesMax } from '../../../src/domain/limits.ts';
import { encodeFrame, openFrame, readDigits } from '../../../src/wire/frame.ts';
import { digitsOfRecords, recordLayout, recordsOf } from '../../../src/wire/frames/records.ts';
import { TimeFrame } from '../../../src/wire/generated/tf00/time-frame.js';
import { identitiesOf, recordsOf as recordLists } from '../arbitraries.ts';
import { buildFrame } from '../builder.slow.ts';
import { objectsCard as card, smallCard } from '../small_card.ts';
import { recordsPayload, slowDigits } from './records.slow.ts';

const layout = recordLayout(card);
const hitsOf = ({ count, voxel, adc }: Digits): [number, number][] =>
  Array.from({ length: count }, (_, i) => [voxel[i]!, adc[i]!]);
const [identity] = fc.sample(identitiesOf(card), { numRuns: 1, seed: 1 });

const frameOf = (records: readonly ObjectRecord[], over: object = {}): Uint8Array => {
  const payload = recordsPayload(records);
  const { records16: encoding } = FrameEncoding;
  return buildFrame({
    identity: identity!,
    kind: FrameKind.objects,
    encoding,
    hitCount: records.length,
    payload,
    crc: crc32c(payload),
    ...over,
  });
};
const read = (bytes: Uint8Array): [number, number][] => {
  const open = openFrame(bytes, card);
  const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
  const count = readDigits(open, card, into);
  expect(count).toBe(open.hitCount);
  return hitsOf({ count, ...into });
};
const faultOf = (bytes: Uint8Array): { code: string; detail: string } => {
  try {
    read(bytes);
  } catch (error) {
    const { code, detail } = error as Fault;
    return { code, detail };
  }
  return { code: 'none', detail: '' };
};

describe('records', () => {
  it('become the digits of the slow twin, whatever order they come in', () => {
    fc.assert(
      fc.property(recordLists(card), fc.nat(), (records, turn) => {
        const expected = slowDigits(records, card);
        expect(read(frameOf(records))).toEqual(expected);
        const turned = records.map((_, i) => records[(i + turn) % records.length]!);
        expect(read(frameOf(turned))).toEqual(expected);
        expect(read(frameOf(records.toReversed()))).toEqual(expected);
        expect(hitsOf(digitsOfRecords(records, layout))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('are refused exactly where the slow twin has nothing', () => {
    const wild = fc.array(
      fc.record({
        group: fc.oneof({ weight: 9, arbitrary: fc.nat(2) }, fc.nat(4)),
        values: fc.tuple(
          fc.nat(2100),
          fc.oneof(fc.constant(0), fc.nat(34)),
          fc.oneof(fc.constant(0), fc.nat(130)),
        ),
      }),
      { maxLength: 6 },
    );
    let refused = 0;
    fc.assert(
      fc.property(wild, (records) => {
        const expected = slowDigits(records, card);
        const bytes = frameOf(records);
        if (expected !== null) expect(read(bytes)).toEqual(expected);
        else {
          refused += 1;
          expect(['frame-range', 'frame-count']).toContain(faultOf(bytes).code);
        }
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(900);
  });

  it('come back from their digits in order, and a frame is written the same from both', () => {
    fc.assert(
      fc.property(identitiesOf(card), recordLists(card), (who, records) => {
        const digits = digitsOfRecords(records, layout);
        const sorted = recordsOf(digits, layout);
        expect(sorted.length).toBe(records.length);
        expect(hitsOf(digitsOfRecords(sorted, layout))).toEqual(hitsOf(digits));
        const bytes = encodeFrame(who, digits, card);
        expect(bytes.length).toBeLessThanOrEqual(frameBytesMax(card));
        expect(openFrame(bytes, card).identity).toEqual(who);
        expect(read(bytes)).toEqual(hitsOf(digits));
        const table = TimeFrame.getRootAsTimeFrame(new ByteBuffer(bytes));
        expect([table.kind(), table.encoding(), table.hitCount()]).toEqual([2, 4, records.length]);
        expect(table.payloadArray()).toEqual(recordsPayload(sorted));
      }),
    );
  });

  it('of an empty frame and of a full one are read', () => {
    expect(read(frameOf([]))).toEqual([]);
    const full = card.groups.flatMap(({ countMax, fields }, group) =>
      Array.from({ length: countMax }, () => ({
        group,
        values: card.fields.map(({ name, bits }) => (fields.includes(name) ? 2 ** bits - 1 : 0)),
      })),
    );
    expect(read(frameOf(full)).length).toBe(1 + 3 * 3 + 5 * 2);
    expect(read(frameOf(full)).at(-1)).toEqual([voxelCount(card) - 2, 32]);
  });
});

describe('what is wrong with an objects frame', () => {
  const good = { group: 1, values: [5, 4, 3] };
  const sum = { group: 0, values: [9, 0, 0] };
  const cases: [string, Uint8Array, string, RegExp][] = [
    [
      'an unknown group',
      frameOf([good, { ...good, group: 3 }]),
      'frame-range',
      /record 1 is of group 3.*groups 0 to 2/,
    ],
    ['one too many', frameOf([sum, good, sum]), 'frame-count', /record 2 is 'sum' number 2.*room for 1/],
    [
      'a value too large',
      frameOf([{ group: 1, values: [1, 32, 0] }]),
      'frame-range',
      /'track'\) has x 32; it goes from 0 to 31/,
    ],
    [
      'a number its group lacks',
      frameOf([{ group: 2, values: [1, 1, 1] }]),
      'frame-range',
      /'cell' has no y, send 0/,
    ],
    [
      'a count too large',
      frameOf([good], { hitCount: 2 }),
      'frame-count',
      /hit_count 2 with a payload of 8 bytes.*8 bytes an object/,
    ],
    [
      'more than there is room for',
      frameOf(Array.from({ length: 10 }, () => good)),
      'frame-count',
      /room for 9 objects/,
    ],
    [
      'hits',
      frameOf([], { kind: FrameKind.digits }),
      'frame-kind',
      /kind 1 is not served.*send objects \(2\)/,
    ],
    ['an encoding of hits', frameOf([], { encoding: 2 }), 'frame-kind', /use records16 \(4\)/],
  ];
  it.each(cases)('%s', (_, bytes, code, message) => {
    expect(faultOf(bytes)).toEqual({ code, detail: expect.stringMatching(message) });
  });

  it('is said to whoever writes one, too', () => {
    expect(() => digitsOfRecords([{ group: 7, values: [1, 1, 1] }], layout)).toThrow(/of group 7/);
    expect(() => digitsOfRecords([{ group: 2, values: [70_000, 1, 0] }], layout)).toThrow(/16 bits/);
    const empty = { count: 0, voxel: new Uint32Array(0), adc: new Uint16Array(0) };
    expect(() => encodeFrame(identity!, empty, card, FrameEncoding.gap16)).toThrow(/frames of objects/);
    expect(() => encodeFrame(identity!, empty, smallCard, FrameEncoding.records16)).toThrow(
      /frames of digits/,
    );
  });
});
