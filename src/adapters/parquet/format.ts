/** The table format of archives: Apache Parquet, written and read in pieces. Refuses nothing itself. */

import type { TableFormat } from '../../ports/table.ts';
import { openTable } from './reader.ts';
import { writeTable } from './writer.ts';

/** @param createdBy the software and its version, as the files name it */
export const createParquetFormat = (createdBy: string): TableFormat => ({
  write: (columns, notes) => writeTable(columns, notes, createdBy),
  open: openTable,
});
