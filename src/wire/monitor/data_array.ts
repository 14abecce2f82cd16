/**
 * da00 both ways: named arrays with axes, units and coordinates, in the form the neutron facilities' tools read; what a
 * monitor's histograms are told in. Decoding refuses a message that leads outside itself, a type outside the list, and an
 * array whose shape is not its length.
 */

import { Builder } from 'flatbuffers';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { type EpochNanos, epochNanos } from '../../domain/quantity.ts';
import { i64At, u32At } from '../../kernels/little_endian.ts';
import { da00_DataArray as DataArrayTable } from '../generated/da00/da00-data-array.js';
import { da00_Variable as VariableTable } from '../generated/da00/da00-variable.js';
import { da00 } from '../generated/layouts.ts';
import { textAt } from '../identity.ts';
import { carriesIdentifier, slotAt, targetAt, verify } from '../verify.ts';

/** In the order of the schema's `da00_dtype`; the first stands for none, the last is text. */
const elementTypes = [
  null,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
] as const;
const textType = 11;

export type Elements =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export interface Variable {
  /** `signal`, `errors`; any other is a coordinate. */
  readonly name: string;
  readonly unit: string;
  readonly label: string;
  readonly source: string;
  /** Name of each axis, outermost first; none of text and of single numbers. */
  readonly axes: readonly string[];
  /** Elements along each axis, in C order; where there are no axes, the number of elements. */
  readonly shape: readonly number[];
  readonly values: Elements | string;
}

export interface DataArray {
  readonly sourceName: string;
  readonly timestampNanos: EpochNanos;
  readonly variables: readonly Variable[];
}

const typeOf = (values: Elements): number =>
  elementTypes.findIndex((type) => type !== null && values instanceof type);

const optional = (builder: Builder, text: string): number => (text === '' ? 0 : builder.createString(text));

const writeVariable = (builder: Builder, { values, ...variable }: Variable): number => {
  const bytes =
    typeof values === 'string'
      ? new TextEncoder().encode(values)
      : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const data = VariableTable.createDataVector(builder, bytes);
  const shape = VariableTable.createShapeVector(
    builder,
    variable.shape.map((size) => BigInt(size)),
  );
  const axes = VariableTable.createAxesVector(
    builder,
    variable.axes.map((axis) => builder.createString(axis)),
  );
  const source = optional(builder, variable.source);
  const label = optional(builder, variable.label);
  const unit = optional(builder, variable.unit);
  const name = builder.createString(variable.name);
  VariableTable.startda00_Variable(builder);
  VariableTable.addName(builder, name);
  if (unit !== 0) VariableTable.addUnit(builder, unit);
  if (label !== 0) VariableTable.addLabel(builder, label);
  if (source !== 0) VariableTable.addSource(builder, source);
  VariableTable.addDataType(builder, typeof values === 'string' ? textType : typeOf(values));
  VariableTable.addAxes(builder, axes);
  VariableTable.addShape(builder, shape);
  VariableTable.addData(builder, data);
  return VariableTable.endda00_Variable(builder);
};

/** A da00 message in an array of its own. */
export const encodeDataArray = ({ sourceName, timestampNanos, variables }: DataArray): Uint8Array => {
  const bytes = variables.reduce((sum, { values }) => sum + 2 * values.length + 256, 256);
  const builder = new Builder(bytes);
  const data = DataArrayTable.createDataVector(
    builder,
    variables.map((variable) => writeVariable(builder, variable)),
  );
  const source = builder.createString(sourceName);
  builder.finish(DataArrayTable.createda00_DataArray(builder, source, timestampNanos, data), da00.identifier);
  return builder.asUint8Array().slice();
};

const Slot = { sourceName: 0, timestamp: 1, data: 2 } as const;
const VariableSlot = { name: 0, unit: 1, label: 2, source: 3, type: 4, axes: 5, shape: 6, data: 7 } as const;
const fields = new Int32Array(3);

