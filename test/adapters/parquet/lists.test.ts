/** Lists of small numbers, written the quick way: what is written comes back, beside other columns, group by group. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createParquetFormat } from '../../../src/adapters/parquet/format.ts';
import type { Column } from '../../../src/domain/archive/column.ts';

const format = createParquetFormat('a test');
const columns: readonly Column[] = [
  { name: 'number', type: 'i64', nullable: false, nature: 'rising', sought: true },
  { name: 'few', type: 'u16s', nullable: false, nature: 'few' },
  { name: 'many', type: 'u16s', nullable: false, nature: 'mixed' },
  { name: 'last', type: 'u16s', nullable: false, nature: 'few' },
];

/** Lists that are empty, short, and longer than a page; values of few or many kinds. */
const lists = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 12 }) },
  { weight: 2, arbitrary: fc.constant([] as number[]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 700 }))
      .map(([length, kinds]) => Array.from({ length }, (_, i) => (i * i) % kinds)),
  },
);
const rows = fc.array(fc.tuple(lists, lists, lists), { minLength: 1, maxLength: 30 });

describe('lists in a Parquet file', () => {
  it('come back as they were, from arrays and typed arrays, and page by page', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 3 }), async (groups) => {
        const writer = format.write(columns, {});
        let number = 0n;
        const chunks = groups.map((group) =>
          writer.group({
            number: group.map(() => number++),
            few: group.map(([few]) => few),
            many: group.map(([, many]) => many),
            last: group.map(([, , last]) => Uint16Array.from(last)),
          }),
        );
        const bytes = Buffer.concat([...chunks, writer.end()]);
        const table = await format.open({
          byteLength: bytes.length,
          read: async (from, to) => new Uint8Array(bytes.subarray(from, to)),
        });
        const all = groups.flat();
        expect(table.rowCount).toBe(all.length);
        expect(table.groups.map(({ rowCount }) => rowCount)).toEqual(groups.map(({ length }) => length));
        const found = (await Array.fromAsync(table.rows())).flat();
        expect(found.map(({ few, many, last }) => [few, many, last])).toEqual(all);
        const one = BigInt(all.length >> 1);
        const sought = { column: 'number', from: one, to: one };
        const [asked] = (await Array.fromAsync(table.rows({ sought }))).flat();
        expect([asked!.few, asked!.many, asked!.last]).toEqual(all[Number(one)]);
      }),
      { numRuns: 40 },
    );
  });

  it('of numbers that do not fit are refused, and the next file is as it should be', () => {
    const group = (few: number[]) =>
      format.write(columns.slice(0, 2), {}).group({ number: [1n], few: [few] }).length;
    expect(() => group([1, 70_000])).toThrow('70000');
    expect(() => group([-1])).toThrow('-1');
    expect(group([1, 2])).toBeGreaterThan(0);
  });
});
