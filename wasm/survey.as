/**
 * What one frame looks like channel by channel, from its patch rows: what src/kernels/survey/survey.ts calls after each
 * gather, in the same memory. A patch is 8 channels × 8 samples, so its hits are one 64-bit word (a byte a channel, a
 * bit a sample) and most questions are a few operations on it. All addresses are bytes from the start of the memory,
 * given by the caller; the same result as the TypeScript twin in src/kernels/survey/maps.ts.
 */

// Places of the counts in `out` (i32 each), as src/kernels/survey/survey.ts names them.
const codes: usize = 0;
const pairs: usize = 4;
const holes: usize = 8;
const alone: usize = 12;
const aloneMost: usize = 16;
const aloneSquares: usize = 20;
const silent: usize = 24;
const silentMost: usize = 28;
const full: usize = 32;
const fullMost: usize = 36;
const bad: usize = 40;
const saturated: usize = 44;
const stuck: usize = 48;
const torn: usize = 52;
const tornMost: usize = 56;
const emptyBusy: usize = 60;
const rowMost: usize = 64;
const charge: usize = 68;

/** Bytes of one card's record: hits, codes, channels with hits, bits that are 0 in some ADC value, and 1 in some. */
const cardBytes: usize = 20;
/**
 * Bytes of one block's place: twice its layer, and 1 more where the block before it is its neighbour; its card; where in
 * `seams` the seams before and behind it lie.
 */
const placeBytes: usize = 16;
/**
 * Bytes of the record of one block that has rows: what is added up of it (48), its number, what takes a word to its full
 * rows, its place. And of one that is asked: card, first ADC value, hits, hits of each channel.
 */
const recordBytes: usize = 64;
const askedBytes: usize = 24;
/** Words of zeros before those of a block: two, so that two words from an even one on are of one block. */
const wordsFirst: usize = 16;
/** Hits of a block, and of one of its channels, that are asked whether a bit is stuck; a channel with fewer is not. */
const blockHitsAsked: i32 = 64;
const channelHitsAsked: i32 = 32;
/** Patches that are asked together for what cannot be: while the nearest cache still holds their cells. */
const patchesAsked: usize = 128;
/** A block with as many hits has some in every channel that lives. */
const busyHits: i32 = 64;

/** In the order of `layout` in src/kernels/survey/survey.ts, four bytes each. */
@unmanaged
class Layout {
  patches: usize;
  cells: usize;
  adc: usize;
  timeBlocks: i32;
  fullRowBytes: i32;
  codeLow: i32;
  codeHigh: i32;
  jumpUp: i32;
  adcMask: i32;
  cardCount: i32;
  knownBytes: i32;
  places: usize;
  weights: usize;
  words: usize;
  known: usize;
  tally: usize;
  layers: usize;
  cards: usize;
  seams: usize;
  cardCodes: usize;
  writtenEnd: usize;
  fullRows: usize;
  pairList: usize;
  askedList: usize;
  blockList: usize;
  cellList: usize;
  records: usize;
}

let andOf: i32 = 0;
let orOf: i32 = 0;

/**
 * AND and OR of `count` ADC values (u16, 1 … `blockHitsAsked`), into `andOf` and `orOf`. Always reads as many as may be
 * asked: how many there are is anything, and a branch guessed wrong costs more than the reading.
 */
// @ts-ignore: decorator
@inline
function joinBits(adc: usize, count: i32): void {
  let all = i16x8.splat(-1);
  let any = i16x8.splat(0);
  let left = i16x8.sub(i16x8.splat(<i16>count), i16x8(0, 1, 2, 3, 4, 5, 6, 7));
  const eight = i16x8.splat(8);
  const none = i16x8.splat(0);
  for (let i: usize = 0; i < 2 * <usize>blockHitsAsked; i += 16) {
    const values = v128.load(adc + i);
    const counts = i16x8.gt_s(left, none);
    all = v128.and(all, v128.or(values, v128.not(counts)));
    any = v128.or(any, v128.and(values, counts));
    left = i16x8.sub(left, eight);
  }
  joinLanes(all, any);
}

