/**
 * The verifier FlatBuffers lacks in JavaScript: proves that every offset, length and table a reader may follow
 * stays inside the message, driven by the layout generated from the .fbs. It refuses to judge values: what a
 * field may say is the business of the file that reads it.
 */

import { limits } from '../domain/limits.ts';
import { i32At, u16At, u32At } from '../kernels/little_endian.ts';

/** One slot of a table, in slot order. */
export type SlotLayout =
  | {
      readonly name: string;
      readonly shape: 'scalar';
      readonly bytes: 1 | 2 | 4 | 8;
      readonly required: boolean;
    }
  | { readonly name: string; readonly shape: 'string'; readonly required: boolean }
  | { readonly name: string; readonly shape: 'strings'; readonly required: boolean }
  | {
      readonly name: string;
      readonly shape: 'vector';
      readonly bytes: number;
      readonly align: number;
      readonly required: boolean;
    }
  | { readonly name: string; readonly shape: 'table'; readonly table: number; readonly required: boolean }
  | { readonly name: string; readonly shape: 'tables'; readonly table: number; readonly required: boolean }
  /** Its type is the slot before it; `tables[type]` is the table, −1 for NONE. */
  | {
      readonly name: string;
      readonly shape: 'union';
      readonly tables: readonly number[];
      readonly required: boolean;
    };

export interface TableLayout {
  readonly name: string;
  readonly slots: readonly SlotLayout[];
}

export interface MessageLayout {
  readonly identifier: string;
  /** Index of the root table in `tables`. */
  readonly root: number;
  readonly tables: readonly TableLayout[];
}

const identifierBytes = 4;
const headBytes = 8;

/** What one verification has left, and where the root's fields lie. */
interface Walk {
  readonly bytes: Uint8Array;
  readonly tables: readonly TableLayout[];
  tablesLeft: number;
}

/** Whether bytes 4 … 8 are the layout's identifier. */
export const carriesIdentifier = (bytes: Uint8Array, identifier: string): boolean =>
  bytes.length >= headBytes &&
  bytes[4] === identifier.charCodeAt(0) &&
  bytes[5] === identifier.charCodeAt(1) &&
  bytes[6] === identifier.charCodeAt(2) &&
  bytes[7] === identifier.charCodeAt(3);

/**
 * Verifies a whole message. Returns '' or what is wrong and where. On '' `fields[slot]` is, for each slot of
 * the root table, 0 when absent, else the position of its scalar, of its string's or vector's length word, or
 * of its table. The identifier is not looked at.
 */
export const verify = (bytes: Uint8Array, layout: MessageLayout, fields: Int32Array): string => {
  if (bytes.length < headBytes + identifierBytes) return `${bytes.length} bytes cannot hold a table`;
  const root = u32At(bytes, 0);
  const walk: Walk = { bytes, tables: layout.tables, tablesLeft: limits.tablesMax };
  return verifyTable(walk, root, layout.root, 1, fields);
};

const noFields = new Int32Array(0);

const verifyTable = (
  walk: Walk,
  at: number,
  tableIndex: number,
  depth: number,
  fields: Int32Array,
): string => {
  const { bytes } = walk;
  const end = bytes.length;
  const table = walk.tables[tableIndex]!;
  if (depth > limits.tableDepthMax)
    return `${table.name} is nested deeper than ${limits.tableDepthMax} tables`;
  if (--walk.tablesLeft < 0) return `the message has more than ${limits.tablesMax} tables`;
  if ((at & 3) !== 0 || at < headBytes || at + 4 > end) return `${table.name} lies at ${at} of ${end} bytes`;
  const vtable = at - i32At(bytes, at);
  if ((vtable & 1) !== 0 || vtable < headBytes || vtable + 4 > end)
    return `the vtable of ${table.name} lies at ${vtable} of ${end} bytes`;
  const vtableBytes = u16At(bytes, vtable);
  if (vtableBytes < 4 || (vtableBytes & 1) !== 0 || vtable + vtableBytes > end)
    return `the vtable of ${table.name} is ${vtableBytes} bytes long`;
  const tableBytes = u16At(bytes, vtable + 2);
  if (tableBytes < 4 || at + tableBytes > end) return `${table.name} is ${tableBytes} bytes long`;
  const { slots } = table;
  for (let slot = 0; slot < slots.length; slot++) {
    const layout = slots[slot]!;
    const entry = 4 + 2 * slot;
    const offset = entry + 2 <= vtableBytes ? u16At(bytes, vtable + entry) : 0;
    if (offset === 0) {
      if (layout.required) return `${table.name}.${layout.name} is required and missing`;
      if (slot < fields.length) fields[slot] = 0;
      continue;
    }
    const position = at + offset;
    if (layout.shape === 'scalar') {
      if (offset < 4 || offset + layout.bytes > tableBytes || (position & (layout.bytes - 1)) !== 0)
        return `${table.name}.${layout.name} lies outside its table or unaligned, at ${position}`;
      if (slot < fields.length) fields[slot] = position;
      continue;
    }
    if (offset < 4 || offset + 4 > tableBytes || (position & 3) !== 0)
      return `${table.name}.${layout.name} lies outside its table or unaligned, at ${position}`;
    const target = position + u32At(bytes, position);
    if (target === position || target + 4 > end)
      return `${table.name}.${layout.name} leads to ${target} of ${end} bytes`;
    if (slot < fields.length) fields[slot] = target;
    const wrong = verifyTarget(walk, target, table, slot, at, vtable, vtableBytes, depth);
    if (wrong !== '') return wrong;
  }
  return '';
};

