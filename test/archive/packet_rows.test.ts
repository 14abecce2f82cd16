/** Packets as rows: the tk00 message comes back byte for byte from the rows, through Parquet and without it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createParquetFormat } from '../../src/adapters/parquet/format.ts';
import { fileOfLayer } from '../../src/archive/layer_rows.ts';
import {
  type FileIdentity,
  packetBytesOf,
  packetTable,
  rowOfPacket,
  scoreNamesOf,
} from '../../src/archive/packet_rows.ts';
import type { Table } from '../../src/domain/archive/column.ts';
import type { ColumnLists } from '../../src/ports/table.ts';
import { decodeInstants, encodeInstants } from '../../src/wire/instants.ts';
import { decodePacket, encodePacket } from '../../src/wire/packet.ts';
import { packets } from '../wire/arbitraries.ts';
import { buildPacket } from '../wire/builder.slow.ts';

const format = createParquetFormat('a test');

const throughFile = async <Row>(table: Table<Row>, rows: readonly Row[]): Promise<Row[]> => {
  const writer = format.write(table.columns, {});
  const lists = Object.fromEntries(table.columns.map(({ name, of }) => [name, rows.map(of)])) as ColumnLists;
  const bytes = new Uint8Array(Buffer.concat([writer.group(lists), writer.end()]));
  const file = await format.open({
    byteLength: bytes.length,
    read: async (from, to) => bytes.slice(from, to),
  });
  const names = packetTable(scoreNamesOf(file.columns)).columns.map(({ name }) => name);
  expect(names).toEqual(file.columns);
  const found: Row[] = [];
  for await (const group of file.rows()) found.push(...group.map(table.rowOf));
  return found;
};

describe('packets as rows', () => {
  it('give the message back byte for byte, whoever wrote it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ packet: packets, foreign: fc.boolean(), timed: fc.boolean() }), {
          minLength: 1,
          maxLength: 8,
        }),
        async (given) => {
          const first = given[0]!.packet.identity;
          const file: FileIdentity = {
            run: first.run,
            instrumentId: first.instrumentId,
            instrumentHash: first.instrumentHash,
          };
          const scoreNames: string[] = [];
          const header = encodeInstants({ received: 5n, commit: 9n });
          const messages = given.map(({ packet, foreign }) =>
            foreign ? buildPacket(packet) : encodePacket(packet),
          );
          const decoded = messages.map(decodePacket);
          const rows = messages.map((bytes, region) =>
            rowOfPacket(
              bytes,
              decoded[region]!,
              given[region]!.timed ? decodeInstants(header) : null,
              { file, timeFrame: decoded[region]!.identity.timeFrame, region, revision: 2 },
              scoreNames,
            ),
          );
          const read = await throughFile(packetTable(scoreNames), rows);
          read.forEach((row, region) => {
            const payloads = decoded[region]!.layers.map(({ payload }) => payload);
            expect(packetBytesOf(row, payloads, file)).toEqual(messages[region]);
            expect(row.instants).toEqual(given[region]!.timed ? decodeInstants(header) : null);
            expect(row.layers.map(({ byteCount }) => byteCount)).toEqual(
              payloads.map(({ length }) => length),
            );
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('say which payload is missing', () => {
    const [packet] = fc.sample(
      packets.filter(({ layers }) => layers.length > 0),
      { numRuns: 1, seed: 1 },
    );
    const { run, instrumentId, instrumentHash, timeFrame } = packet!.identity;
    const file = { run, instrumentId, instrumentHash };
    const place = { file, timeFrame, region: 0, revision: 0 };
    const row = rowOfPacket(encodePacket(packet!), packet!, null, place, []);
    expect(row.verbatim).toBeNull();
    expect(() => packetBytesOf(row, [], file)).toThrow(/layer 0 .* has no bytes/);
  });

  it('lie in one file a rung, and what nobody knows lies with the tokens', () => {
    expect([1, 2, 3, 4, 5, 99].map(fileOfLayer)).toEqual([
      'tokens',
      'near',
      'near',
      'lossless',
      'tokens',
      'tokens',
    ]);
  });
});
