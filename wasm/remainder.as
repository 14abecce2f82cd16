/**
 * What is left of a frame's ADC values in linear memory: what src/kernels/ladder/remainder_encoder.ts calls for every
 * frame kept to the last bit. All addresses are bytes from the start of the memory and given by the caller, which made
 * room for the worst frame; nothing here is checked twice. Same steps and bytes as the TypeScript twins in
 * src/kernels/ladder/remainder.ts and src/kernels/rans.ts.
 */

// Places within a stream's head, as in ladder.as: the states of even and odd steps, and where its bytes begin so far.
const oddAt: usize = 4;
const outAt: usize = 8;

/** Codes `count` steps as `rans.ts` has them (`start << 16 | frequency`, u32); `reciprocals` are u64 by frequency. */
export function codeFreeSteps(steps: usize, count: i32, reciprocals: usize, head: usize): void {
  const sum: u32 = 1 << 12;
  let even = load<u32>(head);
  let odd = load<u32>(head, oddAt);
  let out = <usize>load<u32>(head, outAt);
  if ((count & 1) != 0) {
    const swapped = even;
    even = odd;
    odd = swapped;
  }
  for (let i = count - 1; i >= 0; i--) {
    const step = load<u32>(steps + (<usize>i << 2));
    const freq = step & 0xffff;
    if (odd >= freq << 19) {
      out -= 2;
      store<u16>(out, <u16>odd);
      odd >>>= 16;
    }
    const whole = <u32>((<u64>odd * load<u64>(reciprocals + (<usize>freq << 3))) >> 43);
    const next = odd + whole * (sum - freq) + (step >>> 16);
    odd = even;
    even = next;
  }
  store<u32>(head, even);
  store<u32>(head, odd, oddAt);
  store<u32>(head, <u32>out, outAt);
}

// Places within the facts of an ADC value (12 bytes): its logarithm and that of its level's middle (i16 each), its
// level and its symbol (u8 each), whether its place follows as it is (u8), and else the step of its place (u32, 0: none).
const adcBytes: i32 = 12;
const middleAt: usize = 2;
const levelAt: usize = 4;
const symbolAt: usize = 5;
const rawAt: usize = 6;
const placeAt: usize = 8;
const symbols: i32 = 9;

/**
 * Marks every hit's logarithm, and in a grid of its own that of its level's middle: `log` and `middle` are the places
 * of voxel 0. In one grid, overwritten hit by hit, each wide load would wait for the store before it.
 */
export function markLogs(voxel: usize, adc: usize, count: i32, log: usize, middle: usize, facts: usize): void {
  for (let i = 0; i < count; i++) {
    const fact = facts + <usize>(<i32>load<u16>(adc + (<usize>i << 1)) * adcBytes);
    const at = <usize>load<u32>(voxel + (<usize>i << 2)) << 1;
    store<i16>(log + at, load<i16>(fact));
    store<i16>(middle + at, load<i16>(fact, middleAt));
  }
}

export function clearLogs(voxel: usize, count: i32, log: usize, middle: usize): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>load<u32>(voxel + (<usize>i << 2)) << 1;
    store<i16>(log + at, 0);
    store<i16>(middle + at, 0);
  }
}

/**
 * Collects the steps (u32) of hits whose logarithms are marked, and returns where they end. `coefficients` are 16 a
 * pattern, in the order of the logarithms below, the spread fourteenth; `levels` are the lowest logarithm and the
 * width of each level (i32 each), and `contextSteps` as the tables have them.
 */
export function putRemainders(
  voxel: usize, adc: usize, count: i32, log: usize, middle: usize, rowBytes: usize, facts: usize, adcBits: i32,
  coefficients: usize, levels: usize, levelCount: i32, contextSteps: usize, steps: usize,
): usize {
  const none = i16x8.splat(0);
  const highBits = <u32>max<i32>(1, adcBits - 8);
  let step = steps;
  for (let i = 0; i < count; i++) {
    const place = <usize>load<u32>(voxel + (<usize>i << 2)) << 1;
    const at = log + place;
    const below = middle + place + rowBytes;
    const value = <i32>load<u16>(adc + (<usize>i << 1));
    const fact = facts + <usize>(value * adcBytes);
    // Two before, nothing, one after, one before above to two after; one before below to two after. Those two after
    // count for nothing.
    const beside = v128.load16_lane(middle + place + 2, v128.load32_zero(at - 4), 3);
    const upper = v128.load64_lane(at - rowBytes - 2, beside, 1);
    const lower = i64x2.replace_lane(v128.load64_zero(below - 2), 1, 512);
    const pattern =
      (i16x8.bitmask(i16x8.ne(upper, none)) & 0x7b) | ((i16x8.bitmask(i16x8.ne(lower, none)) & 7) << 8);
    const row = coefficients + (<usize>pattern << 5);
    const products = i32x4.add(
      i32x4.dot_i16x8_s(upper, v128.load(row)),
      i32x4.dot_i16x8_s(lower, v128.load(row, 16)),
    );
    const half = i32x4.add(products, i8x16.shuffle(products, products, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    const sum = i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1);
    const level = <i32>load<u8>(fact, levelAt);
    const low = load<i32>(levels + (<usize>level << 3));
    const width = load<i32>(levels + (<usize>level << 3), 4);
    const eighthsUp = ((sum >> 12) - low) * 8 + 12 * width;
    const eighth = eighthsUp < 0 ? 0 : min(31, eighthsUp / width);
    const context = ((<i32>load<u16>(row, 26) * levelCount + level) << 5) | eighth;
    store<u32>(step, load<u32>(contextSteps + (<usize>(context * symbols + <i32>load<u8>(fact, symbolAt)) << 2)));
    step += 4;
    const placeStep = load<u32>(fact, placeAt);
    if (placeStep != 0) {
      store<u32>(step, placeStep);
      step += 4;
    } else if (load<u8>(fact, rawAt) != 0) {
      store<u32>(step, (<u32>(value & 0xff) << 20) | (1 << 4));
      store<u32>(step, (<u32>(value >>> 8) << (28 - highBits)) | (1 << (12 - highBits)), 4);
      step += 8;
    }
  }
  return step;
}
