/**
 * Reads NumPy's .npz: a zip, stored or deflated, of .npy arrays of numbers or short strings, one array at a
 * time. It refuses pickles, big-endian and Fortran order, and anything whose lengths do not agree.
 */

import { inflateRawSync } from 'node:zlib';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';

/** Values in C order; 64-bit integers are bigint, strings are text. */
export type NpyValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

export interface NpyArray {
  /** NumPy's own name of the element type, such as `<u4`. */
  readonly descr: string;
  readonly shape: readonly number[];
  readonly values: NpyValues;
}

export interface Npz {
  /** Array names, without the ending .npy. */
  readonly names: readonly string[];
  /** Unpacks one array; throws file-invalid. */
  read(name: string): NpyArray;
}

interface Entry {
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
}

const invalid = (detail: string): Fault => new Fault('file-invalid', detail);

// Zip's records and the places of the fields read (PKWARE APPNOTE 4.3).
const Signature = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 } as const;
const endBytes = 22;
const centralBytes = 46;
const localBytes = 30;
const commentBytesMax = 0xffff;
const Method = { stored: 0, deflated: 8 } as const;
const beyond32 = 0xffffffff;

const findEnd = (view: DataView): number => {
  const least = Math.max(0, view.byteLength - endBytes - commentBytesMax);
  for (let at = view.byteLength - endBytes; at >= least; at--)
    if (view.getUint32(at, true) === Signature.end) return at;
  throw invalid('the file does not end like a zip: it is cut short, or no .npz; write it with numpy.savez');
};

const readDirectory = (bytes: Uint8Array, view: DataView): Map<string, Entry> => {
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count > limits.npzArraysMax)
    throw invalid(`the file holds ${count} arrays, at most ${limits.npzArraysMax} are read`);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    if (at + centralBytes > end || view.getUint32(at, true) !== Signature.central)
      throw invalid(`entry ${i} of the zip's directory lies outside the file; write it anew`);
    const nameBytes = view.getUint16(at + 28, true);
    const next =
      at + centralBytes + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw invalid(`entry ${i} of the zip's directory lies outside the file; write it anew`);
    const name = new TextDecoder().decode(bytes.subarray(at + centralBytes, at + centralBytes + nameBytes));
    const entry = {
      method: view.getUint16(at + 10, true),
      packedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      headerAt: view.getUint32(at + 42, true),
    };
    if (entry.packedBytes === beyond32 || entry.bytes === beyond32 || entry.headerAt === beyond32)
      throw invalid(`${name} is larger than 4 GiB; split the arrays over several files`);
    entries.set(name.replace(/\.npy$/, ''), entry);
    at = next;
  }
  return entries;
};

const unpack = (bytes: Uint8Array, view: DataView, name: string, entry: Entry): Uint8Array => {
  const { headerAt, packedBytes, method } = entry;
  if (entry.bytes > limits.npyBytesMax)
    throw invalid(
      `${name} unpacks to ${entry.bytes} bytes, at most ${limits.npyBytesMax} are read; split it`,
    );
  if (headerAt + localBytes > bytes.length || view.getUint32(headerAt, true) !== Signature.local)
    throw invalid(`the data of ${name} are not where the zip says; write the file anew`);
  const at =
    headerAt + localBytes + view.getUint16(headerAt + 26, true) + view.getUint16(headerAt + 28, true);
  if (at + packedBytes > bytes.length)
    throw invalid(`the data of ${name} reach beyond the file: it is cut short`);
  const packed = bytes.subarray(at, at + packedBytes);
  if (method === Method.stored && packedBytes === entry.bytes) return packed;
  if (method !== Method.deflated)
    throw invalid(`${name} is packed by method ${method}; use numpy.savez or numpy.savez_compressed`);
  let unpacked: Uint8Array;
  try {
    unpacked = inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.bytes) });
  } catch (cause) {
    throw new Fault(
      'file-invalid',
      `${name} cannot be unpacked: ${(cause as Error).message}; write the file anew`,
      {
        cause,
      },
    );
  }
  if (unpacked.length !== entry.bytes)
    throw invalid(
      `${name} unpacks to ${unpacked.length} bytes, the zip says ${entry.bytes}; write the file anew`,
    );
  return unpacked;
};

