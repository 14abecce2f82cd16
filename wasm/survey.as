/**
 * What one frame looks like channel by channel, from its patch rows: what src/kernels/survey.ts calls after each
 * gather, in the same memory. A patch is 8 channels × 8 samples, so its hits are one 64-bit word (a byte a channel, a
 * bit a sample) and most questions are a few operations on it. All addresses are bytes from the start of the memory,
 * given by the caller; the same result as the TypeScript twin in src/kernels/survey_maps.ts.
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
 * Bytes of one block's place: its layer, its card, its row of words, where in `seams` the seams before and behind it lie
 * (−1 for none), and whether the block before it is its neighbour.
 */
const placeBytes: usize = 24;
/** Hits of a block, and of one of its channels, that are asked whether a bit is stuck; a channel with fewer is not. */
const blockHitsAsked: i32 = 64;
const channelHitsAsked: i32 = 32;
/** A block with as many hits has some in every channel that lives. */
const busyHits: i32 = 64;

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

/** Sum of `count` ADC values (u16, at most 15 bits). */
function chargeOf(adc: usize, count: i32): i32 {
  const one = i16x8.splat(1);
  let even = i32x4.splat(0);
  let odd = i32x4.splat(0);
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(adc + (<usize>i << 1)), one));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(adc + (<usize>i << 1), 16), one));
  }
  const sums = i32x4.add(even, odd);
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
 * `rows` patches (u32, ascending, at `patches`) with 64 cells each (codes, 0 where no hit is) and the frame's `hitCount`
 * ADC values (u16, in order of their voxels). `words` (u64 a patch, a zero word before and behind those of a block, and a
 * block of zeros before and behind those of a layer) is all zero between calls. `silentMask` and `aloneMask` have 8 bytes
 * a block, 255 where a channel is known for it. Writes `out`, `layers` (i32 each: most saturated cells of one of its
 * patches), `cards` and `seams` (two i32 each: hits beside it and pairs across it), and expects them zeroed; `fullRows` (u8
 * a card and sample: its rows of eight channels that are all hit at once) is all zero between calls. Every other block is asked
 * for samples that cannot be, for stuck bits and for full rows. `places` says where each of the `blocks` lies.
 */
