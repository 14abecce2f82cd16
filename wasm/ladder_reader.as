/**
 * The ladder's decoding in linear memory: what src/kernels/ladder/decoder.ts calls for every packet that is read. All
 * addresses are bytes from the start of the memory and given by the caller, which made room for the worst frame; bytes
 * of a stream are not trusted: every function that reads some ends with a negative number where they are damaged, and
 * nothing is read or written outside its room. Same results as the TypeScript twins in src/kernels/ladder.
 */

// What is wrong with a stream, as decoder.ts names it.
const endsEarly: i32 = -1;
const tooManyHits: i32 = -2;
const emptyChunk: i32 = -3;
const emptyWord: i32 = -4;
const emptyRow: i32 = -5;
const noSuchValue: i32 = -6;

// Places within a reader: the states of the coming step and of the one after it, where it stands, where its bytes end.
const otherAt: usize = 4;
const fromAt: usize = 8;
const endAt: usize = 12;
const stateLow: u32 = 1 << 15;
const slots: u32 = 1 << 12;

/** At least eight bytes lie between `begin` and `end`. */
export function openReader(reader: usize, begin: usize, end: usize): bool {
  const next = load<i32>(begin);
  const other = load<i32>(begin, 4);
  store<i32>(reader, next);
  store<i32>(reader, other, otherAt);
  store<u32>(reader, <u32>begin + 8, fromAt);
  store<u32>(reader, <u32>end, endAt);
  // A state with its sign bit set is below the range too.
  return next >= <i32>stateLow && other >= <i32>stateLow;
}

/** Whether all bytes are read and both states back where the coder began. */
export function isClosed(reader: usize): bool {
  return (
    load<u32>(reader, fromAt) == load<u32>(reader, endAt) &&
    load<u32>(reader) == stateLow &&
    load<u32>(reader, otherAt) == stateLow
  );
}

/** Ends the step whose symbol has this range; false where the stream ends. */
function advance(reader: usize, start: u32, freq: u32): bool {
  const before = load<u32>(reader);
  let state = freq * (before >>> 12) + (before & (slots - 1)) - start;
  if (state < stateLow) {
    const from = <usize>load<u32>(reader, fromAt);
    if (from >= <usize>load<u32>(reader, endAt)) return false;
    state = (state << 16) | <u32>load<u16>(from);
    store<u32>(reader, <u32>from + 2, fromAt);
  }
  store<u32>(reader, load<u32>(reader, otherAt));
  store<u32>(reader, state, otherAt);
  return true;
}

/** A bit whose ones have this frequency. */
function takeBit(reader: usize, one: u32): i32 {
  if ((load<u32>(reader) & (slots - 1)) < one) return advance(reader, 0, one) ? 1 : endsEarly;
  return advance(reader, one, slots - one) ? 0 : endsEarly;
}

// ---- occupancy: bits in rows of bytes, earliest lowest; see src/kernels/ladder/occupancy.ts for the contexts ----

/** Of four bytes from the one before a chunk on: bit 8 + j is its voxel j. */
const chunkAndBeside: u32 = 0x1ff80;
const lastTwoBefore: u32 = 0xc0;

// @ts-ignore: decorator
@inline function is(bits: u32): i32 {
  return i32(bits != 0);
}

/** Contexts of a row's flag come first, then those of words, then those of chunks. */
const firstOfWords: i32 = 32;
const firstOfChunks: i32 = 96;

function rowContext(row: usize, layerRows: usize): i32 {
  const back = row - layerRows;
  return (
    <i32>load<u8>(row - 1) |
    (<i32>load<u8>(row - 2) << 1) |
    (<i32>load<u8>(back) << 2) |
    (<i32>load<u8>(back - 1) << 3) |
    (<i32>load<u8>(back + 1) << 4)
  );
}

function wordContext(word: usize, stride: usize, layer: usize, seen: i32, end: i32): i32 {
  const back = word - layer;
  const backNear = load<u32>(back) | <u32>(load<u8>(back - 1) & 0x80) | <u32>(load<u8>(back + 4) & 1);
  return (
    firstOfWords +
    (seen |
      (is(load<u32>(word - (stride << 1))) << 1) |
      (is(backNear) << 2) |
      (is(load<u32>(back - stride) | load<u32>(back + stride)) << 3) |
      (end << 4))
  );
}

