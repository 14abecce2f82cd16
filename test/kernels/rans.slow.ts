/**
 * The slow twin of kernels/rans.ts: the same format with BigInt states and nothing clever, to check it against.
 * Refuses nothing.
 */

const low = 1n << 15n;

export const slowEncode = (steps: Uint32Array, count: number, precision: number): Uint8Array => {
  const states = [low, low];
  const words: number[] = [];
  for (let i = count - 1; i >= 0; i--) {
    const start = BigInt(steps[i]! >>> 16);
    const freq = BigInt(steps[i]! & 0xffff);
    let state = states[i % 2]!;
    if (state >= freq << BigInt(31 - precision)) {
      words.unshift(Number(state & 0xffffn));
      state >>= 16n;
    }
    states[i % 2] = ((state / freq) << BigInt(precision)) + (state % freq) + start;
  }
  for (const state of [states[1]!, states[0]!]) words.unshift(Number(state & 0xffffn), Number(state >> 16n));
  return Uint8Array.from(words.flatMap((word) => [word & 0xff, word >>> 8]));
};
