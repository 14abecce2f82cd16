/**
 * The lossless rung: every bit of a zero-suppressed frame, occupancy first, then amplitudes, each coded by rANS
 * in the context of its neighbours with the static tables of the instrument. Refuses payloads made with other
 * tables (packet-model) and damaged ones (packet-layer); reading stays within the hits and voxels declared.
 */

import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { amplitudeContext, predictorCells } from '../kernels/amplitude.ts';
import {
  bitContext,
  chunkContext,
  clearOccupancy,
  markOccupancy,
  type OccupancyGrid,
  tileContext,
  window24,
} from '../kernels/occupancy.ts';
import { ransBytesMax, ransEncode, rawStep } from '../kernels/rans.ts';
import { gapStepsMax, putGap } from './gaps.ts';
import { type LosslessTables, losslessPrecision } from './tables.ts';
import { putVarint, varintBytesMax } from './varint.ts';

/** First byte of a payload: version in the high four bits, how tiles are listed in the low ones. */
export const losslessVersion = 1;
export const gapTiles = 0;
export const flagTiles = 1;
/** Version and mode, then the tables' checksum, little-endian. */
export const losslessHeadBytes = 5;

/** Few active tiles are listed by gaps, many by a flag each. */
export const tilesByGaps = (tileCount: number, tileEnd: number): boolean => tileCount * 8 < tileEnd;

/**
 * Codes a frame of the tables' instrument into a payload of its own; the same input gives the same bytes on
 * every machine. Voxels ascend and lie in the grid, ADC is 1 … 2^adcBits − 1 (`wire` checked them).
 */
export const encodeLossless = (digits: Digits, card: InstrumentCard, tables: LosslessTables): Uint8Array => {
  const { occupancy, scratch } = tables;
  if (occupancy.voxels !== card.axes.reduce((n, axis) => n * axis.size, 1)) {
    throw new Error('the lossless tables were made ready for another grid');
  }
  const tileCount = markOccupancy(digits.voxel, digits.count, occupancy);
  makeRoom(tables, tileCount, digits.count);
  const byGaps = tilesByGaps(tileCount, occupancy.tileEnd);
  let stepCount = byGaps ? putTileGaps(tables, tileCount) : putTileFlags(tables);
  stepCount = putChunks(scratch.steps, stepCount, tileCount, occupancy, tables.chunkSteps, tables.bitSteps);
  clearOccupancy(tileCount, occupancy);
  stepCount = putAmplitudes(tables, stepCount, digits);
  const out = scratch.bytes;
  out[0] = (losslessVersion << 4) | (byGaps ? gapTiles : flagTiles);
  for (let i = 0; i < 4; i++) out[1 + i] = tables.checksum >>> (8 * i);
  if (digits.count === 0) return out.slice(0, losslessHeadBytes);
  const headBytes = byGaps ? putVarint(out, losslessHeadBytes, tileCount) : losslessHeadBytes;
  const begin = ransEncode(scratch.steps, stepCount, losslessPrecision, out);
  const payload = new Uint8Array(headBytes + out.length - begin);
  payload.set(out.subarray(0, headBytes));
  payload.set(out.subarray(begin), headBytes);
  return payload;
};

/** Steps a frame can take: tiles, 8 chunks a tile, 8 voxels a filled chunk, symbol and raw bits a hit. */
const makeRoom = (tables: LosslessTables, tileCount: number, hitCount: number): void => {
  const { tileEnd, rows, stride } = tables.occupancy;
  const chunksMax = Math.min(tileCount * 8, rows * stride);
  const stepsMax =
    Math.max(tileEnd, tileCount * gapStepsMax) + chunksMax + 8 * Math.min(hitCount, chunksMax) + 3 * hitCount;
  if (tables.scratch.steps.length >= stepsMax) return;
  tables.scratch.steps = new Uint32Array(stepsMax + (stepsMax >>> 2));
  const headMax = losslessHeadBytes + varintBytesMax;
  tables.scratch.bytes = new Uint8Array(headMax + ransBytesMax(tables.scratch.steps.length));
};

const putTileGaps = (tables: LosslessTables, tileCount: number): number => {
  const { active } = tables.occupancy.scratch;
  let at = 0;
  let last = -1;
  for (let i = 0; i < tileCount; i++) {
    at = putGap(tables.scratch.steps, at, active[i]! - last - 1, tables.gaps);
    last = active[i]!;
  }
  return at;
};

const putTileFlags = (tables: LosslessTables): number => {
  const { chunks, stride, layerTiles, tileEnd } = tables.occupancy;
  const { tile, tileOrigin } = tables.occupancy.scratch;
  const { tileSteps } = tables;
  const { steps } = tables.scratch;
  let next = 0;
  for (let first = tileOrigin; first < tileOrigin + tileEnd; first += stride) {
    for (let at = first; at < first + chunks; at++) {
      steps[next++] = tileSteps[(tileContext(tile, at, stride, layerTiles) << 1) | tile[at]!]!;
    }
  }
  return next;
};

