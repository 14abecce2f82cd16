/**
 * The forward half of the lossless rung: a marked frame as coding steps, in the order the reader undoes them:
 * active tiles, filled chunks, voxels, amplitudes. Refuses nothing; the caller makes room for the steps.
 */

import type { Digits } from '../domain/frame.ts';
import { amplitudeContext, lookAround } from '../kernels/amplitude.ts';
import { bitContext, chunkContext, type OccupancyGrid, tileContext, window24 } from '../kernels/occupancy.ts';
import { rawStep } from '../kernels/rans.ts';
import { putGap } from './gaps.ts';
import { type LosslessTables, losslessPrecision } from './tables.ts';

export const putTileGaps = (tables: LosslessTables, tileCount: number): number => {
  const { active } = tables.occupancy.scratch;
  let at = 0;
  let last = -1;
  for (let i = 0; i < tileCount; i++) {
    at = putGap(tables.scratch.steps, at, active[i]! - last - 1, tables.gaps);
    last = active[i]!;
  }
  return at;
};

export const putTileFlags = (tables: LosslessTables): number => {
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

export const putAmplitudes = (tables: LosslessTables, firstStep: number, digits: Digits): number => {
  const { scale, amplitudeSteps } = tables;
  const { symbolOf, symbols, lowest, rawBits, adcBits, levelOf } = scale;
  const { grade, origin, columns } = tables.amplitude;
  const { steps, view } = tables.scratch;
  const weights = tables.parts.weights;
  const { count, voxel, adc } = digits;
  markGrades(tables, digits);
  let next = firstStep;
  for (let i = 0; i < count; i++) {
    const at = origin + (voxel[i]! | 0);
    const value = adc[i]!;
    const symbol = symbolOf[value]!;
    lookAround(grade, at, columns, view);
    const context = amplitudeContext(view, weights, levelOf);
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