/** What an offset leads to: a string, a vector, one or many tables. */
const verifyTarget = (
  walk: Walk,
  target: number,
  table: TableLayout,
  slot: number,
  at: number,
  vtable: number,
  vtableBytes: number,
  depth: number,
): string => {
  const { bytes } = walk;
  const layout = table.slots[slot]!;
  if (layout.shape === 'vector') {
    const count = u32At(bytes, target);
    if ((target & 3) !== 0 || ((target + 4) & (layout.align - 1)) !== 0)
      return `${table.name}.${layout.name} is unaligned, at ${target}`;
    if (target + 4 + count * layout.bytes > bytes.length)
      return `${table.name}.${layout.name} holds ${count} elements past the end of ${bytes.length} bytes`;
    return '';
  }
  if (layout.shape === 'string') return verifyString(bytes, target, table.name, layout.name);
  if (layout.shape === 'table') return verifyTable(walk, target, layout.table, depth + 1, noFields);
  if (layout.shape === 'strings' || layout.shape === 'tables')
    return verifyOffsets(walk, target, table.name, layout, depth);
  if (layout.shape === 'union') {
    const typeEntry = 4 + 2 * (slot - 1);
    const typeOffset = typeEntry + 2 <= vtableBytes ? u16At(bytes, vtable + typeEntry) : 0;
    const type = typeOffset === 0 ? 0 : bytes[at + typeOffset]!;
    const member = layout.tables[type] ?? -1;
    if (member < 0) return `${table.name}.${layout.name} is of unknown type ${type}`;
    return verifyTable(walk, target, member, depth + 1, noFields);
  }
  return '';
};

const verifyString = (bytes: Uint8Array, at: number, table: string, name: string): string => {
  if ((at & 3) !== 0) return `${table}.${name} is unaligned, at ${at}`;
  const length = u32At(bytes, at);
  if (at + 4 + length + 1 > bytes.length)
    return `${table}.${name} is ${length} bytes long, past the end of ${bytes.length} bytes`;
  return bytes[at + 4 + length] === 0 ? '' : `${table}.${name} does not end with a zero byte`;
};

const verifyOffsets = (
  walk: Walk,
  at: number,
  table: string,
  layout: Extract<SlotLayout, { shape: 'strings' | 'tables' }>,
  depth: number,
): string => {
  const { bytes } = walk;
  const count = u32At(bytes, at);
  if ((at & 3) !== 0) return `${table}.${layout.name} is unaligned, at ${at}`;
  if (at + 4 + count * 4 > bytes.length)
    return `${table}.${layout.name} holds ${count} elements past the end of ${bytes.length} bytes`;
  if (count > limits.tablesMax)
    return `${table}.${layout.name} holds ${count} elements, more than any reader takes`;
  for (let i = 0; i < count; i++) {
    const position = at + 4 + 4 * i;
    const target = position + u32At(bytes, position);
    if (target === position || target + 4 > bytes.length)
      return `${table}.${layout.name}[${i}] leads to ${target} of ${bytes.length} bytes`;
    const wrong =
      layout.shape === 'tables'
        ? verifyTable(walk, target, layout.table, depth + 1, noFields)
        : verifyString(bytes, target, table, `${layout.name}[${i}]`);
    if (wrong !== '') return wrong;
  }
  return '';
};

/** Position of a scalar or of an offset in a verified table; 0 when absent. */
export const slotAt = (bytes: Uint8Array, table: number, slot: number): number => {
  const vtable = table - i32At(bytes, table);
  const entry = 4 + 2 * slot;
  const offset = entry + 2 <= u16At(bytes, vtable) ? u16At(bytes, vtable + entry) : 0;
  return offset === 0 ? 0 : table + offset;
};

/** Where an offset in a verified table leads: a string's or vector's length word, or a table; 0 when absent. */
export const targetAt = (bytes: Uint8Array, table: number, slot: number): number => {
  const at = slotAt(bytes, table, slot);
  return at === 0 ? 0 : at + i32At(bytes, at);
};
