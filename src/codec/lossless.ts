/**
 * The lossless rung: every bit of a zero-suppressed frame, occupancy first, then amplitudes, each coded by rANS
 * in the context of its neighbours with the static tables of the instrument. Refuses payloads made with other
 * tables (packet-model) and damaged ones (packet-layer), and leaves its scratch space clean whatever it met.
 */

import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import { clearOccupancy, markOccupancy } from '../kernels/occupancy.ts';
import { closeRans, openRans, ransBytesMax, ransEncode } from '../kernels/rans.ts';
import { gapStepsMax } from './gaps.ts';
import {
  damaged,
  type ReadProgress,
  takeAmplitudes,
  takeChunks,
  takeTileFlags,
  takeTileGaps,
} from './lossless_reader.ts';
import { clearGrades, putAmplitudes, putChunks, putTileFlags, putTileGaps } from './lossless_writer.ts';
import { type LosslessTables, losslessPrecision } from './tables.ts';
import { putVarint, takeVarint, varintBytesMax } from './varint.ts';

/** First byte of a payload: version in the high four bits, how tiles are listed in the low ones. */
const losslessVersion = 1;
const gapTiles = 0;
const flagTiles = 1;
/** Version and mode, then the tables' checksum, little-endian. */
const losslessHeadBytes = 5;

/** Few active tiles are listed by gaps, many by a flag each. */
export const tilesByGaps = (tileCount: number, tileEnd: number): boolean => tileCount * 8 < tileEnd;

/**
 * Codes a frame of the tables' instrument into a payload of its own; the same input gives the same bytes on
 * every machine. Voxels ascend and lie in the grid, ADC is 1 … 2^adcBits − 1 (`wire` checked them).
 */
export const encodeLossless = (digits: Digits, card: InstrumentCard, tables: LosslessTables): Uint8Array => {
  const { occupancy, scratch } = tables;
  if (occupancy.voxels !== voxelCount(card)) {
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

export const decodeLossless = (
  payload: Uint8Array,
  hitCount: number,
  card: InstrumentCard,
  tables: LosslessTables,
): Digits => {
  const { occupancy } = tables;
  if (occupancy.voxels !== voxelCount(card)) {
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
  const progress: ReadProgress = { tiles: 0, graded: 0 };
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

const otherTables = (found: number, tables: LosslessTables): Fault =>
  new Fault(
    'packet-model',
    `the lossless layer was coded with tables ${found.toString(16).padStart(8, '0')}, but ${tables.id} were given`,
  );
