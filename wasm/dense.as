/**
 * Small dense networks in whole numbers: what src/kernels/dense.ts calls for every frame. Numbers between layers are i16
 * in rows padded with zeros to multiples of 8; weights are i16, one padded row an output, rows of zeros up to a multiple of 4; biases and sums are i32.
 * Addresses are bytes from the start of the memory.
 */

/** Inputs from cells (u16: integer + 1, 0 = absent): (integer − offset) · factor / 2^8, half up, within ±most. */
export function scale(cells: usize, offsets: usize, factors: usize, counts: usize, count: i32, most: i32, out: usize): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i;
    const cell = <i32>load<u16>(cells + (at << 1));
    let value = 0;
    // An absent number counts as 0 of its own where `counts` says so, else as nothing.
    if (cell != 0 || load<u8>(counts + at) != 0) {
      const integer = cell == 0 ? 0 : cell - 1;
      value = ((integer - load<i32>(offsets + (at << 2))) * load<i32>(factors + (at << 2)) + 128) >> 8;
      value = min(max(value, -most), most);
    }
    store<i16>(out + (at << 1), <i16>value);
  }
}

/**
 * Layers one after the other; eight i32 describe each: input, its groups of 8, weights, biases, outputs, where they go,
 * lowest and highest. A sum is divided by 2^6, half up.
 */
export function run(steps: usize, count: i32): void {
  for (let step = 0; step < count; step++) {
    const input = <usize>load<i32>(steps);
    const groups = load<i32>(steps, 4);
    let weights = <usize>load<i32>(steps, 8);
    const biases = <usize>load<i32>(steps, 12);
    const outputs = load<i32>(steps, 16);
    const out = <usize>load<i32>(steps, 20);
    const low = load<i32>(steps, 24);
    const high = load<i32>(steps, 28);
    steps += 32;
    const row = <usize>groups << 4;
    // Four outputs at a time: an input is loaded once for them, and their sums are added across together.
    for (let o = 0; o < outputs; o += 4) {
      let s0 = i32x4.splat(0);
      let s1 = i32x4.splat(0);
      let s2 = i32x4.splat(0);
      let s3 = i32x4.splat(0);
      const end = weights + row;
      let at = input;
      while (weights < end) {
        const x = v128.load(at);
        s0 = i32x4.add(s0, i32x4.dot_i16x8_s(x, v128.load(weights)));
        s1 = i32x4.add(s1, i32x4.dot_i16x8_s(x, v128.load(weights + row)));
        s2 = i32x4.add(s2, i32x4.dot_i16x8_s(x, v128.load(weights + 2 * row)));
        s3 = i32x4.add(s3, i32x4.dot_i16x8_s(x, v128.load(weights + 3 * row)));
        at += 16;
        weights += 16;
      }
      weights += 3 * row;
      const a = i32x4.add(i32x4.shuffle(s0, s1, 0, 4, 1, 5), i32x4.shuffle(s0, s1, 2, 6, 3, 7));
      const b = i32x4.add(i32x4.shuffle(s2, s3, 0, 4, 1, 5), i32x4.shuffle(s2, s3, 2, 6, 3, 7));
      let sum = i32x4.add(i32x4.shuffle(a, b, 0, 1, 4, 5), i32x4.shuffle(a, b, 2, 3, 6, 7));
      sum = i32x4.add(sum, i32x4.add(v128.load(biases + (<usize>o << 2)), i32x4.splat(32)));
      sum = i32x4.max_s(i32x4.min_s(i32x4.shr_s(sum, 6), i32x4.splat(high)), i32x4.splat(low));
      v128.store64_lane(out + (<usize>o << 1), i16x8.narrow_i32x4_s(sum, sum), 0);
    }
  }
}

/** Sum of the squared differences of two rows of i16. */
export function distance(a: usize, b: usize, count: i32): f64 {
  let sum: i64 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const away = <i64>load<i16>(a + (i << 1)) - <i64>load<i16>(b + (i << 1));
    sum += away * away;
  }
  return <f64>sum;
}
