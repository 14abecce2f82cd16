/**
 * Partial events as rows: one a (time frame, revision), with what is known of its completeness. Refuses to repeat what
 * its packets say.
 */

import type { Table } from '../domain/archive/column.ts';
import type { EventModelName } from '../domain/archive/event_model.ts';
import type { IdGap, PartialEvent } from '../domain/archive/partial_event.ts';
import { cardHash } from '../domain/quantity.ts';
import {
  bigintIn,
  bytesIn,
  type Cells,
  isAbsent,
  numberIn,
  numbersIn,
  placeColumns,
  textIn,
} from './cells.ts';

export interface EventRow {
  readonly timeFrame: number;
  readonly revision: number;
  readonly sourceName: string;
  readonly messageId: number;
  readonly startNanos: bigint;
  readonly durationNanos: bigint;
  /** A `PartialEventReason`, or a number this build does not know. */
  readonly reason: number;
  readonly regionCount: number;
  /** Regions so far, all revisions together: bit r (of byte r >> 3) is region r. */
  readonly present: Uint8Array;
  readonly presentCount: number;
  readonly partCount: number;
  readonly gaps: readonly IdGap[];
  readonly eventTokens: readonly number[];
  /** What made them; null where there are none, or nobody recorded it. */
  readonly eventModel: EventModelName | null;
}

const bitsOf = (mask: Uint8Array): number => {
  let count = 0;
  for (const byte of mask) for (let rest = byte; rest > 0; rest &= rest - 1) count += 1;
  return count;
};

export const rowOfEvent = (event: PartialEvent): EventRow => ({
  timeFrame: event.timeFrame,
  revision: event.revision,
  sourceName: event.sourceName,
  messageId: event.messageId,
  startNanos: event.timestampNanos,
  durationNanos: event.durationNanos,
  reason: event.reason,
  regionCount: event.regionCount,
  present: event.present,
  presentCount: bitsOf(event.present),
  partCount: event.partCount,
  gaps: event.gaps,
  eventTokens: event.eventTokens,
  eventModel: event.eventModel,
});

const gapsIn = (cells: Cells): IdGap[] => {
  const [regions, from, counts] = ['gap_region', 'gap_from', 'gap_count'].map((name) =>
    numbersIn(cells, name),
  ) as [number[], number[], number[]];
  return regions.map((region, i) => ({ region, fromId: from[i] ?? 0, count: counts[i] ?? 0 }));
};

/** Files of before have no such columns. */
const eventModelIn = (cells: Cells): EventModelName | null =>
  isAbsent(cells, 'event_model')
    ? null
    : { id: textIn(cells, 'event_model'), hash: cardHash(textIn(cells, 'event_model_hash')) };

const fixed = { nullable: false } as const;
export const eventTable: Table<EventRow> = {
  columns: [
    placeColumns.timeFrame,
    placeColumns.revision,
    placeColumns.sourceName,
    placeColumns.messageId,
    placeColumns.startNanos,
    placeColumns.durationNanos,
    { name: 'reason', type: 'u16', ...fixed, nature: 'few', of: (row) => row.reason },
    { name: 'region_count', type: 'u16', ...fixed, nature: 'few', of: (row) => row.regionCount },
    { name: 'present', type: 'bytes', ...fixed, nature: 'mixed', of: (row) => row.present },
    { name: 'present_count', type: 'u16', ...fixed, nature: 'few', of: (row) => row.presentCount },
    { name: 'part_count', type: 'u16', ...fixed, nature: 'few', of: (row) => row.partCount },
    {
      name: 'gap_region',
      type: 'u16s',
      ...fixed,
      nature: 'few',
      of: (row) => row.gaps.map(({ region }) => region),
    },
    {
      name: 'gap_from',
      type: 'i64s',
      ...fixed,
      nature: 'rising',
      of: (row) => row.gaps.map(({ fromId }) => BigInt(fromId)),
    },
    {
      name: 'gap_count',
      type: 'i64s',
      ...fixed,
      nature: 'rising',
      of: (row) => row.gaps.map(({ count }) => BigInt(count)),
    },
    { name: 'event_tokens', type: 'u16s', ...fixed, nature: 'mixed', of: (row) => row.eventTokens },
    {
      name: 'event_model',
      type: 'text',
      nullable: true,
      nature: 'few',
      of: (row) => row.eventModel?.id ?? null,
    },
    {
      name: 'event_model_hash',
      type: 'text',
      nullable: true,
      nature: 'few',
      of: (row) => row.eventModel?.hash ?? null,
    },
  ],
  rowOf: (cells) => ({
    timeFrame: numberIn(cells, 'time_frame'),
    revision: numberIn(cells, 'revision'),
    sourceName: textIn(cells, 'source_name'),
    messageId: numberIn(cells, 'message_id'),
    startNanos: bigintIn(cells, 'start_ns'),
    durationNanos: bigintIn(cells, 'duration_ns'),
    reason: numberIn(cells, 'reason'),
    regionCount: numberIn(cells, 'region_count'),
    present: bytesIn(cells, 'present'),
    presentCount: numberIn(cells, 'present_count'),
    partCount: numberIn(cells, 'part_count'),
    gaps: gapsIn(cells),
    eventTokens: numbersIn(cells, 'event_tokens'),
    eventModel: eventModelIn(cells),
  }),
};
