/**
 * A frame's hits out of the ladder's streams, quickly: the compiled twin (wasm/ladder_reader.as) of the readers in
 * `occupancy_reader.ts`, `planes.ts` and `remainder.ts`. It refuses (packet-layer) streams that no encoder writes, never
 * makes more hits than declared, and leaves its memory clean whatever it met.
 */

import { Fault } from '../../domain/fault.ts';
import { wasmBase64 } from '../generated/ladder_reader.ts';
import { openKernels, openMemory, planRoom } from '../linear_memory.ts';
import { ransBytesMax, ransTailBytes } from '../rans.ts';
import { curveStepsLength, decision, sumZero } from './curve.ts';
import type { LadderCoding } from './encoder.ts';
import { placesOfFirst, placesOfSecond } from './encoder_layout.ts';
import { occupancyStepsMax } from './occupancy.ts';
import { voxelListLength } from './occupancy_reader.ts';
import { remainderStepsMax, remainderSymbols } from './remainder.ts';
import { layRemainder, placeRemainder } from './remainder_layout.ts';

/** A packet's streams without their heads, lowest first; null where the remainder is not to be read. */
export interface LadderStreams {
  readonly occupancy: Uint8Array;
  readonly planes: readonly Uint8Array[];
  readonly remainder: Uint8Array | null;
}

/** Copies, one entry a hit: its voxel, its level after the planes read, its ADC value if the remainder was. */
export interface DecodedHits {
  readonly voxel: Uint32Array;
  readonly level: Uint8Array;
  readonly adc: Uint16Array | null;
}

/** One per thread, never shared. */
export interface LadderDecoder {
  /** @param hitCount from 1 to the grid's voxels */
  decode(streams: LadderStreams, hitCount: number): DecodedHits;
}

interface Kernels {
  openReader(reader: number, begin: number, end: number): number;
  isClosed(reader: number): number;
  takeOccupancy(
    reader: number,
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
    ones: number,
    cells: number,
    voxel: number,
    room: number,
  ): number;
  clearRows(rows: number, mask: number, stride: number, row: number): void;
  setNodes(voxel: number, count: number, node: number, value: number): void;
  takePlane(
    reader: number,
    voxel: number,
    count: number,
    node: number,
    columns: number,
    pairs: number,
    ones: number,
  ): number;
  takeLevels(voxel: number, count: number, node: number, firstNode: number, level: number): void;
  markMiddles(voxel: number, level: number, count: number, middle: number, levelMiddles: number): void;
  clearLogs(voxel: number, count: number, log: number, middle: number): void;
  takeRemainders(
    reader: number,
    voxel: number,
    level: number,
    count: number,
    log: number,
    middle: number,
    rowBytes: number,
    facts: number,
    adcBits: number,
    lowest: number,
    coefficients: number,
    levels: number,
    levelCount: number,
    contextSteps: number,
    parts: number,
    adc: number,
  ): number;
}

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `the ladder's ${what}; ask for the packet again`);

/** By the negative numbers of wasm/ladder_reader.as. */
const wrongs = [
  'stream ends before its last symbol',
  'occupancy holds more hits than declared',
  'occupancy has a chunk that has hits and none',
  'occupancy has a word that has hits and none',
  'occupancy has a row that has hits and none',
  'remainder has a value that no writer codes so',
] as const;

/** What a kernel gave, or the fault it found. */
const checked = (answer: number): number => {
  if (answer < 0) throw damaged(wrongs[-answer - 1]!);
  return answer;
};

const onesLength = curveStepsLength / 2;

const placeAll = (coding: LadderCoding) => {
  const { occupancy: grid, nodes } = coding.grid;
  const { planes: depth, lowest } = coding.scale;
  const { flags, first, second, fresh } = coding.occupancy;
  const room = planRoom();
  const rowsWithMargin = grid.rowOrigin + grid.rows + 1;
  const streamBytesMax = ransBytesMax(
    Math.max(occupancyStepsMax(grid, grid.voxels), remainderStepsMax * grid.voxels),
  );
  const at = {
    cells: room.place(32),
    reader: room.place(16),
    flags: room.place(2 * flags.length),
    first: room.place(first.length),
    second: room.place(second.length),
    fresh: room.place(fresh.length),
    // Frequencies of a one by sum, of the occupancy and of each plane; these are places of the sum 0.
    ones: Array.from({ length: 1 + depth }, () => room.place(2 * onesLength) + 2 * sumZero),
    pairs: room.place(coding.parts.pairs.length),
    levelMiddles: room.place(2 * lowest.length),
    parts: room.place(4 * lowest.length * remainderSymbols),
    remainder: placeRemainder(coding, room),
    mask: room.place(rowsWithMargin * grid.stride + 8) + grid.origin,
    row: room.place(rowsWithMargin) + grid.rowOrigin,
    node: room.place(grid.voxels + 2 * nodes.origin) + nodes.origin,
    voxel: room.place(4 * voxelListLength(grid.voxels)),
    level: room.place(grid.voxels),
    adc: room.place(2 * grid.voxels),
    stream: room.place(streamBytesMax),
  };
  return { at, streamBytesMax, pages: room.pages };
};

