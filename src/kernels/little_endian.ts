/**
 * Little-endian numbers out of bytes at any offset, without a view object per message. Refuses nothing: the
 * caller has checked that the bytes are there.
 */

export const u16At = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

export const i32At = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

export const u32At = (bytes: Uint8Array, at: number): number => i32At(bytes, at) >>> 0;

const wide = new BigInt64Array(1);
const wideUnsigned = new BigUint64Array(wide.buffer);
const double = new Float64Array(wide.buffer);
const float = new Float32Array(wide.buffer);
const halves = new Int32Array(wide.buffer);

export const i64At = (bytes: Uint8Array, at: number): bigint => {
  halves[0] = i32At(bytes, at);
  halves[1] = i32At(bytes, at + 4);
  return wide[0]!;
};

export const u64At = (bytes: Uint8Array, at: number): bigint => {
  halves[0] = i32At(bytes, at);
  halves[1] = i32At(bytes, at + 4);
  return wideUnsigned[0]!;
};

export const f64At = (bytes: Uint8Array, at: number): number => {
  halves[0] = i32At(bytes, at);
  halves[1] = i32At(bytes, at + 4);
  return double[0]!;
};

export const f32At = (bytes: Uint8Array, at: number): number => {
  halves[0] = i32At(bytes, at);
  return float[0]!;
};

export const putU16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
};

export const putU32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
};

export const putI64 = (bytes: Uint8Array, at: number, value: bigint): void => {
  wide[0] = value;
  putU32(bytes, at, halves[0]!);
  putU32(bytes, at + 4, halves[1]!);
};

const twoTo32 = 4294967296;

/** A whole number 0 … 2⁵³−1 as eight bytes, without a bigint. */
export const putCount = (bytes: Uint8Array, at: number, value: number): void => {
  putU32(bytes, at, value >>> 0);
  putU32(bytes, at + 4, Math.floor(value / twoTo32));
};

/** Eight bytes as a whole number 0 … 2⁵³−1; −1 when they hold anything else. */
export const countAt = (bytes: Uint8Array, at: number): number => {
  const high = u32At(bytes, at + 4);
  return high < 0x200000 ? high * twoTo32 + u32At(bytes, at) : -1;
};

export const putF64 = (bytes: Uint8Array, at: number, value: number): void => {
  double[0] = value;
  putU32(bytes, at, halves[0]!);
  putU32(bytes, at + 4, halves[1]!);
};
