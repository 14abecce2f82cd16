/**
 * The ladder's coding in linear memory: what src/kernels/ladder/encoder.ts calls for every frame that is refined. All
 * addresses are bytes from the start of the memory and given by the caller, which made room for the worst frame;
 * nothing here is checked twice. Same bytes as the TypeScript twins in src/kernels/ladder and src/kernels/rans.ts.
 *
 * A coding step is a u16: 16 × (2 × sum of weights + bit + something that keeps it positive), which is also where
 * its record lies among those of its curve.
 */

// Places within a record (16 bytes): 2^43 / frequency rounded up (u64); the state below which no word leaves (u32);
// the symbol's start and 2^12 less its frequency (u16 each).
const limitAt: usize = 8;
const startAt: usize = 12;
const complementAt: usize = 14;
/** What a weight of 1 is in a step. */
const weightShift: i32 = 5;

// Places within a stream's head: the states of even and odd steps, and where its bytes begin so far (u32 each).
const oddAt: usize = 4;
const outAt: usize = 8;
const stateLow: u32 = 1 << 15;

/** Begins a stream whose bytes end at `end`. */
export function openStream(head: usize, end: usize): void {
  store<u32>(head, stateLow);
  store<u32>(head, stateLow, oddAt);
  store<u32>(head, <u32>end, outAt);
}

/** Ends a stream; returns where its bytes begin. */
export function closeStream(head: usize): usize {
  const out = <usize>load<u32>(head, outAt) - 8;
  store<u32>(out, load<u32>(head));
  store<u32>(out, load<u32>(head, oddAt), 4);
  return out;
}

/** Lets the next step back be an even one: steps before it were counted from another one on. */
function swapStates(head: usize): void {
  const even = load<u32>(head);
  store<u32>(head, load<u32>(head, oddAt));
  store<u32>(head, even, oddAt);
}

function codeEven(step: usize, records: usize, head: usize): void {
  const record = records + <usize>load<u16>(step);
  let state = load<u32>(head);
  if (state >= load<u32>(record, limitAt)) {
    const out = <usize>load<u32>(head, outAt) - 2;
    store<u16>(out, <u16>state);
    store<u32>(head, <u32>out, outAt);
    state >>>= 16;
  }
  const whole = <u32>((<u64>state * load<u64>(record)) >> 43);
  store<u32>(head, state + whole * <u32>load<u16>(record, complementAt) + <u32>load<u16>(record, startAt));
}

/**
 * Codes `count` steps from `steps` on, `pitch` bytes apart, the last first, before those coded already. The quotient
 * by a product is exact: a state is below 2^31, and the reciprocal less than 2^-43 too large.
 */
function codeSteps(steps: usize, count: i32, pitch: usize, records: usize, head: usize): void {
  let step = steps + <usize>count * pitch;
  if ((count & 1) != 0) {
    step -= pitch;
    swapStates(head);
    codeEven(step, records, head);
  }
  let even = load<u32>(head);
  let odd = load<u32>(head, oddAt);
  let out = <usize>load<u32>(head, outAt);
  while (step > steps) {
    const oddRecord = records + <usize>load<u16>(step - pitch);
    step -= pitch << 1;
    const evenRecord = records + <usize>load<u16>(step);
    if (odd >= load<u32>(oddRecord, limitAt)) {
      out -= 2;
      store<u16>(out, <u16>odd);
      odd >>>= 16;
    }
    if (even >= load<u32>(evenRecord, limitAt)) {
      out -= 2;
      store<u16>(out, <u16>even);
      even >>>= 16;
    }
    odd +=
      <u32>((<u64>odd * load<u64>(oddRecord)) >> 43) * <u32>load<u16>(oddRecord, complementAt) +
      <u32>load<u16>(oddRecord, startAt);
    even +=
      <u32>((<u64>even * load<u64>(evenRecord)) >> 43) * <u32>load<u16>(evenRecord, complementAt) +
      <u32>load<u16>(evenRecord, startAt);
  }
  store<u32>(head, even);
  store<u32>(head, odd, oddAt);
  store<u32>(head, <u32>out, outAt);
}

