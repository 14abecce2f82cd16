/**
 * tf00 both ways: digits to a message, and a message to digits in two steps (everything but the hits, then the
 * hits). It refuses, with a code and a sentence, every frame that is not wholly inside the instrument's card;
 * what depends on other frames (stale, future, duplicate) is judged by the stage that has seen them.
 */

import { crc32c } from '@node-rs/crc32';
import { Fault } from '../domain/fault.ts';
import { type Digits, FrameEncoding, type FrameIdentity, FrameKind } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import {
  durationNanos,
  epochNanos,
  messageId,
  type RegionIndex,
  run,
  timeFrameNumber,
} from '../domain/quantity.ts';
import { putCount, putI64, putU16, putU32, u16At, u32At } from '../kernels/little_endian.ts';
import { checkCount, checkKind, type Demands, demandsOf, encodingFor } from './frames/demands.ts';
import {
  countRecordDigits,
  recordCountOf,
  recordFault,
  unpackRecords,
  writeRecords,
} from './frames/records.ts';
import { tf00 } from './generated/layouts.ts';
import {
  gapFault,
  type HitColumns,
  hitFault,
  payloadBytesOf,
  unpackColumns,
  unpackGaps,
  unpackWords,
  writeHits,
} from './hits.ts';
import { hashAt, hashHalves, IdentitySlot, nameAt, readIdentityNumbers, utf8Of } from './identity.ts';
import { carriesIdentifier, verify } from './verify.ts';

/** A frame whose every field but the hits is verified. `payload` is a view into the message. */
export interface OpenFrame {
  readonly identity: FrameIdentity;
  readonly region: RegionIndex;
  /** Digits the frame has; of an objects frame one for each number its objects have. */
  readonly hitCount: number;
  readonly encoding: number;
  readonly payload: Uint8Array;
}

/** Slots of tf00 after the identity's. */
const Slot = { kind: 8, encoding: 9, hitCount: 10, payload: 11, payloadCrc32c: 12 } as const;
const slotCount = 13;

// ---- writing: a fixed layout, every field present, so that a frame is one allocation and straight stores ----

const Place = {
  vtable: 8,
  table: 44,
  messageId: 48,
  timestamp: 56,
  duration: 64,
  timeFrame: 72,
  instrumentHash: 80,
  run: 88,
  sourceName: 92,
  instrument: 96,
  payload: 100,
  hitCount: 104,
  payloadCrc32c: 108,
  kind: 112,
  encoding: 114,
  end: 116,
} as const;

/** Everything of a frame that never changes: root, identifier, vtable, table head. */
const head = ((): Uint8Array => {
  const bytes = new Uint8Array(Place.end);
  const inSlotOrder = [
    Place.sourceName,
    Place.messageId,
    Place.timestamp,
    Place.duration,
    Place.run,
    Place.timeFrame,
    Place.instrument,
    Place.instrumentHash,
    Place.kind,
    Place.encoding,
    Place.hitCount,
    Place.payload,
    Place.payloadCrc32c,
  ];
  putU32(bytes, 0, Place.table);
  bytes.set(new TextEncoder().encode(tf00.identifier), 4);
  putU16(bytes, Place.vtable, 4 + 2 * slotCount);
  putU16(bytes, Place.vtable + 2, Place.end - Place.table);
  inSlotOrder.forEach((place, slot) => {
    putU16(bytes, Place.vtable + 4 + 2 * slot, place - Place.table);
  });
  putU32(bytes, Place.table, Place.table - Place.vtable);
  return bytes;
})();

/** Bytes of a string on the wire: length, text, zero, padding to four. */
const stringBytes = (utf8: Uint8Array): number => (4 + utf8.length + 1 + 3) & ~3;

/**
 * A tf00 message in an array of its own. The default encoding is gap16 where the card's ADC leaves room for a
 * gap, else columns48; objects have records16 alone. The digits are trusted: they come from the simulator or an
 * import that made them.
 */
