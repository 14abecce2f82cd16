/**
 * A frame's occupancy and planes into their streams, quickly: compiled kernels (wasm/ladder.as) over a memory of their
 * own, and the tables laid out so that they add up without being taken apart. Same bytes as `occupancy_writer.ts`,
 * `planes.ts` and `rans.ts`, in a fourth of their time. Refuses nothing of the data; hits outside the grid and trees
 * deeper than the kernels serve are our bug and throw.
 */

import type { Digits } from '../../domain/frame.ts';
import { wasmBase64 } from '../generated/ladder.ts';
import { openKernels, openMemory, planRoom } from '../linear_memory.ts';
import { ransBytesMax } from '../rans.ts';
import { curveStepsLength } from './curve.ts';
import {
  depthMax,
  lanes,
  layOccupancy,
  layOwnSteps,
  layPairs,
  layRecords,
  nodeZero,
  occupancySumZero,
  pairBytes,
  pairSizes,
  planeSumZero,
  recordBytes,
} from './encoder_layout.ts';
import { type OccupancyGrid, type OccupancyWeights, occupancyStepsMax } from './occupancy.ts';
import { type NodeGrid, pairs as pairCount } from './planes.ts';
import { type LogGrid, type RemainderScale, type RemainderTables, remainderStepsMax } from './remainder.ts';
import { openRemainderEncoder, placeRemainderEncoder } from './remainder_encoder.ts';

/** What of an instrument's tables the streams depend on. */
export interface LadderCoding {
  readonly scale: RemainderScale;
  readonly grid: { readonly occupancy: OccupancyGrid; readonly nodes: NodeGrid; readonly logs: LogGrid };
  readonly occupancy: OccupancyWeights;
  readonly parts: { readonly pairs: Int8Array };
  /** Coding steps by `decision`: of the occupancy, and of all planes, one after another. */
  readonly occupancyCurve: Uint32Array;
  readonly planeCurves: Uint32Array;
  readonly remainder: RemainderTables;
}

/** One per thread, never shared. */
export interface LadderEncoder {
  /**
   * The streams of a frame with hits: its occupancy, `planes` planes, the remainder when asked for. Voxels ascend and lie in the grid, ADC is
   * below 2^adcBits (`wire` checked them). The bytes are the encoder's, until it is called again.
   */
  encode(digits: Digits, planes: number, remainder: boolean): readonly Uint8Array[];
}

interface Kernels {
  openStream(head: number, end: number): void;
  closeStream(head: number): number;
  mark(
    voxel: number,
    adc: number,
    count: number,
    columns: number,
    mask: number,
    stride: number,
    row: number,
    node: number,
    nodeOfAdc: number,
  ): void;
  clear(
    voxel: number,
    count: number,
    rows: number,
    mask: number,
    stride: number,
    row: number,
    node: number,
  ): void;
  codeOccupancy(
    rows: number,
    columns: number,
    words: number,
    mask: number,
    stride: number,
    row: number,
    layerRows: number,
    flags: number,
    first: number,
    second: number,
    fresh: number,
    cells: number,
    steps: number,
    records: number,
    head: number,
  ): void;
  codePlanes(
    voxel: number,
    count: number,
    planes: number,
    node: number,
    columns: number,
    pairs: number,
    ownSteps: number,
    earlierBytes: number,
    laterBytes: number,
    sums: number,
    records: number,
    heads: number,
  ): void;
}

/** As wasm/ladder.as has it. */
const segmentRows = 64;

const placeAll = (coding: LadderCoding) => {
  const { occupancy: grid, nodes } = coding.grid;
  const { planes: depth, levelOf } = coding.scale;
  const { voxels } = grid;
  const groups = Math.ceil(depth / lanes);
  const { flags, first, second, fresh } = coding.occupancy;
  const stepsMax = occupancyStepsMax(grid, voxels);
  const room = planRoom();
  const rowsWithMargin = grid.rowOrigin + grid.rows + 1;
  const at = {
    cells: room.place(32),
    heads: room.place(recordBytes * (2 + depth)),
    sums: room.place(8 * 1024),
    flags: room.place(2 * flags.length),
    first: room.place(4 * first.length),
    second: room.place(second.length),
    fresh: room.place(fresh.length),
    nodeOfAdc: room.place(levelOf.length),
    ownSteps: room.place(groups * 8 * (nodeZero + (1 << depth))),
    occupancyRecords: room.place(1 << 16),
    planeRecords: room.place(depth << 16),
    pairs: room.place(groups * pairCount * pairBytes),
    mask: room.place(rowsWithMargin * grid.stride + 8) + grid.origin,
    row: room.place(rowsWithMargin + 8) + grid.rowOrigin,
    node: room.place(voxels + 2 * nodes.origin) + nodes.origin,
    voxel: room.place(4 * voxels),
    adc: room.place(2 * voxels),
    // A chunk of fewer than eight voxels is put as one of eight.
    steps: room.place(2 * segmentRows * (1 + grid.words + 9 * grid.chunks) + 16),
    remainder: placeRemainderEncoder(coding, room),
    streams: [0],
  };
  // Streams are written from their ends.
  at.streams = Array.from({ length: 2 + depth }, (_, layer) => {
    const steps = layer === 0 ? stepsMax : layer <= depth ? voxels : remainderStepsMax * voxels;
    return room.place(ransBytesMax(steps)) + ransBytesMax(steps);
  });
  return { at, groups, pages: room.pages };
};