/** AND and OR of eight lanes of 16 bits each, into `andOf` and `orOf`. */
// @ts-ignore: decorator
@inline
function joinLanes(all: v128, any: v128): void {
  let allWord = i64x2.extract_lane(all, 0) & i64x2.extract_lane(all, 1);
  let anyWord = i64x2.extract_lane(any, 0) | i64x2.extract_lane(any, 1);
  allWord &= allWord >>> 32;
  anyWord |= anyWord >>> 32;
  andOf = <i32>(allWord & (allWord >>> 16)) & 0xffff;
  orOf = <i32>(anyWord | (anyWord >>> 16)) & 0xffff;
}

/** Sum of `count` ADC values (u16, at most 15 bits): of 12 bits and less eight fit one lane. */
function chargeOf(adc: usize, count: i32, adcMask: i32): i32 {
  const one = i16x8.splat(1);
  let sums = i32x4.splat(0);
  let i = 0;
  if (adcMask < 4096)
    for (; i + 64 <= count; i += 64) {
      const at = adc + (<usize>i << 1);
      const lower = i16x8.add(
        i16x8.add(v128.load(at), v128.load(at, 16)),
        i16x8.add(v128.load(at, 32), v128.load(at, 48)),
      );
      const upper = i16x8.add(
        i16x8.add(v128.load(at, 64), v128.load(at, 80)),
        i16x8.add(v128.load(at, 96), v128.load(at, 112)),
      );
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(i16x8.add(lower, upper), one));
    }
  for (; i + 8 <= count; i += 8) sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(adc + (<usize>i << 1)), one));
  let sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  for (; i < count; i++) sum += <i32>load<u16>(adc + (<usize>i << 1));
  return sum;
}

/** Evidence, in 1/64 bit, that `count` values with this AND and OR have a stuck bit. */
function stuckEvidence(count: i32, and: i32, or: i32, mask: i32, weights: usize): i32 {
  const one = <i32>load<u8>(weights + <usize>(and & mask));
  const zero = <i32>load<u8>(weights + <usize>(mask + 1) + <usize>(~or & mask));
  return count * max(one, zero);
}

/** The largest of the first eight bytes. */
function mostOf(bytes: v128): i32 {
  let most = i8x16.max_u(bytes, i64x2.shr_u(bytes, 32));
  most = i8x16.max_u(most, i64x2.shr_u(most, 16));
  return <i32>i8x16.extract_lane_u(i8x16.max_u(most, i64x2.shr_u(most, 8)), 0);
}

/**
 * The first pass: the word of each of `rows` patches (u32, ascending) of 64 cells, and what cells say alone, block by
 * block. Words and records of blocks lie one behind the other, as many as there are, with a row of zeros between two that
 * are no neighbours: a sparse frame's stay in the nearest cache. Lists in `pairList` where two words beside each other in
 * time lie of which one is theirs, and their record (two i32), and the record of each block in `blockList`; adds up the
 * codes of each card as four lanes in `cardCodes`. Returns the end of `pairList`; `blockListEnd` is the other's.
 */
