/**
 * Kafka's record batch, version 2: records to bytes written once in place, and bytes to records read one at a
 * time as they are taken. Refuses codecs it cannot open and batches that lie about their length.
 */

import { constants, gunzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { Fault } from '../../../domain/fault.ts';
import type { BusRecord, OutputRecord } from '../../../ports/bus.ts';

/** Bytes of a batch before its first record. */
export const batchHeaderBytes = 61;
const crcAt = 17;
const attributesAt = 21;
const codecMask = 0x07;
const transactionalBit = 0x10;
const controlBit = 0x20;
const codecGzip = 1;
const codecZstd = 4;
/** What a compressed batch may open to: a bomb is refused, the largest honest batch is not. */
const openedBytesMax = 256 * 1024 * 1024;

export type Compression = 'none' | 'zstd';

export interface BatchIdentity {
  /** −1 outside idempotence. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly sequence: number;
  readonly transactional: boolean;
}

const varintBytes = (value: number): number => {
  const zigzag = value << 1; // lengths and deltas here are never negative, except the −1 of a null
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
};

const headerNames = new Map<string, Buffer>();
/** Names are few and fixed; what is not is not kept. */
const nameBytes = (name: string): Buffer => {
  const known = headerNames.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name);
  if (headerNames.size < 256) headerNames.set(name, bytes);
  return bytes;
};

/** Bytes of one record after its own length field, at this place in its batch. */
function recordBodyBytes(record: OutputRecord, offsetDelta: number): number {
  const { key, value, headers } = record;
  let bytes = 2 + varintBytes(offsetDelta) + varintBytes(value.length) + value.length;
  bytes += key === null ? 1 : varintBytes(key.length) + key.length;
  let count = 0;
  for (const name in headers) {
    const header = headers[name]!;
    const nameLength = nameBytes(name).length;
    bytes += varintBytes(nameLength) + nameLength + varintBytes(header.length) + header.length;
    count++;
  }
  return bytes + varintBytes(count);
}

export function recordBytes(record: OutputRecord, offsetDelta: number): number {
  const body = recordBodyBytes(record, offsetDelta);
  return varintBytes(body) + body;
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let zigzag = (value << 1) ^ (value >> 31);
  let next = at;
  while ((zigzag & ~0x7f) !== 0) {
    target[next++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  target[next++] = zigzag;
  return next;
}

function writeRecord(target: Buffer, at: number, record: OutputRecord, offsetDelta: number): number {
  const { key, value, headers } = record;
  let next = writeVarint(target, at, recordBodyBytes(record, offsetDelta));
  target[next++] = 0; // attributes
  target[next++] = 0; // all records of a batch have its timestamp
  next = writeVarint(target, next, offsetDelta);
  if (key === null) target[next++] = 1;
  else {
    next = writeVarint(target, next, key.length);
    target.set(key, next);
    next += key.length;
  }
  next = writeVarint(target, next, value.length);
  target.set(value, next);
  next += value.length;
  let count = 0;
  for (const _ in headers) count++;
  next = writeVarint(target, next, count);
  for (const name in headers) {
    const bytes = nameBytes(name);
    next = writeVarint(target, next, bytes.length);
    target.set(bytes, next);
    next += bytes.length;
    const header = headers[name]!;
    next = writeVarint(target, next, header.length);
    target.set(header, next);
    next += header.length;
  }
  return next;
}

/** Writes one uncompressed batch at `at`, whose size `batchHeaderBytes` + Σ `recordBytes` says; returns its end. */
export function writeBatch(
  target: Buffer,
  at: number,
  records: readonly OutputRecord[],
  timestampMs: number,
  identity: BatchIdentity,
): number {
  let end = at + batchHeaderBytes;
  for (let i = 0; i < records.length; i++) end = writeRecord(target, end, records[i]!, i);
  writeHeader(target, at, end, records.length, timestampMs, identity, 0);
  return end;
}

/** One batch of its own bytes, its records compressed. */
export function packBatch(
  records: readonly OutputRecord[],
  recordsBytes: number,
  timestampMs: number,
  identity: BatchIdentity,
): Buffer {
  const plain = Buffer.allocUnsafe(recordsBytes);
  let end = 0;
  for (let i = 0; i < records.length; i++) end = writeRecord(plain, end, records[i]!, i);
  const packed = zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const batch = Buffer.allocUnsafe(batchHeaderBytes + packed.length);
  packed.copy(batch, batchHeaderBytes);
  writeHeader(batch, 0, batch.length, records.length, timestampMs, identity, codecZstd);
  return batch;
}

function writeHeader(
  target: Buffer,
  at: number,
  end: number,
  count: number,
  timestampMs: number,
  identity: BatchIdentity,
  codec: number,
): void {
  target.writeBigInt64BE(0n, at); // base offset: the broker's
  target.writeInt32BE(end - at - 12, at + 8);
  target.writeInt32BE(-1, at + 12); // partition leader epoch: the broker's
  target[at + 16] = 2; // magic
  target.writeInt16BE(codec | (identity.transactional ? transactionalBit : 0), at + attributesAt);
  target.writeInt32BE(count - 1, at + 23);
  const timestamp = BigInt(Math.floor(timestampMs));
  target.writeBigInt64BE(timestamp, at + 27);
  target.writeBigInt64BE(timestamp, at + 35);
  target.writeBigInt64BE(identity.producerId, at + 43);
  target.writeInt16BE(identity.producerEpoch, at + 51);
  target.writeInt32BE(identity.sequence, at + 53);
  target.writeInt32BE(count, at + 57);
  target.writeUInt32BE(crc32c(target.subarray(at + attributesAt, end)), at + crcAt);
}

/** A batch as fetched, unopened. */
export interface FetchedBatch {
  readonly bytes: Buffer;
  readonly nextOffset: bigint;
}

/**
 * Cuts what a fetch returned into whole batches, drops control batches and those of aborted transactions, and
 * says where to go on. `aborted` is the response's own list: first offsets by producer.
 */
export function splitBatches(
  records: Buffer,
  fromOffset: bigint,
  aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
): { batches: FetchedBatch[]; nextOffset: bigint } {
  const batches: FetchedBatch[] = [];
  const waiting = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  const aborting = new Set<bigint>();
  let nextOffset = fromOffset;
  for (let at = 0; at + batchHeaderBytes <= records.length; ) {
    const length = records.readInt32BE(at + 8) + 12;
    if (at + length > records.length) break; // cut by the size limit of the fetch
    const magic = records[at + 16];
    if (magic !== 2 || length < batchHeaderBytes)
      throw new Fault('bus-failed', `a record batch of format ${magic} and ${length} bytes cannot be read`);
    const lastOffset = records.readBigInt64BE(at) + BigInt(records.readInt32BE(at + 23));
    const attributes = records.readInt16BE(at + attributesAt);
    const producerId = records.readBigInt64BE(at + 43);
    while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset)
      aborting.add(waiting.shift()!.producerId);
    if ((attributes & controlBit) !== 0) aborting.delete(producerId);
    else if ((attributes & transactionalBit) === 0 || !aborting.has(producerId)) {
      if (lastOffset >= fromOffset && records.readInt32BE(at + 57) > 0)
        batches.push({ bytes: records.subarray(at, at + length), nextOffset: lastOffset + 1n });
    }
    nextOffset = lastOffset + 1n > nextOffset ? lastOffset + 1n : nextOffset;
    at += length;
  }
  return { batches, nextOffset };
}

/** Reads a batch record by record. */
export interface BatchCursor {
  /** Bytes of the next record; 0 when none is left. */
  peekBytes(): number;
  next(topic: string, partition: number): BusRecord;
}

const noHeaders: Readonly<Record<string, Uint8Array>> = Object.freeze({});

/** Opens a batch at the first record not before `fromOffset`. */
export function openBatch(batch: FetchedBatch, fromOffset: bigint): BatchCursor {
  const { bytes } = batch;
  const baseOffset = bytes.readBigInt64BE(0);
  const attributes = bytes.readInt16BE(attributesAt);
  const appendTime = (attributes & 0x08) !== 0;
  const baseMs = Number(bytes.readBigInt64BE(appendTime ? 35 : 27));
  const body = unpack(bytes.subarray(batchHeaderBytes), attributes & codecMask);
  let left = bytes.readInt32BE(57);
  let at = 0;
  let bodyEnd = 0; // end of the record whose length was read last

  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body[at++];
      if (byte === undefined || shift > 28)
        throw new Fault('bus-failed', 'a record batch ends inside a record');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  };
  // Seven bits a step as a double: a timestamp delta may exceed 32 bits.
  const varlong = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = body[at++];
      if (byte === undefined) throw new Fault('bus-failed', 'a record batch ends inside a record');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  const slice = (length: number): Buffer => {
    const start = at;
    at += length;
    if (at > bodyEnd) throw new Fault('bus-failed', 'a record is longer than it says');
    return body.subarray(start, at);
  };
  const headersOf = (count: number): Readonly<Record<string, Uint8Array>> => {
    if (count === 0) return noHeaders;
    const headers: Record<string, Uint8Array> = {};
    for (let i = 0; i < count; i++) {
      const name = slice(varint()).toString();
      const value = slice(Math.max(0, varint()));
      // Bytes from a topic may name a header so; plain assignment would set the object's prototype.
      if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true });
      else headers[name] = value;
    }
    return headers;
  };
  // Reads the length of the record at hand, and drops records before the wanted offset.
  const enter = (): number => {
    for (; left > 0; left--) {
      const start = at;
      const length = varint();
      bodyEnd = at + length;
      if (length < 0 || bodyEnd > body.length)
        throw new Fault('bus-failed', 'a record is longer than its batch');
      const bodyAt = at;
      at++;
      varlong();
      if (baseOffset + BigInt(varint()) >= fromOffset) {
        at = bodyAt;
        return bodyEnd - start;
      }
      at = bodyEnd;
    }
    return 0;
  };
  let entered = enter();
  return {
    peekBytes: () => entered,
    next(topic, partition) {
      at++; // attributes
      const deltaMs = varlong();
      const timestampMs = appendTime ? baseMs : baseMs + deltaMs;
      const offset = baseOffset + BigInt(varint());
      const keyLength = varint();
      const key = keyLength < 0 ? null : slice(keyLength);
      const value = slice(Math.max(0, varint()));
      const headers = headersOf(varint());
      at = bodyEnd;
      left--;
      entered = enter();
      return { topic, partition, offset, timestampMs, key, value, headers };
    },
  };
}

function unpack(body: Buffer, codec: number): Buffer {
  if (codec === 0) return body;
  try {
    if (codec === codecZstd) return zstdDecompressSync(body, { maxOutputLength: openedBytesMax });
    if (codec === codecGzip) return gunzipSync(body, { maxOutputLength: openedBytesMax });
  } catch (cause) {
    throw new Fault('bus-failed', 'a compressed record batch cannot be opened', { cause });
  }
  const name = codec === 2 ? 'snappy' : codec === 3 ? 'lz4' : `codec ${codec}`;
  throw new Fault(
    'bus-failed',
    `records compressed with ${name} cannot be read: let the producer use zstd, gzip or none, or set the topic's compression.type`,
  );
}
