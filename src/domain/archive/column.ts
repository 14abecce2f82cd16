/**
 * A column of a stored table: its name, what it holds, and how it is best written. Refuses to know of any file
 * format; `ports/table.ts` says what is done with it.
 */

/**
 * `u16s`, `u32s` and `i64s` are lists (arrays, or typed arrays); 64-bit integers are bigints, all other numbers numbers;
 * `bytes` is a Uint8Array.
 */
export type ColumnType = 'u16' | 'u32' | 'i64' | 'f64' | 'text' | 'bytes' | 'u16s' | 'u32s' | 'i64s';

export type ColumnValue =
  | number
  | bigint
  | string
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | readonly number[]
  | readonly bigint[]
  | null;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a row may lack it (null). */
  readonly nullable: boolean;
  /**
   * `rising`: neighbours differ by little; `few`: some distinct values; `real`: numbers whose exponents repeat;
   * `coded`: entropy-coded already, so nothing is gained by compressing it; `mixed`: anything else.
   */
  readonly nature: 'rising' | 'few' | 'real' | 'coded' | 'mixed';
  /** Whether readers look rows up by it: its least and greatest value are kept for every part of the table. */
  readonly sought?: true;
}

/** Rows of one kind as columns: how a row gives each column's value, and how the values give the row back. */
export interface Table<Row> {
  readonly columns: readonly (Column & { readonly of: (row: Row) => ColumnValue })[];
  readonly rowOf: (values: Readonly<Record<string, unknown>>) => Row;
}
