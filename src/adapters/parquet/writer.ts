/**
 * Tables as Parquet files, a group of rows at a time, in memory: what is written goes to the caller, never to a disk
 * of its own. Refuses rows of another length than their neighbours.
 */

import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column } from '../../domain/archive/column.ts';
import type { ColumnLists, TableWriter } from '../../ports/table.ts';
import { compressionOf, encodingOf, schemaOf } from './schema.ts';

/** Pages a reader can skip between: some thousand numbers, or some dozen small payloads. */
const pageBytes = 16 * 1024;

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
  return {
    group(lists: ColumnLists) {
      const rowCount = lists[columns[0]!.name]!.length;
      void writer.write({
        columnData: columns.map((column) => {
          const encoding = encodingOf(column);
          return {
            name: column.name,
            data: lists[column.name] as unknown[],
            codec: compressionOf(column),
            // Least and greatest of a payload say nothing, and cost a pass over its bytes.
            statistics: column.type !== 'bytes',
            columnIndex: column.sought === true,
            ...(encoding === undefined ? {} : { encoding }),
          };
        }),
        rowGroupSize: rowCount,
        pageSize: pageBytes,
      });
      return written();
    },
    end() {
      void writer.finish();
      return written();
    },
  };
};