/** The directory of a .npz; throws file-invalid. */
export const openNpz = (bytes: Uint8Array): Npz => {
  if (bytes.length < endBytes) throw invalid(`the file has ${bytes.length} bytes: no .npz is so short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(bytes, view);
  return {
    names: [...entries.keys()],
    read(name) {
      const entry = entries.get(name);
      if (entry === undefined)
        throw invalid(
          `there is no array '${name}'; the file holds ${[...entries.keys()].join(', ') || 'none'}`,
        );
      return parseNpy(unpack(bytes, view, name, entry), name);
    },
  };
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** One .npy, format 1.0 to 3.0 (NumPy enhancement proposal 1). */
export const parseNpy = (bytes: Uint8Array, name: string): NpyArray => {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte))
    throw invalid(`${name} is not a NumPy array; write it with numpy.savez`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw invalid(`${name} has NumPy format ${version}; 1 to 3 are read`);
  const [headerAt, headerBytes] =
    version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (headerAt + headerBytes > bytes.length) throw invalid(`the header of ${name} reaches beyond it`);
  const header = new TextDecoder('latin1').decode(bytes.subarray(headerAt, headerAt + headerBytes));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || shapeText === undefined)
    throw invalid(
      `${name} has no plain element type; give one array a column (no structured or object arrays)`,
    );
  const shape = shapeText
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0))
    throw invalid(`${name} has the shape (${shapeText}), which is none`);
  if (shape.length > 1 && /'fortran_order':\s*True/.test(header))
    throw invalid(`${name} is in Fortran order; write numpy.ascontiguousarray(${name})`);
  const count = shape.reduce((product, size) => product * size, 1);
  return { descr, shape, values: valuesOf(bytes.subarray(headerAt + headerBytes), descr, count, name) };
};

const numberKinds = {
  u1: Uint8Array,
  b1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

const valuesOf = (data: Uint8Array, descr: string, count: number, name: string): NpyValues => {
  const [, order, kind, width] = /^([<>|=]?)([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  const fits = (bytesEach: number): void => {
    if (data.length !== count * bytesEach)
      throw invalid(
        `${name} has ${data.length} bytes of data, ${count} of ${descr} take ${count * bytesEach}; write it anew`,
      );
  };
  if (order === '>')
    throw invalid(`${name} is big-endian (${descr}); write ${name}.astype('<${kind}${width}')`);
  if (kind === 'U' || kind === 'S') {
    const bytesEach = Number(width) * (kind === 'U' ? 4 : 1);
    if (bytesEach > 4 * limits.nameBytesMax)
      throw invalid(
        `${name} holds strings of ${width} characters; names have at most ${limits.nameBytesMax}`,
      );
    fits(bytesEach);
    return stringsOf(data, kind, bytesEach, count);
  }
  const key = `${kind}${width}`;
  if (!Object.hasOwn(numberKinds, key))
    throw invalid(`${name} has elements of type ${descr}; write integers, floats or strings`);
  const NumberKind = numberKinds[key as keyof typeof numberKinds];
  fits(NumberKind.BYTES_PER_ELEMENT);
  // A view needs its alignment, which a place within a zip does not have (and a Buffer's slice is no copy).
  const aligned = new Uint8Array(data);
  return new NumberKind(aligned.buffer, 0, count);
};

const stringsOf = (data: Uint8Array, kind: 'U' | 'S', bytesEach: number, count: number): string[] => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const step = kind === 'U' ? 4 : 1;
  const known = new Map<string, string>();
  return Array.from({ length: count }, (_, i) => {
    let text = '';
    for (let at = i * bytesEach; at < (i + 1) * bytesEach; at += step) {
      const code = kind === 'U' ? view.getUint32(at, true) : data[at]!;
      if (code === 0) break;
      text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    }
    // A column of names repeats few of them: one string each is kept.
    if (!known.has(text) && known.size < limits.npzArraysMax) known.set(text, text);
    return known.get(text) ?? text;
  });
};