export const openLadderEncoder = (coding: LadderCoding): LadderEncoder => {
  const { occupancy: grid, nodes } = coding.grid;
  const { planes: depth, levelOf } = coding.scale;
  const { rows, columns, words, stride, layerRows, voxels } = grid;
  if (depth > depthMax) throw new Error(`the ladder's kernels serve ${depthMax} planes, not ${depth}`);
  const { at, groups, pages } = placeAll(coding);
  const memory = openMemory(pages);
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const { buffer } = memory;
  const view = new DataView(buffer);
  layOccupancy(buffer, at, coding.occupancy);
  layRecords(view, at.occupancyRecords, coding.occupancyCurve, occupancySumZero);
  new Uint8Array(buffer, at.nodeOfAdc, levelOf.length).set(levelOf.map((level) => level + nodeZero));
  const groupOf = (group: number) => ({
    pairs: at.pairs + group * pairCount * pairBytes,
    ownSteps: at.ownSteps + group * 8 * (nodeZero + (1 << depth)),
  });
  for (let group = 0; group < groups; group++) {
    const { pairs, ownSteps } = groupOf(group);
    layPairs(view, pairs, coding.parts.pairs, depth, group * lanes);
    layOwnSteps(view, ownSteps, depth, group * lanes);
  }
  for (let plane = 0; plane < depth; plane++) {
    const curve = coding.planeCurves.subarray(plane * curveStepsLength, (plane + 1) * curveStepsLength);
    layRecords(view, at.planeRecords + (plane << 16), curve, planeSumZero);
  }
  const voxel = new Uint32Array(buffer, at.voxel, voxels);
  const adc = new Uint16Array(buffer, at.adc, voxels);
  const { earlierBytes, laterBytes } = pairSizes(depth);

  const codeOccupancy = (): void => {
    kernels.codeOccupancy(
      rows,
      columns,
      words,
      at.mask,
      stride,
      at.row,
      layerRows,
      at.flags,
      at.first,
      at.second,
      at.fresh,
      at.cells,
      at.steps,
      at.occupancyRecords,
      at.heads,
    );
  };

  const codePlanes = (count: number, planes: number): void => {
    for (let group = 0; group < groups && group * lanes < planes; group++) {
      const { pairs, ownSteps } = groupOf(group);
      const first = group * lanes;
      kernels.codePlanes(
        at.voxel,
        count,
        Math.min(lanes, planes - first),
        at.node,
        nodes.columns,
        pairs,
        ownSteps,
        earlierBytes,
        laterBytes,
        at.sums,
        at.planeRecords + (first << 16),
        at.heads + recordBytes * (1 + first),
      );
    }
  };

  const remainderEncoder = openRemainderEncoder(coding, memory, at.remainder);
  /** Opens a layer's stream; returns what closes it again, and gives its bytes. */
  const openLayer = (layer: number) => {
    const head = at.heads + recordBytes * layer;
    const end = at.streams[layer]!;
    kernels.openStream(head, end);
    return (): Uint8Array => {
      const begin = kernels.closeStream(head);
      return new Uint8Array(buffer, begin, end - begin);
    };
  };

  return {
    encode(digits, planes, remainder) {
      const { count } = digits;
      if (count > 0 && digits.voxel[count - 1]! >= voxels)
        throw new Error(`a hit at voxel ${digits.voxel[count - 1]} of ${voxels}`);
      voxel.set(digits.voxel.subarray(0, count));
      adc.set(digits.adc.subarray(0, count));
      const open = Array.from({ length: 1 + planes }, (_, layer) => openLayer(layer));
      kernels.mark(at.voxel, at.adc, count, columns, at.mask, stride, at.row, at.node, at.nodeOfAdc);
      codeOccupancy();
      codePlanes(count, planes);
      kernels.clear(at.voxel, count, rows, at.mask, stride, at.row, at.node);
      if (remainder) {
        open.push(openLayer(1 + depth));
        remainderEncoder.code(at.voxel, at.adc, count, at.heads + recordBytes * (1 + depth));
      }
      return open.map((close) => close());
    },
  };
};
