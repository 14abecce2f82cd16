/**
 * Named messages that no detector should send, each with the fault it must end in, and seeded mutations of good
 * ones. Every decoder and stage is run against all of them; a payload that once broke something is added here.
 */

import { crc32c } from '@node-rs/crc32';
import type { FaultCode } from '../../src/domain/fault.ts';
import { type Digits, FrameEncoding, type FrameIdentity, FrameKind } from '../../src/domain/frame.ts';
import { type InstrumentCard, type ObjectsCard, voxelCount } from '../../src/domain/instrument.ts';
import { frameBytesMax } from '../../src/domain/limits.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import { encodeFrame, openFrame } from '../../src/wire/frame.ts';
import { digitsOfRecords, recordLayout } from '../../src/wire/frames/records.ts';
import { buildFrame, type FrameParts, payloadOf } from '../wire/builder.slow.ts';

export interface HostilePayload {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: FaultCode;
  /**
   * `wire`: openFrame or readDigits refuses it by itself. `partition`: it is a good frame by itself, refused by
   * the stage that has seen `goodFrame(card, 0)`, `goodFrame(card, 1)`, … of the same partition before it.
   */
  readonly judge: 'wire' | 'partition';
}

/** Slots of tf00. */
const Slot = {
  sourceName: 0,
  messageId: 1,
  timestamp: 2,
  duration: 3,
  run: 4,
  timeFrame: 5,
  instrument: 6,
  instrumentHash: 7,
  kind: 8,
  encoding: 9,
  hitCount: 10,
  payload: 11,
  crc: 12,
} as const;

const baseNanos = 1_750_000_000_000_000_000n;
const dayNanos = 86_400_000_000_000n;

const identityOf = (card: InstrumentCard, n: number): FrameIdentity => ({
  sourceName: card.regions[0]!,
  messageId: messageId(1000 + n),
  timestampNanos: epochNanos(baseNanos + BigInt(n) * card.timeFrameNanos),
  durationNanos: card.timeFrameNanos,
  run: run(7),
  timeFrame: timeFrameNumber(1000 + n),
  instrumentId: card.id,
  instrumentHash: card.hash,
});

const hitsOf = (card: InstrumentCard, count: number): Digits => {
  if (card.kind === 'objects') return objectHits(card);
  const step = Math.max(1, Math.floor(voxelCount(card) / (count + 1)));
  return {
    count,
    voxel: Uint32Array.from({ length: count }, (_, i) => i * step),
    adc: Uint16Array.from({ length: count }, (_, i) => 1 + ((i * 37) % (2 ** card.adcBits - 1))),
  };
};
const goodHits = 24;

/** As many objects as the card has room for. */
const objectHits = (card: ObjectsCard): Digits => {
  const records = card.groups.flatMap(({ countMax, fields }, group) =>
    Array.from({ length: countMax }, (_, i) => ({
      group,
      values: card.fields.map(({ name, bits }, field) =>
        fields.includes(name) ? (i * 37 + field * 11) % 2 ** bits : 0,
      ),
    })),
  );
  return digitsOfRecords(records, recordLayout(card));
};
/** What the message says it holds: hits, or objects. */
const goodCount = (card: InstrumentCard): number =>
  card.kind === 'digits' ? goodHits : card.groups.reduce((sum, { countMax }) => sum + countMax, 0);
const goodEncoding = (card: InstrumentCard): number =>
  card.kind === 'digits' ? FrameEncoding.columns48 : FrameEncoding.records16;
const goodPayload = (card: InstrumentCard): Uint8Array =>
  card.kind === 'digits'
    ? payloadOf(hitsOf(card, goodHits), FrameEncoding.columns48, card.adcBits)
    : openFrame(goodFrame(card, 500), card).payload.slice();

/** The n-th good frame of the card's first region: message_id, time frame and timestamp go up with n. */
export const goodFrame = (card: InstrumentCard, n: number): Uint8Array =>
  encodeFrame(identityOf(card, n), hitsOf(card, goodHits), card, goodEncoding(card));

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const rootOf = (bytes: Uint8Array): number => view(bytes).getUint32(0, true);
const vtableOf = (bytes: Uint8Array): number => rootOf(bytes) - view(bytes).getInt32(rootOf(bytes), true);
const entryOf = (bytes: Uint8Array, slot: number): number => vtableOf(bytes) + 4 + 2 * slot;
/** Where the scalar or the offset of a slot lies in a good message. */
const placeOf = (bytes: Uint8Array, slot: number): number =>
  rootOf(bytes) + view(bytes).getUint16(entryOf(bytes, slot), true);
