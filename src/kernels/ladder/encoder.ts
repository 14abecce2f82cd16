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
import { curveStepsLength, decision, ladderPrecision } from './curve.ts';
import type { LevelScale } from './levels.ts';
import { type OccupancyGrid, type OccupancyWeights, occupancyStepsMax } from './occupancy.ts';
import { type NodeGrid, pairCells, pairs as pairCount } from './planes.ts';

/** What of an instrument's tables the streams depend on. */
export interface LadderCoding {
  readonly scale: LevelScale;
  readonly grid: { readonly occupancy: OccupancyGrid; readonly nodes: NodeGrid };
  readonly occupancy: OccupancyWeights;
  readonly parts: { readonly pairs: Int8Array };
  /** Coding steps by `decision`: of the occupancy, and of all planes, one after another. */
  readonly occupancyCurve: Uint32Array;
  readonly planeCurves: Uint32Array;
}

/** One per thread, never shared. */
export interface LadderEncoder {
  /**
   * The streams of a frame with hits: its occupancy and `planes` planes. Voxels ascend and lie in the grid, ADC is
   * below 2^adcBits (`wire` checked them). The bytes are the encoder's, until it is called again.
   */
  encode(digits: Digits, planes: number): readonly Uint8Array[];
}

interface Kernels {
  openStream(head: number, end: number): void;
  closeStream(head: number): number;
  codeSteps(steps: number, count: number, pitch: number, records: number, head: number): void;
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
  putOccupancy(
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
  ): number;
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

/** Steps are 16 × (2 × sum + bit), and this is the place of a record, which has as many bytes. */
const recordBytes = 16;
const [occupancySumZero, planeSumZero] = [3 * 128, pairCount * 128];

/** Records of a curve by the steps of sums from −`zero` on, which are below 2^16. */
const layRecords = (memory: DataView, at: number, curve: Uint32Array, zero: number): void => {
  const sum = 1 << ladderPrecision;
  for (let place = decision(-zero, 0), to = at; place < curveStepsLength; place++, to += recordBytes) {
    const [start, freq] = [curve[place]! >>> 16, curve[place]! & 0xffff];
    // As doubles exact: 2^43 / frequency is never so near a whole number that rounding could cross it.
    const reciprocal = Math.ceil(2 ** 43 / freq);
    memory.setUint32(to, reciprocal % 2 ** 32, true);
    memory.setUint32(to + 4, Math.floor(reciprocal / 2 ** 32), true);
    memory.setUint32(to + 8, freq << (31 - ladderPrecision), true);
    memory.setUint16(to + 12, start, true);
    memory.setUint16(to + 14, sum - freq, true);
  }
};

/** The cell whose bit b is bit `from[b]` of a place. */
const cellOf = (place: number, from: readonly number[]): number =>
  from.reduce((cell, bit, to) => cell | (((place >>> bit) & 1) << to), 0);
/** Places in the compiled tables, where the earliest voxel is the lowest bit, by bit of a cell of `occupancy.ts`. */
const firstBits = [13, 6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7];
const firstOwnBit = 12;
const secondBits = [6, 5, 4, 7, 3, 2, 1, 0, 13, 12, 11, 10, 9, 8];

const layOccupancy = (
  buffer: ArrayBuffer,
  at: { readonly flags: number; readonly first: number; readonly second: number; readonly fresh: number },
  { flags, first, second, fresh }: OccupancyWeights,
): void => {
  const stepOf = (weight: number, bit: number): number =>
    recordBytes * (2 * (weight + occupancySumZero) + bit);
  new Uint16Array(buffer, at.flags, flags.length).set(Array.from(flags, (weight) => stepOf(weight, 0)));
  new Uint16Array(buffer, at.first, 2 * first.length).forEach((_, place, steps) => {
    steps[place] = stepOf(first[cellOf(place, firstBits)]!, (place >>> firstOwnBit) & 1);
  });
  new Int8Array(buffer, at.second, second.length).forEach((_, place, weights) => {
    weights[place] = second[cellOf(place, secondBits)]!;
  });
  new Int8Array(buffer, at.fresh, fresh.length).set(fresh);
};

/** As wasm/ladder.as has it: room for the tables of a pair of a tree five deep. */
const pairBytes = 73_984;
const depthMax = 5;
/** Planes whose steps lie in one u64. */
const lanes = 4;
const nodeZero = 2;

/** Sizes of a pair's table: [earlier node: none, –, levels][half of the later one: none, levels][half of the own]. */
const pairSizes = (depth: number) => {
  const laterBytes = 8 << (depth - 1);
  return { nodes: (1 << depth) + nodeZero, laterBytes, earlierBytes: laterBytes * ((1 << (depth - 1)) + 1) };
};

/** Lays out the steps of planes `plane` + 1 … + 4 by pair and nodes, as `planes.ts` finds them in `weights`. */
const layPairs = (memory: DataView, at: number, weights: Int8Array, depth: number, plane: number): void => {
  const { nodes, laterBytes, earlierBytes } = pairSizes(depth);
  const halves = 1 << (depth - 1);
  for (let place = 0; place < pairCount * nodes * (halves + 1) * halves; place++) {
    const own = place % halves;
    const later = Math.floor(place / halves) % (halves + 1);
    const earlier = Math.floor(place / halves / (halves + 1)) % nodes;
    const pair = Math.floor(place / halves / (halves + 1) / nodes);
    const to = at + pair * pairBytes + earlier * earlierBytes + later * laterBytes + 8 * own;
    for (let lane = 0; lane < lanes && plane + lane < depth; lane++) {
      const away = depth - 1 - plane - lane;
      const top = 1 << (plane + lane);
      const fine = earlier < nodeZero ? 0 : (2 * top) | ((earlier - nodeZero) >> away);
      const coarse = later === 0 ? 0 : top | ((later - 1) >> away);
      const cell = (fine << 8) | (coarse << 4) | top | (own >> away);
      memory.setUint16(to + 2 * lane, 2 * recordBytes * (weights[pair * pairCells + cell]! + 128), true);
    }
  }
};

/** Bits of a node in those planes, as steps. */
const layOwnSteps = (memory: DataView, at: number, depth: number, plane: number): void => {
  for (let level = 0; level < 1 << depth; level++)
    for (let lane = 0; lane < lanes && plane + lane < depth; lane++)
      memory.setUint16(
        at + 8 * (level + nodeZero) + 2 * lane,
        recordBytes * ((level >> (depth - 1 - plane - lane)) & 1),
        true,
      );
};

const planePlaces = (coding: LadderCoding) => {
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
    heads: room.place(recordBytes * (1 + depth)),
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
    row: room.place(rowsWithMargin) + grid.rowOrigin,
    node: room.place(voxels + 2 * nodes.origin) + nodes.origin,
    voxel: room.place(4 * voxels),
    adc: room.place(2 * voxels),
    // A chunk of fewer than eight voxels is put as one of eight.
    steps: room.place(2 * stepsMax + 16),
    streams: [0],
  };
  // Streams are written from their ends.
  at.streams = Array.from({ length: 1 + depth }, (_, layer) => {
    const bytes = ransBytesMax(layer === 0 ? stepsMax : voxels);
    return room.place(bytes) + bytes;
  });
  return { at, groups, pages: room.pages };
};

