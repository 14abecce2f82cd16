/**
 * Small dense networks in whole numbers: what src/kernels/dense.ts calls for every frame. Numbers between layers are i16
 * in rows padded with zeros to multiples of 8; weights are i16, one padded row an output, rows of zeros up to a multiple of 4; biases and sums are i32.
 * Addresses are bytes from the start of the memory.
 */

/**
 * Inputs from cells (u16: integer + 1, 0 = absent), eight at a time: (integer − offset) · factor / 2^8, half up, within
 * ±most; nothing where a cell is absent, unless its `counts` (all ones or zeros) says that it counts as 0 of its own.
 */
function scale(cells: usize, offsets: usize, factors: usize, counts: usize, groups: i32, most: i32, out: usize): void {
  const high = i32x4.splat(most);
  const low = i32x4.splat(-most);
  const half = i32x4.splat(128);
  for (let group = 0; group < groups; group++) {
    const cell = v128.load(cells);
    const integer = i16x8.sub_sat_u(cell, i16x8.splat(1));
    let a = i32x4.sub(i32x4.extend_low_i16x8_u(integer), v128.load(offsets));
    let b = i32x4.sub(i32x4.extend_high_i16x8_u(integer), v128.load(offsets, 16));
    a = i32x4.shr_s(i32x4.add(i32x4.mul(a, v128.load(factors)), half), 8);
    b = i32x4.shr_s(i32x4.add(i32x4.mul(b, v128.load(factors, 16)), half), 8);
    a = i32x4.max_s(i32x4.min_s(a, high), low);
    b = i32x4.max_s(i32x4.min_s(b, high), low);
    const seen = v128.or(i16x8.ne(cell, i16x8.splat(0)), v128.load(counts));
    v128.store(out, v128.and(i16x8.narrow_i32x4_s(a, b), seen));
    cells += 16;
    offsets += 32;
    factors += 32;
    counts += 16;
    out += 16;
  }
}

/**
 * Layers one after the other; eight i32 describe each: input, its groups of 8, weights, biases, outputs, where they go,
 * lowest and highest. A sum is divided by 2^6, half up.
 */
function layers(steps: usize, count: i32): void {
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

/** Sum of the squares of a row of i16, in groups of 8. */
function squares(at: usize, groups: i32): f64 {
  let sum = i64x2.splat(0);
  for (let group = 0; group < groups; group++) {
    const x = v128.load(at);
    // Two squares of 2^15 at most still fit.
    const pairs = i32x4.dot_i16x8_s(x, x);
    sum = i64x2.add(sum, i64x2.add(i64x2.extend_low_i32x4_u(pairs), i64x2.extend_high_i32x4_u(pairs)));
    at += 16;
  }
  return <f64>(i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1));
}

/** From cells to the sum of the squares of the last layer's outputs, in one call. */
export function run(
  cells: usize, offsets: usize, factors: usize, counts: usize, groups: i32, most: i32, scaled: usize,
  steps: usize, count: i32, output: usize, outputGroups: i32,
): f64 {
  scale(cells, offsets, factors, counts, groups, most, scaled);
  layers(steps, count);
  return squares(output, outputGroups);
}
