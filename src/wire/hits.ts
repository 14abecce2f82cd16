/**
 * The hits inside a tf00 payload, packed and unpacked in one pass each. It only says *that* a hit is wrong on
 * the fast path and looks for which one afterwards; it refuses no message by itself.
 */

import { Fault } from '../domain/fault.ts';
import { type Digits, FrameEncoding } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { u16At } from '../kernels/little_endian.ts';

/** Bytes one hit takes in a payload, at least. */
export const hitBytesMin = (encoding: number): number =>
  encoding === FrameEncoding.packed32 ? 4 : encoding === FrameEncoding.columns48 ? 6 : 2;

/** Whether a payload of this length can hold so many hits: exactly, or with leaps between them. */
export const fitsHits = (encoding: number, payloadBytes: number, hitCount: number): boolean =>
  encoding === FrameEncoding.gap16
    ? payloadBytes % 2 === 0 && payloadBytes >= 2 * hitCount && (hitCount > 0 || payloadBytes === 0)
    : payloadBytes === hitBytesMin(encoding) * hitCount;

/** Bytes the payload of these digits takes. */
export const payloadBytesOf = (digits: Digits, encoding: number, adcBits: number): number => {
  if (encoding !== FrameEncoding.gap16) return digits.count * hitBytesMin(encoding);
  const { count, voxel } = digits;
  const gapBits = 16 - adcBits;
  let words = count;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const leaps = (voxel[i]! - next) >>> gapBits;
    if (leaps > 0) words += ((leaps - 1) >>> gapBits) + 1;
    next = voxel[i]! + 1;
  }
  return 2 * words;
};

/** Packs trusted digits at `at`, which must be a multiple of eight in an array that starts its buffer. */
export const writeHits = (
  bytes: Uint8Array,
  at: number,
  digits: Digits,
  encoding: number,
  adcBits: number,
): void => {
  const { count, voxel, adc } = digits;
  if (encoding === FrameEncoding.gap16) {
    writeGaps(new Uint16Array(bytes.buffer, at), digits, adcBits);
    return;
  }
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

const writeGaps = (words: Uint16Array, digits: Digits, adcBits: number): void => {
  const { count, voxel, adc } = digits;
  const gapBits = 16 - adcBits;
  const leapsMax = 1 << gapBits;
  let at = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    let gap = voxel[i]! - next;
    while (gap >= leapsMax) {
      const leaps = Math.min(leapsMax, gap >>> gapBits);
      words[at++] = (leaps - 1) << adcBits;
      gap -= leaps << gapBits;
    }
    words[at++] = (gap << adcBits) | adc[i]!;
    next = voxel[i]! + 1;
  }
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

/**
 * The same for gap16, which cannot be out of order; −1 when the words hold more or fewer hits than `count`, end
 * with a leap, or leave the grid of `voxels`.
 */
export const unpackGaps = (
  payload: Uint8Array,
  count: number,
  adcBits: number,
  voxels: number,
  voxel: Uint32Array,
  adc: Uint16Array,
): number => {
  const length = payload.length >>> 1;
  const words =
    (payload.byteOffset & 1) === 0
      ? new Uint16Array(payload.buffer, payload.byteOffset, length)
      : new Uint16Array(wordsOf(payload).buffer, 0, length);
  const mask = (1 << adcBits) - 1;
  const gapBits = 16 - adcBits;
  let hits = 0;
  let next = 0;
  for (let i = 0; i < length; i++) {
    const word = words[i]!;
    const value = word & mask;
    if (value === 0) {
      next += ((word >>> adcBits) + 1) << gapBits;
      if (next >= voxels || i === length - 1) return -1;
      continue;
    }
    if (hits === count) return -1;
    next += word >>> adcBits;
    voxel[hits] = next++;
    adc[hits++] = value;
  }
  return hits === count && next <= voxels ? Math.max(next - 1, 0) : -1;
};

/** Where the hits of a frame go; a room may bring a quicker twin of `unpackGaps`, made for its card. */
export interface HitColumns {
  readonly voxel: Uint32Array;
  readonly adc: Uint16Array;
  readonly unpackGaps?: (payload: Uint8Array, count: number) => number;
}

/** What is wrong with a gap16 payload; called only when something is. */
export const gapFault = (payload: Uint8Array, count: number, card: InstrumentCard, voxels: number): Fault => {
  const { adcBits } = card;
  let hits = 0;
  let next = 0;
  let leaps = false;
  for (let at = 0; at < payload.length; at += 2) {
    const word = u16At(payload, at);
    const gap = word >>> adcBits;
    leaps = (word & ((1 << adcBits) - 1)) === 0;
    next += leaps ? (gap + 1) * 2 ** (16 - adcBits) : gap + 1;
    if (next > voxels)
      return new Fault(
        'frame-range',
        `word ${at / 2} leads to voxel ${next - (leaps ? 0 : 1)}; ${card.id} has voxels 0 to ${voxels - 1}`,
      );
    if (!leaps) hits += 1;
  }
  if (hits !== count)
    return new Fault('frame-count', `hit_count is ${count}, the words of the payload hold ${hits} hits`);
  if (leaps) return new Fault('frame-order', 'the payload ends with a leap; end it with the last hit');
  throw new Error('no word is at fault');
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