function readPatches(l: Layout, rows: i32): usize {
  const places = l.places;
  const timeBlocks = l.timeBlocks;
  const layers = l.layers;
  const cardCodes = l.cardCodes;
  const fullRows = <i32>l.fullRows;
  const wordStep = wordStepOf(timeBlocks);
  const zero = i8x16.splat(0);
  const highest = i8x16.splat(<i8>l.codeHigh);
  const perBlock = reciprocal(timeBlocks);
  const rowsEnd = l.patches + (<usize>rows << 2);
  let saturatedCount = 0;
  let blockEnd = l.blockList;
  let cellEnd = l.cellList;
  const cellLimit = cellEnd + 4 * patchesAsked;
  let badCount = 0;
  let pairEnd = l.pairList - 8;
  let pairBefore: usize = 0;
  let cellsAt = l.cells;
  let blockBefore = -2;
  let record = l.records;
  let wordRow = l.words + wordsFirst;
  for (let at = l.patches; at < rowsEnd; ) {
    let patch = load<i32>(at);
    const block = blockOf(patch, perBlock);
    const patchEnd = (block + 1) * timeBlocks;
    const place = places + <usize>block * placeBytes;
    const layer = load<i32>(place);
    const card = load<i32>(place, 4);
    const step = <usize>(2 - (i32(block == blockBefore + 1) & layer));
    blockBefore = block;
    record += step * recordBytes;
    wordRow += step * wordStep;
    const wordsAt = wordRow - (<usize>(block * timeBlocks) << 3);
    store<i32>(record, block, 48);
    store<i32>(record, fullRows + ((card * timeBlocks) << 3) - <i32>wordRow, 52);
    store<u32>(record, <u32>place, 56);
    store<u32>(blockEnd, <u32>record);
    blockEnd += 4;
    const cellStep = <usize>(~block & 1) << 2;
    let codesHere = i32x4.splat(0);
    let most = 0;
    do {
      const wordAt = wordsAt + (<usize>patch << 3);
      const pairAt = wordAt & ~15;
      pairEnd += <usize>i32(pairAt != pairBefore) << 3;
      pairBefore = pairAt;
      store<u64>(pairEnd, <u64>pairAt | (<u64>record << 32));
      store<u32>(cellEnd, <u32>cellsAt);
      cellEnd += cellStep;
      const c0 = v128.load(cellsAt);
      const c1 = v128.load(cellsAt, 16);
      const c2 = v128.load(cellsAt, 32);
      const c3 = v128.load(cellsAt, 48);
      cellsAt += 64;
      at += 4;
      // Behind the last patch lies another number, which is not looked at.
      patch = load<i32>(at);
      store<u64>(
        wordAt,
        ~((<u64>i8x16.bitmask(i8x16.eq(c0, zero)) | (<u64>i8x16.bitmask(i8x16.eq(c1, zero)) << 16)) |
          ((<u64>i8x16.bitmask(i8x16.eq(c2, zero)) | (<u64>i8x16.bitmask(i8x16.eq(c3, zero)) << 16)) << 32)),
      );
      codesHere = i32x4.add(
        codesHere,
        // Signed is one instruction, and four codes of a byte do not reach the sign.
        i32x4.extadd_pairwise_i16x8_s(
          i16x8.add(
            i16x8.add(i16x8.extadd_pairwise_i8x16_u(c0), i16x8.extadd_pairwise_i8x16_u(c1)),
            i16x8.add(i16x8.extadd_pairwise_i8x16_u(c2), i16x8.extadd_pairwise_i8x16_u(c3)),
          ),
        ),
      );
      // Nothing is above the highest code. One patch in some has it, in a crowded frame: counted without asking.
      const count = <i32>popcnt(
        (<u64><u32>(i8x16.bitmask(i8x16.eq(c0, highest)) | (i8x16.bitmask(i8x16.eq(c1, highest)) << 16)) << 32) |
        <u64><u32>(i8x16.bitmask(i8x16.eq(c2, highest)) | (i8x16.bitmask(i8x16.eq(c3, highest)) << 16)),
      );
      saturatedCount += count;
      most = max(most, count);
    } while (u32(at < rowsEnd) & u32(patch < patchEnd));
    const codesAt = cardCodes + (<usize>card << 4);
    v128.store(codesAt, i32x4.add(v128.load(codesAt), codesHere));
    const layerAt = layers + (<usize>(layer >> 1) << 2);
    store<i32>(layerAt, max(load<i32>(layerAt), most));
    if (cellEnd >= cellLimit) {
      badCount += badCells(l, cellEnd);
      cellEnd = l.cellList;
    }
  }
  store<i32>(l.tally, saturatedCount, saturated);
  store<i32>(l.tally, badCount + badCells(l, cellEnd), bad);
  blockListEnd = blockEnd;
  return pairEnd + 8;
}

