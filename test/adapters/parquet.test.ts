/** Tables as Parquet: what is written is read, groups and pages can be skipped, and broken bytes are named. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createParquetFormat } from '../../src/adapters/parquet/format.ts';
import type { Column } from '../../src/domain/archive/column.ts';
import type { ColumnLists, RangeFile } from '../../src/ports/table.ts';

const columns: readonly Column[] = [
  { name: 'key', type: 'i64', nullable: false, nature: 'rising', sought: true },
  { name: 'small', type: 'u16', nullable: false, nature: 'few' },
  { name: 'large', type: 'u32', nullable: false, nature: 'mixed' },
  { name: 'real', type: 'f64', nullable: true, nature: 'real' },
  { name: 'text', type: 'text', nullable: false, nature: 'few' },
  { name: 'instant', type: 'i64', nullable: true, nature: 'rising' },
  { name: 'coded', type: 'bytes', nullable: false, nature: 'coded' },
  { name: 'kept', type: 'bytes', nullable: true, nature: 'mixed' },
  { name: 'list', type: 'u16s', nullable: false, nature: 'few' },
  { name: 'sizes', type: 'u32s', nullable: false, nature: 'mixed' },
  { name: 'ids', type: 'i64s', nullable: false, nature: 'rising' },
];

const row = fc.record({
  small: fc.nat(65_535),
  large: fc.nat(0xffffffff),
  real: fc.option(fc.double({ noNaN: true })),
  text: fc.string({ unit: 'grapheme' }),
  instant: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  coded: fc.uint8Array({ maxLength: 40 }),
  kept: fc.option(fc.uint8Array({ maxLength: 40 })),
  list: fc.array(fc.nat(65_535), { maxLength: 5 }),
  sizes: fc.array(fc.nat(0xffffffff), { maxLength: 5 }),
  ids: fc.array(fc.bigInt({ min: 0n, max: 2n ** 53n }), { maxLength: 3 }),
});

const format = createParquetFormat('a test');
const fileOf = (bytes: Uint8Array) => {
  let fetched = 0;
  const file: RangeFile = {
    byteLength: bytes.length,
    read: async (from, to) => {
      fetched += to - from;
      return bytes.slice(from, to);
    },
  };
  return { file, fetched: () => fetched };
};
type Rows = readonly Readonly<Record<string, unknown>>[];
const listsOf = (rows: Rows): ColumnLists =>
  Object.fromEntries(columns.map(({ name }) => [name, rows.map((one) => one[name])])) as ColumnLists;
const collected = async (groups: AsyncIterable<Rows>): Promise<Rows> => {
  const all: Readonly<Record<string, unknown>>[] = [];
  for await (const group of groups) all.push(...group);
  return all;
};

describe('the Parquet format', () => {
  it('returns what was written, in groups of any size, with its notes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { maxLength: 3 }),
        async (groups) => {
          let key = 0n;
          const keyed = groups.map((group) => group.map((one) => ({ key: key++, ...one })));
          const writer = format.write(columns, { run: '7', words: 'ünïcode' });
          const bytes = Buffer.concat([...keyed.map((group) => writer.group(listsOf(group))), writer.end()]);
          const table = await format.open(fileOf(new Uint8Array(bytes)).file);
          expect(table.notes).toMatchObject({ run: '7', words: 'ünïcode' });
          expect(table.columns).toEqual(columns.map(({ name }) => name));
          expect(table.groups.map(({ rowCount }) => rowCount)).toEqual(keyed.map((group) => group.length));
          expect(await collected(table.rows())).toEqual(keyed.flat());
        },
      ),
      { numRuns: 30 },
    );
  });

  const many = async (rowCount: number) => {
    const writer = format.write(columns, {});
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < rowCount; from += 4096) {
      const group = Array.from({ length: Math.min(4096, rowCount - from) }, (_, i) => ({
        key: BigInt(Math.floor((from + i) / 2)),
        small: 1,
        large: from + i,
        real: i / 3,
        text: 'same',
        instant: 5n,
        coded: new Uint8Array(200).map((_, j) => (i * j * 31) & 255),
        kept: null,
        list: [1, 2],
        sizes: [],
        ids: [],
      }));
      chunks.push(writer.group(listsOf(group)));
    }
    chunks.push(writer.end());
    return new Uint8Array(Buffer.concat(chunks));
  };

  it('fetches a footer and some pages when one key is sought', async () => {
    const bytes = await many(40_000);
    const { file, fetched } = fileOf(bytes);
    const table = await format.open(file);
    const found = await collected(
      table.rows({
        sought: { column: 'key', from: 12_345n, to: 12_346n },
        columns: ['key', 'large', 'coded'],
      }),
    );
    expect(found.map(({ large }) => large)).toEqual([24_690, 24_691, 24_692, 24_693]);
    expect(fetched()).toBeLessThan(bytes.length / 50);
    expect(await collected(table.rows({ sought: { column: 'key', from: 20_000n, to: 30_000n } }))).toEqual(
      [],
    );
  });

  it('names the group of rows in which a byte was changed, or refuses the file', async () => {
    const bytes = await many(9000);
    const table = await format.open(fileOf(bytes).file);
    const { fromByte, toByte } = table.groups[1]!;
    const broken = bytes.slice();
    // The first page's header: payload bytes are covered by the seal's sha256, not by the format.
    broken.fill(255, fromByte, fromByte + 12);
    const again = await format.open(fileOf(broken).file);
    await expect(collected(again.rows({ group: 1 }))).rejects.toThrow(/row group 1/);
    expect(await collected(again.rows({ group: 2 }))).toHaveLength(9000 - 8192);
    expect(toByte).toBeGreaterThan(fromByte);
    await expect(format.open(fileOf(bytes.slice(0, -9)).file)).rejects.toMatchObject({
      code: 'file-invalid',
    });
    await expect(format.open(fileOf(new Uint8Array(3)).file)).rejects.toMatchObject({ code: 'file-invalid' });
  });
});
