/**
 * The values of one stored row, read as what the layout says they are, and the columns that tables have alike. Refuses,
 * with the column's name, what another hand wrote in its place.
 */

import { Fault } from '../domain/fault.ts';

export type Cells = Readonly<Record<string, unknown>>;

/** Where and when a row belongs: the same column, by the same name, in every table that has it. */
export const placeColumns = {
  timeFrame: {
    name: 'time_frame',
    type: 'i64',
    nullable: false,
    nature: 'rising',
    sought: true,
    of: (row: { readonly timeFrame: number }) => BigInt(row.timeFrame),
  },
  region: {
    name: 'region',
    type: 'u16',
    nullable: false,
    nature: 'few',
    of: (row: { readonly region: number }) => row.region,
  },
  revision: {
    name: 'revision',
    type: 'u16',
    nullable: false,
    nature: 'few',
    of: (row: { readonly revision: number }) => row.revision,
  },
  sourceName: {
    name: 'source_name',
    type: 'text',
    nullable: false,
    nature: 'few',
    of: (row: { readonly sourceName: string }) => row.sourceName,
  },
  messageId: {
    name: 'message_id',
    type: 'i64',
    nullable: false,
    nature: 'rising',
    of: (row: { readonly messageId: number }) => BigInt(row.messageId),
  },
  startNanos: {
    name: 'start_ns',
    type: 'i64',
    nullable: false,
    nature: 'rising',
    sought: true,
    of: (row: { readonly startNanos: bigint }) => row.startNanos,
  },
  durationNanos: {
    name: 'duration_ns',
    type: 'i64',
    nullable: false,
    nature: 'few',
    of: (row: { readonly durationNanos: bigint }) => row.durationNanos,
  },
} as const;

const wrong = (name: string, value: unknown, wanted: string): Fault =>
  new Fault(
    'file-invalid',
    `column ${name} holds ${value === null || value === undefined ? 'nothing' : typeof value}, not ${wanted}; the file has another layout`,
  );

export const numberIn = (cells: Cells, name: string): number => {
  const value = cells[name];
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw wrong(name, value, 'a number');
};

export const bigintIn = (cells: Cells, name: string): bigint => {
  const value = cells[name];
  if (typeof value === 'bigint') return value;
  throw wrong(name, value, 'a 64-bit integer');
};

export const textIn = (cells: Cells, name: string): string => {
  const value = cells[name];
  if (typeof value === 'string') return value;
  throw wrong(name, value, 'text');
};

export const bytesIn = (cells: Cells, name: string): Uint8Array => {
  const value = cells[name];
  if (value instanceof Uint8Array) return value;
  throw wrong(name, value, 'bytes');
};

export const isAbsent = (cells: Cells, name: string): boolean =>
  cells[name] === null || cells[name] === undefined;

export const numbersIn = (cells: Cells, name: string): number[] => {
  const value = cells[name];
  if (Array.isArray(value)) return value.map(Number);
  throw wrong(name, value, 'a list of numbers');
};
