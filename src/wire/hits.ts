/**
 * The hits inside a tf00 payload, packed and unpacked in one pass each. It only says *that* a hit is wrong on
 * the fast path and looks for which one afterwards; it refuses no message by itself.
 */

import { Fault } from '../domain/fault.ts';
import { type Digits, FrameEncoding } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { u16At } from '../kernels/little_endian.ts';

/** Bytes one hit takes in a payload. */
export const hitBytes = (encoding: number): number => (encoding === FrameEncoding.packed32 ? 4 : 6);

/** Packs trusted digits at `at`, which must be a multiple of eight in an array that starts its buffer. */
export const writeHits = (
  bytes: Uint8Array,
  at: number,
  digits: Digits,
  encoding: number,
  adcBits: number,
): void => {
  const { count, voxel, adc } = digits;
  const words = new Uint32Array(bytes.buffer, at, count);
  if (encoding === FrameEncoding.packed32) {
    for (let i = 0; i < count; i++) words[i] = (voxel[i]! << adcBits) | adc[i]!;
    return;
  }
  words.set(count === voxel.length ? voxel : voxel.subarray(0, count));
  new Uint16Array(bytes.buffer, at + 4 * count, count).set(
    count === adc.length ? adc : adc.subarray(0, count),
  );
};

let scratch = new Uint32Array(1024);

/** The payload as 32-bit words: a view where it lies on a word, a copy in scratch space where it does not. */
const wordsOf = (payload: Uint8Array): Uint32Array => {
  const count = payload.length >>> 2;
  if ((payload.byteOffset & 3) === 0) return new Uint32Array(payload.buffer, payload.byteOffset, count);
  const rounded = (payload.length + 3) >>> 2;
  if (scratch.length < rounded) scratch = new Uint32Array(Math.max(rounded, 2 * scratch.length));
  new Uint8Array(scratch.buffer).set(payload);
  return scratch;
};

/** Returns the last voxel (0 for none), −1 when any hit is out of order or has ADC 0. */
export const unpackWords = (
  payload: Uint8Array,
  count: number,
  adcBits: number,
  voxel: Uint32Array,
  adc: Uint16Array,
): number => {
  const words = wordsOf(payload);
  const mask = (1 << adcBits) - 1;
  let before = -1;
  // A sign bit gathered over all hits is cheaper than a branch a hit: both terms are ≥ 0 for a good one.
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    const cell = word >>> adcBits;
    const value = word & mask;
    wrong |= (cell - before - 1) | (value - 1);
    voxel[i] = cell;
    adc[i] = value;
    before = cell;
  }
  return wrong < 0 ? -1 : Math.max(before, 0);
};

/** The same for columns48; ADC values above the card's bits count as wrong too. */
export const unpackColumns = (
  payload: Uint8Array,
  count: number,
  adcBits: number,
  voxel: Uint32Array,
  adc: Uint16Array,
): number => {
  const words = wordsOf(payload);
  const adcMax = (1 << adcBits) - 1;
  let before = -1;
  let wrong = false;
  for (let i = 0; i < count; i++) {
    const cell = words[i]!;
    const value = u16At(payload, 4 * count + 2 * i);
    wrong ||= cell <= before || value === 0 || value > adcMax;
    voxel[i] = cell;
    adc[i] = value;
    before = cell;
  }
  return wrong ? -1 : Math.max(before, 0);
};

/** Names the first hit at fault; called only when there is one. */
export const hitFault = (
  count: number,
  card: InstrumentCard,
  voxels: number,
  voxel: Uint32Array,
  adc: Uint16Array,
): Fault => {
  const adcMax = (1 << card.adcBits) - 1;
  for (let i = 0; i < count; i++) {
    if (voxel[i]! >= voxels)
      return new Fault(
        'frame-range',
        `hit ${i} has voxel ${voxel[i]}; ${card.id} has voxels 0 to ${voxels - 1}`,
      );
    if (adc[i] === 0 || adc[i]! > adcMax)
      return new Fault('frame-range', `hit ${i} has ADC ${adc[i]}; a kept sample has 1 to ${adcMax}`);
    if (i > 0 && voxel[i]! <= voxel[i - 1]!)
      return new Fault(
        'frame-order',
        `hit ${i} has voxel ${voxel[i]} after ${voxel[i - 1]}; send each voxel once, in ascending order`,
      );
  }
  throw new Error('no hit is at fault');
};