function chunkContext(byte: usize, stride: usize, layer: usize, born: i32, up: u32): i32 {
  const back = byte - layer;
  const own = load<u32>(back - 1);
  const beside = load<u32>(back - stride - 1) | load<u32>(back + stride - 1);
  return (
    firstOfChunks +
    (born |
      (min(3, <i32>popcnt(own & 0xff00)) << 3) |
      (is(own & lastTwoBefore) << 5) |
      (is(own & 0x30000) << 6) |
      (is(beside & chunkAndBeside) << 7) |
      (is(load<u32>(byte - (stride << 1) - 1) & chunkAndBeside) << 8) |
      (is(up & 0xe0000) << 9))
  );
}

/**
 * What a chunk's eight voxels see of earlier rows, as places in both tables: a window times 2^(7 − j) has it at fixed
 * bits for voxel j.
 */
// @ts-ignore: decorator
@inline function layCells(byte: usize, up: u32, stride: usize, layer: usize, cells: usize): void {
  const shifts = i16x8(128, 64, 32, 16, 8, 4, 2, 1);
  // Bits 9 … 15: j − 2 … j + 4 of the row above, 9 … 14: j − 2 … j + 3 of the one above that.
  const above = i16x8.mul(i16x8.splat(<i16>(up >>> 4)), shifts);
  const above2 = i16x8.mul(i16x8.splat(<i16>(load<u32>(byte - (stride << 1) - 1) >>> 4)), shifts);
  // Bits 12 … 15: j − 1 … j + 2 one layer back.
  const back = i16x8.mul(i16x8.splat(<i16>(load<u32>(byte - layer - 1) >>> 2)), shifts);
  v128.store(
    cells,
    v128.or(i16x8.shr_u(above, 9), i16x8.shl(v128.and(above2, i16x8.splat(0x0800)), 1)),
  );
  v128.store(
    cells,
    v128.or(
      v128.or(i16x8.shr_u(back, 12), i16x8.shr_u(v128.and(above2, i16x8.splat(0x7e00)), 1)),
      i16x8.shr_u(v128.and(above, i16x8.splat(0x1c00)), 6),
    ),
    16,
  );
}

/** Where the list of voxels ends so far. */
let listEnd: usize = 0;

/** A chunk's voxels: its byte, or what is wrong. `age` is 0 where more than its flag said that it has a hit. */
function takeChunk(
  reader: usize, byte: usize, voxels: i32, firstAge: usize, firstVoxel: i32,
  first: usize, second: usize, fresh: usize, ones: usize, cells: usize,
): i32 {
  let state = load<u32>(reader);
  let other = load<u32>(reader, otherAt);
  let from = <usize>load<u32>(reader, fromAt);
  const end = <usize>load<u32>(reader, endAt);
  let list = listEnd;
  // The row's last five voxels, the last highest.
  let line = <u32>load<u8>(byte - 1) >>> 3;
  let bits = 0;
  let age = firstAge;
  for (let j = 0; j < voxels; j++) {
    const cell = cells + (<usize>j << 1);
    const sum =
      <i32>load<i8>(first + <usize>load<u16>(cell) + <usize>(line << 7)) +
      <i32>load<i8>(second + <usize>load<u16>(cell, 16) + <usize>((line & 16) << 3)) +
      <i32>load<i8>(fresh + age);
    const one = <u32>load<u16>(ones + (sum << 1));
    const rest = state >>> 12;
    const slot = state & (slots - 1);
    line >>>= 1;
    if (slot < one) {
      state = one * rest + slot;
      line |= 16;
      bits |= 1 << j;
      age = 0;
      store<i32>(list, firstVoxel + j);
      list += 4;
    } else {
      state -= one * (rest + 1);
      if (age > 0) age++;
    }
    if (state < stateLow) {
      if (from >= end) return endsEarly;
      state = (state << 16) | <u32>load<u16>(from);
      from += 2;
    }
    const swapped = state;
    state = other;
    other = swapped;
  }
  listEnd = list;
  store<u32>(reader, state);
  store<u32>(reader, other, otherAt);
  store<u32>(reader, <u32>from, fromAt);
  return bits;
}

