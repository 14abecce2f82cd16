/**
 * Rows of a file, whatever it is and whichever kind of frame they make: which columns they need, and what gathers
 * them into digits. It refuses columns that say one thing twice, and cells that are no counts.
 */

import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';

/** The frame of one region in one time frame. */
export interface ImportedFrame {
  readonly run: number;
  readonly timeFrame: number;
  readonly region: number;
  /** Start of the time frame, where the file says it. */
  readonly timestampNanos: bigint | null;
  readonly digits: Digits;
}

/** One row at hand; columns are numbered as the shape lists them. */
export interface Row {
  /** As it stands in the file; '' or NaN where nothing is. */
  cell(column: number): string | number;
  /** file-invalid that says where the cell stands and what it holds. */
  wrong(column: number, why: string): Fault;
}

/** Gathers the rows of one frame; `where` tells a person which part of which file they came from. */
export interface RowPile {
  /** Throws file-invalid where a cell does not fit the card. */
  add(row: Row): void;
  /** In the order of the grid; the pile is empty afterwards. Throws file-invalid where rows contradict each other. */
  digits(where: string): Digits;
}

/** What rows of an instrument say beside run, time frame and source. */
export interface RowShape {
  /** What a row says, by the names its column may have, the usual one first. */
  readonly columns: readonly (readonly string[])[];
  /** `names`: those the file's columns have, in the order of `columns`. */
  openPile(names: readonly string[]): RowPile;
}

/** The columns to name in a message, as a header has them; an instrument of one region needs no source. */
export const usualColumns = (card: InstrumentCard, shape: RowShape): string[] => [
  'run',
  'time_frame',
  ...(card.regions.length > 1 ? ['source'] : []),
  ...shape.columns.map(([usual]) => usual!),
];

/** What of the names a file has stands for each column; '' where none does. Throws file-invalid for two of one. */
export const namesIn = (present: readonly string[], { columns }: RowShape, where: string): string[] =>
  columns.map((names) => {
    const [name = '', other] = names.filter((one) => present.includes(one));
    if (other !== undefined)
      throw new Fault('file-invalid', `${where}: has both ${name} and ${other}; keep one of them`);
    return name;
  });

/** What is wrong with a number as a count from 0 to `most`, or '' when nothing is. */
export const countFault = (value: number, least: number, most: number): string =>
  Number.isSafeInteger(value) && value >= least && value <= most
    ? ''
    : `is not a whole number from ${least} to ${most}`;

/** A cell that must be a count. */
export const countIn = (row: Row, column: number, least: number, most: number): number => {
  const cell = row.cell(column);
  const value = cell === '' ? Number.NaN : Number(cell);
  const fault = countFault(value, least, most);
  if (fault !== '') throw row.wrong(column, fault);
  return value;
};

export const runMost = 2 ** 32 - 1;
export const timeFrameMost = Number.MAX_SAFE_INTEGER;