/** Codes the steps of two streams that lie side by side: their four states do not wait for each other. */
function codeTwo(
  steps: usize, count: i32, pitch: usize, recordsA: usize, recordsB: usize, headA: usize, headB: usize,
): void {
  let step = steps + <usize>count * pitch;
  if ((count & 1) != 0) {
    step -= pitch;
    swapStates(headA);
    codeEven(step, recordsA, headA);
    swapStates(headB);
    codeEven(step + 2, recordsB, headB);
  }
  let evenA = load<u32>(headA);
  let oddA = load<u32>(headA, oddAt);
  let outA = <usize>load<u32>(headA, outAt);
  let evenB = load<u32>(headB);
  let oddB = load<u32>(headB, oddAt);
  let outB = <usize>load<u32>(headB, outAt);
  while (step > steps) {
    step -= pitch;
    const a = recordsA + <usize>load<u16>(step);
    const b = recordsB + <usize>load<u16>(step, 2);
    if (oddA >= load<u32>(a, limitAt)) {
      outA -= 2;
      store<u16>(outA, <u16>oddA);
      oddA >>>= 16;
    }
    if (oddB >= load<u32>(b, limitAt)) {
      outB -= 2;
      store<u16>(outB, <u16>oddB);
      oddB >>>= 16;
    }
    const nextA =
      oddA +
      <u32>((<u64>oddA * load<u64>(a)) >> 43) * <u32>load<u16>(a, complementAt) +
      <u32>load<u16>(a, startAt);
    const nextB =
      oddB +
      <u32>((<u64>oddB * load<u64>(b)) >> 43) * <u32>load<u16>(b, complementAt) +
      <u32>load<u16>(b, startAt);
    oddA = evenA;
    evenA = nextA;
    oddB = evenB;
    evenB = nextB;
  }
  store<u32>(headA, evenA);
  store<u32>(headA, oddA, oddAt);
  store<u32>(headA, <u32>outA, outAt);
  store<u32>(headB, evenB);
  store<u32>(headB, oddB, oddAt);
  store<u32>(headB, <u32>outB, outAt);
}

// ---- the hits on their grids: bits in rows of bytes, earliest lowest, and nodes, a byte a voxel ----

/**
 * Marks `count` hits: their bits, their rows and their nodes (by ADC value). `mask`, `row` and `node` are the places
 * of voxel 0; the same as `markOccupancy`, but the earliest voxel is a byte's lowest bit.
 */
export function mark(
  voxel: usize, adc: usize, count: i32, columns: i32, mask: usize, stride: i32, row: usize, node: usize, nodeOfAdc: usize,
): void {
  // As a product: exact for every voxel below 2^40 / columns.
  const perColumn = (1.0 + 1.0 / 1099511627776.0) / <f64>columns;
  let rowFirst = 0;
  let rowEnd = 0;
  let base: usize = 0;
  for (let i = 0; i < count; i++) {
    const v = load<i32>(voxel + (<usize>i << 2));
    if (v >= rowEnd) {
      const r = <i32>(<f64>v * perColumn);
      rowFirst = r * columns;
      rowEnd = rowFirst + columns;
      base = mask + <usize>(r * stride);
      store<u8>(row + <usize>r, 1);
    }
    const column = v - rowFirst;
    const byte = base + <usize>(column >>> 3);
    store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(column & 7)));
    store<u8>(node + <usize>v, load<u8>(nodeOfAdc + <usize>load<u16>(adc + (<usize>i << 1))));
  }
}

/** Zeroes what `mark` marked. */
export function clear(
  voxel: usize, count: i32, rows: i32, mask: usize, stride: i32, row: usize, node: usize,
): void {
  for (let i = 0; i < count; i++) store<u8>(node + <usize>load<u32>(voxel + (<usize>i << 2)), 0);
  for (let r = 0; r < rows; r++) {
    if (load<u8>(row + <usize>r) == 0) continue;
    store<u8>(row + <usize>r, 0);
    memory.fill(mask + <usize>(r * stride), 0, <usize>stride);
  }
}

// ---- occupancy: see src/kernels/ladder/occupancy.ts for the contexts ----

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

