/**
 * The backward half of the lossless rung: tiles, chunks, voxels and amplitudes out of a rANS stream. Refuses
 * (packet-layer) what no writer writes; it never makes more hits than declared nor leaves the grid.
 */

import { Fault } from '../domain/fault.ts';
import { amplitudeContext, lookAround } from '../kernels/amplitude.ts';
import { bitContext, chunkContext, tileContext, window24 } from '../kernels/occupancy.ts';
import { type RansReader, readBit, readRaw, readStepSymbol } from '../kernels/rans.ts';
import { takeGap } from './gaps.ts';
import type { LosslessTables } from './tables.ts';

/** What the reader has put into the scratch space so far: what must be cleared, whatever happens. */
export interface ReadProgress {
  tiles: number;
  graded: number;
}

export const damaged = (what: string): Fault =>
  new Fault('packet-layer', `the lossless layer is damaged or of another version: ${what}`);

export const takeTileGaps = (
  reader: RansReader,
  tables: LosslessTables,
  tileCount: number,
  progress: ReadProgress,
): void => {
  const { chunks, stride, tileEnd } = tables.occupancy;
  const { active, tile, tileOrigin } = tables.occupancy.scratch;
  let last = -1;
  for (let i = 0; i < tileCount; i++) {
    last += takeGap(reader, tables.gaps) + 1;
    if (last >= tileEnd || last % stride >= chunks) throw damaged('a tile lies outside the grid');
    active[i] = last;
    tile[tileOrigin + last] = 1;
    progress.tiles = i + 1;
  }
};

export const takeTileFlags = (reader: RansReader, tables: LosslessTables, progress: ReadProgress): void => {
  const { chunks, stride, layerTiles, tileEnd } = tables.occupancy;
  const { active, tile, tileOrigin } = tables.occupancy.scratch;
  const { tileSteps } = tables;
  for (let first = 0; first < tileEnd; first += stride) {
    for (let id = first; id < first + chunks; id++) {
      const context = tileContext(tile, tileOrigin + id, stride, layerTiles);
      if (readBit(reader, tileSteps[(context << 1) | 1]!) === 0) continue;
      active[progress.tiles++] = id;
      tile[tileOrigin + id] = 1;
    }
  }
};

export const takeChunks = (
  reader: RansReader,
  tables: LosslessTables,
  tileCount: number,
  voxel: Uint32Array,
): void => {
  const { chunkSteps } = tables;
  const { stride, layerBytes, rows, columns, origin } = tables.occupancy;
  const { mask, tile, tileOrigin, active, filled } = tables.occupancy.scratch;
  let hit = 0;
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
        const byte = origin + row * stride + chunk;
        const right = tile[tileOrigin + id + 1]!;
        const context = chunkContext(mask, byte, stride, layerBytes, filled[chunk] === 1 ? 0 : stage, right);
        if (readBit(reader, chunkSteps[(context << 1) | 1]!) === 0) continue;
        filled[chunk] = 1;
        const own = takeByte(reader, tables, byte, Math.min(8, columns - chunk * 8));
        mask[byte] = own;
        for (let bits = own, at = row * columns + chunk * 8; bits !== 0; bits = (bits << 1) & 0xff, at++) {
          if (bits < 128) continue;
          if (hit === voxel.length) throw damaged('it holds more hits than declared');
          voxel[hit++] = at;
        }
      }
    }
    for (let index = first; index < tileIndexEnd; index++) {
      if (filled[active[index]! - base] === 0) throw damaged('an active tile is empty');
    }
  }
  if (hit !== voxel.length) throw damaged(`it holds ${hit} hits, not the ${voxel.length} declared`);
};

const takeByte = (reader: RansReader, tables: LosslessTables, byte: number, bits: number): number => {
  const { bitSteps } = tables;
  const { stride, layerBytes } = tables.occupancy;
  const { mask } = tables.occupancy.scratch;
  const up = window24(mask, byte - stride);
  const up2 = window24(mask, byte - 2 * stride);
  const back = window24(mask, byte - layerBytes);
  const before = mask[byte - 1]!;
  let prefix = 1;
  for (let j = 0; j < bits; j++) {
    const context = bitContext(prefix, before, j, up, up2, back);
    prefix = (prefix << 1) | readBit(reader, bitSteps[(context << 1) | 1]!);
  }
  const own = (prefix << (8 - bits)) & 0xff;
  if (own === 0) throw damaged('a filled chunk is empty');
  return own;
};

export const takeAmplitudes = (
  reader: RansReader,
  tables: LosslessTables,
  digits: { readonly count: number; readonly voxel: Uint32Array; readonly adc: Uint16Array },
  progress: ReadProgress,
): void => {
  const { amplitudeSteps, scale } = tables;
  const { symbols, symbolOf, lowest, rawBits, adcBits, levelOf } = scale;
  const { grade, origin, columns } = tables.amplitude;
  const { view } = tables.scratch;
  const { count, voxel, adc } = digits;
  // Later hits are known to be there, not how large: any non-zero grade says so.
  for (let i = 0; i < count; i++) grade[origin + voxel[i]!] = 1;
  progress.graded = count;
  for (let i = 0; i < count; i++) {
    const at = origin + voxel[i]!;
    lookAround(grade, at, columns, view);
    const context = amplitudeContext(view, tables.parts.weights, levelOf);
    const symbol = readStepSymbol(reader, amplitudeSteps, context * symbols);
    let value = lowest[symbol]!;
    if (symbol === 0) {
      value = readRaw(reader, 8);
      value |= readRaw(reader, Math.max(1, adcBits - 8)) << 8;
    } else if (rawBits[symbol]! > 0) {
      value += readRaw(reader, rawBits[symbol]!);
    }
    if (value === 0 || symbolOf[value] !== symbol) throw damaged(`an ADC value of ${value} is not coded so`);
    adc[i] = value;
    grade[at] = scale.grade[symbol]!;
  }
};
