/**
 * Static range asymmetric numeral systems (rANS, Duda 2013): two interleaved 31-bit states, 16-bit words, so
 * that all arithmetic is int32. Coding steps are collected forwards, coded backwards and read forwards; the
 * reader refuses (packet-layer) to run past its bytes or to end in another state than the coder started from.
 */

import { Fault } from '../domain/fault.ts';

/** States live in [2^15, 2^31): one 16-bit word in or out per step, and products stay below 2^31. */
const stateLow = 1 << 15;
/** The same for other files: an exported constant is loaded anew at each use, and not used here. */
/** Bytes the two end states take; the only cost beside the information itself. */
export const ransTailBytes = 8;

/** 1/freq: multiplying is faster than dividing, and (state + ½)/freq is never so near a whole number that rounding
 * could cross it. */
const inverse = Float64Array.from({ length: (1 << 15) + 1 }, (_, freq) => 1 / Math.max(1, freq));

/** Largest number of bytes `stepCount` steps can take. */
export const ransBytesMax = (stepCount: number): number => 2 * stepCount + ransTailBytes;

/**
 * An alphabet with static frequencies that sum to 2^`precision`. `step[s]` is the coding step of symbol s
 * (`start << 16 | freq`), `symbolAt[slot]` the symbol whose range holds a slot.
 */
export interface SymbolTable {
  readonly precision: number;
  readonly freq: Uint16Array;
  readonly step: Uint32Array;
  readonly symbolAt: Uint16Array;
}

export const symbolTable = (freq: Uint16Array, precision: number): SymbolTable => {
  const sum = 1 << precision;
  const step = new Uint32Array(freq.length);
  const symbolAt = new Uint16Array(sum);
  let start = 0;
  for (let s = 0; s < freq.length; s++) {
    const f = freq[s]!;
    if (f < 1 || f >= sum || start + f > sum) throw new Error(`frequency ${f} of symbol ${s} does not fit`);
    step[s] = (start << 16) | f;
    symbolAt.fill(s, start, start + f);
    start += f;
  }
  if (start !== sum) throw new Error(`frequencies sum to ${start}, not ${sum}`);
  return { precision, freq, step, symbolAt };
};

/** Step of `bits` ≤ precision uniform bits with this value. */
export const rawStep = (value: number, bits: number, precision: number): number =>
  (value << (precision - bits + 16)) | (1 << (precision - bits));

/** Step of one of `count` (2 … 2^precision) equally likely values: their shares of the slots differ by one at most. */
export const uniformStep = (value: number, count: number, precision: number): number => {
  const start = Math.floor((value * 2 ** precision) / count);
  return (start << 16) | (Math.floor(((value + 1) * 2 ** precision) / count) - start);
};

/** Step of one bit whose ones have frequency `one` of 2^`precision`: ones lie first. */
export const bitStep = (bit: number, one: number, precision: number): number =>
  bit === 1 ? one : (one << 16) | ((1 << precision) - one);

/**
 * Codes `count` steps (all of one precision, frequencies 1 … 2^precision − 1) into the end of `out` and returns
 * where the bytes begin; `out` must hold `ransBytesMax(count)`. Step i belongs to state i mod 2.
 */
export const ransEncode = (steps: Uint32Array, count: number, precision: number, out: Uint8Array): number => {
  if (count > steps.length || out.length < ransBytesMax(count))
    throw new Error('the rANS buffers are too small');
  const sum = 1 << precision;
  const room = 31 - precision;
  let at = out.length;
  let even = stateLow;
  let odd = stateLow;
  let i = count - 1;
  if ((count & 1) === 1) {
    const step = steps[i--]!;
    const freq = step & 0xffff;
    if (even >= freq << room) {
      at -= 2;
      out[at] = even;
      out[at + 1] = even >>> 8;
      even >>>= 16;
    }
    even = (even + Math.imul(((even + 0.5) * inverse[freq]!) | 0, sum - freq) + (step >>> 16)) | 0;
  }
  for (; i > 0; i -= 2) {
    const oddStep = steps[i]!;
    const evenStep = steps[i - 1]!;
    const oddFreq = oddStep & 0xffff;
    const evenFreq = evenStep & 0xffff;
    if (odd >= oddFreq << room) {
      at -= 2;
      out[at] = odd;
      out[at + 1] = odd >>> 8;
      odd >>>= 16;
    }
    if (even >= evenFreq << room) {
      at -= 2;
      out[at] = even;
      out[at + 1] = even >>> 8;
      even >>>= 16;
    }
    odd = (odd + Math.imul(((odd + 0.5) * inverse[oddFreq]!) | 0, sum - oddFreq) + (oddStep >>> 16)) | 0;
    even =
      (even + Math.imul(((even + 0.5) * inverse[evenFreq]!) | 0, sum - evenFreq) + (evenStep >>> 16)) | 0;
  }
  at = putState(out, at, odd);
  return putState(out, at, even);
};

