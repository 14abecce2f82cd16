/**
 * What we ask of a table format: rows as columns, in groups that can be skipped, in a file that others can read.
 * `adapters/parquet` is the real one.
 */

import type { Column, ColumnValue } from '../domain/archive/column.ts';

/** Values of a group's rows, a list for each column by its name; all of one length. */
export type ColumnLists = Readonly<Record<string, readonly ColumnValue[]>>;

export interface TableWriter {
  /** The bytes that follow: one group of rows. At least one row. */
  group(lists: ColumnLists): Uint8Array;
  /** The bytes that end the file; nothing may be written after it. */
  end(): Uint8Array;
}

/** A file that can be read in pieces. */
export interface RangeFile {
  readonly byteLength: number;
  /** Bytes [from, to); throws store-failed when they cannot be had. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/** Rows whose value of a `sought` column lies in [from, to]. */
export interface Sought {
  readonly column: string;
  readonly from: number | bigint;
  readonly to: number | bigint;
}

export interface TableGroup {
  readonly rowCount: number;
  /** Where its bytes lie in the file: [fromByte, toByte). */
  readonly fromByte: number;
  readonly toByte: number;
  /** Least and greatest value of each `sought` column. */
  readonly ranges: Readonly<
    Record<string, { readonly least: number | bigint; readonly greatest: number | bigint }>
  >;
}

export interface TableFile {
  readonly columns: readonly string[];
  readonly rowCount: number;
  readonly notes: Readonly<Record<string, string>>;
  readonly groups: readonly TableGroup[];
  /**
   * Rows in file order, a list for each group that has any; only the columns asked for are fetched. With `sought`
   * the file must be sorted by that column, and no more is fetched than the pages that can hold such rows.
   * Throws file-invalid, with the group's number, where bytes are not what the format asks for.
   */
  rows(options?: {
    readonly columns?: readonly string[];
    readonly sought?: Sought;
    /** Only this group of the file, by its number. */
    readonly group?: number;
  }): AsyncIterable<readonly Readonly<Record<string, unknown>>[]>;
}

export interface TableFormat {
  /** A new file's writer. `notes` are kept in the file as they are. */
  write(columns: readonly Column[], notes: Readonly<Record<string, string>>): TableWriter;
  /** Throws file-invalid when the file is not one of this format. */
  open(file: RangeFile): Promise<TableFile>;
}