// @ts-ignore: decorator
@inline function rowContext(row: usize, layerRows: usize): i32 {
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

/** Between two voxels: a step of `first`, which holds their own bit, and of `second`. */
// @ts-ignore: decorator
@inline function putVoxel(step: usize, cells: usize, first: usize, second: usize): void {
  store<u16>(
    step,
    <u16>(
      <i32>load<u16>(first + (<usize>load<u16>(cells) << 1)) +
      (<i32>load<i8>(second + <usize>load<u16>(cells, 16)) << weightShift)
    ),
  );
}

/**
 * The steps of a chunk's eight voxels, also where it has fewer. A window times 2^(7 − j) has at fixed places what
 * voxel j sees: eight cells of both tables at once, in the order `encoder.ts` lays the tables out.
 */
// @ts-ignore: decorator
@inline function putChunk(
  step: usize, byte: usize, own: u32, up: u32, stride: usize, layer: usize, first: usize, second: usize, cells: usize,
): void {
  const shifts = i16x8(128, 64, 32, 16, 8, 4, 2, 1);
  // Bits 10 … 14: voxels j − 5 … j − 1, 15: the voxel itself.
  const line = i16x8.mul(i16x8.splat(<i16>own), shifts);
  // Bits 9 … 15: j − 2 … j + 4 of the row above, 9 … 14: j − 2 … j + 3 of the one above that.
  const above = i16x8.mul(i16x8.splat(<i16>(up >>> 4)), shifts);
  const above2 = i16x8.mul(i16x8.splat(<i16>(load<u32>(byte - (stride << 1) - 1) >>> 4)), shifts);
  // Bits 12 … 15: j − 1 … j + 2 one layer back.
  const back = i16x8.mul(i16x8.splat(<i16>(load<u32>(byte - layer - 1) >>> 2)), shifts);
  // Bits are cut out by shifts: masks would be made anew for every chunk.
  v128.store(
    cells,
    v128.or(
      v128.or(i16x8.shr_u(above, 9), i16x8.shl(i16x8.shr_u(line, 10), 7)),
      i16x8.shl(i16x8.shr_u(i16x8.shl(above2, 4), 15), 13),
    ),
  );
  v128.store(
    cells,
    v128.or(
      v128.or(i16x8.shr_u(back, 12), i16x8.shl(i16x8.shr_u(i16x8.shl(above2, 1), 10), 8)),
      v128.or(
        i16x8.shl(i16x8.shr_u(i16x8.shl(above, 3), 13), 4),
        i16x8.shl(i16x8.shr_u(i16x8.shl(line, 1), 15), 7),
      ),
    ),
    16,
  );
  putVoxel(step, cells, first, second);
  putVoxel(step + 2, cells + 2, first, second);
  putVoxel(step + 4, cells + 4, first, second);
  putVoxel(step + 6, cells + 6, first, second);
  putVoxel(step + 8, cells + 8, first, second);
  putVoxel(step + 10, cells + 10, first, second);
  putVoxel(step + 12, cells + 12, first, second);
  putVoxel(step + 14, cells + 14, first, second);
}

/**
 * Collects the steps of rows `firstRow` … `endRow` − 1 in the reader's order, and returns where they end. `flags` are
 * steps of a 0 by context (u16), `first` those of a cell and its voxel's bit (u16), `second` and `fresh` weights (i8);
 * `cells` is room for 32 bytes.
 */
function putRows(
  firstRow: i32, endRow: i32, columns: i32, words: i32, mask: usize, stride: usize, row: usize, layerRows: usize,
  flags: usize, first: usize, second: usize, fresh: usize, cells: usize, steps: usize,
): usize {
  const layer = layerRows * stride;
  const emptyRow = i16x8.splat(load<i16>(flags));
  let step = steps;
  for (let r = firstRow; r < endRow; r++) {
    const own = row + <usize>r;
    const back = own - layerRows;
    // Eight rows without a hit, and none about them: most of a sparse frame.
    if ((load<u64>(own - 2) | load<u64>(own) | load<u64>(back - 1) | load<u64>(back + 1)) == 0 && r + 8 <= endRow) {
      v128.store(step, emptyRow);
      step += 16;
      r += 7;
      continue;
    }
    const has = <i32>load<u8>(own);
    const rowFlag = <i32>load<u16>(flags + (<usize>rowContext(own, layerRows) << 1));
    store<u16>(step, <u16>(rowFlag + (has << 4)));
    step += 2;
    if (has == 0) continue;
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
        born = is(load<u32>(word));
        const flag = <i32>load<u16>(flags + (<usize>wordContext(word, stride, layer, seen, end) << 1));
        store<u16>(step, <u16>(flag + (born << 4)));
        step += 2;
        if (born == 0) continue;
      }
      seen = 1;
      const columnsLeft = columns - (w << 5);
      for (let c = 0; c < 4 && c << 3 < columnsLeft; c++) {
        const byte = word + <usize>c;
        const own = load<u32>(byte - 1);
        const up = load<u32>(byte - stride - 1);
        const voxels = min(8, columnsLeft - (c << 3));
        if (((up & chunkAndBeside) | (own & lastTwoBefore)) != 0) {
          putChunk(step, byte, own, up, stride, layer, first, second, cells);
          step += <usize>voxels << 1;
          born = 0;
          continue;
        }
        const full = is(own & 0xff00);
        const context = chunkContext(byte, stride, layer, born == 0 ? 0 : c + 1, up);
        store<u16>(step, <u16>(<i32>load<u16>(flags + (<usize>context << 1)) + (full << 4)));
        step += 2;
        if (full == 0) continue;
        born = 0;
        putChunk(step, byte, own, up, stride, layer, first, second, cells);
        // Up to its first hit a chunk of which only its flag said that it has one tells its age.
        const age = fresh + <usize>(9 - voxels);
        for (let j: usize = 0, last = <usize>ctz(own >>> 8); j <= last; j++) {
          const at = step + (j << 1);
          store<u16>(at, <u16>(<i32>load<u16>(at) + (<i32>load<i8>(age + j) << weightShift)));
        }
        step += <usize>voxels << 1;
      }
    }
  }
  return step;
}

