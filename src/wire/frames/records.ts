/**
 * The objects inside a tf00 payload (records16), to digits on their card's grid and back. A group's objects are put
 * in one order (the first field descending, the others ascending), so that a frame does not depend on the order in
 * which they were sent. On the fast path it only says *that* a record is wrong and looks for which one afterwards;
 * it refuses no message by itself.
 */

import { Fault } from '../../domain/fault.ts';
import type { Digits, ObjectRecord } from '../../domain/frame.ts';
import type { ObjectsCard } from '../../domain/instrument.ts';
import { putU16, u16At } from '../../kernels/little_endian.ts';

/** Where the objects of one card go, prepared once a card, with scratch: one per thread, never shared. */
export interface RecordLayout {
  readonly card: ObjectsCard;
  readonly slotCount: number;
  readonly fieldCount: number;
  readonly recordBytes: number;
  /** First slot of each group, and behind them the number of slots. */
  readonly firstSlot: Uint16Array;
  readonly groupOfSlot: Uint16Array;
  /** [group][field] → largest integer, −1 where the group lacks the field. */
  readonly largest: Int16Array;
  /** Fields a group has. */
  readonly presentCount: Uint8Array;
  /** Objects met so far of each group, and the byte in the payload of the one in each slot. */
  readonly met: Uint16Array;
  readonly byteOfSlot: Uint32Array;
}

export const recordLayout = (card: ObjectsCard): RecordLayout => {
  const { groups, fields } = card;
  const firstSlot = new Uint16Array(groups.length + 1);
  groups.forEach(({ countMax }, group) => {
    firstSlot[group + 1] = firstSlot[group]! + countMax;
  });
  const slotCount = firstSlot[groups.length]!;
  return {
    card,
    slotCount,
    fieldCount: fields.length,
    recordBytes: 2 * (1 + fields.length),
    firstSlot,
    groupOfSlot: Uint16Array.from(
      groups.flatMap(({ countMax }, group) => new Array<number>(countMax).fill(group)),
    ),
    largest: Int16Array.from(
      groups.flatMap((group) =>
        fields.map(({ name, bits }) => (group.fields.includes(name) ? 2 ** bits - 1 : -1)),
      ),
    ),
    presentCount: Uint8Array.from(groups, (group) => group.fields.length),
    met: new Uint16Array(groups.length),
    byteOfSlot: new Uint32Array(slotCount),
  };
};

/** Digits that so many bytes of records stand for: one for each field an object has; −1 for a wrong group or count. */
export const countRecordDigits = (payload: Uint8Array, layout: RecordLayout): number => {
  const { recordBytes, firstSlot, presentCount, met } = layout;
  met.fill(0);
  let digits = 0;
  for (let at = 0; at < payload.length; at += recordBytes) {
    const group = u16At(payload, at);
    if (group >= met.length) return -1;
    met[group]! += 1;
    if (met[group]! > firstSlot[group + 1]! - firstSlot[group]!) return -1;
    digits += presentCount[group]!;
  }
  return digits;
};

/** Whether the object at `a` comes before the one at `b`: both begin at their first field. */
const comesBefore = (payload: Uint8Array, a: number, b: number, fieldCount: number): boolean => {
  const first = u16At(payload, a) - u16At(payload, b);
  if (first !== 0) return first > 0;
  for (let field = 1; field < fieldCount; field++) {
    const by = u16At(payload, a + 2 * field) - u16At(payload, b + 2 * field);
    if (by !== 0) return by < 0;
  }
  return false;
};

/**
 * Writes the digits of records whose groups and counts `countRecordDigits` has passed, in ascending voxel order, and
 * returns how many; −1 when a value is outside its field, or not 0 where its group lacks the field.
 */
export const unpackRecords = (
  payload: Uint8Array,
  layout: RecordLayout,
  voxel: Uint32Array,
  adc: Uint16Array,
): number => {
  const { recordBytes, fieldCount, firstSlot, largest, met, byteOfSlot } = layout;
  met.fill(0);
  for (let at = 0; at < payload.length; at += recordBytes) {
    const group = u16At(payload, at);
    const first = firstSlot[group]!;
    let slot = first + met[group]!;
    met[group]! += 1;
    // A trigger sends its objects in order already: the place is mostly the last one.
    for (; slot > first && comesBefore(payload, at + 2, byteOfSlot[slot - 1]!, fieldCount); slot--)
      byteOfSlot[slot] = byteOfSlot[slot - 1]!;
    byteOfSlot[slot] = at + 2;
  }
  let count = 0;
  for (let group = 0; group < met.length; group++) {
    const first = firstSlot[group]!;
    for (let slot = first; slot < first + met[group]!; slot++) {
      const at = byteOfSlot[slot]!;
      for (let field = 0; field < fieldCount; field++) {
        const value = u16At(payload, at + 2 * field);
        const most = largest[group * fieldCount + field]!;
        if (value > Math.max(most, 0)) return -1;
        if (most < 0) continue;
        voxel[count] = slot * fieldCount + field;
        adc[count++] = value + 1;
      }
    }
  }
  return count;
};