export const encodeFrame = (
  identity: FrameIdentity,
  digits: Digits,
  card: InstrumentCard,
  encoding?: number,
): Uint8Array => {
  const { adcBits, records } = demandsOf(card);
  const chosen = encodingFor(card, encoding);
  const source = utf8Of(identity.sourceName);
  const instrument = utf8Of(identity.instrumentId);
  const sourceAt = Place.end;
  const instrumentAt = sourceAt + stringBytes(source);
  const payloadAt = ((instrumentAt + stringBytes(instrument) + 4 + 7) & ~7) - 4;
  const count = records === null ? digits.count : recordCountOf(digits, records);
  const payloadBytes =
    records === null ? payloadBytesOf(digits, chosen, adcBits) : count * records.recordBytes;
  const bytes = new Uint8Array(payloadAt + 4 + payloadBytes);
  bytes.set(head);
  putCount(bytes, Place.messageId, identity.messageId);
  putI64(bytes, Place.timestamp, identity.timestampNanos);
  putI64(bytes, Place.duration, identity.durationNanos);
  putCount(bytes, Place.timeFrame, identity.timeFrame);
  const hash = hashHalves(identity.instrumentHash);
  putU32(bytes, Place.instrumentHash, hash.low);
  putU32(bytes, Place.instrumentHash + 4, hash.high);
  putU32(bytes, Place.run, identity.run);
  putU32(bytes, Place.sourceName, sourceAt - Place.sourceName);
  putU32(bytes, Place.instrument, instrumentAt - Place.instrument);
  putU32(bytes, Place.payload, payloadAt - Place.payload);
  putU32(bytes, Place.hitCount, count);
  putU16(bytes, Place.kind, FrameKind[card.kind]);
  putU16(bytes, Place.encoding, chosen);
  putU32(bytes, sourceAt, source.length);
  bytes.set(source, sourceAt + 4);
  putU32(bytes, instrumentAt, instrument.length);
  bytes.set(instrument, instrumentAt + 4);
  putU32(bytes, payloadAt, payloadBytes);
  if (records === null) writeHits(bytes, payloadAt + 4, digits, chosen, adcBits);
  else writeRecords(bytes, payloadAt + 4, digits, records);
  putU32(bytes, Place.payloadCrc32c, crc32c(bytes.subarray(payloadAt + 4)));
  return bytes;
};

/**
 * Gives a message that `encodeFrame` made another place in its source's stream; its hits, and with them its
 * checksum, stay. A load generator sends the same digits again and again: packing them once is enough.
 */
export const restampFrame = (
  message: Uint8Array,
  at: Pick<FrameIdentity, 'messageId' | 'timestampNanos' | 'run' | 'timeFrame'>,
): void => {
  putCount(message, Place.messageId, at.messageId);
  putI64(message, Place.timestamp, at.timestampNanos);
  putCount(message, Place.timeFrame, at.timeFrame);
  putU32(message, Place.run, at.run);
};

// ---- reading ----

/** Where the fields of the frame being opened lie; one frame at a time, never across an await. */
const fields = new Int32Array(slotCount);

/**
 * Whose frame a message says it is, also where it was refused: region, run and message_id; null where that cannot be
 * read. Nothing else of it is to be believed.
 */
