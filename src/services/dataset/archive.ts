/**
 * An archive opened for reading: its runs, and of a run the time frames in order with their events and packets, all
 * revisions together. Only files that a seal names are looked at. Refuses to hold more than a group of rows of each
 * file that is open, and to write.
 */

import { type EventRow, eventTable } from '../../archive/event_rows.ts';
import { fileOfLayer, type LayerFile, type LayerRow, layerTable } from '../../archive/layer_rows.ts';
import { archiveFile, type FileKind, layoutVersion } from '../../archive/names.ts';
import { type FileIdentity, type PacketRow, packetTable, scoreNamesOf } from '../../archive/packet_rows.ts';
import { type RawRow, rawTable } from '../../archive/raw_rows.ts';
import type { RunFile } from '../../archive/run.ts';
import type { Seal, SealedFile } from '../../archive/seal.ts';
import type { Table } from '../../domain/archive/column.ts';
import { Fault } from '../../domain/fault.ts';
import type { Store } from '../../ports/store.ts';
import type { RangeFile, TableFile, TableFormat } from '../../ports/table.ts';
import { readRun, runsIn, sealsOf } from '../archive/position.ts';

export interface ArchiveParts {
  readonly store: Store;
  readonly format: TableFormat;
}

/** A packet's row with the payloads of its layers, in order; undefined where its file was not asked for or is gone. */
export interface StoredPacket {
  readonly row: PacketRow;
  readonly payloads: readonly (Uint8Array | undefined)[];
  /** Of the topic it came through. */
  readonly partition: number;
}

export interface StoredTimeFrame {
  readonly timeFrame: number;
  /** One for each revision, the first first. */
  readonly events: readonly EventRow[];
  /** By region and revision. */
  readonly packets: readonly StoredPacket[];
  /** Raw frames of the unbiased share, where they were asked for. */
  readonly raw: readonly RawRow[];
}

export interface TimeFrameChoice {
  /** First and last time frame. */
  readonly from?: number;
  readonly to?: number;
  /** Which files are read beside events and packets; none by default. */
  readonly kinds?: readonly ('tokens' | 'near' | 'lossless' | 'raw')[];
}

export interface OpenRun {
  readonly run: number;
  readonly file: RunFile | null;
  readonly seals: readonly Seal[];
  /** What packets of this run share; throws file-invalid for a run without seals. */
  readonly identity: FileIdentity;
  timeFrames(choice?: TimeFrameChoice): AsyncIterable<StoredTimeFrame>;
}

export interface OpenArchive {
  readonly instrumentId: string;
  runs(): Promise<readonly number[]>;
  run(run: number): Promise<OpenRun>;
}

export const rangeFile = (store: Store, name: string, byteLength: number): RangeFile => ({
  byteLength,
  read: (from, to) => store.read(name, { from, to }),
});

/** A data file as a table; null when it is not there (retention took it, or it was lost). */
export const openFile = async (
  { store, format }: ArchiveParts,
  file: Pick<SealedFile, 'name'>,
): Promise<TableFile | null> => {
  const size = await store.size(file.name);
  if (size === null) return null;
  try {
    return await format.open(rangeFile(store, file.name, size));
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'file-invalid') throw cause;
    throw new Fault('file-invalid', `${file.name}: ${cause.detail}`, { cause });
  }
};

/** How a file of this kind is read; packets have a column for each score of their own file. */
export const tableOfKind = (kind: FileKind, columns: readonly string[]): Table<{ timeFrame: number }> => {
  if (kind === 'events') return eventTable as unknown as Table<{ timeFrame: number }>;
  if (kind === 'packets')
    return packetTable(scoreNamesOf(columns)) as unknown as Table<{ timeFrame: number }>;
  if (kind === 'raw') return rawTable as unknown as Table<{ timeFrame: number }>;
  return layerTable as unknown as Table<{ timeFrame: number }>;
};

/** Rows of one file in order, with a look at the next one. */
interface Cursor<Row> {
  /** Null at the end. */
  peek(): Promise<Row | null>;
  next(): Promise<Row>;
}