/** Where the offset of a slot leads. */
const targetOf = (bytes: Uint8Array, slot: number): number =>
  placeOf(bytes, slot) + view(bytes).getUint32(placeOf(bytes, slot), true);

type Change = (message: DataView, bytes: Uint8Array) => void;
/** A copy of a message with one change. */
const changed = (bytes: Uint8Array, change: Change): Uint8Array => {
  const copy = bytes.slice();
  change(view(copy), copy);
  return copy;
};

type Entry = readonly [name: string, bytes: Uint8Array, code: FaultCode];

const emptyAndCut = (good: Uint8Array): Entry[] => {
  const until = (name: string, length: number): Entry => [
    `cut ${name}`,
    good.slice(0, length),
    length < 8 ? 'frame-schema' : 'frame-malformed',
  ];
  const payload = targetOf(good, Slot.payload);
  return [
    ['empty', new Uint8Array(0), 'frame-empty'],
    ['one zero byte', new Uint8Array(1), 'frame-schema'],
    ['64 zero bytes', new Uint8Array(64), 'frame-schema'],
    ['64 bytes of ones', new Uint8Array(64).fill(0xff), 'frame-schema'],
    until('inside the root offset', 3),
    until('inside the identifier', 7),
    until('after the identifier', 8),
    until('after the start of the vtable', vtableOf(good) + 2),
    until('inside the vtable', vtableOf(good) + 11),
    until('before the table', rootOf(good)),
    until('after the start of the table', rootOf(good) + 4),
    until('inside the table', placeOf(good, Slot.payload)),
    until('before source_name', targetOf(good, Slot.sourceName)),
    until('inside source_name', targetOf(good, Slot.sourceName) + 7),
    until('inside instrument', targetOf(good, Slot.instrument) + 7),
    until('before the payload', payload),
    until('inside the length of the payload', payload + 2),
    until('at the first hit', payload + 4),
    until('in the middle of the hits', payload + 4 + 2 * goodHits),
    until('one byte short', good.length - 1),
  ];
};

const wrongKindOfMessage = (good: Uint8Array): Entry[] => {
  const named = (identifier: string): Entry => [
    `identifier ${JSON.stringify(identifier)}`,
    changed(good, (_, bytes) => bytes.set(new TextEncoder().encode(identifier), 4)),
    'frame-schema',
  ];
  const prefixed = new Uint8Array(good.length + 4);
  prefixed.set(good, 4);
  view(prefixed).setUint32(0, good.length, true);
  return [
    named('tk00'),
    named('tf01'),
    named('TF00'),
    named('\0\0\0\0'),
    ['size-prefixed', prefixed, 'frame-schema'],
    ['JSON', new TextEncoder().encode('{"source_name": "wedge", "hits": []}'), 'frame-schema'],
  ];
};