export const openLadderEncoder = (coding: LadderCoding): LadderEncoder => {
  const { occupancy: grid, nodes } = coding.grid;
  const { planes: depth, levelOf } = coding.scale;
  const { rows, columns, words, stride, layerRows, voxels } = grid;
  if (depth > depthMax) throw new Error(`the ladder's kernels serve ${depthMax} planes, not ${depth}`);
  const { at, groups, pages } = planePlaces(coding);
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
    const end = kernels.putOccupancy(
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
    );
    kernels.codeSteps(at.steps, (end - at.steps) >>> 1, 2, at.occupancyRecords, at.heads);
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

  return {
    encode(digits, planes) {
      const { count } = digits;
      if (count > 0 && digits.voxel[count - 1]! >= voxels)
        throw new Error(`a hit at voxel ${digits.voxel[count - 1]} of ${voxels}`);
      voxel.set(digits.voxel.subarray(0, count));
      adc.set(digits.adc.subarray(0, count));
      const ends = at.streams.slice(0, 1 + planes);
      ends.forEach((end, layer) => {
        kernels.openStream(at.heads + recordBytes * layer, end);
      });
      kernels.mark(at.voxel, at.adc, count, columns, at.mask, stride, at.row, at.node, at.nodeOfAdc);
      codeOccupancy();
      codePlanes(count, planes);
      kernels.clear(at.voxel, count, rows, at.mask, stride, at.row, at.node);
      return ends.map((end, layer) => {
        const begin = kernels.closeStream(at.heads + recordBytes * layer);
        return new Uint8Array(buffer, begin, end - begin);
      });
    },
  };
};
