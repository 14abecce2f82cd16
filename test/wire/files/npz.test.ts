/** .npz as NumPy writes it: both packings, the element types an import needs, and files that lie. */

import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import { encodeNpz } from '../../../src/sim/export.ts';
import { openNpz, parseNpy } from '../../../src/wire/files/npz.ts';

/** One .npy in format 1.0, 2.0 or 3.0. */
const npy = (descr: string, shape: string, data: Uint8Array, version = 1, fortran = 'False'): Uint8Array => {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const head =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Buffer.concat([
    Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...head]),
    Buffer.from(text),
    data,
  ]);
};
const utf32 = (text: string, width: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * width));
  [...text].forEach((letter, i) => {
    view.setUint32(4 * i, letter.codePointAt(0)!, true);
  });
  return new Uint8Array(view.buffer);
};
const faultOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof Fault) return error.detail;
    throw error;
  }
  return 'no fault';
};

describe('npz', () => {
  const arrays = {
    hits: { data: Uint32Array.of(1, 70_000, 4_000_000_000), shape: [3] },
    region: { data: Uint8Array.of(5, 6), shape: [2] },
    grid: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
    none: { data: Uint16Array.of(), shape: [0] },
  };

  it.each([
    ['stored', undefined],
    ['deflated', (bytes: Uint8Array) => deflateRawSync(bytes)],
  ])('reads what the simulator exports, %s', (_, deflate) => {
    const npz = openNpz(encodeNpz(arrays, deflate));
    expect(npz.names).toEqual(Object.keys(arrays));
    for (const [name, { data, shape }] of Object.entries(arrays))
      expect(npz.read(name)).toMatchObject({ shape, values: data });
  });

  it('reads every element type and version an import may meet', () => {
    const of = (descr: string, data: ArrayBufferView, version = 1) =>
      parseNpy(npy(descr, '(2,)', new Uint8Array(data.buffer), version), 'x').values;
    expect(of('|u1', Uint8Array.of(1, 255))).toEqual(Uint8Array.of(1, 255));
    expect(of('|b1', Uint8Array.of(1, 0))).toEqual(Uint8Array.of(1, 0));
    expect(of('<i2', Int16Array.of(-1, 7), 2)).toEqual(Int16Array.of(-1, 7));
    expect(of('<i8', BigInt64Array.of(-1n, 1n << 40n), 3)).toEqual(BigInt64Array.of(-1n, 1n << 40n));
    expect(of('<f8', Float64Array.of(0.5, -2))).toEqual(Float64Array.of(0.5, -2));
    const names = Buffer.concat([utf32('tpc', 4), utf32('é', 4)]);
    expect(parseNpy(npy('<U4', '(2,)', names), 'x').values).toEqual(['tpc', 'é']);
    expect(parseNpy(npy('|S3', '(2,)', Buffer.from('ab\0abc')), 'x').values).toEqual(['ab', 'abc']);
    expect(parseNpy(npy('<u4', '()', new Uint8Array(4)), 'x')).toMatchObject({
      shape: [],
      values: Uint32Array.of(0),
    });
  });

  it('says what is wrong and what mends it', () => {
    const two = new Uint8Array(8);
    const cases: [Uint8Array, RegExp][] = [
      [npy('>u4', '(2,)', two), /big-endian.*astype\('<u4'\)/],
      [npy('|O', '(2,)', two), /write integers/],
      [npy('<c8', '(1,)', two), /write integers/],
      [npy('<u4', '(3,)', two), /8 bytes of data, 3 of <u4 take 12/],
      [npy('<u4', '(99999999999999999999,)', two), /which is none/],
      [npy('<u4', '(-2,)', two), /which is none/],
      [npy('<u2', '(2, 2)', two, 1, 'True'), /ascontiguousarray/],
      [npy('<u4', '(2,)', two, 9), /NumPy format 9/],
      [npy('<U9999', '(1,)', two), /strings of 9999/],
      [Buffer.from('hello world, this is no array'), /not a NumPy array/],
    ];
    for (const [bytes, words] of cases) expect(faultOf(() => parseNpy(bytes, 'x'))).toMatch(words);
    expect(faultOf(() => openNpz(encodeNpz(arrays)).read('absent'))).toMatch(
      /no array 'absent'.*hits, region/,
    );
    expect(faultOf(() => openNpz(new Uint8Array(5)))).toMatch(/5 bytes/);
    expect(faultOf(() => openNpz(new Uint8Array(500)))).toMatch(/does not end like a zip/);
  });

  it('refuses any file that was cut or changed, and never reads outside it', () => {
    const whole = encodeNpz(arrays, (bytes) => deflateRawSync(bytes));
    const readAll = (bytes: Uint8Array): void => {
      const npz = openNpz(bytes);
      for (const name of npz.names) npz.read(name);
    };
    for (let length = 0; length < whole.length; length++)
      expect(faultOf(() => readAll(whole.slice(0, length)))).not.toBe('no fault');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = whole.slice();
        changed[at]! ^= mask;
        // Names, times and checksums may change unseen; whatever else changes must end in a Fault, not a crash.
        faultOf(() => readAll(changed));
      }),
      { numRuns: 2000 },
    );
  });
});
