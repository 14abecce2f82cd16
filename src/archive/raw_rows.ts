/**
 * Raw frames as rows: the unbiased share that is kept as the detector sent it, so that what tokens cost can be
 * measured for ever. Refuses to change a byte of them.
 */

import type { Table } from '../domain/archive/column.ts';
import { bigintIn, bytesIn, numberIn, placeColumns } from './cells.ts';

export interface RawRow {
  readonly timeFrame: number;
  readonly region: number;
  readonly messageId: number;
  readonly startNanos: bigint;
  /** The tf00 message. */
  readonly frame: Uint8Array;
}

export const rawTable: Table<RawRow> = {
  columns: [
    placeColumns.timeFrame,
    placeColumns.region,
    placeColumns.messageId,
    placeColumns.startNanos,
    { name: 'frame', type: 'bytes', nullable: false, nature: 'mixed', of: (row) => row.frame },
  ],
  rowOf: (cells) => ({
    timeFrame: numberIn(cells, 'time_frame'),
    region: numberIn(cells, 'region'),
    messageId: numberIn(cells, 'message_id'),
    startNanos: bigintIn(cells, 'start_ns'),
    frame: bytesIn(cells, 'frame'),
  }),
};