/** The arrays in a da00 message, copied. Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeDataArray = (bytes: Uint8Array): DataArray => {
  if (!carriesIdentifier(bytes, da00.identifier))
    throw new Fault(
      'message-schema',
      `bytes 4 to 8 of ${bytes.length} are not 'da00'; read a monitor's objects from their topic`,
    );
  const wrong = verify(bytes, da00, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `da00: ${wrong}; the message was cut or overwritten`);
  const list = fields[Slot.data]!;
  return {
    sourceName: textAt(bytes, fields[Slot.sourceName]!, 'message-field', 'da00 source_name'),
    timestampNanos: epochNanos(fields[Slot.timestamp] === 0 ? 0n : i64At(bytes, fields[Slot.timestamp]!)),
    variables: offsetsOf(bytes, list).map((table) => readVariable(bytes, table)),
  };
};

/** Where the offsets of a verified vector lead; none where it is absent. */
const offsetsOf = (bytes: Uint8Array, vector: number): number[] =>
  Array.from({ length: vector === 0 ? 0 : u32At(bytes, vector) }, (_, i) => {
    const at = vector + 4 + 4 * i;
    return at + u32At(bytes, at);
  });

const readVariable = (bytes: Uint8Array, table: number): Variable => {
  const text = (slot: number, what: string): string =>
    textAt(bytes, targetAt(bytes, table, slot), 'message-field', `da00 ${what}`);
  const name = text(VariableSlot.name, 'name');
  const axes = offsetsOf(bytes, targetAt(bytes, table, VariableSlot.axes)).map((at) =>
    textAt(bytes, at, 'message-field', `da00 axis of ${name}`),
  );
  const shapeAt = targetAt(bytes, table, VariableSlot.shape);
  const dimensions = u32At(bytes, shapeAt);
  if (axes.length > limits.axesMax || dimensions > limits.axesMax)
    throw new Fault('message-field', `da00: ${name} has more axes than ${limits.axesMax}`);
  const stated = Array.from({ length: dimensions }, (_, i) => Number(i64At(bytes, shapeAt + 4 + 8 * i)));
  const dataAt = targetAt(bytes, table, VariableSlot.data);
  // A copy in an array buffer of its own, which `slice` of Node's Buffer is not: so every element is aligned.
  const data = new Uint8Array(bytes.subarray(dataAt + 4, dataAt + 4 + u32At(bytes, dataAt)));
  const typeAt = slotAt(bytes, table, VariableSlot.type);
  const values = valuesOf(data, typeAt === 0 ? 0 : bytes[typeAt]!, name);
  return {
    name,
    unit: text(VariableSlot.unit, 'unit'),
    label: text(VariableSlot.label, 'label'),
    source: text(VariableSlot.source, 'source'),
    axes,
    shape: checkedShape(name, axes, stated, values),
    values,
  };
};

const valuesOf = (data: Uint8Array, type: number, name: string): Elements | string => {
  if (type === textType) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(data);
    } catch {
      throw new Fault('message-field', `da00: the text of ${name} is not UTF-8`);
    }
  }
  const element = elementTypes[type];
  if (element === null || element === undefined)
    throw new Fault('message-field', `da00: ${name} is of data_type ${type}, which is no type of elements`);
  if (data.length % element.BYTES_PER_ELEMENT !== 0)
    throw new Fault('message-field', `da00: ${data.length} bytes of ${name} are no whole elements`);
  return new element(data.buffer as ArrayBuffer, 0, data.length / element.BYTES_PER_ELEMENT);
};

/** The public library states the bytes, not the elements, of what has no axes: there the elements count. */
const checkedShape = (
  name: string,
  axes: readonly string[],
  stated: readonly number[],
  values: Elements | string,
): readonly number[] => {
  if (axes.length === 0) return [values.length];
  const product = stated.reduce((all, size) => all * size, 1);
  if (stated.length !== axes.length || stated.some((size) => size < 0) || product !== values.length)
    throw new Fault(
      'message-field',
      `da00: ${name} has ${values.length} elements, ${axes.length} axes and shape ${stated.join(' × ')}`,
    );
  return stated;
};
