/**
 * Parquet files read in pieces: the footer first, then only what is asked for. Refuses bytes that are no Parquet, and
 * says in which group of rows they lie.
 */

import { zstdDecompressSync } from 'node:zlib';
import {
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  rowIndex,
} from 'hyparquet';
import { Fault } from '../../domain/fault.ts';
import type { RangeFile, Sought, TableFile, TableGroup } from '../../ports/table.ts';

const compressors = { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) };

/** Bytes fetched from the end at first: the footer of a file of some thousand rows; a longer one costs a second fetch. */
const footerBytesFirst = 16 * 1024;

type Cells = Readonly<Record<string, unknown>>;
type Bound = number | bigint;

const isBound = (value: unknown): value is Bound => typeof value === 'number' || typeof value === 'bigint';

const groupsOf = (metadata: FileMetaData): TableGroup[] =>
  metadata.row_groups.map((group) => {
    const chunks = group.columns.map(({ meta_data }) => meta_data!);
    const starts = chunks.map((chunk) => Number(chunk.dictionary_page_offset ?? chunk.data_page_offset));
    const ends = chunks.map((chunk, i) => starts[i]! + Number(chunk.total_compressed_size));
    const ranges: Record<string, { least: Bound; greatest: Bound }> = {};
    for (const { path_in_schema, statistics } of chunks) {
      const [least, greatest] = [statistics?.min_value, statistics?.max_value];
      if (path_in_schema.length === 1 && isBound(least) && isBound(greatest))
        ranges[path_in_schema[0]!] = { least, greatest };
    }
    return {
      rowCount: Number(group.num_rows),
      fromByte: Math.min(...starts),
      toByte: Math.max(...ends),
      ranges,
    };
  });

const asBuffer = async (file: RangeFile, from: number, to: number): Promise<ArrayBuffer> => {
  const bytes = await file.read(from, to);
  return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
    ? (bytes.buffer as ArrayBuffer)
    : (bytes.slice().buffer as ArrayBuffer);
};

export const openTable = async (file: RangeFile): Promise<TableFile> => {
  const buffer = {
    byteLength: file.byteLength,
    slice: (from: number, to = file.byteLength) => asBuffer(file, from, to),
  };
  const unreadable = (cause: unknown, where: string): Fault =>
    cause instanceof Fault
      ? cause
      : new Fault('file-invalid', `${where} cannot be read as Parquet (${(cause as Error).message})`, {
          cause,
        });
  const metadata = await parquetMetadataAsync(buffer, { initialFetchSize: footerBytesFirst }).catch(
    (cause) => {
      throw unreadable(cause, 'the footer');
    },
  );
  const groups = groupsOf(metadata);
  const firstRow = [0];
  for (const { rowCount } of groups) firstRow.push(firstRow.at(-1)! + rowCount);

  const rowsOf = async (
    group: number,
    from: number,
    to: number,
    columns: readonly string[] | undefined,
    pruned: boolean,
  ): Promise<Cells[]> => {
    try {
      return await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        utf8: false,
        rowStart: from,
        rowEnd: to,
        useOffsetIndex: pruned,
        ...(columns === undefined ? {} : { columns: [...columns] }),
      });
    } catch (cause) {
      throw unreadable(cause, `row group ${group}`);
    }
  };

  /** The rows [from, to) of a group that hold what is sought: from the pages of that one column. */
  const soughtRows = async (group: number, { column, from, to }: Sought): Promise<[number, number]> => {
    const start = firstRow[group]!;
    const found: number[] = [];
    try {
      const rows = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        rowStart: start,
        rowEnd: firstRow[group + 1]!,
        columns: [column],
        filter: { [column]: { $gte: from, $lte: to } },
        usePageIndex: true,
        useOffsetIndex: true,
        includeRowIndex: true,
      });
      for (const row of rows) found.push(row[rowIndex]!);
    } catch (cause) {
      throw unreadable(cause, `column ${column} of row group ${group}`);
    }
    return found.length === 0 ? [start, start] : [found[0]!, found.at(-1)! + 1];
  };

  return {
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    rowCount: Number(metadata.num_rows),
    notes: Object.fromEntries(
      (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
    ),
    groups,
    async *rows({ columns, sought, group } = {}) {
      for (let index = 0; index < groups.length; index += 1) {
        if (group !== undefined && group !== index) continue;
        let [from, to] = [firstRow[index]!, firstRow[index + 1]!];
        if (sought !== undefined) {
          const range = groups[index]!.ranges[sought.column];
          if (range !== undefined && (range.greatest < sought.from || range.least > sought.to)) continue;
          [from, to] = await soughtRows(index, sought);
        }
        if (from < to) yield await rowsOf(index, from, to, columns, sought !== undefined);
      }
    },
  };
};