/**
 * Appends a step for each chunk of each active tile (filled or not) and for each voxel of the filled ones, row
 * by row; returns the new step count. Fitting calls it with tables whose steps are the contexts themselves.
 */
export const putChunks = (
  steps: Uint32Array,
  firstStep: number,
  tileCount: number,
  grid: OccupancyGrid,
  chunkSteps: Uint32Array,
  bitSteps: Uint32Array,
): number => {
  const { stride, layerBytes, rows, columns, origin } = grid;
  const { mask, tile, tileOrigin, active, filled } = grid.scratch;
  let next = firstStep;
  let tileIndexEnd = 0;
  for (let first = 0; first < tileCount; first = tileIndexEnd) {
    const tileRow = (active[first]! / stride) | 0;
    const base = tileRow * stride;
    while (tileIndexEnd < tileCount && active[tileIndexEnd]! < base + stride) tileIndexEnd++;
    filled.fill(0);
    const rowEnd = Math.min(rows, tileRow * 8 + 8);
    for (let row = tileRow * 8; row < rowEnd; row++) {
      const stage = Math.max(1, row & 7);
      for (let index = first; index < tileIndexEnd; index++) {
        const id = active[index]!;
        const chunk = id - base;
        const byte = origin + Math.imul(row, stride) + chunk;
        const own = mask[byte]!;
        const context = chunkContext(
          mask,
          byte,
          stride,
          layerBytes,
          filled[chunk] === 1 ? 0 : stage,
          tile[tileOrigin + id + 1]!,
        );
        if (own === 0) {
          steps[next++] = chunkSteps[context << 1]!;
          continue;
        }
        steps[next++] = chunkSteps[(context << 1) | 1]!;
        filled[chunk] = 1;
        const up = window24(mask, byte - stride);
        const up2 = window24(mask, byte - 2 * stride);
        const back = window24(mask, byte - layerBytes);
        const before = mask[byte - 1]!;
        const bits = Math.min(8, columns - chunk * 8);
        let prefix = 1;
        for (let j = 0; j < bits; j++) {
          const bit = (own >>> (7 - j)) & 1;
          steps[next++] = bitSteps[(bitContext(prefix, before, j, up, up2, back) << 1) | bit]!;
          prefix = (prefix << 1) | bit;
        }
      }
    }
  }
  return next;
};

const putAmplitudes = (tables: LosslessTables, firstStep: number, digits: Digits): number => {
  const { scale, amplitudeSteps } = tables;
  const { symbolOf, symbols, lowest, rawBits, adcBits } = scale;
  const { grade, origin, columns, plane } = tables.amplitude;
  const { steps, cells } = tables.scratch;
  const weights = tables.parts.weights;
  const { count, voxel, adc } = digits;
  markGrades(tables, digits);
  let next = firstStep;
  for (let i = 0; i < count; i++) {
    const at = origin + (voxel[i]! | 0);
    const value = adc[i]!;
    const symbol = symbolOf[value]!;
    predictorCells(grade, at, columns, plane, cells);
    const context = amplitudeContext(grade, at, columns, cells, weights, symbols);
    steps[next++] = amplitudeSteps[Math.imul(context, symbols) + symbol]!;
    const bits = rawBits[symbol]!;
    if (symbol === 0) {
      steps[next++] = rawStep(value & 0xff, 8, losslessPrecision);
      steps[next++] = rawStep(value >>> 8, Math.max(1, adcBits - 8), losslessPrecision);
    } else if (bits > 0) {
      steps[next++] = rawStep(value - lowest[symbol]!, bits, losslessPrecision);
    }
  }
  clearGrades(tables, voxel, count);
  return next;
};

/** Every hit's grade by voxel; a context looks at earlier grades and only at the presence of later ones. */
export const markGrades = (tables: LosslessTables, digits: Digits): void => {
  const { symbolOf, grade: gradeOf } = tables.scale;
  const { grade, origin } = tables.amplitude;
  for (let i = 0; i < digits.count; i++) {
    grade[origin + digits.voxel[i]!] = gradeOf[symbolOf[digits.adc[i]!]!]!;
  }
};

export const clearGrades = (tables: LosslessTables, voxel: Uint32Array, count: number): void => {
  const { grade, origin } = tables.amplitude;
  for (let i = 0; i < count; i++) grade[origin + voxel[i]!] = 0;
};

export const otherTables = (found: number, tables: LosslessTables): Fault =>
  new Fault(
    'packet-model',
    `the lossless layer was coded with tables ${found.toString(16).padStart(8, '0')}, but ${tables.id} were given`,
  );
