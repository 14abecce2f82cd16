/**
 * Tables as Parquet files, a group of rows at a time, in memory: what is written goes to the caller, never to a disk
 * of its own. Refuses rows of another length than their neighbours.
 */

import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column } from '../../domain/archive/column.ts';
import type { ColumnLists, TableWriter } from '../../ports/table.ts';
import { type NumberList, writeListColumn } from './list_column.ts';
import { compressionOf, encodingOf, isList, schemaOf } from './schema.ts';

/** Pages a reader can skip between: some thousand numbers, or some dozen small payloads. */
const pageBytes = 16 * 1024;

/** Lists of numbers below 2^16, of which there are few: what is written the quick way. */
const isShortList = ({ type, nature, nullable }: Column): boolean =>
  type === 'u16s' && nature === 'few' && !nullable;
const plainList = (list: NumberList): unknown[] => (Array.isArray(list) ? list : Array.from(list));

export const writeTable = (
  columns: readonly Column[],
  notes: Readonly<Record<string, string>>,
  createdBy: string,
): TableWriter => {
  const out = new ByteWriter();
  const writer = new ParquetWriter({
    writer: out,
    schema: schemaOf(columns),
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes) },
    kvMetadata: Object.entries(notes).map(([key, value]) => ({ key, value })),
    createdBy,
  });
  /** What has been written since the last call; the writer's own offset goes on counting. */
  const written = (): Uint8Array => {
    const bytes = out.getBytes().slice();
    out.index = 0;
    return bytes;
  };
  const writeColumn = (column: Column, data: ColumnLists[string]): void => {
    const encoding = encodingOf(column);
    void writer.write({
      columnData: [
        {
          name: column.name,
          data: (isList(column.type) ? data.map((list) => plainList(list as NumberList)) : data) as unknown[],
          codec: compressionOf(column),
          // Least and greatest of a payload say nothing, and cost a pass over its bytes.
          statistics: column.type !== 'bytes',
          columnIndex: column.sought === true,
          ...(encoding === undefined ? {} : { encoding }),
        },
      ],
      rowGroupSize: data.length,
      pageSize: pageBytes,
    });
  };
  const writeLists = (column: Column, data: ColumnLists[string]): void => {
    const made = writeListColumn(out, column.name, data as readonly NumberList[]);
    const { total_uncompressed_size: bytes, total_compressed_size } = made.chunk.meta_data!;
    const num_rows = BigInt(data.length);
    writer.row_groups.push({
      columns: [made.chunk],
      total_byte_size: bytes,
      total_compressed_size,
      num_rows,
    });
    writer.pendingIndexes.push(made);
  };
  /** Groups of one column each, from `first` on, are one group of all columns. */
  const joinGroups = (first: number, rowCount: number, rowsBefore: bigint): void => {
    const parts = writer.row_groups.splice(first);
    const sum = (of: (part: (typeof parts)[number]) => bigint | undefined): bigint =>
      parts.reduce((total, part) => total + (of(part) ?? 0n), 0n);
    writer.row_groups.push({
      columns: parts.flatMap((part) => part.columns),
      total_byte_size: sum((part) => part.total_byte_size),
      total_compressed_size: sum((part) => part.total_compressed_size),
      num_rows: BigInt(rowCount),
    });
    writer.num_rows = rowsBefore + BigInt(rowCount);
  };
  return {
    group(lists: ColumnLists) {
      const rowCount = lists[columns[0]!.name]!.length;
      const [first, rowsBefore] = [writer.row_groups.length, writer.num_rows];
      for (const column of columns) {
        const data = lists[column.name]!;
        if (data.length !== rowCount)
          throw new Error(`column ${column.name} has ${data.length} of ${rowCount} rows`);
        if (isShortList(column)) writeLists(column, data);
        else writeColumn(column, data);
      }
      joinGroups(first, rowCount, rowsBefore);
      return written();
    },
    end() {
      void writer.finish();
      return written();
    },
  };
};
