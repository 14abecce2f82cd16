/**
 * The instants a frame passed each stage, as one binary record header: they ride beside the packet, never in
 * it, so that a packet's bytes stay a pure function of its frame. It refuses headers of another length.
 */

import { Fault } from '../domain/fault.ts';
import { type EpochNanos, epochNanos } from '../domain/quantity.ts';
import { i64At, putI64 } from '../kernels/little_endian.ts';

/** Name of the record header. */
export const instantsHeader = 'tessera-instants';

/** In wire order; only ever appended to. `intended` is when the source meant to send, for open-loop timing. */
export const instantNames = [
  'intended',
  'received',
  'decode',
  'tokenize',
  'score',
  'refine',
  'emit',
  'commit',
] as const;
export type InstantName = (typeof instantNames)[number];

/** Wall instants by name; 0 where a frame did not pass or nobody knows. */
export type Instants = Readonly<Record<InstantName, EpochNanos>>;

const bytesEach = 8;

/** One little-endian int64 of epoch nanoseconds for each name, in order; missing ones are 0. */
export const encodeInstants = (instants: Partial<Readonly<Record<InstantName, bigint>>>): Uint8Array => {
  const bytes = new Uint8Array(instantNames.length * bytesEach);
  instantNames.forEach((name, i) => {
    putI64(bytes, i * bytesEach, instants[name] ?? 0n);
  });
  return bytes;
};

/** Sets one instant in an encoded header, in place: the commit is stamped on headers already made. */
export const stampInstant = (header: Uint8Array, name: InstantName, nanos: bigint): void => {
  putI64(header, instantNames.indexOf(name) * bytesEach, nanos);
};

/** Throws message-malformed when the length is not a multiple of eight or holds fewer instants than today's. */
export const decodeInstants = (bytes: Uint8Array): Instants => {
  if (bytes.length < instantNames.length * bytesEach || bytes.length % bytesEach !== 0)
    throw new Fault(
      'message-malformed',
      `header ${instantsHeader} has ${bytes.length} bytes; it holds ${instantNames.length} instants of ${bytesEach}`,
    );
  return Object.fromEntries(
    instantNames.map((name, i) => [name, epochNanos(i64At(bytes, i * bytesEach))]),
  ) as Instants;
};

/** When a frame was meant to be sent, or came where its source did not say; 0 where nobody knows. */
export const sentAt = ({ intended, received }: Instants): EpochNanos => (intended > 0n ? intended : received);

/** The header as a source writes it: only the first instant, when it meant to send. */
export const encodeIntended = (nanos: bigint): Uint8Array => {
  const bytes = new Uint8Array(bytesEach);
  putI64(bytes, 0, nanos);
  return bytes;
};

/** When the source meant to send, from its record header; 0 when it did not say. */
export const readIntended = (header: Uint8Array | undefined): bigint =>
  header !== undefined && header.length >= bytesEach ? i64At(header, 0) : 0n;
