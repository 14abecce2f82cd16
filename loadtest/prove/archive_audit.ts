/**
 * All that is in an archive, read back and judged: hashes, checksums of groups, order, and chains of seals without a
 * gap. Refuses to go on where one is wrong.
 */

import { createParquetFormat } from '../../src/adapters/parquet/format.ts';
import { eventTable } from '../../src/archive/event_rows.ts';
import { type LayerRow, layerTable } from '../../src/archive/layer_rows.ts';
import { packetBytesOf, packetTable, scoreNamesOf } from '../../src/archive/packet_rows.ts';
import { type RawRow, rawTable } from '../../src/archive/raw_rows.ts';
import type { Seal } from '../../src/archive/seal.ts';
import type { Store } from '../../src/ports/store.ts';
import { runsIn, sealsOf } from '../../src/services/archive/position.ts';
import { checksumOf } from '../../src/wire/files/checksum.ts';
import { sha256Of } from '../../src/wire/files/sha256.ts';

const format = createParquetFormat('a reader');

export interface ArchiveContent {
  readonly seals: readonly Seal[];
  /** run/time frame/revision of each event row, in no order. */
  readonly events: string[];
  /** The messages by run/time frame/region/revision. */
  readonly packets: ReadonlyMap<string, Uint8Array>;
  readonly raw: readonly RawRow[];
  /** Data files that no seal names. */
  readonly unsealed: readonly string[];
}

const keyOf = ({ timeFrame, region, revision }: Omit<LayerRow, 'layer' | 'payload'>): string =>
  `${timeFrame}/${region}/${revision}`;

/** All that is in an archive; throws where a seal, a hash, an order or a chain of offsets is wrong. */
export const contentOf = async (store: Store): Promise<ArchiveContent> => {
  const seals: Seal[] = [];
  for (const one of await runsIn(store)) seals.push(...(await sealsOf(store, one)));
  const chains = new Map<string, Seal[]>();
  const named = new Set<string>();
  const events: string[] = [];
  const packets = new Map<string, Uint8Array>();
  const raw: RawRow[] = [];
  for (const seal of seals) {
    const stream = `${seal.topic}/${seal.partition}`;
    chains.set(stream, [...(chains.get(stream) ?? []), seal]);
    const payloads = new Map<string, Uint8Array[]>();
    const file = { run: seal.run, instrumentId: seal.instrument, instrumentHash: seal.instrumentHash };
    const order = ['tokens', 'near', 'lossless', 'events', 'packets', 'raw'];
    for (const { name, kind, sha256, byteCount, rowCount, groups } of [...seal.files].sort(
      (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind),
    )) {
      named.add(name);
      const bytes = await store.read(name);
      if (bytes.length !== byteCount || sha256Of([bytes]) !== sha256)
        throw new Error(`${name} is not as sealed`);
      const table = await format.open({
        byteLength: byteCount,
        read: async (from, to) => bytes.slice(from, to),
      });
      if (table.rowCount !== rowCount) throw new Error(`${name} has ${table.rowCount} rows, not ${rowCount}`);
      groups.forEach(({ fromByte, toByte, crc32c, rowCount: count }, i) => {
        if (checksumOf(bytes.subarray(fromByte, toByte)) !== crc32c) throw new Error(`${name}: group ${i}`);
        if (table.groups[i]!.rowCount !== count) throw new Error(`${name}: rows of group ${i}`);
      });
      let last = -1;
      for await (const group of table.rows())
        for (const cells of group) {
          const timeFrame = Number(cells.time_frame);
          if (timeFrame < last) throw new Error(`${name} is not sorted`);
          last = timeFrame;
          if (kind === 'events') {
            const row = eventTable.rowOf(cells);
            events.push(`${seal.run}/${row.timeFrame}/${row.revision}`);
          } else if (kind === 'raw') raw.push(rawTable.rowOf(cells));
          else if (kind === 'packets') {
            const row = packetTable(scoreNamesOf(table.columns)).rowOf(cells);
            const key = keyOf(row);
            if (packets.has(`${seal.run}/${key}`)) throw new Error(`packet ${key} is there twice`);
            packets.set(`${seal.run}/${key}`, packetBytesOf(row, payloads.get(key) ?? [], file));
          } else {
            const row = layerTable.rowOf(cells);
            const list = payloads.get(keyOf(row)) ?? [];
            list[row.layer] = row.payload;
            payloads.set(keyOf(row), list);
          }
        }
    }
  }
  for (const [stream, chain] of chains) {
    chain.sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
    chain.forEach((seal, i) => {
      if (i > 0 && chain[i - 1]!.nextOffset !== seal.firstOffset)
        throw new Error(
          `${stream}: a seal ends at ${chain[i - 1]!.nextOffset}, the next begins at ${seal.firstOffset}`,
        );
    });
  }
  const unsealed: string[] = [];
  for await (const { name } of store.list('run='))
    if (name.endsWith('.parquet') && !named.has(name)) unsealed.push(name);
  return { seals, events, packets, raw, unsealed };
};