/** Of the patches in `cellList`. */
function badCells(l: Layout, cellEnd: usize): i32 {
  const lowest = i8x16.splat(<i8>l.codeLow);
  const up = i8x16.splat(<i8>l.jumpUp);
  let count = 0;
  for (let entry = l.cellList; entry < cellEnd; entry += 4) count += badOf(<usize>load<u32>(entry), lowest, up);
  return count;
}

/** Cells of a patch below the lowest code, or far above both neighbours in time, which no pulse of the shaper is. */
// @ts-ignore: decorator
@inline
function badOf(cells: usize, lowest: v128, up: v128): i32 {
  const zero = i8x16.splat(0);
  const one = i8x16.splat(1);
  const inner = i64x2.splat(0x00ffffffffffff00);
  const c0 = v128.load(cells);
  const c1 = v128.load(cells, 16);
  const c2 = v128.load(cells, 32);
  const c3 = v128.load(cells, 48);
  const j0 = jumpsOf(c0, lowest, up);
  const j1 = jumpsOf(c1, lowest, up);
  const j2 = jumpsOf(c2, lowest, up);
  const j3 = jumpsOf(c3, lowest, up);
  // Hardly any patch has one: first whether there is any. No hit is 0, less one is the largest byte.
  const least = i8x16.min_u(
    i8x16.min_u(i8x16.sub(c0, one), i8x16.sub(c1, one)),
    i8x16.min_u(i8x16.sub(c2, one), i8x16.sub(c3, one)),
  );
  const any = v128.and(v128.or(v128.or(j0, j1), v128.or(j2, j3)), inner);
  if (!v128.any_true(v128.or(any, i8x16.sub_sat_u(i8x16.sub(lowest, one), least)))) return 0;
  const b0 = v128.or(v128.and(j0, inner), v128.andnot(i8x16.sub_sat_u(lowest, c0), i8x16.eq(c0, zero)));
  const b1 = v128.or(v128.and(j1, inner), v128.andnot(i8x16.sub_sat_u(lowest, c1), i8x16.eq(c1, zero)));
  const b2 = v128.or(v128.and(j2, inner), v128.andnot(i8x16.sub_sat_u(lowest, c2), i8x16.eq(c2, zero)));
  const b3 = v128.or(v128.and(j3, inner), v128.andnot(i8x16.sub_sat_u(lowest, c3), i8x16.eq(c3, zero)));
  return 64 - popcnt(
    i8x16.bitmask(i8x16.eq(b0, zero)) | (i8x16.bitmask(i8x16.eq(b1, zero)) << 16),
  ) - popcnt(i8x16.bitmask(i8x16.eq(b2, zero)) | (i8x16.bitmask(i8x16.eq(b3, zero)) << 16));
}
let blockListEnd: usize = 0;

/**
 * The second pass: of each patch and those beside it, two at a time. Adds up in records (hits and holes, lone hits and
 * pairs of each channel, then whole runs in two halves) what the third takes. Returns most full rows.
 */