/** Rows whose steps are collected before they are coded: they stay in the nearest cache. */
const segmentRows: i32 = 64;

/** Codes a marked grid into a stream; `steps` has room for those of a segment and of one chunk more. */
export function codeOccupancy(
  rows: i32, columns: i32, words: i32, mask: usize, stride: usize, row: usize, layerRows: usize,
  flags: usize, first: usize, second: usize, fresh: usize, cells: usize, steps: usize, records: usize, head: usize,
): void {
  let end = rows;
  while (end > 0) {
    const begin = ((end - 1) / segmentRows) * segmentRows;
    const last = putRows(
      begin, end, columns, words, mask, stride, row, layerRows, flags, first, second, fresh, cells, steps,
    );
    codeSteps(steps, <i32>((last - steps) >>> 1), 2, records, head);
    end = begin;
  }
}

// ---- planes: see src/kernels/ladder/planes.ts for the pairs ----

/** From one pair's table to the next: the largest there is, of five planes. */
const pairBytes: usize = 73984;
/** Hits whose sums are made before they are coded: they stay in the nearest cache. Even. */
const blockHits: i32 = 1024;

/** Of a pair the four planes' steps at once: by the earlier node, by the half of the later one, and by the hit's. */
// @ts-ignore: decorator
@inline function pairOf(own: usize, earlier: usize, later: usize, earlierBytes: i32, laterBytes: i32): usize {
  return (
    own +
    <usize>(<i32>load<u8>(earlier) * earlierBytes) +
    <usize>((<i32>load<u8>(later) >>> 1) * laterBytes)
  );
}

/** The sums of hits `first` … `end` − 1 in four planes (four u16 each), from `sums` on. */
function sumPairs(
  voxel: usize, first: i32, end: i32, node: usize, columns: usize,
  pairs: usize, ownSteps: usize, earlierBytes: i32, laterBytes: i32, sums: usize,
): void {
  for (let i = first; i < end; i++) {
    const at = node + <usize>load<u32>(voxel + (<usize>i << 2));
    const up = at - columns;
    const down = at + columns;
    const code = <usize>load<u8>(at);
    // Nodes begin at 2: half of one, less 1, is the half of its level.
    const own = pairs + ((code >>> 1) << 3) - 8;
    const sum =
      load<u64>(ownSteps + (code << 3)) +
      load<u64>(pairOf(own, at - 1, at + 1, earlierBytes, laterBytes)) +
      load<u64>(pairOf(own, up, down, earlierBytes, laterBytes), pairBytes) +
      load<u64>(pairOf(own, at - 2, at + 2, earlierBytes, laterBytes), 2 * pairBytes) +
      load<u64>(pairOf(own, up - 1, down + 1, earlierBytes, laterBytes), 3 * pairBytes) +
      load<u64>(pairOf(own, up + 1, down - 1, earlierBytes, laterBytes), 4 * pairBytes) +
      load<u64>(pairOf(own, up - columns, down + columns, earlierBytes, laterBytes), 5 * pairBytes);
    store<u64>(sums + (<usize>(i - first) << 3), sum);
  }
}

/**
 * Codes up to four planes of `count` marked hits into as many streams, whose heads (16 bytes each) and records
 * (2^16 bytes each) lie one after another; `sums` is room for a block.
 */
export function codePlanes(
  voxel: usize, count: i32, planes: i32, node: usize, columns: usize,
  pairs: usize, ownSteps: usize, earlierBytes: i32, laterBytes: i32, sums: usize, records: usize, heads: usize,
): void {
  let end = count;
  while (end > 0) {
    const first = (end - 1) & -blockHits;
    sumPairs(voxel, first, end, node, columns, pairs, ownSteps, earlierBytes, laterBytes, sums);
    for (let p: usize = 0; p < <usize>planes; p += 2) {
      const steps = sums + (p << 1);
      const own = records + (p << 16);
      const head = heads + (p << 4);
      if (p + 1 == <usize>planes) codeSteps(steps, end - first, 8, own, head);
      else codeTwo(steps, end - first, 8, own, own + (1 << 16), head, head + 16);
    }
    end = first;
  }
}
