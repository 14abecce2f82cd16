/**
 * A segment while it grows: what of one run and one partition is archived together, and the sorted tables it becomes.
 * Pure; refuses messages of another run, and forgets nothing until it is sealed.
 */

import type { Table } from '../domain/archive/column.ts';
import type { PartialEvent } from '../domain/archive/partial_event.ts';
import type { Packet } from '../domain/packet.ts';
import { decodeInstants, instantNames } from '../wire/instants.ts';
import { decodePacket } from '../wire/packet.ts';
import { type EventRow, eventTable, rowOfEvent } from './event_rows.ts';
import { fileOfLayer, type LayerRow, layerTable } from './layer_rows.ts';
import type { FileKind } from './names.ts';
import { type FileIdentity, type PacketRow, packetTable, rowOfPacket } from './packet_rows.ts';
import { type RawRow, rawTable } from './raw_rows.ts';
import type { Seal } from './seal.ts';

/** What one message of a partition brings to the archive. */
export type Kept =
  | { readonly kind: 'event'; readonly run: number; readonly event: PartialEvent }
  | { readonly kind: 'frame'; readonly run: number; readonly row: RawRow; readonly durationNanos: bigint };

/** What rows are ordered by. */
export interface Placed {
  readonly timeFrame: number;
  readonly region?: number;
  readonly revision?: number;
  readonly layer?: number;
}
/** Rows of one file in the file's order. */
export interface Piece<Row extends Placed = Placed> {
  readonly kind: FileKind;
  readonly table: Table<Row>;
  readonly rows: readonly Row[];
}

type Summary = Pick<Seal, 'timeFrames' | 'instants' | 'counts'>;

const byPlace = (a: Placed, b: Placed): number =>
  a.timeFrame - b.timeFrame ||
  (a.region ?? 0) - (b.region ?? 0) ||
  (a.revision ?? 0) - (b.revision ?? 0) ||
  (a.layer ?? 0) - (b.layer ?? 0);

/** A packet that cannot be read keeps its place and its bytes. */
const unread = (event: PartialEvent): Packet => ({
  identity: { ...event, sourceName: '' },
  modelId: '',
  modelHash: event.instrumentHash,
  hitCount: 0,
  rawByteCount: 0,
  layers: [],
  scores: [],
  pValue: 1,
  policyVersion: 0 as Packet['policyVersion'],
  reason: 0,
});

const readPacket = (bytes: Uint8Array): Packet | null => {
  try {
    return decodePacket(bytes);
  } catch {
    return null;
  }
};

const instantBytes = instantNames.length * 8;

interface Tables {
  readonly events: EventRow[];
  readonly packets: PacketRow[];
  readonly layers: Readonly<Record<'tokens' | 'near' | 'lossless', LayerRow[]>>;
  readonly raw: RawRow[];
  readonly scoreNames: string[];
}

const addEvent = (tables: Tables, event: PartialEvent, file: FileIdentity, counts: Counts): void => {
  const { timeFrame, revision } = event;
  if (event.part === 0) {
    tables.events.push(rowOfEvent(event));
    counts.events += 1;
  }
  for (const { region, packet: bytes, instants } of event.packets) {
    const packet = readPacket(bytes) ?? unread(event);
    const way =
      instants.length >= instantBytes && instants.length % 8 === 0 ? decodeInstants(instants) : null;
    const place = { file, timeFrame, region, revision };
    tables.packets.push(rowOfPacket(bytes, packet, way, place, tables.scoreNames));
    packet.layers.forEach(({ kind, payload }, layer) => {
      tables.layers[fileOfLayer(kind)].push({ timeFrame, region, revision, layer, payload });
    });
    counts.packets += 1;
    counts.packetBytes += bytes.length;
    if (packet.layers.length === 0) counts.shed += 1;
    else counts.kept += 1;
  }
};

type Counts = { -readonly [Name in keyof Seal['counts']]: number };

/**
 * The sorted tables of what was kept, those without rows left out, and what the seal says of them.
 * @param unreadable messages of the segment's offsets that could not be read
 */
export const tablesOf = (
  kept: readonly Kept[],
  file: FileIdentity,
  unreadable: number,
): { readonly pieces: readonly Piece[]; readonly summary: Summary } => {
  const tables: Tables = {
    events: [],
    packets: [],
    layers: { tokens: [], near: [], lossless: [] },
    raw: [],
    scoreNames: [],
  };
  const counts: Counts = { events: 0, packets: 0, kept: 0, shed: 0, packetBytes: 0, unreadable };
  let [least, greatest] = [Number.POSITIVE_INFINITY, -1];
  let [start, end] = [0n, 0n];
  for (const one of kept) {
    const [timeFrame, from, duration] =
      one.kind === 'event'
        ? [one.event.timeFrame, one.event.timestampNanos, one.event.durationNanos]
        : [one.row.timeFrame, one.row.startNanos, one.durationNanos];
    if (greatest < 0 || from < start) start = from;
    if (greatest < 0 || from + duration > end) end = from + duration;
    least = Math.min(least, timeFrame);
    greatest = Math.max(greatest, timeFrame);
    if (one.kind === 'event') addEvent(tables, one.event, file, counts);
    else {
      tables.raw.push(one.row);
      counts.packetBytes += one.row.frame.length;
    }
  }
  const pieces: Piece[] = [];
  const add = <Row extends Placed>(kind: FileKind, table: Table<Row>, rows: Row[]): void => {
    if (rows.length > 0) pieces.push({ kind, table, rows: rows.sort(byPlace) } as unknown as Piece);
  };
  add('events', eventTable, tables.events);
  add('packets', packetTable(tables.scoreNames), tables.packets);
  add('tokens', layerTable, tables.layers.tokens);
  add('near', layerTable, tables.layers.near);
  add('lossless', layerTable, tables.layers.lossless);
  add('raw', rawTable, tables.raw);
  return {
    pieces,
    summary: {
      timeFrames: kept.length === 0 ? null : [least, greatest],
      instants: kept.length === 0 ? null : [start, end],
      counts,
    },
  };
};