const cursorOf = <Row extends { readonly timeFrame: number }>(
  parts: ArchiveParts,
  file: SealedFile | undefined,
  from: number,
  to: number,
): Cursor<Row> => {
  async function* rows(): AsyncGenerator<Row> {
    const table = file === undefined ? null : await openFile(parts, file);
    if (table === null) return;
    const { rowOf } = tableOfKind(file!.kind, table.columns);
    const whole = from === 0 && to === Number.MAX_SAFE_INTEGER;
    const sought = { column: 'time_frame', from: BigInt(from), to: BigInt(to) };
    for await (const group of table.rows(whole ? {} : { sought }))
      for (const cells of group) {
        const row = rowOf(cells) as unknown as Row;
        if (row.timeFrame >= from && row.timeFrame <= to) yield row;
      }
  }
  const source = rows();
  let ahead: { readonly row: Row | null } | null = null;
  const peek = async (): Promise<Row | null> => {
    if (ahead === null) {
      const { value, done } = await source.next();
      ahead = { row: done === true ? null : value };
    }
    return ahead.row;
  };
  return {
    peek,
    async next() {
      const row = await peek();
      ahead = null;
      return row!;
    },
  };
};

/** All rows of one time frame. */
const takeAll = async <Row extends { readonly timeFrame: number }>(
  cursor: Cursor<Row>,
  timeFrame: number,
): Promise<Row[]> => {
  const taken: Row[] = [];
  while ((await cursor.peek())?.timeFrame === timeFrame) taken.push(await cursor.next());
  return taken;
};

const openSegment = (
  parts: ArchiveParts,
  seal: Seal,
  from: number,
  to: number,
  kinds: ReadonlySet<string>,
) => {
  const cursor = <Row extends { readonly timeFrame: number }>(kind: FileKind): Cursor<Row> =>
    cursorOf<Row>(
      parts,
      seal.files.find((file) => file.kind === kind && kinds.has(kind)),
      from,
      to,
    );
  const events = cursor<EventRow>('events');
  const packets = cursor<PacketRow>('packets');
  const raw = cursor<RawRow>('raw');
  const layers: Record<LayerFile, Cursor<LayerRow>> = {
    tokens: cursor('tokens'),
    near: cursor('near'),
    lossless: cursor('lossless'),
  };
  const withPayloads = async (timeFrame: number): Promise<StoredPacket[]> => {
    const rows = await takeAll(packets, timeFrame);
    const found = new Map<string, Uint8Array>();
    for (const one of Object.values(layers))
      for (const row of await takeAll(one, timeFrame))
        found.set(`${row.region}/${row.revision}/${row.layer}`, row.payload);
    return rows.map((row) => ({
      row,
      partition: seal.partition,
      payloads: row.layers.map((_, layer) => found.get(`${row.region}/${row.revision}/${layer}`)),
    }));
  };
  return {
    seal,
    /** The least time frame that is left; null at the end. */
    async nextTimeFrame(): Promise<number | null> {
      const heads = await Promise.all([events.peek(), packets.peek(), raw.peek()]);
      const left = heads.filter((head) => head !== null).map(({ timeFrame }) => timeFrame);
      return left.length === 0 ? null : Math.min(...left);
    },
    async take(timeFrame: number) {
      return {
        events: await takeAll(events, timeFrame),
        packets: await withPayloads(timeFrame),
        raw: await takeAll(raw, timeFrame),
      };
    },
  };
};
type Segment = ReturnType<typeof openSegment>;

const byRegion = (a: StoredPacket, b: StoredPacket): number =>
  a.row.region - b.row.region || a.row.revision - b.row.revision;

