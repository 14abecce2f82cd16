/**
 * Unsigned LEB128 integers in payload heads. Refuses (packet-layer) one that is cut or does not fit 32 bits.
 */

import { Fault } from '../domain/fault.ts';

export const varintBytesMax = 5;

/** Writes `value` (0 … 2^32−1) at `at` and returns the next free index. */
export const putVarint = (out: Uint8Array, at: number, value: number): number => {
  let rest = value;
  let next = at;
  while (rest >= 0x80) {
    out[next++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  out[next++] = rest;
  return next;
};

export const takeVarint = (bytes: Uint8Array, at: number): { value: number; next: number } => {
  let value = 0;
  let scale = 1;
  for (let next = at; next < at + varintBytesMax && next < bytes.length; next++, scale *= 128) {
    const byte = bytes[next]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (value > 0xffffffff || (byte === 0 && next > at)) break;
      return { value, next: next + 1 };
    }
  }
  throw new Fault(
    'packet-layer',
    'a number in the payload head is cut, padded or too large: the layer is damaged',
  );
};
