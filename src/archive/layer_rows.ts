/**
 * Layers as rows: a payload with the packet it belongs to, in the file of its rung. Refuses to look inside.
 */

import type { Table } from '../domain/archive/column.ts';
import { LayerKind } from '../domain/packet.ts';
import { bytesIn, numberIn, placeColumns } from './cells.ts';

export interface LayerRow {
  readonly timeFrame: number;
  readonly region: number;
  readonly revision: number;
  /** Which of the packet's layers: its place in the packet. */
  readonly layer: number;
  readonly payload: Uint8Array;
}

export type LayerFile = 'tokens' | 'near' | 'lossless';

/** A kind this build does not know stays with the tokens, which are kept for ever: nobody can say what it is worth. */
export const fileOfLayer = (kind: number): LayerFile => {
  if (kind === LayerKind.occupancy || kind === LayerKind.plane) return 'near';
  return kind === LayerKind.remainder ? 'lossless' : 'tokens';
};

export const layerTable: Table<LayerRow> = {
  columns: [
    placeColumns.timeFrame,
    placeColumns.region,
    placeColumns.revision,
    { name: 'layer', type: 'u16', nullable: false, nature: 'few', of: (row) => row.layer },
    { name: 'payload', type: 'bytes', nullable: false, nature: 'coded', of: (row) => row.payload },
  ],
  rowOf: (cells) => ({
    timeFrame: numberIn(cells, 'time_frame'),
    region: numberIn(cells, 'region'),
    revision: numberIn(cells, 'revision'),
    layer: numberIn(cells, 'layer'),
    payload: bytesIn(cells, 'payload'),
  }),
};