const putState = (out: Uint8Array, at: number, state: number): number => {
  out[at - 4] = state;
  out[at - 3] = state >>> 8;
  out[at - 2] = state >>> 16;
  out[at - 1] = state >>> 24;
  return at - 4;
};

/** Where a reader stands; `next` is the state of the coming step, `other` of the one after it. */
export interface RansReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly precision: number;
  at: number;
  next: number;
  other: number;
}

export const openRans = (bytes: Uint8Array, begin: number, end: number, precision: number): RansReader => {
  if (begin < 0 || end > bytes.length || end - begin < ransTailBytes || ((end - begin) & 1) === 1) {
    throw damaged(`${end - begin} bytes cannot be a rANS stream`);
  }
  const next = takeState(bytes, begin);
  const other = takeState(bytes, begin + 4);
  return { bytes, end, precision, at: begin + ransTailBytes, next, other };
};

const takeState = (bytes: Uint8Array, at: number): number => {
  const state = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  // A state with its sign bit set is below the range too.
  if (state < stateLow) throw damaged('an end state is outside its range');
  return state;
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `${what}: the layer is damaged or cut; ask for the packet again`);

export const ransEndsEarly = (): Fault => damaged('the stream ends before its last symbol');

/** Ends the step whose symbol has this range: steps the state, refills it, swaps the two. */
const advance = (reader: RansReader, slot: number, start: number, freq: number): void => {
  let state = Math.imul(freq, reader.next >>> reader.precision) + slot - start;
  if (state < stateLow) {
    const at = reader.at;
    if (at >= reader.end) throw ransEndsEarly();
    state = (state << 16) | reader.bytes[at]! | (reader.bytes[at + 1]! << 8);
    reader.at = at + 2;
  }
  reader.next = reader.other;
  reader.other = state;
};

export const readSymbol = (reader: RansReader, table: SymbolTable): number => {
  const slot = reader.next & ((1 << reader.precision) - 1);
  const symbol = table.symbolAt[slot]!;
  const step = table.step[symbol]!;
  advance(reader, slot, step >>> 16, step & 0xffff);
  return symbol;
};

/** `one` is the frequency of a one, which is also its step: ones lie first. */
export const readBit = (reader: RansReader, one: number): 0 | 1 => {
  const sum = 1 << reader.precision;
  const slot = reader.next & (sum - 1);
  if (slot < one) {
    advance(reader, slot, 0, one);
    return 1;
  }
  advance(reader, slot, one, sum - one);
  return 0;
};

/**
 * The symbol of an alphabet whose steps begin at `first`, looked for from symbol `from` on, which must not lie behind
 * it: for tables too many to keep a slot list of each.
 */
export const readStepSymbol = (
  reader: RansReader,
  steps: Uint32Array,
  first: number,
  from: number,
): number => {
  const slot = reader.next & ((1 << reader.precision) - 1);
  let symbol = from;
  let step = steps[first + from]!;
  while (slot >= (step >>> 16) + (step & 0xffff)) step = steps[first + ++symbol]!;
  advance(reader, slot, step >>> 16, step & 0xffff);
  return symbol;
};

/** `bits` ≤ precision uniform bits. */
export const readRaw = (reader: RansReader, bits: number): number => {
  const rest = reader.precision - bits;
  const slot = reader.next & ((1 << reader.precision) - 1);
  const value = slot >>> rest;
  advance(reader, slot, value << rest, 1 << rest);
  return value;
};

/** One of `count` (2 … 2^precision) equally likely values. */
export const readUniform = (reader: RansReader, count: number): number => {
  const sum = 1 << reader.precision;
  const slot = reader.next & (sum - 1);
  const value = Math.ceil(((slot + 1) * count) / sum) - 1;
  const start = Math.floor((value * sum) / count);
  advance(reader, slot, start, Math.floor(((value + 1) * sum) / count) - start);
  return value;
};

/** The end-of-stream check: all bytes read and both states back where the coder began. */
export const closeRans = (reader: RansReader): void => {
  if (reader.at !== reader.end || reader.next !== stateLow || reader.other !== stateLow) {
    throw damaged('the stream does not end where it began');
  }
};
