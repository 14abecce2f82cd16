/**
 * What one frame looks like channel by channel, from its patch rows: what src/kernels/survey.ts calls after each
 * gather, in the same memory. A patch is 8 channels × 8 samples, so its hits are one 64-bit word (a byte a channel, a
 * bit a sample) and most questions are a few operations on it. All addresses are bytes from the start of the memory,
 * given by the caller; the same result as the TypeScript twin in src/kernels/survey_maps.ts.
 */

// Places of the counts in `out` (i32 each), as src/kernels/survey.ts names them.
const codes: usize = 0;
const pairs: usize = 4;
const holes: usize = 8;
const lonely: usize = 12;
const lonelyMost: usize = 16;
const silent: usize = 20;
const silentMost: usize = 24;
const full: usize = 28;
const fullMost: usize = 32;
const low: usize = 36;
const jumps: usize = 40;
const saturated: usize = 44;
const wide: usize = 48;
const stuck: usize = 52;

/** Bytes of one card's record: hits, codes, channels with hits, bits that are 0 in some ADC value, and 1 in some. */
const cardBytes: usize = 20;
/** Hits of a block, and of one of its channels, that are asked whether a bit is stuck; a channel with fewer is not. */
const blockHitsAsked: i32 = 64;
const channelHitsAsked: i32 = 16;

let andOf: i32 = 0;
let orOf: i32 = 0;

/** AND and OR of `count` ADC values (u16), into `andOf` and `orOf`. */
function joinBits(adc: usize, count: i32): void {
  let all = i16x8.splat(-1);
  let any = i16x8.splat(0);
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const values = v128.load(adc + (<usize>i << 1));
    all = v128.and(all, values);
    any = v128.or(any, values);
  }
  let allWord = i64x2.extract_lane(all, 0) & i64x2.extract_lane(all, 1);
  let anyWord = i64x2.extract_lane(any, 0) | i64x2.extract_lane(any, 1);
  allWord &= allWord >>> 32;
  anyWord |= anyWord >>> 32;
  let a = <i32>(allWord & (allWord >>> 16)) & 0xffff;
  let o = <i32>(anyWord | (anyWord >>> 16)) & 0xffff;
  for (; i < count; i++) {
    const value = <i32>load<u16>(adc + (<usize>i << 1));
    a &= value;
    o |= value;
  }
  andOf = a;
  orOf = o;
}

/** Evidence, in 1/64 bit, that `count` values with this AND and OR have a stuck bit. */
function stuckEvidence(count: i32, and: i32, or: i32, mask: i32, weights: usize): i32 {
  const one = <i32>load<u8>(weights + <usize>(and & mask));
  const zero = <i32>load<u8>(weights + <usize>(mask + 1) + <usize>(~or & mask));
  return count * max(one, zero);
}

/** The largest of eight bytes of a lane of 64 bits. */
function mostOf(bytes: v128, lane: i32): i32 {
  let word = lane == 0 ? i64x2.extract_lane(bytes, 0) : i64x2.extract_lane(bytes, 1);
  let most = 0;
  for (let i = 0; i < 8; i++) {
    most = max(most, <i32>(word & 255));
    word >>>= 8;
  }
  return most;
}

/**
 * `rows` patches (u32, ascending, at `patches`) with 64 cells each (codes, 0 where no hit is) and the frame's ADC
 * values (u16, in order of their voxels). `words` (u64 a patch, one block of zeros before and behind) is all zero
 * between calls. `silentMask` and `lonelyMask` have 8 bytes a block, 255 where a channel is known for it. Writes `out`,
 * `layers` (i32 each: most saturated cells of one of its patches), `times` (u16 a sample), `cards`, `seams` (two i32
 * each: hits beside it and pairs across it) and `active` (u32 a block: its active patches), and expects them zeroed.
 */
