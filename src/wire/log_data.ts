/**
 * f144 both ways: one value of a named quantity at one instant, in the form the neutron facilities' tools read.
 * It writes doubles, one or many, and reads every type of the schema; a message that leads outside itself is refused.
 */

import { Builder } from 'flatbuffers';
import { Fault } from '../domain/fault.ts';
import { type EpochNanos, epochNanos } from '../domain/quantity.ts';
import { i64At, u32At } from '../kernels/little_endian.ts';
import { ArrayDouble } from './generated/f144/array-double.js';
import { Double } from './generated/f144/double.js';
import { f144_LogData as LogDataTable } from './generated/f144/f144-log-data.js';
import { Value } from './generated/f144/value.js';
import { f144 } from './generated/layouts.ts';
import { textAt } from './identity.ts';
import { carriesIdentifier, slotAt, targetAt, verify } from './verify.ts';

export interface LogData<Datum = number | Float64Array> {
  readonly sourceName: string;
  readonly timestampNanos: EpochNanos;
  readonly value: Datum;
}

/** What a reader may meet: 64-bit integers stay bigints. */
export type LogValue = number | bigint | readonly number[] | readonly bigint[];

/** An f144 message in an array of its own; a number becomes a Double, an array an ArrayDouble. */
export const encodeLogData = (data: LogData): Uint8Array => {
  const builder = new Builder(256);
  const source = builder.createString(data.sourceName);
  const single = typeof data.value === 'number';
  const value =
    typeof data.value === 'number'
      ? Double.createDouble(builder, data.value)
      : ArrayDouble.createArrayDouble(builder, ArrayDouble.createValueVector(builder, data.value));
  const type = single ? Value.Double : Value.ArrayDouble;
  builder.finish(
    LogDataTable.createf144_LogData(builder, source, data.timestampNanos, type, value),
    f144.identifier,
  );
  return builder.asUint8Array().slice();
};

/** How each of the ten element types, in union order, is read. */
const elements = [
  { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  { bytes: 2, read: (view: DataView, at: number) => view.getInt16(at, true) },
  { bytes: 2, read: (view: DataView, at: number) => view.getUint16(at, true) },
  { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at, true) },
  { bytes: 4, read: (view: DataView, at: number) => view.getUint32(at, true) },
  { bytes: 8, read: (view: DataView, at: number) => view.getBigInt64(at, true) },
  { bytes: 8, read: (view: DataView, at: number) => view.getBigUint64(at, true) },
  { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) },
  { bytes: 8, read: (view: DataView, at: number) => view.getFloat64(at, true) },
] as const;

const Slot = { sourceName: 0, timestamp: 1, valueType: 2, value: 3 } as const;
const fields = new Int32Array(4);

/** The value in an f144 message. Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeLogData = (bytes: Uint8Array): LogData<LogValue> => {
  if (!carriesIdentifier(bytes, f144.identifier))
    throw new Fault(
      'message-schema',
      `bytes 4 to 8 of ${bytes.length} are not 'f144'; read trends from their topic`,
    );
  const wrong = verify(bytes, f144, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `f144: ${wrong}; the message was cut or overwritten`);
  return {
    sourceName: textAt(bytes, fields[Slot.sourceName]!, 'message-field', 'f144 source_name'),
    timestampNanos: epochNanos(fields[Slot.timestamp] === 0 ? 0n : i64At(bytes, fields[Slot.timestamp]!)),
    // The verifier has refused a missing value and types outside the union.
    value: readValue(bytes, bytes[fields[Slot.valueType]!]!, fields[Slot.value]!),
  };
};

/** A member table has one slot: a scalar for the first ten types, a vector for the last ten. */
const readValue = (bytes: Uint8Array, type: number, table: number): LogValue => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { bytes: width, read } = elements[(type - 1) % elements.length]!;
  const wide = width === 8 && type % elements.length !== Value.Double % elements.length;
  if (type <= elements.length) {
    const at = slotAt(bytes, table, 0);
    return at === 0 ? (wide ? 0n : 0) : read(view, at);
  }
  const at = targetAt(bytes, table, 0);
  const count = at === 0 ? 0 : u32At(bytes, at);
  return Array.from({ length: count }, (_, i) => read(view, at + 4 + i * width)) as
    | readonly number[]
    | readonly bigint[];
};