/**
 * Reads the hits' voxels (u32) into a list with room for `room` and eight more, ascending, and leaves the grid marked,
 * also where the stream is damaged; returns how many there are, or what is wrong. `flags` are frequencies of a one by
 * context (u16), `ones` by sum, its place that of the sum 0.
 */
export function takeOccupancy(
  reader: usize, rows: i32, columns: i32, words: i32, mask: usize, stride: usize, row: usize, layerRows: usize,
  flags: usize, first: usize, second: usize, fresh: usize, ones: usize, cells: usize, voxel: usize, room: i32,
): i32 {
  const layer = layerRows * stride;
  const listLast = voxel + (<usize>room << 2);
  listEnd = voxel;
  for (let r = 0; r < rows; r++) {
    const has = takeBit(reader, load<u16>(flags + (<usize>rowContext(row + <usize>r, layerRows) << 1)));
    if (has < 0) return has;
    if (has == 0) continue;
    store<u8>(row + <usize>r, 1);
    const before = listEnd;
    let seen = 0;
    for (let w = 0; w < words; w++) {
      const word = mask + <usize>r * stride + (<usize>w << 2);
      const above = word - stride;
      const near =
        load<u32>(above) |
        <u32>(load<u8>(above - 1) & 0x80) |
        <u32>(load<u8>(above + 4) & 1) |
        (<u32>load<u8>(word - 1) & lastTwoBefore);
      let born = 0;
      if (near == 0) {
        const end = w == words - 1 ? 2 : w == words - 2 ? 1 : 0;
        born = takeBit(reader, load<u16>(flags + (<usize>wordContext(word, stride, layer, seen, end) << 1)));
        if (born < 0) return born;
        if (born == 0) continue;
      }
      seen = 1;
      const isBorn = born;
      const columnsLeft = columns - (w << 5);
      for (let c = 0; c < 4 && c << 3 < columnsLeft; c++) {
        const byte = word + <usize>c;
        const up = load<u32>(byte - stride - 1);
        const voxels = min(8, columnsLeft - (c << 3));
        let age: usize = 0;
        if (((up & chunkAndBeside) | (<u32>load<u8>(byte - 1) & lastTwoBefore)) == 0) {
          const context = chunkContext(byte, stride, layer, born == 0 ? 0 : c + 1, up);
          const full = takeBit(reader, load<u16>(flags + (<usize>context << 1)));
          if (full < 0) return full;
          if (full == 0) continue;
          age = <usize>(9 - voxels);
        }
        born = 0;
        layCells(byte, up, stride, layer, cells);
        const firstVoxel = r * columns + (w << 5) + (c << 3);
        const bits = takeChunk(reader, byte, voxels, age, firstVoxel, first, second, fresh, ones, cells);
        if (bits < 0) return bits;
        store<u8>(byte, <u8>bits);
        if (listEnd > listLast) return tooManyHits;
        if (age > 0 && bits == 0) return emptyChunk;
      }
      if (isBorn == 1 && load<u32>(word) == 0) return emptyWord;
    }
    if (listEnd == before) return emptyRow;
  }
  return <i32>((listEnd - voxel) >>> 2);
}

/** Zeroes what a reader marked. */
export function clearRows(rows: i32, mask: usize, stride: i32, row: usize): void {
  for (let r = 0; r < rows; r++) {
    if (load<u8>(row + <usize>r) == 0) continue;
    store<u8>(row + <usize>r, 0);
    memory.fill(mask + <usize>(r * stride), 0, <usize>stride);
  }
}

// ---- planes: see src/kernels/ladder/planes.ts for the pairs and their cells ----

/** From one pair's table to the next. */
const pairBytes: usize = 1 << 13;

