/**
 * Reads the lossless rung back into the very digits it was made from. Refuses payloads made with other tables
 * (packet-model) and damaged ones (packet-layer): it never reads past the bytes, never makes more hits than
 * declared, and leaves its scratch space clean whatever it met.
 */

import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { amplitudeContext, predictorCells } from '../kernels/amplitude.ts';
import { bitContext, chunkContext, clearOccupancy, tileContext, window24 } from '../kernels/occupancy.ts';
import { closeRans, openRans, type RansReader, readBit, readRaw, readStepSymbol } from '../kernels/rans.ts';
import { takeGap } from './gaps.ts';
import {
  clearGrades,
  flagTiles,
  gapTiles,
  losslessHeadBytes,
  losslessVersion,
  otherTables,
  tilesByGaps,
} from './lossless.ts';
import { type LosslessTables, losslessPrecision } from './tables.ts';
import { takeVarint } from './varint.ts';

export const decodeLossless = (
  payload: Uint8Array,
  hitCount: number,
  card: InstrumentCard,
  tables: LosslessTables,
): Digits => {
  const { occupancy } = tables;
  if (occupancy.voxels !== card.axes.reduce((n, axis) => n * axis.size, 1)) {
    throw new Error('the lossless tables were made ready for another grid');
  }
  const mode = payload.length < losslessHeadBytes ? -1 : payload[0]! & 15;
  if ((mode !== gapTiles && mode !== flagTiles) || payload[0]! >>> 4 !== losslessVersion) {
    throw damaged('the head is not one this version writes');
  }
  const checksum = (payload[1]! | (payload[2]! << 8) | (payload[3]! << 16) | (payload[4]! << 24)) >>> 0;
  if (checksum !== tables.checksum) throw otherTables(checksum, tables);
  if (!Number.isInteger(hitCount) || hitCount < 0 || hitCount > occupancy.voxels) {
    throw damaged(`${hitCount} hits do not fit the grid`);
  }
  const digits = { count: hitCount, voxel: new Uint32Array(hitCount), adc: new Uint16Array(hitCount) };
  if (hitCount === 0) {
    if (payload.length !== losslessHeadBytes || mode !== gapTiles)
      throw damaged('bytes follow an empty frame');
    return digits;
  }
  let begin = losslessHeadBytes;
  let declared = 0;
  if (mode === gapTiles) {
    const head = takeVarint(payload, begin);
    declared = head.value;
    begin = head.next;
    if (declared > hitCount) throw damaged(`${declared} active tiles cannot share ${hitCount} hits`);
  }
  const reader = openRans(payload, begin, payload.length, losslessPrecision);
  const progress = { tiles: 0, graded: 0 };
  try {
    if (mode === gapTiles) takeTileGaps(reader, tables, declared, progress);
    else takeTileFlags(reader, tables, progress);
    if (tilesByGaps(progress.tiles, occupancy.tileEnd) !== (mode === gapTiles))
      throw damaged('the mode is wrong');
    takeChunks(reader, tables, progress.tiles, digits.voxel);
    takeAmplitudes(reader, tables, digits, progress);
    closeRans(reader);
  } finally {
    clearOccupancy(progress.tiles, occupancy);
    clearGrades(tables, digits.voxel, progress.graded);
  }
  return digits;
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `the lossless layer is damaged or of another version: ${what}`);

const takeTileGaps = (
  reader: RansReader,
  tables: LosslessTables,
  tileCount: number,
  progress: { tiles: number },
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

const takeTileFlags = (reader: RansReader, tables: LosslessTables, progress: { tiles: number }): void => {
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

const takeChunks = (
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

const takeAmplitudes = (
  reader: RansReader,
  tables: LosslessTables,
  digits: { readonly count: number; readonly voxel: Uint32Array; readonly adc: Uint16Array },
  progress: { graded: number },
): void => {
  const { amplitudeSteps, scale } = tables;
  const { symbols, symbolOf, lowest, rawBits, adcBits } = scale;
  const { grade, origin, columns, plane } = tables.amplitude;
  const { cells } = tables.scratch;
  const { count, voxel, adc } = digits;
  // Later hits are known to be there, not how large: any non-zero grade says so.
  for (let i = 0; i < count; i++) grade[origin + voxel[i]!] = 1;
  progress.graded = count;
  for (let i = 0; i < count; i++) {
    const at = origin + voxel[i]!;
    predictorCells(grade, at, columns, plane, cells);
    const context = amplitudeContext(grade, at, columns, cells, tables.parts.weights, symbols);
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