function readWords(l: Layout, pairEnd: usize): i32 {
  const wordStep = wordStepOf(l.timeBlocks);
  // Room for four bytes a pair; the third pass has it anew.
  const fullList = l.askedList;
  const ones = i8x16.splat(-1);
  const bit0 = i8x16.splat(1);
  const bit7 = i8x16.splat(-128);
  const lower = i8x16.splat(127);
  let rowTop = i64x2.splat(0);
  let fullEnd = fullList;
  for (let entry = l.pairList; entry < pairEnd; entry += 8) {
    const at = <usize>load<u32>(entry);
    const record = <usize>load<u32>(entry, 4);
    const word = v128.load(at);
    const left = v128.or(i64x2.shl(word, 8), i64x2.shr_u(v128.load(at - wordStep), 56));
    const right = v128.or(i64x2.shr_u(word, 8), i64x2.shl(v128.load(at + wordStep), 56));
    const early = v128.or(i8x16.add(word, word), v128.and(i64x2.shr_u(v128.load(at - 8), 7), bit0));
    const late = v128.or(v128.and(i64x2.shr_u(word, 1), lower), v128.and(i64x2.shl(v128.load(at + 8), 7), bit7));
    const lone = i8x16.popcnt(v128.andnot(word, v128.or(v128.or(left, right), v128.or(early, late))));
    const pair = i8x16.popcnt(v128.and(word, right));
    const hit = i8x16.popcnt(word);
    const hole = i8x16.popcnt(v128.andnot(v128.and(left, right), word));
    v128.store(record, i8x16.add(v128.load(record), foldBoth(hit, hole)));
    v128.store(record, i8x16.add(v128.load(record, 16), foldBoth(lone, pair)), 16);
    v128.store(record, i8x16.sub(v128.load(record, 32), i8x16.eq(word, ones)), 32);
    store<u32>(fullEnd, <u32>entry);
    fullEnd += <usize>(i32(v128.any_true(fullOf(word))) & ~load<i32>(record, 48) & 1) << 2;
  }
  for (let entry = fullList; entry < fullEnd; entry += 4) {
    const pair = <usize>load<u32>(entry);
    const at = <usize>load<u32>(pair);
    const full = fullOf(v128.load(at));
    const rowAt = at + <usize>load<u32>(<usize>load<u32>(pair, 4), 52);
    const rowsNow = i8x16.add(
      v128.load(rowAt),
      i64x2.replace_lane(i64x2.splat(spreadOf(i64x2.extract_lane(full, 0))), 1, spreadOf(i64x2.extract_lane(full, 1))),
    );
    v128.store(rowAt, rowsNow);
    rowTop = i8x16.max_u(rowTop, rowsNow);
  }
  return max(mostOf(rowTop), mostOf(i64x2.splat(i64x2.extract_lane(rowTop, 1))));
}

/** Both halves of `a` together, then those of `b`. */
// @ts-ignore: decorator
@inline
function foldBoth(a: v128, b: v128): v128 {
  return i8x16.add(
    i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
    i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31),
  );
}

/** Of two words, the samples that all eight channels have hits in: in the lowest byte of each. */
// @ts-ignore: decorator
@inline
function fullOf(word: v128): v128 {
  let full = v128.and(word, i64x2.shr_u(word, 32));
  full = v128.and(full, i64x2.shr_u(full, 16));
  return v128.and(v128.and(full, i64x2.shr_u(full, 8)), i64x2.splat(255));
}

/** Bit n of eight becomes 1 in byte n. */
// @ts-ignore: decorator
@inline
function spreadOf(bits: u64): u64 {
  return ((((bits * 0x0101010101010101) & 0x8040201008040201) + 0x7f7f7f7f7f7f7f7f) >>> 7) & 0x0101010101010101;
}

/** Bytes from a block's words to those of the next: an even number, with two zeros and no less between. */
// @ts-ignore: decorator
@inline
function wordStepOf(timeBlocks: i32): usize {
  return <usize>(timeBlocks + 2 + (timeBlocks & 1)) << 3;
}

