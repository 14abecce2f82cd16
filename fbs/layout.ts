/**
 * Reads flatc's binary schema (reflection.fbs) into the compact layout that `src/wire/verify.ts` walks, so that
 * the verifier follows the .fbs files and nobody's memory of them. It refuses shapes our schemas do not use.
 */

import { ByteBuffer } from 'flatbuffers';
import type { MessageLayout, SlotLayout, TableLayout } from '../src/wire/verify.ts';

/** reflection.fbs BaseType. */
const base = { unionType: 1, double: 12, string: 13, vector: 14, object: 15, union: 16 } as const;
const scalarBytes: Readonly<Record<number, 1 | 2 | 4 | 8>> = {
  1: 1,
  2: 1,
  3: 1,
  4: 1,
  5: 2,
  6: 2,
  7: 4,
  8: 4,
  9: 8,
  10: 8,
  11: 4,
  12: 8,
};

/** A table of the binary schema, read by slot number; the schema is flatc's own output and trusted. */
interface Cursor {
  readonly buffer: ByteBuffer;
  readonly at: number;
}
const field = (table: Cursor, slot: number): number =>
  table.buffer.__offset(table.at, 4 + 2 * slot) && table.at + table.buffer.__offset(table.at, 4 + 2 * slot);
const numberAt = (table: Cursor, slot: number, read: (at: number) => number, absent: number): number => {
  const at = field(table, slot);
  return at === 0 ? absent : read(at);
};
const child = (table: Cursor, slot: number): Cursor | null => {
  const at = field(table, slot);
  return at === 0 ? null : { buffer: table.buffer, at: table.buffer.__indirect(at) };
};
const children = (table: Cursor, slot: number): Cursor[] => {
  const at = field(table, slot);
  if (at === 0) return [];
  const start = table.buffer.__vector(at);
  return Array.from({ length: table.buffer.__vector_len(at) }, (_, i) => ({
    buffer: table.buffer,
    at: table.buffer.__indirect(start + 4 * i),
  }));
};
const text = (table: Cursor, slot: number): string => {
  const at = field(table, slot);
  return at === 0 ? '' : String(table.buffer.__string(at));
};
const i32 = (table: Cursor, slot: number, absent: number): number =>
  numberAt(table, slot, (at) => table.buffer.readInt32(at), absent);
const u8 = (table: Cursor, slot: number): number =>
  numberAt(table, slot, (at) => table.buffer.readUint8(at), 0);
const u16 = (table: Cursor, slot: number): number =>
  numberAt(table, slot, (at) => table.buffer.readUint16(at), 0);

interface Schema {
  readonly objects: readonly Cursor[];
  readonly enums: readonly Cursor[];
}
const isStruct = (object: Cursor): boolean => u8(object, 2) !== 0;

/** Shape of one field of a table; tables are named by their index in the schema's objects. */
const slotOf = (entry: Cursor, schema: Schema): SlotLayout => {
  const name = text(entry, 0);
  const required = u8(entry, 7) !== 0;
  const type = child(entry, 1);
  if (type === null) throw new Error(`field ${name} has no type`);
  const baseType = u8(type, 0);
  const index = i32(type, 2, -1);
  if (baseType === base.string) return { name, shape: 'string', required };
  if (baseType === base.object) {
    const object = schema.objects[index]!;
    if (isStruct(object)) throw new Error(`field ${name}: inline structs are not used`);
    return { name, shape: 'table', table: index, required };
  }
  if (baseType === base.union) {
    const tables = children(schema.enums[index]!, 1).map((value) => i32(child(value, 3)!, 2, -1));
    return { name, shape: 'union', tables, required };
  }
  if (baseType === base.vector) {
    const element = u8(type, 1);
    if (element === base.string) return { name, shape: 'strings', required };
    if (element === base.object) {
      const object = schema.objects[index]!;
      if (!isStruct(object)) return { name, shape: 'tables', table: index, required };
      return { name, shape: 'vector', bytes: i32(object, 4, 0), align: i32(object, 3, 0), required };
    }
    const bytes = scalarBytes[element];
    if (bytes === undefined) throw new Error(`field ${name}: vector of base type ${element} is not used`);
    return { name, shape: 'vector', bytes, align: bytes, required };
  }
  const bytes = scalarBytes[baseType];
  if (bytes === undefined) throw new Error(`field ${name}: base type ${baseType} is not used`);
  return { name, shape: 'scalar', bytes, required };
};

/** The layout of the schema's root and every table it can reach. Throws on shapes our schemas do not use. */
export const readLayout = (binarySchema: Uint8Array): MessageLayout => {
  const buffer = new ByteBuffer(binarySchema);
  const root: Cursor = { buffer, at: buffer.readInt32(0) };
  const schema: Schema = { objects: children(root, 0), enums: children(root, 1) };
  const rootTable = child(root, 4);
  if (rootTable === null) throw new Error('the schema has no root table');
  const tables: TableLayout[] = schema.objects.map((object) => ({
    name: text(object, 0),
    slots: isStruct(object)
      ? []
      : children(object, 1)
          .sort((a, b) => u16(a, 2) - u16(b, 2))
          .map((entry) => slotOf(entry, schema)),
  }));
  const rootName = text(rootTable, 0);
  return { identifier: text(root, 2), root: tables.findIndex((t) => t.name === rootName), tables };
};