const wildTables = (good: Uint8Array): Entry[] => {
  const root = rootOf(good);
  const vtable = vtableOf(good);
  const entry = (name: string, change: Change): Entry => [name, changed(good, change), 'frame-malformed'];
  const rootAt = (value: number): Entry => entry(`root at ${value}`, (m) => m.setUint32(0, value, true));
  const vtableAt = (name: string, offset: number): Entry =>
    entry(`vtable ${name}`, (m) => m.setInt32(root, offset, true));
  return [
    rootAt(0),
    rootAt(4),
    rootAt(root + 1),
    rootAt(good.length - 2),
    rootAt(good.length),
    rootAt(0x7fffffff),
    rootAt(0x80000000),
    rootAt(0xffffffff),
    vtableAt('in its own table', 0),
    vtableAt('unaligned', root - vtable + 1),
    vtableAt('before the message', root + 4),
    vtableAt('over the identifier', root - 4),
    vtableAt('past the end', -(good.length - root)),
    vtableAt('far before', 0x7fffffff),
    vtableAt('far after', -0x80000000),
    entry('huge vtable', (m) => m.setUint16(vtable, 0xfffe, true)),
    entry('vtable of odd length', (m) => m.setUint16(vtable, 31, true)),
    entry('vtable of two bytes', (m) => m.setUint16(vtable, 2, true)),
    entry('table of no bytes', (m) => m.setUint16(vtable + 2, 0, true)),
    entry('table past the end', (m) => m.setUint16(vtable + 2, 0xffff, true)),
    entry('table shorter than its fields', (m) => m.setUint16(vtable + 2, 16, true)),
    entry('scalar inside the vtable offset', (m) => m.setUint16(entryOf(good, Slot.messageId), 2, true)),
    entry('scalar past its table', (m) => m.setUint16(entryOf(good, Slot.run), 0xfffc, true)),
    entry('unaligned 64-bit scalar', (m) =>
      m.setUint16(entryOf(good, Slot.timestamp), placeOf(good, Slot.timestamp) - root + 4, true),
    ),
    entry('unaligned 16-bit scalar', (m) =>
      m.setUint16(entryOf(good, Slot.kind), placeOf(good, Slot.kind) - root + 1, true),
    ),
    entry('string field past its table', (m) => m.setUint16(entryOf(good, Slot.sourceName), 0x4000, true)),
    entry('unaligned string field', (m) =>
      m.setUint16(entryOf(good, Slot.sourceName), placeOf(good, Slot.sourceName) - root + 2, true),
    ),
    ...(['sourceName', 'instrument', 'payload'] as const).map((slot) =>
      entry(`${slot} missing`, (m) => m.setUint16(entryOf(good, Slot[slot]), 0, true)),
    ),
  ];
};

const wildOffsets = (good: Uint8Array): Entry[] => {
  const entries: Entry[] = [];
  const end = good.length;
  for (const slot of ['sourceName', 'instrument', 'payload'] as const) {
    const at = placeOf(good, Slot[slot]);
    const target = targetOf(good, Slot[slot]);
    const offset = (name: string, value: number): void => {
      entries.push([
        `${slot}: ${name}`,
        changed(good, (m) => m.setUint32(at, value, true)),
        'frame-malformed',
      ]);
    };
    offset('offset to itself', 0);
    offset('offset to the last bytes', end - 3 - at);
    offset('offset past the end', end - at);
    offset('negative offset', 0xfffffff0);
    offset('wild offset', 0x7ffffffc);
    offset('unaligned offset', target - at + 1);
    const length = (name: string, value: number): void => {
      entries.push([
        `${slot}: ${name}`,
        changed(good, (m) => m.setUint32(target, value, true)),
        'frame-malformed',
      ]);
    };
    length('length past the end', end - target - 3);
    length('negative length', 0xffffffff);
    length('huge length', 0x7fffffff);
    length('length of 2^31', 0x80000000);
  }
  for (const slot of ['sourceName', 'instrument'] as const) {
    const target = targetOf(good, Slot[slot]);
    const length = view(good).getUint32(target, true);
    entries.push([
      `${slot}: no zero byte at its end`,
      changed(good, (m) => m.setUint8(target + 4 + length, 0x61)),
      'frame-malformed',
    ]);
  }
  return entries;
};

const wrongFields = (card: InstrumentCard, good: Uint8Array): Entry[] => {
  const wide = (name: string, slot: number, value: bigint, code: FaultCode = 'frame-field'): Entry => [
    name,
    changed(good, (m) => m.setBigInt64(placeOf(good, slot), value, true)),
    code,
  ];
  const short = (name: string, slot: number, value: number): Entry => [
    name,
    changed(good, (m) => m.setUint16(placeOf(good, slot), value, true)),
    'frame-kind',
  ];
  const absent = (name: string, slot: number, code: FaultCode): Entry => [
    name,
    changed(good, (m) => m.setUint16(entryOf(good, slot), 0, true)),
    code,
  ];
  const min = -(2n ** 63n);
  return [
    wide('negative message_id', Slot.messageId, -1n),
    wide('least message_id', Slot.messageId, min),
    wide('message_id of 2^53', Slot.messageId, 2n ** 53n),
    wide('time_frame of 2^53', Slot.timeFrame, 2n ** 53n),
    wide('time_frame of 2^64-1', Slot.timeFrame, -1n),
    wide('timestamp 0', Slot.timestamp, 0n),
    wide('negative timestamp', Slot.timestamp, -1n),
    wide('least timestamp', Slot.timestamp, min),
    wide('timestamp at the end of time', Slot.timestamp, 2n ** 63n - 1n),
    absent('no timestamp', Slot.timestamp, 'frame-field'),
    wide('duration 0', Slot.duration, 0n),
    wide('negative duration', Slot.duration, -13_000n),
    wide('duration of 292 years', Slot.duration, 2n ** 63n - 1n),
    absent('no duration', Slot.duration, 'frame-field'),
    wide('another card hash', Slot.instrumentHash, BigInt(`0x${card.hash}`) ^ 1n, 'frame-instrument'),
    wide(
      'card hash with its halves swapped',
      Slot.instrumentHash,
      BigInt(`0x${card.hash.slice(8)}${card.hash.slice(0, 8)}`),
      'frame-instrument',
    ),
    absent('no card hash', Slot.instrumentHash, 'frame-instrument'),
    short('kind 0', Slot.kind, 0),
    short('the other kind', Slot.kind, card.kind === 'digits' ? 2 : 1),
    short('kind 65535', Slot.kind, 65535),
    absent('no kind', Slot.kind, 'frame-kind'),
    short('encoding 0', Slot.encoding, 0),
    short('encoding 99', Slot.encoding, 99),
    short('encoding of the other kind', Slot.encoding, card.kind === 'digits' ? 4 : 2),
    absent('no encoding', Slot.encoding, 'frame-kind'),
  ];
};

