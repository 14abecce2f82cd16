/**
 * Raw frames as rows: the unbiased share that is kept as the detector sent it, so that what tokens cost can be
 * measured for ever. Refuses to change a byte of them.
 */

import type { Table } from '../domain/archive/column.ts';
import { bigintIn, bytesIn, numberIn } from './cells.ts';

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
    {
      name: 'time_frame',
      type: 'i64',
      nullable: false,
      nature: 'rising',
      sought: true,
      of: (row) => BigInt(row.timeFrame),
    },
    { name: 'region', type: 'u16', nullable: false, nature: 'few', of: (row) => row.region },
    {
      name: 'message_id',
      type: 'i64',
      nullable: false,
      nature: 'rising',
      of: (row) => BigInt(row.messageId),
    },
    {
      name: 'start_ns',
      type: 'i64',
      nullable: false,
      nature: 'rising',
      sought: true,
      of: (row) => row.startNanos,
    },
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
