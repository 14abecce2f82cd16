/**
 * `tessera decode`: hits of an archive as rows of Parquet or arrays of npz, with indices along the grid's axes and ADC.
 * It refuses to hold more hits of an npz than its bound; Parquet is written a group at a time.
 */

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Column, ColumnValue } from '../../domain/archive/column.ts';
import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import type { ColumnLists, TableFormat } from '../../ports/table.ts';
import type { OpenRun } from '../../services/dataset/archive.ts';
import type { DecodedLayer, PacketDecoder } from '../../services/dataset/decoder.ts';
import { encodeNpz } from '../../sim/export.ts';

export interface DecodeOptions {
  readonly layer: DecodedLayer;
  /** Ends in .parquet or .npz. */
  readonly out: string;
  readonly from?: number;
  readonly to?: number;
}

export interface DecodeSummary {
  readonly packets: number;
  /** Packets that have not got the layer. */
  readonly without: number;
  readonly hits: number;
}

/** Where hits go. */
interface Sink {
  add(timeFrame: number, region: number, digits: Digits): Promise<void>;
  end(): Promise<void>;
}

const columnsOf = (card: InstrumentCard): Column[] => [
  { name: 'time_frame', type: 'i64', nullable: false, nature: 'rising', sought: true },
  { name: 'region', type: 'u16', nullable: false, nature: 'few' },
  ...card.axes.map(({ name }): Column => ({ name, type: 'u16', nullable: false, nature: 'mixed' })),
  { name: 'adc', type: 'u16', nullable: false, nature: 'mixed' },
];

/** Index of voxel `voxel` along each axis, the outermost first. */
const stridesOf = (card: InstrumentCard): number[] =>
  card.axes.map((_, axis) => card.axes.slice(axis + 1).reduce((n, { size }) => n * size, 1));

const parquetSink = (
  path: string,
  format: TableFormat,
  card: InstrumentCard,
  notes: Record<string, string>,
): Sink => {
  const stream = createWriteStream(path);
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => {});
  const columns = columnsOf(card);
  const writer = format.write(columns, notes);
  const strides = stridesOf(card);
  let lists: Record<string, ColumnValue[]> = {};
  let rows = 0;
  const clear = (): void => {
    lists = Object.fromEntries(columns.map(({ name }) => [name, []]));
    rows = 0;
  };
  clear();
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (!stream.write(bytes))
      await Promise.race([failed, new Promise<void>((resolve) => stream.once('drain', () => resolve()))]);
  };
  const flush = async (): Promise<void> => {
    if (rows > 0) await write(writer.group(lists as ColumnLists));
    clear();
  };
  return {
    async add(timeFrame, region, { count, voxel, adc }) {
      for (let i = 0; i < count; i += 1) {
        lists.time_frame!.push(BigInt(timeFrame));
        lists.region!.push(region);
        card.axes.forEach(({ name, size }, axis) => {
          lists[name]!.push(Math.floor(voxel[i]! / strides[axis]!) % size);
        });
        lists.adc!.push(adc[i]!);
      }
      rows += count;
      if (rows >= limits.decodeGroupHits) await flush();
    },
    async end() {
      await flush();
      stream.end(writer.end());
      await Promise.race([failed, finished(stream)]);
    },
  };
};

const npzSink = (path: string, card: InstrumentCard): Sink => {
  const timeFrames: number[] = [];
  const rest: number[][] = ['region', ...card.axes.map(({ name }) => name), 'adc'].map(() => []);
  const strides = stridesOf(card);
  return {
    async add(timeFrame, region, { count, voxel, adc }) {
      if (timeFrames.length + count > limits.npzHitsMax)
        throw new Fault(
          'request-invalid',
          `more than ${limits.npzHitsMax} hits do not fit an npz; choose fewer time frames, or .parquet`,
        );
      for (let i = 0; i < count; i += 1) {
        timeFrames.push(timeFrame);
        rest[0]!.push(region);
        card.axes.forEach(({ size }, axis) => {
          rest[axis + 1]!.push(Math.floor(voxel[i]! / strides[axis]!) % size);
        });
        rest.at(-1)!.push(adc[i]!);
      }
    },
    async end() {
      const shape = [timeFrames.length];
      if (timeFrames.some((one) => one > 0xffffffff))
        throw new Fault('request-invalid', 'time frames beyond 32 bits do not fit this npz; choose .parquet');
      const names = ['region', ...card.axes.map(({ name }) => name), 'adc'];
      const bytes = encodeNpz({
        time_frame: { data: Uint32Array.from(timeFrames), shape },
        ...Object.fromEntries(names.map((name, i) => [name, { data: Uint16Array.from(rest[i]!), shape }])),
      });
      const stream = createWriteStream(path);
      stream.end(bytes);
      await finished(stream);
    },
  };
};

const sinkOf = (
  out: string,
  format: TableFormat,
  card: InstrumentCard,
  notes: Record<string, string>,
): Sink => {
  if (out.endsWith('.parquet')) return parquetSink(out, format, card, notes);
  if (out.endsWith('.npz')) return npzSink(out, card);
  throw new Fault('config-invalid', `--out ${out}: a name that ends in .parquet or .npz`);
};

export const decodeRun = async (
  run: OpenRun,
  decoder: PacketDecoder,
  format: TableFormat,
  { layer, out, from, to }: DecodeOptions,
): Promise<DecodeSummary> => {
  const { card } = decoder;
  const notes = { run: String(run.run), instrument: card.id, instrument_hash: card.hash, layer };
  const sink = sinkOf(out, format, card, notes);
  // Rungs rest on those below them; tokens stand alone.
  const kinds =
    layer === 'tokens'
      ? (['tokens'] as const)
      : layer === 'near'
        ? (['near'] as const)
        : (['near', 'lossless'] as const);
  const choice = { kinds, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  let [packets, without, hits] = [0, 0, 0];
  for await (const frame of run.timeFrames(choice))
    for (const stored of frame.packets) {
      const digits = await decoder.hits(stored, layer);
      if (digits === null) {
        without += 1;
        continue;
      }
      packets += 1;
      hits += digits.count;
      await sink.add(frame.timeFrame, stored.row.region, digits);
    }
  await sink.end();
  return { packets, without, hits };
};