/** Messages a builder makes: well formed in every offset, wrong in what they say. */
const wrongNamesAndCounts = (card: InstrumentCard): Entry[] => {
  const identity = identityOf(card, 500);
  const encoding = goodEncoding(card);
  const payload = goodPayload(card);
  const hitCount = goodCount(card);
  const built = (parts: Partial<FrameParts>): Uint8Array =>
    buildFrame({ identity, kind: FrameKind[card.kind], encoding, hitCount, payload, ...parts });
  const named = (change: Partial<FrameIdentity>): Uint8Array =>
    built({ identity: { ...identity, ...change } });
  const long = 'x'.repeat(200);
  const source = targetOf(built({}), Slot.sourceName);
  const overfull = voxelCount(card) + 1;
  return [
    ['another instrument', named({ instrumentId: `${card.id}-2` }), 'frame-instrument'],
    ['instrument without a name', named({ instrumentId: '' }), 'frame-field'],
    ['instrument name of 200 bytes', named({ instrumentId: long }), 'frame-field'],
    ['hash of zeros', named({ instrumentHash: cardHash('0'.repeat(16)) }), 'frame-instrument'],
    ['unknown region', named({ sourceName: 'nowhere' }), 'frame-source'],
    ['region in capitals', named({ sourceName: card.regions[0]!.toUpperCase() }), 'frame-source'],
    ['region with a zero byte after it', named({ sourceName: `${card.regions[0]!}\0` }), 'frame-source'],
    ['region without a name', named({ sourceName: '' }), 'frame-field'],
    ['region name of 200 bytes', named({ sourceName: long }), 'frame-field'],
    [
      'region that is not UTF-8',
      changed(built({}), (m) => m.setUint16(source + 4, 0xffff, true)),
      'frame-field',
    ],
    ['hit_count one too many', built({ hitCount: hitCount + 1 }), 'frame-count'],
    ['hit_count one too few', built({ hitCount: hitCount - 1 }), 'frame-count'],
    ['hit_count 0 with hits', built({ hitCount: 0 }), 'frame-count'],
    ['hit_count 2^32-1', built({ hitCount: 0xffffffff }), 'frame-count'],
    ['hits without payload', built({ payload: new Uint8Array(0) }), 'frame-count'],
    ['half a hit', built({ payload: payload.subarray(0, payload.length - 3) }), 'frame-count'],
    [
      'the other encoding',
      built({ encoding: FrameEncoding.packed32 }),
      packs(card) ? 'frame-count' : 'frame-kind',
    ],
    [
      'more hits than voxels',
      built({ hitCount: overfull, payload: new Uint8Array(6 * overfull) }),
      'frame-count',
    ],
    ['wrong crc', built({ crc: crc32c(payload) ^ 1 }), 'frame-crc'],
    ['no crc', built({ crc: 0 }), 'frame-crc'],
    [
      'one bit of the payload flipped',
      changed(built({}), (m, bytes) => {
        const at = targetOf(bytes, Slot.payload) + 4 + 10;
        m.setUint8(at, m.getUint8(at) ^ 1);
      }),
      'frame-crc',
    ],
  ];
};

