/** Numbers in bytes: the same as DataView's, at any offset. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countAt,
  f32At,
  f64At,
  i32At,
  i64At,
  putCount,
  putF64,
  putI64,
  putU16,
  putU32,
  u16At,
  u32At,
  u64At,
} from '../../src/kernels/little_endian.ts';

const places = fc.tuple(fc.uint8Array({ minLength: 24, maxLength: 24 }), fc.nat(16));

describe('little endian', () => {
  it('reads as DataView does', () => {
    fc.assert(
      fc.property(places, ([bytes, at]) => {
        const view = new DataView(bytes.buffer);
        expect(u16At(bytes, at)).toBe(view.getUint16(at, true));
        expect(i32At(bytes, at)).toBe(view.getInt32(at, true));
        expect(u32At(bytes, at)).toBe(view.getUint32(at, true));
        expect(i64At(bytes, at)).toBe(view.getBigInt64(at, true));
        expect(u64At(bytes, at)).toBe(view.getBigUint64(at, true));
        expect(f64At(bytes, at)).toBe(view.getFloat64(at, true));
        expect(f32At(bytes, at)).toBe(view.getFloat32(at, true));
        const count = view.getBigUint64(at, true);
        expect(countAt(bytes, at)).toBe(count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : -1);
      }),
    );
  });

  it('writes as DataView does', () => {
    const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(places, i64, fc.double(), fc.maxSafeNat(), ([bytes, at], wide, double, count) => {
        const view = new DataView(bytes.buffer);
        putI64(bytes, at, wide);
        expect(view.getBigInt64(at, true)).toBe(wide);
        putF64(bytes, at, double);
        expect(view.getFloat64(at, true)).toBe(double);
        putCount(bytes, at, count);
        expect(view.getBigUint64(at, true)).toBe(BigInt(count));
        expect(countAt(bytes, at)).toBe(count);
        putU32(bytes, at, count % 2 ** 32);
        expect(view.getUint32(at, true)).toBe(count % 2 ** 32);
        putU16(bytes, at, count & 0xffff);
        expect(view.getUint16(at, true)).toBe(count & 0xffff);
      }),
    );
  });
});