export const claimedIdentity = (
  bytes: Uint8Array,
  card: InstrumentCard,
): { readonly region: number; readonly run: number; readonly messageId: number } | null => {
  try {
    if (!carriesIdentifier(bytes, tf00.identifier) || verify(bytes, tf00, fields) !== '') return null;
    const region = regionOf(bytes, card, demandsOf(card));
    return { region, ...readIdentityNumbers(bytes, fields, 'frame-field') };
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};

/**
 * Verifies a message against the card and returns all of it but the hits. Throws a Fault of kind item:
 * frame-empty, -oversize, -schema, -malformed, -field, -instrument, -source, -kind, -count or -crc.
 */
export const openFrame = (bytes: Uint8Array, card: InstrumentCard): OpenFrame => {
  const demands = demandsOf(card);
  if (bytes.length === 0)
    throw new Fault('frame-empty', 'the message has 0 bytes; send a tf00 message as the record value');
  if (bytes.length > demands.bytesMax)
    throw new Fault(
      'frame-oversize',
      `the message has ${bytes.length} bytes, ${card.id} allows ${demands.bytesMax}; send one region a frame`,
    );
  if (!carriesIdentifier(bytes, tf00.identifier))
    throw new Fault('frame-schema', "bytes 4 to 8 are not 'tf00'; finish the buffer with that identifier");
  const wrong = verify(bytes, tf00, fields);
  if (wrong !== '')
    throw new Fault('frame-malformed', `${wrong}; write the message with a FlatBuffers builder`);
  checkInstrument(bytes, card, demands);
  const region = regionOf(bytes, card, demands);
  const kind = fields[Slot.kind] === 0 ? 0 : u16At(bytes, fields[Slot.kind]!);
  const encoding = fields[Slot.encoding] === 0 ? 0 : u16At(bytes, fields[Slot.encoding]!);
  checkKind(kind, encoding, card, demands);
  const numbers = readIdentityNumbers(bytes, fields, 'frame-field');
  const payloadAt = fields[Slot.payload]!;
  const payload = bytes.subarray(payloadAt + 4, payloadAt + 4 + u32At(bytes, payloadAt));
  const declared = fields[Slot.hitCount] === 0 ? 0 : u32At(bytes, fields[Slot.hitCount]!);
  checkCount(declared, encoding, payload, card, demands);
  const crc = fields[Slot.payloadCrc32c] === 0 ? 0 : u32At(bytes, fields[Slot.payloadCrc32c]!);
  const found = crc32c(payload);
  if (found !== crc)
    throw new Fault(
      'frame-crc',
      `payload_crc32c is ${crc}, the payload gives ${found}; it was changed on its way`,
    );
  const { records } = demands;
  const hitCount = records === null ? declared : countRecordDigits(payload, records);
  if (hitCount < 0) throw recordFault(payload, records!);
  return {
    identity: {
      sourceName: card.regions[region]!,
      messageId: messageId(numbers.messageId),
      timestampNanos: epochNanos(numbers.timestampNanos),
      durationNanos: durationNanos(numbers.durationNanos),
      run: run(numbers.run),
      timeFrame: timeFrameNumber(numbers.timeFrame),
      instrumentId: card.id,
      instrumentHash: card.hash,
    },
    region,
    hitCount,
    encoding,
    payload,
  };
};

const checkInstrument = (bytes: Uint8Array, card: InstrumentCard, demands: Demands): void => {
  const id = nameAt(bytes, fields[IdentitySlot.instrument]!, 'frame-field', 'instrument');
  if (id !== card.id)
    throw new Fault(
      'frame-instrument',
      `the frame is of instrument ${JSON.stringify(id)}, this stream is ${card.id}; send it to its own topic`,
    );
  const hashPlace = fields[IdentitySlot.instrumentHash]!;
  if (
    hashPlace === 0 ||
    u32At(bytes, hashPlace) !== demands.hashLow ||
    u32At(bytes, hashPlace + 4) !== demands.hashHigh
  )
    throw new Fault(
      'frame-instrument',
      `the frame was made with card ${hashAt(bytes, hashPlace)} of ${card.id}, card ${card.hash} is served; ` +
        'give both sides the same card',
    );
};

const regionOf = (bytes: Uint8Array, card: InstrumentCard, demands: Demands): RegionIndex => {
  const name = nameAt(bytes, fields[IdentitySlot.sourceName]!, 'frame-field', 'source_name');
  const region = demands.regions.get(name);
  if (region !== undefined) return region;
  throw new Fault(
    'frame-source',
    `${JSON.stringify(name)} is not one of the ${card.regions.length} regions of ${card.id}; use a name from its card`,
  );
};

/**
 * Writes the hits of an opened frame and returns how many; `into` must have room for `hitCount`. Throws
 * frame-order when voxels do not strictly ascend, frame-range when a voxel or ADC value is outside the card,
 * frame-count when gap16 words hold another number of hits; what `into` holds is then undefined. Objects come out in
 * their one order, whatever order they were sent in.
 */
export const readDigits = (open: OpenFrame, card: InstrumentCard, into: HitColumns): number => {
  const { hitCount, payload } = open;
  const { voxel, adc } = into;
  if (voxel.length < hitCount || adc.length < hitCount)
    throw new Error(`room for ${Math.min(voxel.length, adc.length)} hits, the frame has ${hitCount}`);
  const { voxels, adcBits, records } = demandsOf(card);
  if (records !== null) {
    if (unpackRecords(payload, records, voxel, adc) < 0) throw recordFault(payload, records);
    return hitCount;
  }
  if (open.encoding === FrameEncoding.gap16) {
    const last =
      into.unpackGaps?.(payload, hitCount) ?? unpackGaps(payload, hitCount, adcBits, voxels, voxel, adc);
    if (last < 0) throw gapFault(payload, hitCount, card, voxels);
    return hitCount;
  }
  const unpack = open.encoding === FrameEncoding.packed32 ? unpackWords : unpackColumns;
  const last = unpack(payload, hitCount, adcBits, voxel, adc);
  if (last < 0 || last >= voxels) throw hitFault(hitCount, card, voxels, voxel, adc);
  return hitCount;
};
