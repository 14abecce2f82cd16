/**
 * Objects as people have them, in any order and in their own units, on their way to being a frame's digits. It refuses
 * numbers a card's integers cannot stand for, and more objects of a group than it has room for.
 */

import { Fault } from '../../domain/fault.ts';
import type { ObjectRecord } from '../../domain/frame.ts';
import type { ObjectField, ObjectsCard } from '../../domain/instrument.ts';
import { digitsOfRecords, recordLayout } from '../../wire/frames/records.ts';
import { countIn, type Row, type RowShape } from './rows.ts';

/** A column of a field's integers in place of its physical values. */
const integerColumn = ({ name }: ObjectField): string => `${name}_integer`;

const isNothing = (cell: string | number): boolean => cell === '' || Number.isNaN(cell);

/** The group by its name, or by its place in the card. */
const groupIn = (row: Row, column: number, { groups, id }: ObjectsCard): number => {
  const cell = row.cell(column);
  const place = groups.findIndex(({ name }) => name === cell);
  if (place >= 0) return place;
  const number = cell === '' ? Number.NaN : Number(cell);
  if (groups[number] !== undefined) return number;
  throw row.wrong(column, `is no group of ${id}; use ${groups.map(({ name }) => name).join(', ')}`);
};

/** The integer nearest to a physical value. */
const nearestIn = (row: Row, column: number, { offset, step, bits, unit }: ObjectField): number => {
  const cell = row.cell(column);
  const value = isNothing(cell) ? Number.NaN : Number(cell);
  const integer = Math.round((value - offset) / step);
  const last = 2 ** bits - 1;
  if (integer >= 0 && integer <= last) return integer;
  const range = `from ${offset} to ${Number((offset + step * last).toPrecision(6))} ${unit}`.trimEnd();
  throw row.wrong(column, `is not a number ${range}`);
};

/** One row an object: group, and each field by its name in its unit, or as `<name>_integer`; empty where it has none. */
export const objectRows = (card: ObjectsCard): RowShape => {
  const layout = recordLayout(card);
  return {
    columns: [['group'], ...card.fields.map((field) => [field.name, integerColumn(field)])],
    openPile: (names) => {
      let records: ObjectRecord[] = [];
      return {
        add(row) {
          const group = groupIn(row, 0, card);
          const { name: groupName, fields } = card.groups[group]!;
          const values = card.fields.map((field, i) => {
            const column = 1 + i;
            if (fields.includes(field.name))
              return names[column] === field.name
                ? nearestIn(row, column, field)
                : countIn(row, column, 0, 2 ** field.bits - 1);
            // 0 is what fixed columns of numbers have where nothing is.
            const cell = row.cell(column);
            if (isNothing(cell) || Number(cell) === 0) return 0;
            throw row.wrong(column, `is not empty, but '${groupName}' has no ${field.name}`);
          });
          records.push({ group, values });
        },
        digits(where) {
          const gathered = records;
          records = [];
          try {
            return digitsOfRecords(gathered, layout);
          } catch (error) {
            if (error instanceof Fault) throw new Fault('file-invalid', `${where}: ${error.detail}`);
            throw error;
          }
        },
      };
    },
  };
};