const packs = (card: InstrumentCard): boolean =>
  card.kind === 'digits' && voxelCount(card) * 2 ** card.adcBits <= 2 ** 32;

const wrongHits = (card: InstrumentCard): Entry[] => {
  const last = voxelCount(card) - 1;
  const adcMax = 2 ** card.adcBits - 1;
  const cases: [string, number[], number[], FaultCode][] = [
    ['unsorted hits', [5, 4, 6], [1, 1, 1], 'frame-order'],
    ['descending hits', [9, 5, 1], [1, 1, 1], 'frame-order'],
    ['last hit out of order', [1, 2, 3, 0], [1, 1, 1, 1], 'frame-order'],
    ['repeated hit', [1, 2, 2, 3], [1, 1, 1, 1], 'frame-order'],
    ['voxel 0 twice', [0, 0], [1, 1], 'frame-order'],
    ['voxel past the grid', [1, last + 1], [1, 1], 'frame-range'],
    ['ADC 0', [1, 2, 3], [1, 0, 1], 'frame-range'],
    ['ADC 0 in the first hit', [0], [0], 'frame-range'],
  ];
  const columnsOnly: typeof cases = [
    ['voxel of 2^32-1', [1, 0xffffffff], [1, 1], 'frame-range'],
    ['voxel of 2^31', [0x80000000], [1], 'frame-range'],
  ];
  if (card.adcBits < 16)
    columnsOnly.push(
      ['ADC above the card', [1, 2], [1, adcMax + 1], 'frame-range'],
      ['ADC 65535', [1, 2], [65535, 1], 'frame-range'],
    );
  const entries: Entry[] = [];
  const add = (encoding: number, list: typeof cases): void => {
    for (const [name, voxel, adc, code] of list) {
      const digits = { count: voxel.length, voxel: Uint32Array.from(voxel), adc: Uint16Array.from(adc) };
      const payload = payloadOf(digits, encoding, card.adcBits);
      const bytes = buildFrame({
        identity: identityOf(card, 600),
        encoding,
        hitCount: digits.count,
        payload,
      });
      entries.push([`${name} (encoding ${encoding})`, bytes, code]);
    }
  };
  add(FrameEncoding.columns48, [...cases, ...columnsOnly]);
  if (packs(card)) add(FrameEncoding.packed32, cases);
  return entries;
};

/** Words of gap16 that no writer writes. */
const wrongGaps = (card: InstrumentCard): Entry[] => {
  if (card.adcBits > 12) return [];
  const leap = (times: number): number => (times - 1) << card.adcBits;
  const hit = (gap: number): number => (gap << card.adcBits) | 1;
  const leapVoxels = 2 ** (16 - card.adcBits);
  const leapsMax = 2 ** (16 - card.adcBits);
  const past = Math.ceil((voxelCount(card) + 1) / (leapVoxels * leapsMax));
  const cases: [string, number[], number, FaultCode][] = [
    ['ends with a leap', [hit(0), leap(1)], 1, 'frame-order'],
    ['only leaps', [leap(1)], 1, 'frame-count'],
    [
      'leaps past the grid',
      [...Array.from({ length: past }, () => leap(leapsMax)), hit(0)],
      1,
      'frame-range',
    ],
    ['more hits than hit_count', [hit(0), hit(0), hit(0)], 2, 'frame-count'],
    ['leaps instead of hits', [hit(0), leap(1), hit(0)], 3, 'frame-count'],
    [
      'every voxel and one more',
      Array.from({ length: voxelCount(card) + 1 }, () => hit(0)),
      voxelCount(card),
      'frame-range',
    ],
  ];
  return cases.map(([name, words, hitCount, code]) => {
    const payload = new Uint8Array(Uint16Array.from(words).buffer);
    const identity = identityOf(card, 700);
    return [
      `gap16 ${name}`,
      buildFrame({ identity, encoding: FrameEncoding.gap16, hitCount, payload }),
      code,
    ];
  });
};