/** Objects the digits of a frame stand for. */
export const recordCountOf = ({ count, voxel }: Digits, { fieldCount }: RecordLayout): number => {
  let records = 0;
  let end = 0;
  for (let i = 0; i < count; i++) {
    if (voxel[i]! < end) continue;
    records += 1;
    end = voxel[i]! - (voxel[i]! % fieldCount) + fieldCount;
  }
  return records;
};

/** Packs trusted digits of an objects frame at `at`. */
export const writeRecords = (bytes: Uint8Array, at: number, digits: Digits, layout: RecordLayout): void => {
  const { fieldCount, recordBytes, groupOfSlot } = layout;
  const { count, voxel, adc } = digits;
  let to = at - recordBytes;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const v = voxel[i]!;
    if (v >= end) {
      to += recordBytes;
      const slot = (v / fieldCount) | 0;
      end = (slot + 1) * fieldCount;
      putU16(bytes, to, groupOfSlot[slot]!);
    }
    putU16(bytes, to + 2 * (1 + fieldCount - (end - v)), adc[i]! - 1);
  }
};

/** What is wrong with a payload of records; called only when something is. */
export const recordFault = (payload: Uint8Array, { card, recordBytes }: RecordLayout): Fault => {
  const { groups, fields } = card;
  const met = groups.map(() => 0);
  for (let at = 0; at < payload.length; at += recordBytes) {
    const which = `record ${at / recordBytes}`;
    const group = groups[u16At(payload, at)];
    if (group === undefined)
      return new Fault(
        'frame-range',
        `${which} is of group ${u16At(payload, at)}; ${card.id} has groups 0 to ${groups.length - 1}`,
      );
    const place = groups.indexOf(group);
    met[place]! += 1;
    if (met[place]! > group.countMax)
      return new Fault(
        'frame-count',
        `${which} is '${group.name}' number ${met[place]}; ${card.id} has room for ${group.countMax}, send the first of them`,
      );
    for (const [index, { name, bits }] of fields.entries()) {
      const value = u16At(payload, at + 2 * (1 + index));
      const has = group.fields.includes(name);
      if (value > (has ? 2 ** bits - 1 : 0))
        return new Fault(
          'frame-range',
          has
            ? `${which} ('${group.name}') has ${name} ${value}; it goes from 0 to ${2 ** bits - 1}`
            : `${which} has ${name} ${value}; '${group.name}' has no ${name}, send 0`,
        );
    }
  }
  throw new Error('no record is at fault');
};

/** Objects in any order as digits in arrays of their own; throws the Fault a frame of them would end in. */
export const digitsOfRecords = (records: readonly ObjectRecord[], layout: RecordLayout): Digits => {
  const { recordBytes } = layout;
  const payload = new Uint8Array(records.length * recordBytes);
  records.forEach(({ group, values }, index) => {
    putU16(payload, index * recordBytes, group);
    values.forEach((value, field) => {
      if (!(value >= 0 && value <= 0xffff)) throw new Error(`${value} is no value of 16 bits`);
      putU16(payload, index * recordBytes + 2 * (1 + field), value);
    });
  });
  const room = countRecordDigits(payload, layout);
  if (room < 0) throw recordFault(payload, layout);
  const digits = { count: room, voxel: new Uint32Array(room), adc: new Uint16Array(room) };
  if (unpackRecords(payload, layout, digits.voxel, digits.adc) < 0) throw recordFault(payload, layout);
  return digits;
};

/** The objects of a frame's digits, in their order on the grid. */
export const recordsOf = (
  { count, voxel, adc }: Digits,
  { fieldCount, groupOfSlot }: RecordLayout,
): ObjectRecord[] => {
  const records: { group: number; slot: number; values: number[] }[] = [];
  for (let i = 0; i < count; i++) {
    const slot = Math.floor(voxel[i]! / fieldCount);
    if (records.at(-1)?.slot !== slot)
      records.push({ group: groupOfSlot[slot]!, slot, values: new Array<number>(fieldCount).fill(0) });
    records.at(-1)!.values[voxel[i]! % fieldCount] = adc[i]! - 1;
  }
  return records.map(({ group, values }) => ({ group, values }));
};