const layTables = (
  buffer: ArrayBuffer,
  at: ReturnType<typeof placeAll>['at'],
  coding: LadderCoding,
): void => {
  const { flags, first, second, fresh } = coding.occupancy;
  const { scale, occupancyCurve, planeCurves } = coding;
  const layOnes = (zero: number, curve: Uint32Array): void => {
    const ones = Uint16Array.from({ length: onesLength }, (_, i) => curve[decision(i - sumZero, 1)]!);
    new Uint16Array(buffer, zero - 2 * sumZero, onesLength).set(ones);
  };
  new Uint16Array(buffer, at.flags, flags.length).set(
    Array.from(flags, (weight) => occupancyCurve[decision(weight, 1)]!),
  );
  new Int8Array(buffer, at.first, first.length).set(placesOfFirst.map((cell) => first[cell]!));
  new Int8Array(buffer, at.second, second.length).set(placesOfSecond.map((cell) => second[cell]!));
  new Int8Array(buffer, at.fresh, fresh.length).set(fresh);
  at.ones.forEach((zero, layer) => {
    layOnes(zero, layer === 0 ? occupancyCurve : planeCurves.subarray((layer - 1) * curveStepsLength));
  });
  new Int8Array(buffer, at.pairs, coding.parts.pairs.length).set(coding.parts.pairs);
  new Int16Array(buffer, at.levelMiddles, scale.lowest.length).set(scale.middleLog);
  const parts = new Uint16Array(buffer, at.parts, 2 * scale.count.length);
  scale.count.forEach((count, part) => {
    parts.set([scale.firstAdc[part]!, count], 2 * part);
  });
  layRemainder(buffer, at.remainder, coding);
};

export const openLadderDecoder = (coding: LadderCoding): LadderDecoder => {
  const { occupancy: grid, nodes, logs } = coding.grid;
  const { scale } = coding;
  const { at, streamBytesMax, pages } = placeAll(coding);
  const memory = openMemory(pages);
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const { buffer } = memory;
  layTables(buffer, at, coding);
  const bytes = new Uint8Array(buffer);

  /** Reads a whole stream: `take` answers below 0 where it is damaged. */
  const read = (stream: Uint8Array, take: () => number): number => {
    const { length } = stream;
    if (length < ransTailBytes || length > streamBytesMax || length % 2 === 1)
      throw damaged(`stream cannot be of ${length} bytes`);
    bytes.set(stream, at.stream);
    if (kernels.openReader(at.reader, at.stream, at.stream + length) === 0)
      throw damaged('stream ends in a state outside its range');
    const answer = checked(take());
    if (kernels.isClosed(at.reader) === 0) throw damaged('stream does not end where it began');
    return answer;
  };

  const readOccupancy = (stream: Uint8Array, hitCount: number): void => {
    const { rows, columns, words, stride, layerRows } = grid;
    try {
      const found = read(stream, () =>
        kernels.takeOccupancy(
          at.reader,
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
          at.ones[0]!,
          at.cells,
          at.voxel,
          hitCount,
        ),
      );
      if (found !== hitCount) throw damaged(`occupancy holds ${found} hits, not the ${hitCount} declared`);
    } finally {
      kernels.clearRows(rows, at.mask, stride, at.row);
    }
  };

  const readPlanes = (streams: readonly Uint8Array[], count: number): void => {
    kernels.setNodes(at.voxel, count, at.node, 1);
    try {
      streams.forEach((stream, index) => {
        read(stream, () =>
          kernels.takePlane(
            at.reader,
            at.voxel,
            count,
            at.node,
            nodes.columns,
            at.pairs,
            at.ones[1 + index]!,
          ),
        );
      });
      kernels.takeLevels(at.voxel, count, at.node, 1 << streams.length, at.level);
    } finally {
      kernels.setNodes(at.voxel, count, at.node, 0);
    }
  };

  const readRemainder = (stream: Uint8Array, count: number): void => {
    const { facts, coefficients, levels, contextSteps, log, middle } = at.remainder;
    kernels.markMiddles(at.voxel, at.level, count, middle, at.levelMiddles);
    try {
      read(stream, () =>
        kernels.takeRemainders(
          at.reader,
          at.voxel,
          at.level,
          count,
          log,
          middle,
          2 * logs.columns,
          facts,
          scale.adcBits,
          scale.lowest[0]!,
          coefficients,
          levels,
          scale.lowest.length,
          contextSteps,
          at.parts,
          at.adc,
        ),
      );
    } finally {
      kernels.clearLogs(at.voxel, count, log, middle);
    }
  };

  return {
    decode({ occupancy, planes, remainder }, hitCount) {
      readOccupancy(occupancy, hitCount);
      readPlanes(planes, hitCount);
      if (remainder !== null) readRemainder(remainder, hitCount);
      return {
        voxel: new Uint32Array(buffer, at.voxel, hitCount).slice(),
        level: new Uint8Array(buffer, at.level, hitCount).slice(),
        adc: remainder === null ? null : new Uint16Array(buffer, at.adc, hitCount).slice(),
      };
    },
  };
};