export function survey(
  patches: usize, rows: i32, cells: usize, adc: usize, hitCount: i32,
  blocks: i32, timeBlocks: i32, wordRows: i32, fullRowBytes: i32, places: usize,
  codeLow: i32, codeHigh: i32, jumpUp: i32, adcMask: i32, weights: usize,
  words: usize, silentMask: usize, aloneMask: usize, out: usize, layers: usize,
  cards: usize, seams: usize, fullRows: usize,
): void {
  const zero = i8x16.splat(0);
  const inner = i64x2.splat(0x00ffffffffffff00);
  const lowest = i8x16.splat(<i8>codeLow);
  const highest = i8x16.splat(<i8>codeHigh);
  const up = i8x16.splat(<i8>jumpUp);
  // As a product: exact for every patch below 2^40 / timeBlocks, and a division of whole numbers takes tens of cycles.
  const perBlock = (1.0 + 1.0 / 1099511627776.0) / <f64>timeBlocks;
  const wordStep = <usize>(timeBlocks + 1) << 3;

  // Of each patch alone.
  let block = -1;
  let blockEnd = 0;
  let layer = 0;
  let card: usize = cards;
  let wordsAt: usize = words;
  let badCount = 0;
  let blockCodes = i32x4.splat(0);
  let allCodes = i32x4.splat(0);
  let saturatedCount = 0;
  let layerMost = 0;
  for (let row = 0; row <= rows; row++) {
    const patch = row < rows ? load<i32>(patches + (<usize>row << 2)) : i32.MAX_VALUE;
    if (patch >= blockEnd) {
      if (block >= 0) {
        const pair = i64x2.extract_lane(i64x2.add(blockCodes, i64x2.shr_u(blockCodes, 32)), 0) + i64x2.extract_lane(i64x2.add(blockCodes, i64x2.shr_u(blockCodes, 32)), 1);
        store<i32>(card, load<i32>(card, 4) + <i32>pair, 4);
        allCodes = i32x4.add(allCodes, blockCodes);
        blockCodes = i32x4.splat(0);
        const layerAt = layers + (<usize>layer << 2);
        store<i32>(layerAt, max(load<i32>(layerAt), layerMost));
        layerMost = 0;
      }
      if (row == rows) break;
      block = <i32>(<f64>patch * perBlock);
      blockEnd = (block + 1) * timeBlocks;
      const place = places + <usize>block * placeBytes;
      layer = load<i32>(place);
      card = cards + <usize>load<i32>(place, 4) * cardBytes;
      wordsAt = words + <usize>load<i32>(place, 8) * wordStep + 8;
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
    const time = patch - (blockEnd - timeBlocks);
    store<u64>(
      wordsAt + (<usize>time << 3),
      ~((<u64>i8x16.bitmask(z0) | (<u64>i8x16.bitmask(z1) << 16)) | ((<u64>i8x16.bitmask(z2) | (<u64>i8x16.bitmask(z3) << 16)) << 32)),
    );
    blockCodes = i32x4.add(
      blockCodes,
      // Signed is one instruction, and four codes of a byte do not reach the sign.
      i32x4.extadd_pairwise_i16x8_s(
        i16x8.add(
          i16x8.add(i16x8.extadd_pairwise_i8x16_u(c0), i16x8.extadd_pairwise_i8x16_u(c1)),
          i16x8.add(i16x8.extadd_pairwise_i8x16_u(c2), i16x8.extadd_pairwise_i8x16_u(c3)),
        ),
      ),
    );
    // Nothing is above the highest code.
    const most =
      (<u64><u32>(i8x16.bitmask(i8x16.eq(c0, highest)) | (i8x16.bitmask(i8x16.eq(c1, highest)) << 16)) << 32) |
      <u64><u32>(i8x16.bitmask(i8x16.eq(c2, highest)) | (i8x16.bitmask(i8x16.eq(c3, highest)) << 16));
    const count = <i32>popcnt(most);
    saturatedCount += count;
    layerMost = max(layerMost, count);
    if ((block & 1) != 0) continue;
    // Below the lowest code, or far above both neighbours in time, which no pulse of the shaper is.
    const b0 = v128.or(v128.and(jumpsOf(c0, lowest, up), inner), v128.andnot(i8x16.sub_sat_u(lowest, c0), z0));
    const b1 = v128.or(v128.and(jumpsOf(c1, lowest, up), inner), v128.andnot(i8x16.sub_sat_u(lowest, c1), z1));
    const b2 = v128.or(v128.and(jumpsOf(c2, lowest, up), inner), v128.andnot(i8x16.sub_sat_u(lowest, c2), z2));
    const b3 = v128.or(v128.and(jumpsOf(c3, lowest, up), inner), v128.andnot(i8x16.sub_sat_u(lowest, c3), z3));
    if (v128.any_true(v128.or(v128.or(b0, b1), v128.or(b2, b3))))
      badCount += 64 - popcnt(
        i8x16.bitmask(i8x16.eq(b0, zero)) | (i8x16.bitmask(i8x16.eq(b1, zero)) << 16),
      ) - popcnt(i8x16.bitmask(i8x16.eq(b2, zero)) | (i8x16.bitmask(i8x16.eq(b3, zero)) << 16));
  }
  store<i32>(
    out,
    i32x4.extract_lane(allCodes, 0) + i32x4.extract_lane(allCodes, 1) + i32x4.extract_lane(allCodes, 2) + i32x4.extract_lane(allCodes, 3),
    codes,
  );
  store<i32>(out, badCount, bad);
  store<i32>(out, saturatedCount, saturated);

  // Of each patch and those beside it.
  block = -1;
  blockEnd = 0;
  let place = places;
  let hitsHoles = zero;
  let alonePairs = zero;
  let fulls: u64 = 0;
  // Sums over four channels a lane: holes and silent, alone and pairs, full.
  let firstSum = i32x4.splat(0);
  let secondSum = i32x4.splat(0);
  let thirdSum = i32x4.splat(0);
  let aloneSum = i32x4.splat(0);
  let tornSum = i32x4.splat(0);
  let tornCount = 0;
  let emptyCount = 0;
  let aloneTop = zero;
  let silentTop = zero;
  let fullTop = zero;
  let tornTop = zero;
  let stuckTop = 0;
  let cardNumber = 0;
  let hasRows = false;
  // The last channel of the block before, if that is the neighbour.
  let lastHits = 0;
  let lastPairs = 0;
  let hitAt = adc;
  for (let row = 0; row <= rows; row++) {
    const patch = row < rows ? load<i32>(patches + (<usize>row << 2)) : i32.MAX_VALUE;
    if (patch >= blockEnd) {
      if (block >= 0) {
        const mask = <usize>block << 3;
        const sums = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(hitsHoles));
        const hits = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
        // Holes of channels that are not known to be dead; of those, the ones without any hit.
        const holesHere = v128.andnot(i8x16.shuffle(hitsHoles, zero, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23), v128.load64_zero(silentMask + mask));
        const silentHere = v128.and(holesHere, i8x16.eq(hitsHoles, zero));
        const aloneHere = v128.andnot(i8x16.shuffle(alonePairs, zero, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), v128.load64_zero(aloneMask + mask));
        const pairsHere = i8x16.shuffle(alonePairs, zero, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
        const first = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(i8x16.shuffle(holesHere, silentHere, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)));
        // Far fewer pairs than two channels side by side would have if they were neighbours.
        const channelsHere = i8x16.shuffle(hitsHoles, zero, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        const tornHere = i8x16.sub_sat_u(
          i8x16.min_u(channelsHere, i64x2.shr_u(channelsHere, 8)),
          i8x16.add_sat_u(pairsHere, pairsHere),
        );
        const second = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(i8x16.shuffle(aloneHere, pairsHere, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)));
        const third = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_u(i64x2.replace_lane(zero, 0, fulls)));
        firstSum = i32x4.add(firstSum, first);
        secondSum = i32x4.add(secondSum, second);
        thirdSum = i32x4.add(thirdSum, third);
        tornSum = i32x4.add(tornSum, i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(tornHere, tornHere)));
        aloneSum = i32x4.add(aloneSum, i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(aloneHere, aloneHere)));
        silentTop = i8x16.max_u(silentTop, silentHere);
        aloneTop = i8x16.max_u(aloneTop, aloneHere);
        fullTop = i8x16.max_u(fullTop, i64x2.splat(fulls));
        tornTop = i8x16.max_u(tornTop, tornHere);
        const live = popcnt(i8x16.bitmask(v128.andnot(i8x16.ne(hitsHoles, zero), v128.load64_zero(silentMask + mask))) & 255);
        const asked = (block & 1) == 0 ? min(hits, blockHitsAsked) : 0;
        if (hits >= busyHits) emptyCount += 8 - live - popcnt(i8x16.bitmask(v128.load64_zero(silentMask + mask)));
        if (asked > 0) {
          joinBits(hitAt, asked);
          stuckTop = max(stuckTop, stuckEvidence(asked, andOf, orOf, adcMask, weights));
          store<i32>(card, load<i32>(card, 12) | (~andOf & adcMask), 12);
          store<i32>(card, load<i32>(card, 16) | orOf, 16);
        }
        store<i32>(card, load<i32>(card) + hits);
        store<i32>(card, load<i32>(card, 8) + live, 8);
        let countWord = <u64>i64x2.extract_lane(hitsHoles, 0);
        const across = min(lastHits, <i32>(countWord & 255)) - 2 * lastPairs;
        if (across > 0) {
          tornCount += across * across;
          tornTop = i8x16.max_u(tornTop, i64x2.replace_lane(zero, 0, <i64>min(across, 255)));
        }
        lastHits = <i32>(countWord >>> 56);
        lastPairs = i8x16.extract_lane_u(alonePairs, 15);
        const seamBefore = load<i32>(place, 12);
        if (seamBefore >= 0) {
          const seam = seams + <usize>seamBefore;
          store<i32>(seam, load<i32>(seam) + <i32>(countWord & 255));
        }
        const seamBehind = load<i32>(place, 16);
        if (seamBehind >= 0) {
          const seam = seams + <usize>seamBehind;
          store<i32>(seam, load<i32>(seam) + <i32>(countWord >>> 56));
          store<i32>(seam, load<i32>(seam, 4) + i8x16.extract_lane_u(alonePairs, 15), 4);
        }
        if (asked >= channelHitsAsked) {
          let channelAt = hitAt;
          for (let pad = 0; pad < 8; pad++) {
            const count = <i32>(countWord & 255);
            countWord >>>= 8;
            if (count >= channelHitsAsked) {
              const v0 = v128.load(channelAt);
              const v1 = v128.load(channelAt, 16);
              const v2 = v128.load(channelAt, 32);
              const v3 = v128.load(channelAt, 48);
              const all = v128.and(v128.and(v0, v1), v128.and(v2, v3));
              const any = v128.or(v128.or(v0, v1), v128.or(v2, v3));
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
        alonePairs = zero;
        fulls = 0;
      }
      if (row == rows) break;
      const next = <i32>(<f64>patch * perBlock);
      place = places + <usize>next * placeBytes;
      if (next != block + 1 || load<i32>(place, 20) == 0) lastHits = 0;
      block = next;
      blockEnd = (block + 1) * timeBlocks;
      layer = load<i32>(place);
      cardNumber = load<i32>(place, 4);
      wordsAt = words + <usize>load<i32>(place, 8) * wordStep + 8;
      card = cards + <usize>cardNumber * cardBytes;
    }
    const time = patch - (blockEnd - timeBlocks);
    const at = wordsAt + (<usize>time << 3);
    const word = load<u64>(at);
    const left = (word << 8) | (load<u64>(at - wordStep) >>> 56);
    const right = (word >>> 8) | (load<u64>(at + wordStep) << 56);
    const early = ((word << 1) & 0xfefefefefefefefe) | ((load<u64>(at - 8) >>> 7) & 0x0101010101010101);
    const late = ((word >>> 1) & 0x7f7f7f7f7f7f7f7f) | ((load<u64>(at + 8) << 7) & 0x8080808080808080);
    const lone = word & ~(left | right | early | late);
    const hits = i64x2.replace_lane(i64x2.splat(word), 1, left & right & ~word);
    hitsHoles = i8x16.add(hitsHoles, i8x16.popcnt(hits));
    alonePairs = i8x16.add(
      alonePairs,
      i8x16.popcnt(i64x2.replace_lane(i64x2.splat(lone), 1, word & right)),
    );
    fulls += (((word & 0x7f7f7f7f7f7f7f7f) + 0x0101010101010101) & word & 0x8080808080808080) >>> 7;
    if ((block & 1) != 0) continue;
    let row = word & (word >>> 32);
    row &= row >>> 16;
    row = row & (row >>> 8) & 255;
    if (row != 0) {
      hasRows = true;
      // Bit n of eight becomes 1 in byte n.
      const spread = ((((row * 0x0101010101010101) & 0x8040201008040201) + 0x7f7f7f7f7f7f7f7f) >>> 7) & 0x0101010101010101;
      const rowAt = fullRows + (<usize>(cardNumber * timeBlocks + time) << 3);
      store<u64>(rowAt, load<u64>(rowAt) + spread);
    }
  }
  store<i32>(out, chargeOf(adc, hitCount), charge);
  store<i32>(out, i32x4.extract_lane(secondSum, 2) + i32x4.extract_lane(secondSum, 3), pairs);
  store<i32>(out, i32x4.extract_lane(firstSum, 0) + i32x4.extract_lane(firstSum, 1), holes);
  store<i32>(out, i32x4.extract_lane(secondSum, 0) + i32x4.extract_lane(secondSum, 1), alone);
  store<i32>(out, mostOf(aloneTop), aloneMost);
  store<i32>(
    out,
    i32x4.extract_lane(aloneSum, 0) + i32x4.extract_lane(aloneSum, 1) + i32x4.extract_lane(aloneSum, 2) + i32x4.extract_lane(aloneSum, 3),
    aloneSquares,
  );
  store<i32>(out, i32x4.extract_lane(firstSum, 2) + i32x4.extract_lane(firstSum, 3), silent);
  store<i32>(out, mostOf(silentTop), silentMost);
  store<i32>(out, i32x4.extract_lane(thirdSum, 0) + i32x4.extract_lane(thirdSum, 1), full);
  store<i32>(out, mostOf(fullTop), fullMost);
  store<i32>(out, stuckTop, stuck);
  store<i32>(
    out,
    tornCount + i32x4.extract_lane(tornSum, 0) + i32x4.extract_lane(tornSum, 1) + i32x4.extract_lane(tornSum, 2) + i32x4.extract_lane(tornSum, 3),
    torn,
  );
  store<i32>(out, mostOf(tornTop), tornMost);
  store<i32>(out, emptyCount, emptyBusy);
  if (hasRows) {
    let rowTop = zero;
    const rowsEnd = fullRows + <usize>fullRowBytes;
    for (let rowAt = fullRows; rowAt < rowsEnd; rowAt += 16) {
      rowTop = i8x16.max_u(rowTop, v128.load(rowAt));
      v128.store(rowAt, zero);
    }
    const second = i8x16.shuffle(rowTop, zero, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
    store<i32>(out, max(mostOf(rowTop), mostOf(second)), rowMost);
  }
  // A crowded frame is cleared as a whole, others patch by patch.
  if (rows << 3 > blocks * timeBlocks) {
    memory.fill(words, 0, <usize>wordRows * wordStep);
    return;
  }
  blockEnd = 0;
  for (let row = 0; row < rows; row++) {
    const patch = load<i32>(patches + (<usize>row << 2));
    if (patch >= blockEnd) {
      block = <i32>(<f64>patch * perBlock);
      blockEnd = (block + 1) * timeBlocks;
      wordsAt = words + <usize>load<i32>(places + <usize>block * placeBytes, 8) * wordStep + 8;
    }
    store<u64>(wordsAt + (<usize>(patch - (blockEnd - timeBlocks)) << 3), 0);
  }
}

/** Not 0 for cells far above both neighbours in time; what is under the lowest code counts as it. */
// @ts-ignore: decorator
@inline
function jumpsOf(cell: v128, lowest: v128, up: v128): v128 {
  const most = i8x16.max_u(i8x16.max_u(i64x2.shl(cell, 8), i64x2.shr_u(cell, 8)), lowest);
  return i8x16.sub_sat_u(i8x16.sub_sat_u(cell, up), most);
}
