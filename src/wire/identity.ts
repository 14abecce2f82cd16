/**
 * What names a frame, its packet and its anomaly alike: slots 0 … 7 of tf00, tk00 and an00, and the names and
 * hashes in them. It refuses values outside their ranges with the code of the message being read.
 */

import { Fault, type FaultCode } from '../domain/fault.ts';
import type { FrameIdentity } from '../domain/frame.ts';
import { limits } from '../domain/limits.ts';
import { cardHash, durationNanos, epochNanos, messageId, run, timeFrameNumber } from '../domain/quantity.ts';
import { countAt, i32At, i64At, u32At } from '../kernels/little_endian.ts';

/** Slots shared by the three schemas, in their order. */
export const IdentitySlot = {
  sourceName: 0,
  messageId: 1,
  timestamp: 2,
  duration: 3,
  run: 4,
  timeFrame: 5,
  instrument: 6,
  instrumentHash: 7,
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const utf8Cache = new Map<string, Uint8Array>();

/** UTF-8 of a name; the array is shared and must not be changed. Throws when it is longer than the limit. */
export const utf8Of = (name: string): Uint8Array => {
  const known = utf8Cache.get(name);
  if (known !== undefined) return known;
  const bytes = encoder.encode(name);
  if (bytes.length > limits.nameBytesMax)
    throw new Error(
      `name of ${bytes.length} bytes, at most ${limits.nameBytesMax} fit: ${name.slice(0, 40)}`,
    );
  if (utf8Cache.size >= limits.cachedNamesMax) utf8Cache.clear();
  utf8Cache.set(name, bytes);
  return bytes;
};

interface HashHalves {
  readonly high: number;
  readonly low: number;
}
const hashCache = new Map<string, HashHalves>();

/** The two 32-bit halves of a card hash: the wire's ulong is the hash read big-endian. */
export const hashHalves = (hash: string): HashHalves => {
  const known = hashCache.get(hash);
  if (known !== undefined) return known;
  if (!/^[0-9a-f]{16}$/.test(hash)) throw new Error(`a card hash is 16 lower-case hex digits, not '${hash}'`);
  const halves = { high: Number.parseInt(hash.slice(0, 8), 16), low: Number.parseInt(hash.slice(8), 16) };
  if (hashCache.size >= limits.cachedNamesMax) hashCache.clear();
  hashCache.set(hash, halves);
  return halves;
};

const hexHalf = (value: number): string => value.toString(16).padStart(8, '0');
/** Eight bytes on the wire as a card hash. */
export const hashAt = (bytes: Uint8Array, at: number): string =>
  at === 0 ? '0000000000000000' : hexHalf(u32At(bytes, at + 4)) + hexHalf(u32At(bytes, at));

/** A verified string of any length; invalid UTF-8 is a fault. */
export const textAt = (bytes: Uint8Array, at: number, code: FaultCode, what: string): string => {
  if (at === 0) return '';
  try {
    return decoder.decode(bytes.subarray(at + 4, at + 4 + u32At(bytes, at)));
  } catch {
    throw new Fault(code, `${what} is not UTF-8; write names as UTF-8`);
  }
};

interface KnownName {
  readonly utf8: Uint8Array;
  readonly text: string;
}
/** Names by a hash of their bytes, one a place: a text decoder costs more than all else in a small message. */
const knownNames = new Array<KnownName | undefined>(limits.cachedNamesMax);

/** FNV-1a over `length` bytes. */
const hashOf = (bytes: Uint8Array, at: number, length: number): number => {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
};

const sameBytes = (bytes: Uint8Array, at: number, length: number, other: Uint8Array): boolean => {
  if (length !== other.length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== other[i]) return false;
  return true;
};

/** A verified string that names something: bounded, not empty; the same text object while it is remembered. */
export const nameAt = (bytes: Uint8Array, at: number, code: FaultCode, what: string): string => {
  const length = at === 0 ? 0 : u32At(bytes, at);
  if (length === 0 || length > limits.nameBytesMax)
    throw new Fault(code, `${what} is ${length} bytes long; a name has 1 to ${limits.nameBytesMax}`);
  const place = hashOf(bytes, at + 4, length) % limits.cachedNamesMax;
  const known = knownNames[place];
  if (known !== undefined && sameBytes(bytes, at + 4, length, known.utf8)) return known.text;
  const text = textAt(bytes, at, code, what);
  knownNames[place] = { utf8: bytes.slice(at + 4, at + 4 + length), text };
  return text;
};

/** The numbers of an identity, checked; `fields` as `verify` leaves them. */
export interface IdentityNumbers {
  readonly messageId: number;
  readonly timeFrame: number;
  readonly run: number;
  readonly timestampNanos: bigint;
  readonly durationNanos: bigint;
}

export const readIdentityNumbers = (
  bytes: Uint8Array,
  fields: Int32Array,
  code: FaultCode,
): IdentityNumbers => {
  const atMessage = fields[IdentitySlot.messageId]!;
  const atTimeFrame = fields[IdentitySlot.timeFrame]!;
  const atTimestamp = fields[IdentitySlot.timestamp]!;
  const atDuration = fields[IdentitySlot.duration]!;
  const atRun = fields[IdentitySlot.run]!;
  const message = atMessage === 0 ? 0 : countAt(bytes, atMessage);
  if (message < 0) throw countFault(code, 'message_id', i64At(bytes, atMessage));
  const timeFrame = atTimeFrame === 0 ? 0 : countAt(bytes, atTimeFrame);
  if (timeFrame < 0) throw countFault(code, 'time_frame', BigInt.asUintN(64, i64At(bytes, atTimeFrame)));
  const timestamp = atTimestamp === 0 ? 0n : i64At(bytes, atTimestamp);
  if (timestamp <= 0n)
    throw new Fault(code, `timestamp is ${timestamp}; it must be ns since 1970, greater than 0`);
  const duration = atDuration === 0 ? 0n : i64At(bytes, atDuration);
  if (duration <= 0n) throw new Fault(code, `duration is ${duration}; it must be ns, greater than 0`);
  // The end of the time frame must be an instant too; the high words alone show an overflow nearly exactly.
  if (i32At(bytes, atTimestamp + 4) + i32At(bytes, atDuration + 4) >= 0x7fffffff)
    throw new Fault(code, `timestamp ${timestamp} plus duration ${duration} lies beyond the year 2262`);
  return {
    messageId: message,
    timeFrame,
    run: atRun === 0 ? 0 : u32At(bytes, atRun),
    timestampNanos: timestamp,
    durationNanos: duration,
  };
};

const countFault = (code: FaultCode, what: string, value: bigint): Fault =>
  new Fault(code, `${what} is ${value}; it must lie between 0 and 2^53-1`);

/** The whole identity of a verified packet or anomaly. */
export const readIdentity = (bytes: Uint8Array, fields: Int32Array, code: FaultCode): FrameIdentity => {
  const numbers = readIdentityNumbers(bytes, fields, code);
  return {
    sourceName: nameAt(bytes, fields[IdentitySlot.sourceName]!, code, 'source_name'),
    messageId: messageId(numbers.messageId),
    timestampNanos: epochNanos(numbers.timestampNanos),
    durationNanos: durationNanos(numbers.durationNanos),
    run: run(numbers.run),
    timeFrame: timeFrameNumber(numbers.timeFrame),
    instrumentId: nameAt(bytes, fields[IdentitySlot.instrument]!, code, 'instrument'),
    instrumentHash: cardHash(hashAt(bytes, fields[IdentitySlot.instrumentHash]!)),
  };
};
