import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { putVarint, takeVarint, varintBytesMax } from '../../src/kernels/varint.ts';

describe('varint', () => {
  it('gives back every 32-bit number in at most five bytes', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 - 1 }), fc.nat({ max: 3 }), (value, at) => {
        const bytes = new Uint8Array(at + varintBytesMax);
        const next = putVarint(bytes, at, value);
        expect(takeVarint(bytes.subarray(0, next), at)).toEqual({ value, next });
      }),
    );
  });

  it('refuses what is cut, padded or too large', () => {
    for (const bytes of [
      [],
      [0x80],
      [0xff, 0xff],
      [0x80, 0],
      [0x80, 0x80, 0x80, 0x80, 0x10],
      [255, 255, 255, 255, 255, 1],
    ]) {
      expect(() => takeVarint(Uint8Array.from(bytes), 0)).toThrow(Fault);
    }
  });
});