/** The third pass: of each block that has rows, and the last channel of the block before it. */
function readBlocks(l: Layout, region: i32, blockEnd: usize): void {
  const out = l.tally;
  const known = l.known + <usize>(region * l.knownBytes);
  const cards = l.cards;
  const seams = l.seams;
  const adcMask = l.adcMask;
  const weights = l.weights;
  const askedList = l.askedList;
  const bitOf = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const zero = i8x16.splat(0);
  // Sums over four channels a lane: alone and holes, pairs and silent, full and hits.
  let firstSum = i32x4.splat(0);
  let secondSum = i32x4.splat(0);
  let thirdSum = i32x4.splat(0);
  let aloneSum = i32x4.splat(0);
  let tornSum = i32x4.splat(0);
  // Most of them in one channel, in the same places.
  let firstTop = zero;
  let secondTop = zero;
  let thirdTop = zero;
  let tornTop = zero;
  let acrossTop = 0;
  let acrossSum = 0;
  let emptyCount = 0;
  let recordBefore: usize = 0;
  let lastHits = 0;
  let lastPairs = 0;
  let hitAt = l.adc;
  let askedEnd = askedList;
  for (let entry = l.blockList; entry < blockEnd; entry += 4) {
    const record = <usize>load<u32>(entry);
    const block = load<i32>(record, 48);
    const place = <usize>load<u32>(record, 56);
    const hitsHoles = v128.load(record);
    const alonePairs = v128.load(record, 16);
    const runs = v128.load(record, 32);
    const fulls = i64x2.extract_lane(i8x16.add(runs, i64x2.splat(i64x2.extract_lane(runs, 1))), 0);
    v128.store(record, zero);
    v128.store(record, zero, 16);
    v128.store(record, zero, 32);
    // Channels known for it are left out: of alone | holes, then of holes where no hit is at all.
    const knownBits = i16x8.splat(load<i16>(known + (<usize>block << 1)));
    const knownHere = i8x16.eq(
      v128.and(i8x16.shuffle(knownBits, knownBits, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), bitOf),
      bitOf,
    );
    const channelsHere = i8x16.shuffle(hitsHoles, zero, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    const pairsHere = i8x16.shuffle(alonePairs, zero, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
    const first = v128.andnot(i8x16.shuffle(alonePairs, hitsHoles, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31), knownHere);
    const unhit = i8x16.eq(i64x2.splat(i64x2.extract_lane(hitsHoles, 0)), zero);
    const second = i8x16.shuffle(alonePairs, v128.and(first, unhit), 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    const third = i64x2.replace_lane(i64x2.splat(i64x2.extract_lane(hitsHoles, 0)), 0, fulls);
    // Far fewer pairs than two channels side by side would have if they were neighbours.
    const tornHere = i8x16.sub_sat_u(
      i8x16.min_u(channelsHere, i64x2.shr_u(channelsHere, 8)),
      i8x16.add_sat_u(pairsHere, pairsHere),
    );
    const thirdHere = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(third));
    firstSum = i32x4.add(firstSum, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(first)));
    secondSum = i32x4.add(secondSum, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(second)));
    thirdSum = i32x4.add(thirdSum, thirdHere);
    tornSum = i32x4.add(tornSum, i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(tornHere, tornHere)));
    aloneSum = i32x4.add(aloneSum, i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(first, first)));
    firstTop = i8x16.max_u(firstTop, first);
    secondTop = i8x16.max_u(secondTop, second);
    thirdTop = i8x16.max_u(thirdTop, third);
    tornTop = i8x16.max_u(tornTop, tornHere);
    const hits = i32x4.extract_lane(thirdHere, 2) + i32x4.extract_lane(thirdHere, 3);
    const silentKnown = i8x16.bitmask(knownHere) >>> 8;
    const empty = popcnt((i8x16.bitmask(unhit) & 255) & ~silentKnown);
    emptyCount += select(empty, 0, hits >= busyHits);
    const card = cards + <usize>load<i32>(place, 4) * cardBytes;
    store<i32>(card, load<i32>(card) + hits);
    store<i32>(card, load<i32>(card, 8) + 8 - empty - popcnt(silentKnown), 8);
    const countWord = <u64>i64x2.extract_lane(hitsHoles, 0);
    const pairWord = <u64>i64x2.extract_lane(alonePairs, 1);
    const firstHits = <i32>(countWord & 255);
    const isNext = i32(record == recordBefore + recordBytes);
    const across = max(min(lastHits, firstHits) - 2 * lastPairs, 0) * isNext;
    acrossSum += across * across;
    acrossTop = max(acrossTop, across);
    recordBefore = record;
    lastHits = <i32>(countWord >>> 56);
    lastPairs = <i32>(pairWord >>> 56);
    const before = seams + <usize>load<i32>(place, 8);
    store<i32>(before, load<i32>(before) + firstHits);
    const behind = seams + <usize>load<i32>(place, 12);
    store<i32>(behind, load<i32>(behind) + lastHits);
    store<i32>(behind, load<i32>(behind, 4) + lastPairs, 4);
    store<u32>(askedEnd, <u32>card);
    store<u32>(askedEnd, <u32>hitAt, 4);
    store<i32>(askedEnd, hits, 8);
    store<u64>(askedEnd, countWord, 16);
    askedEnd += (<usize>(~block & 1) * askedBytes);
    hitAt += <usize>hits << 1;
  }
  store<i32>(out, i32x4.extract_lane(firstSum, 0) + i32x4.extract_lane(firstSum, 1), alone);
  store<i32>(out, i32x4.extract_lane(firstSum, 2) + i32x4.extract_lane(firstSum, 3), holes);
  store<i32>(out, i32x4.extract_lane(secondSum, 0) + i32x4.extract_lane(secondSum, 1), pairs);
  store<i32>(out, i32x4.extract_lane(secondSum, 2) + i32x4.extract_lane(secondSum, 3), silent);
  store<i32>(out, i32x4.extract_lane(thirdSum, 0) + i32x4.extract_lane(thirdSum, 1), full);
  store<i32>(out, mostOf(firstTop), aloneMost);
  store<i32>(out, mostOf(i64x2.splat(i64x2.extract_lane(secondTop, 1))), silentMost);
  store<i32>(out, mostOf(thirdTop), fullMost);
  store<i32>(out, sumOf(aloneSum), aloneSquares);
  store<i32>(out, acrossSum + sumOf(tornSum), torn);
  store<i32>(out, max(mostOf(tornTop), acrossTop), tornMost);
  store<i32>(out, emptyCount, emptyBusy);

  let stuckTop = 0;
  // Behind those still to be asked.
  const channelList = askedEnd;
  let channelEnd = channelList;
  for (let entry = askedList; entry < askedEnd; entry += askedBytes) {
    const card = <usize>load<u32>(entry);
    const first = <usize>load<u32>(entry, 4);
    const asked = min(load<i32>(entry, 8), blockHitsAsked);
    joinBits(first, asked);
    stuckTop = max(stuckTop, stuckEvidence(asked, andOf, orOf, adcMask, weights));
    store<i32>(card, load<i32>(card, 12) | (~andOf & adcMask), 12);
    store<i32>(card, load<i32>(card, 16) | orOf, 16);
    let countWord = load<u64>(entry, 16);
    // No channel with as many as are asked of one: 32 and more have one of the upper bits.
    if ((countWord & 0xe0e0e0e0e0e0e0e0) == 0) continue;
    let channelAt = first;
    for (let pad = 0; pad < 8; pad++) {
      const count = <i32>(countWord & 255);
      countWord >>>= 8;
      store<u32>(channelEnd, <u32>channelAt);
      channelEnd += <usize>i32(count >= channelHitsAsked) << 2;
      channelAt += <usize>count << 1;
    }
  }
  for (let entry = channelList; entry < channelEnd; entry += 4) {
    const channel = <usize>load<u32>(entry);
    const v0 = v128.load(channel);
    const v1 = v128.load(channel, 16);
    const v2 = v128.load(channel, 32);
    const v3 = v128.load(channel, 48);
    joinLanes(v128.and(v128.and(v0, v1), v128.and(v2, v3)), v128.or(v128.or(v0, v1), v128.or(v2, v3)));
    stuckTop = max(stuckTop, stuckEvidence(channelHitsAsked, andOf, orOf, adcMask, weights));
  }
  store<i32>(out, stuckTop, stuck);
}

