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