export function setNodes(voxel: usize, count: i32, node: usize, value: i32): void {
  for (let i = 0; i < count; i++) store<u8>(node + <usize>load<u32>(voxel + (<usize>i << 2)), <u8>value);
}

// @ts-ignore: decorator
@inline function pairAt(own: usize, earlier: usize, later: usize): usize {
  return own + (<usize>load<u8>(earlier) << 8) + (<usize>load<u8>(later) << 4);
}

/** Reads one plane: each hit's node becomes one of its two below. */
export function takePlane(
  reader: usize, voxel: usize, count: i32, node: usize, columns: usize, pairs: usize, ones: usize,
): i32 {
  let state = load<u32>(reader);
  let other = load<u32>(reader, otherAt);
  let from = <usize>load<u32>(reader, fromAt);
  const end = <usize>load<u32>(reader, endAt);
  for (let i = 0; i < count; i++) {
    const at = node + <usize>load<u32>(voxel + (<usize>i << 2));
    const up = at - columns;
    const down = at + columns;
    const code = <u32>load<u8>(at);
    const own = pairs + <usize>code;
    const sum =
      <i32>load<i8>(pairAt(own, up, down), pairBytes) +
      <i32>load<i8>(pairAt(own, up - 1, down + 1), 3 * pairBytes) +
      <i32>load<i8>(pairAt(own, up + 1, down - 1), 4 * pairBytes) +
      <i32>load<i8>(pairAt(own, up - columns, down + columns), 5 * pairBytes) +
      <i32>load<i8>(pairAt(own, at - 2, at + 2), 2 * pairBytes) +
      <i32>load<i8>(pairAt(own, at - 1, at + 1));
    const one = <u32>load<u16>(ones + (sum << 1));
    const slot = state & (slots - 1);
    const lower = one * (state >>> 12);
    // Chosen, not branched to: every fourth bit or so would be guessed wrongly.
    const bit = slot < one;
    store<u8>(at, <u8>((code << 1) | u32(bit)));
    state = select<u32>(lower + slot, state - lower - one, bit);
    if (state < stateLow) {
      if (from >= end) return endsEarly;
      state = (state << 16) | <u32>load<u16>(from);
      from += 2;
    }
    const swapped = state;
    state = other;
    other = swapped;
  }
  store<u32>(reader, state);
  store<u32>(reader, other, otherAt);
  store<u32>(reader, <u32>from, fromAt);
  return 0;
}

/** The hits' levels (u8): their nodes less the first of their depth. */
export function takeLevels(voxel: usize, count: i32, node: usize, firstNode: i32, level: usize): void {
  for (let i = 0; i < count; i++)
    store<u8>(
      level + <usize>i,
      <u8>(<i32>load<u8>(node + <usize>load<u32>(voxel + (<usize>i << 2))) - firstNode),
    );
}

// ---- the remainder: see src/kernels/ladder/remainder.ts for its contexts, remainder.as for the twin that writes ----

// Places within the facts of an ADC value (12 bytes): its logarithm (i16), and the step of its place (u32).
const factBytes: i32 = 12;
const placeAt: usize = 8;
const symbols: i32 = 9;
const apart: i32 = 8;

/** Every hit's logarithm by its level alone, into the grid of middles; `levelMiddles` are i16 by level. */
export function markMiddles(voxel: usize, level: usize, count: i32, middle: usize, levelMiddles: usize): void {
  for (let i = 0; i < count; i++)
    store<i16>(
      middle + (<usize>load<u32>(voxel + (<usize>i << 2)) << 1),
      load<i16>(levelMiddles + (<usize>load<u8>(level + <usize>i) << 1)),
    );
}

export function clearLogs(voxel: usize, count: i32, log: usize, middle: usize): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>load<u32>(voxel + (<usize>i << 2)) << 1;
    store<i16>(log + at, 0);
    store<i16>(middle + at, 0);
  }
}

/** `bits` uniform bits, or what is wrong. */
function takeRaw(reader: usize, bits: u32): i32 {
  const rest = 12 - bits;
  const value = (load<u32>(reader) & (slots - 1)) >>> rest;
  return advance(reader, value << rest, 1 << rest) ? <i32>value : endsEarly;
}