export function survey(
  patches: usize, rows: i32, cells: usize, adc: usize,
  timeBlocks: i32, padBlocks: i32, cardLayers: i32, cardBlocks: i32, chipBlocks: i32,
  codeLow: i32, codeHigh: i32, jumpUp: i32, adcMask: i32, weights: usize,
  words: usize, silentMask: usize, lonelyMask: usize, out: usize, layers: usize, times: usize,
  cards: usize, seams: usize, active: usize,
): void {
  const zero = i8x16.splat(0);
  const ones = i8x16.splat(-1);
  const eight = i16x8.splat(8);
  const inner = i64x2.splat(0x00ffffffffffff00);
  const lowest = i8x16.splat(<i8>codeLow);
  const beforeLowest = i8x16.splat(<i8>(codeLow - 1));
  const highest = i8x16.splat(<i8>codeHigh);
  const up = i8x16.splat(<i8>jumpUp);
  const cardsAbreast = (padBlocks + cardBlocks - 1) / cardBlocks;
  const seamsAbreast = (padBlocks - 1) / chipBlocks;
  const wordStep = <usize>timeBlocks << 3;

  // Of each patch alone.
  let block = -1;
  let blockEnd = 0;
  let layer = 0;
  let card: usize = cards;
  let activeAt: usize = active;
  let activeWord: u32 = 0;
  let blockCodes = i32x4.splat(0);
  let allCodes = i32x4.splat(0);
  let lowCount = 0;
  let jumpCount = 0;
  let saturatedCount = 0;
  for (let row = 0; row <= rows; row++) {
    const patch = row < rows ? load<i32>(patches + (<usize>row << 2)) : i32.MAX_VALUE;
    if (patch >= blockEnd) {
      if (block >= 0) {
        const pair = i64x2.extract_lane(i64x2.add(blockCodes, i64x2.shr_u(blockCodes, 32)), 0) + i64x2.extract_lane(i64x2.add(blockCodes, i64x2.shr_u(blockCodes, 32)), 1);
        store<i32>(card, load<i32>(card, 4) + <i32>pair, 4);
        allCodes = i32x4.add(allCodes, blockCodes);
        blockCodes = i32x4.splat(0);
        store<u32>(activeAt, activeWord);
        activeWord = 0;
      }
      if (row == rows) break;
      block = patch / timeBlocks;
      blockEnd = (block + 1) * timeBlocks;
      layer = block / padBlocks;
      card = cards + <usize>((layer / cardLayers) * cardsAbreast + (block - layer * padBlocks) / cardBlocks) * cardBytes;
      activeAt = active + (<usize>block << 2);
    }
    const at = cells + (<usize>row << 6);
    const c0 = v128.load(at);
    const c1 = v128.load(at, 16);
    const c2 = v128.load(at, 32);
    const c3 = v128.load(at, 48);
    const z0 = i8x16.eq(c0, zero);
    const z1 = i8x16.eq(c1, zero);
    const z2 = i8x16.eq(c2, zero);
    const z3 = i8x16.eq(c3, zero);
    store<u64>(
      words + (<usize>patch << 3),
      ~((<u64>i8x16.bitmask(z0) | (<u64>i8x16.bitmask(z1) << 16)) | ((<u64>i8x16.bitmask(z2) | (<u64>i8x16.bitmask(z3) << 16)) << 32)),
    );
    const time = patch - (blockEnd - timeBlocks);
    activeWord |= 1 << time;
    // Less the cells without a hit, of eight a sample.
    const gaps = i8x16.add(i8x16.add(z0, z1), i8x16.add(z2, z3));
    const timesAt = times + (<usize>time << 4);
    v128.store(
      timesAt,
      i16x8.add(
        i16x8.add(v128.load(timesAt), eight),
        i16x8.add(i16x8.extend_low_i8x16_s(gaps), i16x8.extend_high_i8x16_s(gaps)),
      ),
    );
    blockCodes = i32x4.add(
      blockCodes,
      i32x4.extadd_pairwise_i16x8_u(
        i16x8.add(
          i16x8.add(i16x8.extadd_pairwise_i8x16_u(c0), i16x8.extadd_pairwise_i8x16_u(c1)),
          i16x8.add(i16x8.extadd_pairwise_i8x16_u(c2), i16x8.extadd_pairwise_i8x16_u(c3)),
        ),
      ),
    );
    if (v128.any_true(i8x16.ge_u(i8x16.max_u(i8x16.max_u(c0, c1), i8x16.max_u(c2, c3)), highest))) {
      const count = popcnt(
        i8x16.bitmask(i8x16.ge_u(c0, highest)) | (i8x16.bitmask(i8x16.ge_u(c1, highest)) << 16),
      ) + popcnt(i8x16.bitmask(i8x16.ge_u(c2, highest)) | (i8x16.bitmask(i8x16.ge_u(c3, highest)) << 16));
      saturatedCount += count;
      const layerAt = layers + (<usize>layer << 2);
      store<i32>(layerAt, max(load<i32>(layerAt), count));
    }
    // Less one, so that no hit is the largest of all.
    const d0 = i8x16.add(c0, ones);
    const d1 = i8x16.add(c1, ones);
    const d2 = i8x16.add(c2, ones);
    const d3 = i8x16.add(c3, ones);
    if (v128.any_true(i8x16.lt_u(i8x16.min_u(i8x16.min_u(d0, d1), i8x16.min_u(d2, d3)), beforeLowest)))
      lowCount += popcnt(
        i8x16.bitmask(i8x16.lt_u(d0, beforeLowest)) | (i8x16.bitmask(i8x16.lt_u(d1, beforeLowest)) << 16),
      ) + popcnt(i8x16.bitmask(i8x16.lt_u(d2, beforeLowest)) | (i8x16.bitmask(i8x16.lt_u(d3, beforeLowest)) << 16));
    // A sample far above both of its neighbours in time, which no pulse of the shaper is.
    const j0 = jumpsOf(c0, lowest, up);
    const j1 = jumpsOf(c1, lowest, up);
    const j2 = jumpsOf(c2, lowest, up);
    const j3 = jumpsOf(c3, lowest, up);
    if (v128.any_true(v128.and(v128.or(v128.or(j0, j1), v128.or(j2, j3)), inner))) {
      const none = popcnt(
        i8x16.bitmask(i8x16.eq(v128.and(j0, inner), zero)) | (i8x16.bitmask(i8x16.eq(v128.and(j1, inner), zero)) << 16),
      ) + popcnt(i8x16.bitmask(i8x16.eq(v128.and(j2, inner), zero)) | (i8x16.bitmask(i8x16.eq(v128.and(j3, inner), zero)) << 16));
      jumpCount += 64 - none;
    }
  }
  store<i32>(
    out,
    i32x4.extract_lane(allCodes, 0) + i32x4.extract_lane(allCodes, 1) + i32x4.extract_lane(allCodes, 2) + i32x4.extract_lane(allCodes, 3),
    codes,
  );
  store<i32>(out, lowCount, low);
  store<i32>(out, jumpCount, jumps);
  store<i32>(out, saturatedCount, saturated);

  // Of each patch and those beside it.
  block = -1;
  blockEnd = 0;
  let padBlock = 0;
  let before: u64 = 0;
  let behind: u64 = 0;
  let hitsHoles = zero;
  let lonelyPairs = zero;
  let fulls = zero;
  let wideCount = 0;
  let pairCount = 0;
  let holeCount = 0;
  let lonelyCount = 0;
  let silentCount = 0;
  let fullCount = 0;
  let lonelyTop = zero;
  let silentTop = zero;
  let fullTop = zero;
  let stuckTop = 0;
  let hitAt = adc;
  for (let row = 0; row <= rows; row++) {
    const patch = row < rows ? load<i32>(patches + (<usize>row << 2)) : i32.MAX_VALUE;
    if (patch >= blockEnd) {
      if (block >= 0) {
        const mask = <usize>block << 3;
        const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(hitsHoles));
        const hits = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
        // Holes of channels that are not known to be dead; of those, the ones without any hit.
        const holesHere = v128.andnot(i8x16.shuffle(hitsHoles, zero, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16, 16, 16, 16), v128.load64_zero(silentMask + mask));
        const silentHere = v128.and(holesHere, i8x16.eq(hitsHoles, zero));
        const lonelyHere = v128.andnot(i8x16.shuffle(lonelyPairs, zero, 0, 1, 2, 3, 4, 5, 6, 7, 16, 16, 16, 16, 16, 16, 16, 16), v128.load64_zero(lonelyMask + mask));
        const pairsHere = i8x16.shuffle(lonelyPairs, zero, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16, 16, 16, 16);
        const first = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(i8x16.shuffle(holesHere, silentHere, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)));
        const second = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(i8x16.shuffle(lonelyHere, pairsHere, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)));
        holeCount += i32x4.extract_lane(first, 0) + i32x4.extract_lane(first, 1);
        silentCount += i32x4.extract_lane(first, 2) + i32x4.extract_lane(first, 3);
        lonelyCount += i32x4.extract_lane(second, 0) + i32x4.extract_lane(second, 1);
        pairCount += i32x4.extract_lane(second, 2) + i32x4.extract_lane(second, 3);
        const fullHere = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(fulls));
        fullCount += i32x4.extract_lane(fullHere, 0) + i32x4.extract_lane(fullHere, 1);
        silentTop = i8x16.max_u(silentTop, silentHere);
        lonelyTop = i8x16.max_u(lonelyTop, lonelyHere);
        fullTop = i8x16.max_u(fullTop, fulls);
        const live = popcnt(i8x16.bitmask(v128.andnot(i8x16.ne(hitsHoles, zero), v128.load64_zero(silentMask + mask))) & 255);
        const asked = min(hits, blockHitsAsked);
        joinBits(hitAt, asked);
        stuckTop = max(stuckTop, stuckEvidence(asked, andOf, orOf, adcMask, weights));
        store<i32>(card, load<i32>(card) + hits);
        store<i32>(card, load<i32>(card, 8) + live, 8);
        store<i32>(card, load<i32>(card, 12) | (~andOf & adcMask), 12);
        store<i32>(card, load<i32>(card, 16) | orOf, 16);
        let countWord = <u64>i64x2.extract_lane(hitsHoles, 0);
        if (padBlock % chipBlocks == 0 && padBlock > 0) {
          const seam = seams + (<usize>(layer * seamsAbreast + padBlock / chipBlocks - 1) << 3);
          store<i32>(seam, load<i32>(seam) + <i32>(countWord & 255));
        }
        if (padBlock % chipBlocks == chipBlocks - 1 && padBlock < padBlocks - 1) {
          const seam = seams + (<usize>(layer * seamsAbreast + padBlock / chipBlocks) << 3);
          store<i32>(seam, load<i32>(seam) + <i32>(countWord >>> 56));
          store<i32>(seam, load<i32>(seam, 4) + i8x16.extract_lane_u(lonelyPairs, 15), 4);
        }
        if (hits >= channelHitsAsked) {
          let channelAt = hitAt;
          for (let pad = 0; pad < 8; pad++) {
            const count = <i32>(countWord & 255);
            countWord >>>= 8;
            if (count >= channelHitsAsked) {
              const low = v128.load(channelAt);
              const high = v128.load(channelAt, 16);
              const all = v128.and(low, high);
              const any = v128.or(low, high);
              let allWord = i64x2.extract_lane(all, 0) & i64x2.extract_lane(all, 1);
              let anyWord = i64x2.extract_lane(any, 0) | i64x2.extract_lane(any, 1);
              allWord &= allWord >>> 32;
              anyWord |= anyWord >>> 32;
              stuckTop = max(
                stuckTop,
                stuckEvidence(channelHitsAsked, <i32>(allWord & (allWord >>> 16)), <i32>(anyWord | (anyWord >>> 16)), adcMask, weights),
              );
            }
            channelAt += <usize>count << 1;
          }
        }
        hitAt += <usize>hits << 1;
        hitsHoles = zero;
        lonelyPairs = zero;
        fulls = zero;
      }
      if (row == rows) break;
      block = patch / timeBlocks;
      blockEnd = (block + 1) * timeBlocks;
      layer = block / padBlocks;
      padBlock = block - layer * padBlocks;
      before = padBlock == 0 ? 0 : -1;
      behind = padBlock == padBlocks - 1 ? 0 : -1;
      card = cards + <usize>((layer / cardLayers) * cardsAbreast + padBlock / cardBlocks) * cardBytes;
    }
    const at = words + (<usize>patch << 3);
    const word = load<u64>(at);
    const left = (word << 8) | ((load<u64>(at - wordStep) & before) >>> 56);
    const right = (word >>> 8) | ((load<u64>(at + wordStep) & behind) << 56);
    const hits = i64x2.replace_lane(i64x2.splat(word), 1, left & right & ~word);
    hitsHoles = i8x16.add(hitsHoles, i8x16.popcnt(hits));
    lonelyPairs = i8x16.add(lonelyPairs, i8x16.popcnt(i64x2.replace_lane(i64x2.splat(word & ~left & ~right), 1, word & right)));
    fulls = i8x16.sub(fulls, i8x16.eq(i64x2.replace_lane(hits, 1, 0), ones));
    const two = word & (word >>> 8);
    wideCount += <i32>popcnt(two & (two >>> 16) & (word >>> 32));
  }
  store<i32>(out, pairCount, pairs);
  store<i32>(out, holeCount, holes);
  store<i32>(out, lonelyCount, lonely);
  store<i32>(out, mostOf(lonelyTop, 0), lonelyMost);
  store<i32>(out, silentCount, silent);
  store<i32>(out, mostOf(silentTop, 0), silentMost);
  store<i32>(out, fullCount, full);
  store<i32>(out, mostOf(fullTop, 0), fullMost);
  store<i32>(out, wideCount, wide);
  store<i32>(out, stuckTop, stuck);
  for (let row = 0; row < rows; row++)
    store<u64>(words + (<usize>load<i32>(patches + (<usize>row << 2)) << 3), 0);
}

/** Not 0 for cells far above both neighbours in time; what is under the lowest code counts as it. */
// @ts-ignore: decorator
@inline
function jumpsOf(cell: v128, lowest: v128, up: v128): v128 {
  const most = i8x16.max_u(i8x16.max_u(i64x2.shl(cell, 8), i64x2.shr_u(cell, 8)), lowest);
  return i8x16.sub_sat_u(i8x16.sub_sat_u(cell, up), most);
}