/** Records of objects that no trigger of the card sends. */
const wrongRecords = (card: ObjectsCard): Entry[] => {
  const words = [...new Uint16Array(goodPayload(card).buffer)];
  const length = 1 + card.fields.length;
  const first = words.slice(0, length);
  const all = goodCount(card);
  const lacks = card.groups.findIndex(({ fields }) => fields.length < card.fields.length);
  const lacked = card.fields.findIndex(({ name }) => !card.groups[lacks]!.fields.includes(name));
  const withWord = (at: number, value: number): number[] => words.map((word, i) => (i === at ? value : word));
  const lackingAt = length * words.filter((_, i) => i % length === 0).indexOf(lacks);
  const cases: [string, number[], number, FaultCode][] = [
    ['an unknown group', withWord(0, card.groups.length), all, 'frame-range'],
    ['a group of 65535', withWord(0, 0xffff), all, 'frame-range'],
    ['one object too many', [...first, ...words], all + 1, 'frame-count'],
    ['all objects of one group', words.map((word, i) => (i % length === 0 ? 0 : word)), all, 'frame-count'],
    ['one of a group too many, another lacking', [...first, ...words.slice(0, -length)], all, 'frame-count'],
    ['a value one too large', withWord(1, 2 ** card.fields[0]!.bits), all, 'frame-range'],
    ['a value of 65535', withWord(words.length - length + 1, 0xffff), all, 'frame-range'],
    ['a number its group lacks', withWord(lackingAt + 1 + lacked, 1), all, 'frame-range'],
    ['half an object', words.slice(0, -1), all, 'frame-count'],
    ['an object more than hit_count', words, all - 1, 'frame-count'],
  ];
  return cases.map(([name, list, hitCount, code]) => {
    const payload = new Uint8Array(Uint16Array.from(list).buffer);
    const identity = identityOf(card, 800);
    const { records16: encoding } = FrameEncoding;
    return [name, buildFrame({ identity, kind: FrameKind.objects, encoding, hitCount, payload }), code];
  });
};

const oversize = (card: InstrumentCard, good: Uint8Array): Entry[] => {
  const huge = Math.max(16 * 1024 * 1024, frameBytesMax(card) + 1);
  const tailed = new Uint8Array(huge);
  tailed.set(good);
  const justOver = new Uint8Array(frameBytesMax(card) + 1);
  justOver.set(good);
  return [
    ['16 MiB of zeros', new Uint8Array(huge), 'frame-oversize'],
    ['a good frame and zeros up to 16 MiB', tailed, 'frame-oversize'],
    ['one byte more than the instrument allows', justOver, 'frame-oversize'],
  ];
};

/** Good by themselves: refused by who has seen the partition's good frames 0, 1, … before. */
const outOfTime = (card: InstrumentCard): Entry[] => {
  const at = (shift: bigint, n: number): Uint8Array => {
    const identity = identityOf(card, n);
    const shifted = { ...identity, timestampNanos: epochNanos(identity.timestampNanos + shift) };
    return encodeFrame(shifted, hitsOf(card, goodHits), card);
  };
  const lasting = {
    ...identityOf(card, 903),
    timestampNanos: epochNanos(2n ** 62n),
    durationNanos: durationNanos(1n),
  };
  return [
    ['400 days in the future', at(400n * dayNanos, 900), 'frame-future'],
    ['in the year 2116', encodeFrame(lasting, hitsOf(card, 3), card), 'frame-future'],
    ['a day late', at(-dayNanos, 901), 'frame-stale'],
    ['from 1970', at(1n - baseNanos - 902n * card.timeFrameNanos, 902), 'frame-stale'],
    ['good frame 0 once more', goodFrame(card, 0), 'frame-duplicate'],
  ];
};

/** Every hostile payload for an instrument, each with the one code it must end in. */
export const hostilePayloads = (card: InstrumentCard): HostilePayload[] => {
  const good = goodFrame(card, 400);
  const judged = (judge: HostilePayload['judge'], entries: readonly Entry[]): HostilePayload[] =>
    entries.map(([name, bytes, code]) => ({ name, bytes, code, judge }));
  return [
    ...judged('wire', [
      ...emptyAndCut(good),
      ...wrongKindOfMessage(good),
      ...wildTables(good),
      ...wildOffsets(good),
      ...wrongFields(card, good),
      ...wrongNamesAndCounts(card),
      ...(card.kind === 'digits' ? [...wrongHits(card), ...wrongGaps(card)] : wrongRecords(card)),
      ...oversize(card, good),
    ]),
    ...judged('partition', outOfTime(card)),
  ];
};