/** A value that stands apart in its level. */
function takeApart(reader: usize, level: i32, levelCount: i32, symbol: i32, adcBits: i32, lowest: i32): i32 {
  if (symbol != apart) return noSuchValue;
  if (level == levelCount - 1) return (1 << adcBits) - 1;
  const low = takeRaw(reader, 8);
  if (low < 0) return low;
  const high = takeRaw(reader, <u32>max<i32>(1, adcBits - 8));
  if (high < 0) return high;
  const value = low | (high << 8);
  return level > 0 || value == 0 || value >= lowest ? noSuchValue : value;
}

/**
 * Reads the ADC values (u16) of hits whose middles are marked. `coefficients`, `levels` and `facts` are as remainder.as
 * has them; `parts` are the lowest ADC of a level's symbol and how many there are (u16 each); `lowest` is the first
 * level's.
 */
export function takeRemainders(
  reader: usize, voxel: usize, level: usize, count: i32, log: usize, middle: usize, rowBytes: usize, facts: usize,
  adcBits: i32, lowest: i32, coefficients: usize, levels: usize, levelCount: i32, contextSteps: usize, parts: usize,
  adc: usize,
): i32 {
  const none = i16x8.splat(0);
  for (let i = 0; i < count; i++) {
    const place = <usize>load<u32>(voxel + (<usize>i << 2)) << 1;
    const at = log + place;
    // The two before one by one: a load of both would wait for the store of the last.
    const before = v128.load16_lane(at - 2, v128.load16_lane(at - 4, none, 0), 1);
    const beside = v128.load16_lane(middle + place + 2, before, 3);
    const upper = v128.load64_lane(at - rowBytes - 2, beside, 1);
    const lower = i64x2.replace_lane(v128.load64_zero(middle + place + rowBytes - 2), 1, 512);
    const pattern =
      (i16x8.bitmask(i16x8.ne(upper, none)) & 0x7b) | ((i16x8.bitmask(i16x8.ne(lower, none)) & 7) << 8);
    const row = coefficients + (<usize>pattern << 5);
    const products = i32x4.add(
      i32x4.dot_i16x8_s(upper, v128.load(row)),
      i32x4.dot_i16x8_s(lower, v128.load(row, 16)),
    );
    const half = i32x4.add(products, i8x16.shuffle(products, products, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    const sum = i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1);
    const own = <i32>load<u8>(level + <usize>i);
    const low = load<i32>(levels + (<usize>own << 3));
    const width = load<i32>(levels + (<usize>own << 3), 4);
    const eighthsUp = ((sum >> 12) - low) * 8 + 12 * width;
    const eighth = eighthsUp < 0 ? 0 : min(31, eighthsUp / width);
    const context = ((<i32>load<u16>(row, 26) * levelCount + own) << 5) | eighth;

    const steps = contextSteps + (<usize>(context * symbols) << 2);
    const slot = load<u32>(reader) & (slots - 1);
    let symbol = 0;
    let step = load<u32>(steps);
    while (slot >= (step >>> 16) + (step & 0xffff)) step = load<u32>(steps + (<usize>++symbol << 2));
    if (!advance(reader, step >>> 16, step & 0xffff)) return endsEarly;
    const part = parts + (<usize>(own * symbols + symbol) << 2);
    const values = <u32>load<u16>(part, 2);
    let value = <i32>load<u16>(part);
    if (values > 1) {
      value += <i32>((((load<u32>(reader) & (slots - 1)) + 1) * values + (slots - 1)) >>> 12) - 1;
      const placeStep = load<u32>(facts + <usize>(value * factBytes), placeAt);
      if (!advance(reader, placeStep >>> 16, placeStep & 0xffff)) return endsEarly;
    } else if (values == 0) {
      value = takeApart(reader, own, levelCount, symbol, adcBits, lowest);
      if (value < 0) return value;
    }
    store<u16>(adc + (<usize>i << 1), <u16>value);
    store<i16>(at, load<i16>(facts + <usize>(value * factBytes)));
  }
  return 0;
}