/** Time frames of these segments in order; those whose files are gone give what is left. */
export async function* timeFramesOf(
  parts: ArchiveParts,
  seals: readonly Seal[],
  { from = 0, to = Number.MAX_SAFE_INTEGER, kinds = [] }: TimeFrameChoice,
): AsyncGenerator<StoredTimeFrame> {
  const wanted: ReadonlySet<string> = new Set(['events', 'packets', ...kinds]);
  const waiting = seals
    .filter(({ timeFrames }) => timeFrames !== null && timeFrames[0] <= to && timeFrames[1] >= from)
    .sort((a, b) => a.timeFrames![0] - b.timeFrames![0]);
  let open: { readonly segment: Segment; timeFrame: number }[] = [];
  for (;;) {
    let least = open.reduce((n, { timeFrame }) => Math.min(n, timeFrame), Number.POSITIVE_INFINITY);
    // A segment is opened once its first time frame may be the next one, and no sooner: a run may have very many.
    while (waiting.length > 0 && waiting[0]!.timeFrames![0] <= least) {
      const segment = openSegment(parts, waiting.shift()!, from, to, wanted);
      const timeFrame = await segment.nextTimeFrame();
      if (timeFrame === null) continue;
      open.push({ segment, timeFrame });
      least = Math.min(least, timeFrame);
    }
    if (open.length === 0) return;
    const timeFrame = Math.min(...open.map((one) => one.timeFrame));
    if (waiting.length > 0 && waiting[0]!.timeFrames![0] <= timeFrame) continue;
    const holders = open.filter((one) => one.timeFrame === timeFrame);
    const pieces = await Promise.all(holders.map(({ segment }) => segment.take(timeFrame)));
    for (const holder of holders)
      holder.timeFrame = (await holder.segment.nextTimeFrame()) ?? Number.POSITIVE_INFINITY;
    open = open.filter((one) => one.timeFrame < Number.POSITIVE_INFINITY);
    yield {
      timeFrame,
      events: pieces.flatMap(({ events }) => events).sort((a, b) => a.revision - b.revision),
      packets: pieces.flatMap(({ packets }) => packets).sort(byRegion),
      raw: pieces.flatMap(({ raw }) => raw).sort((a, b) => a.region - b.region),
    };
  }
}

const openRun = async (parts: ArchiveParts, run: number): Promise<OpenRun> => {
  const seals = await sealsOf(parts.store, run);
  return {
    run,
    file: await readRun(parts.store, run),
    seals,
    get identity() {
      const first = seals[0];
      if (first === undefined)
        throw new Fault('file-invalid', `run ${run} of ${parts.store.place} has no seals`);
      return { run, instrumentId: first.instrument, instrumentHash: first.instrumentHash };
    },
    timeFrames: (choice = {}) => timeFramesOf(parts, seals, choice),
  };
};

/** Which kinds of files the layers of these numbers lie in. */
export const filesOfLayers = (layers: readonly number[]): LayerFile[] => [
  ...new Set(layers.map(fileOfLayer)),
];

/** Throws file-invalid for a place that holds no archive of this layout. */
export const openArchive = async (parts: ArchiveParts): Promise<OpenArchive> => {
  const { store } = parts;
  if ((await store.size(archiveFile)) === null)
    throw new Fault('file-invalid', `${store.place} has no ${archiveFile}: it is no archive`);
  let said: { layout?: unknown; instrument?: unknown };
  try {
    said = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await store.read(archiveFile)));
  } catch (cause) {
    throw new Fault('file-invalid', `${archiveFile} of ${store.place} is not JSON; it was changed`, {
      cause,
    });
  }
  if (said.layout !== layoutVersion || typeof said.instrument !== 'string')
    throw new Fault(
      'file-invalid',
      `${archiveFile} of ${store.place} says layout ${String(said.layout)}; this version reads ${layoutVersion}`,
    );
  const runs = async (): Promise<number[]> => (await runsIn(store)).sort((a, b) => a - b);
  return {
    instrumentId: said.instrument,
    runs,
    async run(run) {
      const known = await runs();
      if (!known.includes(run))
        throw new Fault(
          'request-invalid',
          `${store.place} has no run ${run}; it has ${known.join(', ') || 'none'}`,
        );
      return openRun(parts, run);
    },
  };
};
