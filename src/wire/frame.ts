/**
 * tf00 both ways: digits to a message, and a message to digits in two steps (everything but the hits, then the
 * hits). It refuses, with a code and a sentence, every frame that is not wholly inside the instrument's card;
 * what depends on other frames (stale, future, duplicate) is judged by the stage that has seen them.
 */

import { crc32c } from '@node-rs/crc32';
import { Fault } from '../domain/fault.ts';
import { type Digits, FrameEncoding, type FrameIdentity, FrameKind } from '../domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import { frameBytesMax } from '../domain/limits.ts';
import {
  durationNanos,
  epochNanos,
  messageId,
  type RegionIndex,
  regionIndex,
  run,
  timeFrameNumber,
} from '../domain/quantity.ts';
import { putCount, putI64, putU16, putU32, u16At, u32At } from '../kernels/little_endian.ts';
import { tf00 } from './generated/layouts.ts';
import {
  fitsHits,
  gapFault,
  type HitColumns,
  hitBytesMin,
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
  readonly hitCount: number;
  readonly encoding: number;
  readonly payload: Uint8Array;
}

/** Slots of tf00 after the identity's. */
const Slot = { kind: 8, encoding: 9, hitCount: 10, payload: 11, payloadCrc32c: 12 } as const;
const slotCount = 13;

/** What an instrument's card demands of a frame, prepared once a card. */
interface Demands {
  readonly bytesMax: number;
  readonly hashHigh: number;
  readonly hashLow: number;
  readonly regions: ReadonlyMap<string, RegionIndex>;
  readonly voxels: number;
  readonly adcBits: number;
  /** Whether voxel and ADC fit one 32-bit word. */
  readonly packs: boolean;
  /** Whether a 16-bit word has room for a gap beside the ADC. */
  readonly gaps: boolean;
}

const demandsByCard = new WeakMap<InstrumentCard, Demands>();

const demandsOf = (card: InstrumentCard): Demands => {
  const known = demandsByCard.get(card);
  if (known !== undefined) return known;
  const voxels = voxelCount(card);
  const { high, low } = hashHalves(card.hash);
  const demands: Demands = {
    bytesMax: frameBytesMax(card),
    hashHigh: high,
    hashLow: low,
    regions: new Map(card.regions.map((name, index) => [name, regionIndex(index)])),
    voxels,
    adcBits: card.adcBits,
    packs: (voxels - 1) * 2 ** card.adcBits + (2 ** card.adcBits - 1) < 2 ** 32,
    gaps: card.adcBits <= 12,
  };
  demandsByCard.set(card, demands);
  return demands;
};

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
 * gap, else columns48. The digits are trusted: they come from the simulator or an import that made them.
 */
export const encodeFrame = (
  identity: FrameIdentity,
  digits: Digits,
  card: InstrumentCard,
  encoding?: number,
): Uint8Array => {
  const { packs, gaps, adcBits } = demandsOf(card);
  const chosen = encoding ?? (gaps ? FrameEncoding.gap16 : FrameEncoding.columns48);
  if (chosen === FrameEncoding.packed32 && !packs)
    throw new Error(`${card.id}: voxel and ADC do not fit 32 bits, packed32 cannot carry them`);
  if (chosen === FrameEncoding.gap16 && !gaps)
    throw new Error(`${card.id}: ${adcBits} ADC bits leave no room for a gap, gap16 cannot carry them`);
  const source = utf8Of(identity.sourceName);
  const instrument = utf8Of(identity.instrumentId);
  const sourceAt = Place.end;
  const instrumentAt = sourceAt + stringBytes(source);
  const payloadAt = ((instrumentAt + stringBytes(instrument) + 4 + 7) & ~7) - 4;
  const payloadBytes = payloadBytesOf(digits, chosen, adcBits);
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
  putU32(bytes, Place.hitCount, digits.count);
  putU16(bytes, Place.kind, FrameKind.digits);
  putU16(bytes, Place.encoding, chosen);
  putU32(bytes, sourceAt, source.length);
  bytes.set(source, sourceAt + 4);
  putU32(bytes, instrumentAt, instrument.length);
  bytes.set(instrument, instrumentAt + 4);
  putU32(bytes, payloadAt, payloadBytes);
  writeHits(bytes, payloadAt + 4, digits, chosen, adcBits);
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
  const encoding = checkKind(bytes, card, demands);
  const numbers = readIdentityNumbers(bytes, fields, 'frame-field');
  const payloadAt = fields[Slot.payload]!;
  const payload = bytes.subarray(payloadAt + 4, payloadAt + 4 + u32At(bytes, payloadAt));
  const hitCount = fields[Slot.hitCount] === 0 ? 0 : u32At(bytes, fields[Slot.hitCount]!);
  if (hitCount > demands.voxels || !fitsHits(encoding, payload.length, hitCount))
    throw new Fault(
      'frame-count',
      `hit_count ${hitCount} with a payload of ${payload.length} bytes; encoding ${encoding} takes ` +
        `${hitBytesMin(encoding)} bytes a hit${encoding === FrameEncoding.gap16 ? ' or more' : ''} and ${card.id} has ${demands.voxels} voxels`,
    );
  const crc = fields[Slot.payloadCrc32c] === 0 ? 0 : u32At(bytes, fields[Slot.payloadCrc32c]!);
  const found = crc32c(payload);
  if (found !== crc)
    throw new Fault(
      'frame-crc',
      `payload_crc32c is ${crc}, the payload gives ${found}; it was changed on its way`,
    );
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

const checkKind = (bytes: Uint8Array, card: InstrumentCard, demands: Demands): number => {
  const kind = fields[Slot.kind] === 0 ? 0 : u16At(bytes, fields[Slot.kind]!);
  if (kind !== FrameKind.digits)
    throw new Fault(
      'frame-kind',
      `kind ${kind} is not served for ${card.id}; send digits (${FrameKind.digits})`,
    );
  const encoding = fields[Slot.encoding] === 0 ? 0 : u16At(bytes, fields[Slot.encoding]!);
  if (
    encoding === FrameEncoding.columns48 ||
    (encoding === FrameEncoding.packed32 && demands.packs) ||
    (encoding === FrameEncoding.gap16 && demands.gaps)
  )
    return encoding;
  throw new Fault(
    'frame-kind',
    `encoding ${encoding} is not served for ${card.id}; use columns48 (${FrameEncoding.columns48})` +
      (demands.packs ? ` or packed32 (${FrameEncoding.packed32})` : '') +
      (demands.gaps ? ` or gap16 (${FrameEncoding.gap16})` : ''),
  );
};

/**
 * Writes the hits of an opened frame and returns how many; `into` must have room for `hitCount`. Throws
 * frame-order when voxels do not strictly ascend, frame-range when a voxel or ADC value is outside the card,
 * frame-count when gap16 words hold another number of hits;
 * what `into` holds is then undefined.
 */
export const readDigits = (open: OpenFrame, card: InstrumentCard, into: HitColumns): number => {
  const { hitCount, payload } = open;
  const { voxel, adc } = into;
  if (voxel.length < hitCount || adc.length < hitCount)
    throw new Error(`room for ${Math.min(voxel.length, adc.length)} hits, the frame has ${hitCount}`);
  const { voxels, adcBits } = demandsOf(card);
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