/**
 * Surveys the `rows` patches (u32, ascending) with 64 cells each (codes, 0 where no hit is) and the frame's `hitCount` ADC
 * values (u16, in order of their voxels, and at least 128 bytes of the memory behind them) that lie where `layout` says.
 * `words` (u64 a patch, those of a block from a multiple of 16 bytes on, zero words before and behind them), records and
 * `fullRows` (u8 a card and sample: its rows of eight channels that are all hit at once) are all zero between calls, the
 * records' last 16 bytes aside. `known` has two bytes a block and region, a bit for each channel: those that are noisy, then those that are silent. Writes the
 * tally, `layers` (i32 each: most saturated cells of one of its patches), `cards` and `seams` (two i32 each: hits beside it
 * and pairs across it; one more than there are, for blocks beside none). Every other block is asked for samples that cannot
 * be, for stuck bits and for full rows. Scratch: `pairList` 8 bytes a patch, `blockList` and `cellList` 4 a block and a
 * patch, `askedList` the more of 4 a patch and 56 a block; each one more.
 */
export function survey(layout: usize, rows: i32, hitCount: i32, region: i32): void {
  const l = changetype<Layout>(layout);
  const zero = i8x16.splat(0);
  for (let at = l.tally; at < l.writtenEnd; at += 64) {
    v128.store(at, zero);
    v128.store(at, zero, 16);
    v128.store(at, zero, 32);
    v128.store(at, zero, 48);
  }
  const pairEnd = readPatches(l, rows);
  const most = readWords(l, pairEnd);
  readBlocks(l, region, blockListEnd);
  const cards = l.cards;
  const cardCodes = l.cardCodes;
  let codesOfAll = 0;
  for (let card = 0; card < l.cardCount; card++) {
    const sum = sumOf(v128.load(cardCodes + (<usize>card << 4)));
    store<i32>(cards + <usize>card * cardBytes, sum, 4);
    codesOfAll += sum;
  }
  store<i32>(l.tally, codesOfAll, codes);
  store<i32>(l.tally, chargeOf(l.adc, hitCount, l.adcMask), charge);
  store<i32>(l.tally, most, rowMost);
  if (most > 0) memory.fill(l.fullRows, 0, <usize>l.fullRowBytes);
  for (let entry = l.pairList; entry < pairEnd; entry += 8) v128.store(<usize>load<u32>(entry), zero);
}

/** For `blockOf`: a product instead of a division, exact for every patch below 2^36 / timeBlocks. */
// @ts-ignore: decorator
@inline
function reciprocal(timeBlocks: i32): u64 {
  return ((<u64>1 << 36) + <u64>timeBlocks - 1) / <u64>timeBlocks;
}
// @ts-ignore: decorator
@inline
function blockOf(patch: i32, perBlock: u64): i32 {
  return <i32>((<u64>patch * perBlock) >>> 36);
}

// @ts-ignore: decorator
@inline
function sumOf(lanes: v128): i32 {
  const halves = i32x4.add(lanes, i64x2.shr_u(lanes, 32));
  return <i32>(i64x2.extract_lane(halves, 0) + i64x2.extract_lane(halves, 1));
}

/** Not 0 for cells far above both neighbours in time; what is under the lowest code counts as it. */
// @ts-ignore: decorator
@inline
function jumpsOf(cell: v128, lowest: v128, up: v128): v128 {
  const most = i8x16.max_u(i8x16.max_u(i64x2.shl(cell, 8), i64x2.shr_u(cell, 8)), lowest);
  return i8x16.sub_sat_u(i8x16.sub_sat_u(cell, up), most);
}
