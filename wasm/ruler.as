/**
 * From a frame's survey to its scores, in the memory the survey left it in: what src/anomaly/scores/ruler.ts calls after
 * each. Gauges first, then each on the scale of its knots, then the most unusual of each score. The same numbers as the
 * TypeScript twins (src/anomaly/scores/gauges.ts, test/anomaly/scores/ruler.slow.ts), operation by operation: f64
 * rounds alike everywhere. Addresses are bytes from the start of the memory.
 */

// Places of the tally, in i32, as src/kernels/survey/survey.ts names them.
const codes: usize = 0;
const pairs: usize = 4;
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

// Places of the gauges, in f64, in the order of `gaugeNames` of src/anomaly/scores/gauges.ts.
const gSilentMost: usize = 0;
const gSilent: usize = 8;
const gEmpty: usize = 16;
const gEmptyBusy: usize = 24;
const gCardEmpty: usize = 32;
const gAloneMost: usize = 40;
const gAlone: usize = 48;
const gAloneSquares: usize = 56;
const gCodeHigh: usize = 64;
const gCodeLow: usize = 72;
const gCardCode: usize = 80;
const gRow: usize = 88;
const gCardSeam: usize = 96;
const gTornMost: usize = 104;
const gTorn: usize = 112;
const gImpossible: usize = 120;
const gStuck: usize = 128;
const gFullMost: usize = 136;
const gFull: usize = 144;
const gSaturatedHigh: usize = 152;
const gSaturatedLow: usize = 160;
const gSaturatedMost: usize = 168;
const gSaturatedHalf: usize = 176;
const gSaturatedAll: usize = 184;
const gaugeCount: i32 = 24;
const gaugeBytes: usize = 192;

/** Bytes of one card's record, and of one band's knots: four of each gauge. */
const cardBytes: usize = 20;
const bandBytes: usize = 4 * gaugeBytes;

/** In the order of `layout` in src/anomaly/scores/ruler.ts, four bytes each. */
@unmanaged
class Layout {
  tally: usize;
  layers: usize;
  cards: usize;
  seams: usize;
  weights: usize;
  adcMask: i32;
  layerCount: i32;
  cardCount: i32;
  cardLayers: i32;
  seamsAbreast: i32;
  cardSeamBytes: i32;
  cardHitsMin: i32;
  seamHitsMin: i32;
  bands: i32;
  scoreCount: i32;
  live: usize;
  layerBytes: usize;
  cardSeams: usize;
  gauges: usize;
  knots: usize;
  levels: usize;
  scoreOf: usize;
  scores: usize;
}

// @ts-ignore: decorator
@inline
function put(l: Layout, gauge: usize, value: f64): void {
  store<f64>(l.gauges + gauge, value);
}
// @ts-ignore: decorator
@inline
function count(l: Layout, place: usize): f64 {
  return <f64>load<i32>(l.tally + place);
}

/** Writes a score for each and the sum of ADC values after them, for a frame of `hitCount` hits of a region. */
export function ruler(layout: usize, hitCount: i32, region: i32): void {
  const l = changetype<Layout>(layout);
  putTally(l, hitCount);
  putCards(l, hitCount, region);
  put(l, gCardSeam, hitCount < l.seamHitsMin ? 0 : cardSeam(l, hitCount));
  putLayers(l);
  putLevels(l, hitCount);
}

function putTally(l: Layout, hitCount: i32): void {
  const perHit: f64 = hitCount == 0 ? 0 : 1 / <f64>hitCount;
  put(l, gSilentMost, count(l, silentMost));
  put(l, gSilent, count(l, silent));
  put(l, gEmptyBusy, count(l, emptyBusy));
  put(l, gAloneMost, count(l, aloneMost));
  put(l, gAlone, count(l, alone));
  put(l, gAloneSquares, count(l, aloneSquares) - count(l, alone));
  put(l, gCodeHigh, count(l, codes) * perHit);
  put(l, gCodeLow, -count(l, codes) * perHit);
  put(l, gRow, count(l, rowMost));
  put(l, gTornMost, count(l, tornMost));
  put(l, gTorn, count(l, torn));
  put(l, gImpossible, count(l, bad));
  put(l, gFullMost, count(l, fullMost));
  put(l, gFull, count(l, full));
  put(l, gSaturatedHigh, count(l, saturated) * perHit);
  put(l, gSaturatedLow, -count(l, saturated) * perHit);
}

function putCards(l: Layout, hitCount: i32, region: i32): void {
  const live = l.live + <usize>(region * l.cardCount << 2);
  const mean: f64 = hitCount == 0 ? 0 : count(l, codes) / <f64>hitCount;
  const cardsEnd = l.cards + <usize>l.cardCount * cardBytes;
  let liveNow = 0;
  let liveMost = 0;
  let liveAt = live;
  for (let card = l.cards; card < cardsEnd; card += cardBytes) {
    liveNow += load<i32>(card, 8);
    liveMost += load<i32>(liveAt);
    liveAt += 4;
  }
  const emptyShare: f64 = 1 - <f64>liveNow / <f64>liveMost;
  const mask = l.adcMask;
  const weights = l.weights;
  const weightsOfZero = weights + <usize>(mask + 1);
  // Of numbers with a fraction the larger of two is a branch, and of two lanes it is none.
  let empty = f64x2.splat(0);
  let contrast = f64x2.splat(0);
  let stuckMost = load<i32>(l.tally, stuck);
  liveAt = live;
  for (let card = l.cards; card < cardsEnd; card += cardBytes) {
    const liveHere = <f64>load<i32>(liveAt);
    liveAt += 4;
    const expected = liveHere * emptyShare;
    const beyond = liveHere - <f64>load<i32>(card, 8) - expected;
    empty = f64x2.pmax(empty, f64x2.splat(beyond / sqrt(expected + 1)));
    const hits = load<i32>(card);
    const isAsked = -i32(hits >= l.cardHitsMin);
    const hitsHere = <f64>max(hits, 1);
    const away = f64x2.splat(abs(<f64>load<i32>(card, 4) / hitsHere - mean) * sqrt(hitsHere));
    contrast = f64x2.pmax(contrast, v128.and(away, i64x2.splat(<i64>isAsked)));
    const one = <i32>load<u8>(weights + <usize>(~load<i32>(card, 12) & mask));
    const zero = <i32>load<u8>(weightsOfZero + <usize>(~load<i32>(card, 16) & mask));
    stuckMost = max(stuckMost, (hits & isAsked) * max(one, zero));
  }
  put(l, gEmpty, <f64>(liveMost - liveNow));
  // As the twin has it where no channel lives at all.
  put(l, gCardEmpty, liveMost == 0 ? NaN : f64x2.extract_lane(empty, 0));
  put(l, gCardCode, f64x2.extract_lane(contrast, 0));
  put(l, gStuck, <f64>stuckMost);
}

/** Pairs missing across a seam between two cards of one row, in their root; the most of any seam. */
function cardSeam(l: Layout, hitCount: i32): f64 {
  const share = count(l, pairs) / <f64>hitCount;
  const cardSeams = l.cardSeams;
  const rowBytes = <usize>(l.seamsAbreast << 4);
  memory.fill(cardSeams, 0, <usize>l.cardSeamBytes);
  let seam = l.seams;
  let row = cardSeams;
  let layerOfCard = 0;
  for (let layer = 0; layer < l.layerCount; layer++) {
    if (layerOfCard == l.cardLayers) {
      row += rowBytes;
      layerOfCard = 0;
    }
    layerOfCard++;
    for (let at = row; at < row + rowBytes; at += 16) {
      const expected = (share * <f64>load<i32>(seam)) / 2;
      store<f64>(at, load<f64>(at) + expected);
      store<f64>(at, load<f64>(at, 8) + (expected - <f64>load<i32>(seam, 4)), 8);
      seam += 8;
    }
  }
  let most: f64 = 0;
  for (let at = cardSeams; at < cardSeams + <usize>l.cardSeamBytes; at += 16)
    most = max(most, load<f64>(at, 8) / sqrt(load<f64>(at) + 1));
  return most;
}

/**
 * By counting for each how many are no more: sorting guesses wrong. They are at most 64 and fit a byte; behind them lie
 * zeros, up to sixteen.
 */
function putLayers(l: Layout): void {
  const layers = l.layers;
  const bytes = l.layerBytes;
  const size = l.layerCount;
  const end = layers + (<usize>size << 2);
  let bytesEnd = bytes;
  for (let at = layers; at < end; at += 64) {
    const lower = i16x8.narrow_i32x4_s(v128.load(at), v128.load(at, 16));
    v128.store(bytesEnd, i8x16.narrow_i16x8_u(lower, i16x8.narrow_i32x4_s(v128.load(at, 32), v128.load(at, 48))));
    bytesEnd += 16;
  }
  const beyond = -size & 15;
  const half = (size >>> 1) + beyond;
  const all = (size >>> 3) + beyond;
  let most = 0;
  let atHalf = i32.MAX_VALUE;
  let atAll = i32.MAX_VALUE;
  for (let layer = layers; layer < end; layer += 4) {
    const value = load<i32>(layer);
    const values = i8x16.splat(<i8>value);
    let count = 0;
    for (let at = bytes; at < bytesEnd; at += 16)
      count += popcnt(i8x16.bitmask(i8x16.le_u(v128.load(at), values)));
    most = max(most, value);
    atHalf = min(atHalf, select(value, i32.MAX_VALUE, count > half));
    atAll = min(atAll, select(value, i32.MAX_VALUE, count > all));
  }
  put(l, gSaturatedMost, <f64>most);
  put(l, gSaturatedHalf, <f64>atHalf);
  put(l, gSaturatedAll, <f64>atAll);
}

/** Two gauges at a time, the three pieces of the scale by selection: as often as not a branch would be guessed wrong. */
function putLevels(l: Layout, hitCount: i32): void {
  const octave = 31 - clz(hitCount + 1);
  const position = min<f64>(<f64>(l.bands - 1), 2 * (<f64>(octave - 1) + <f64>(hitCount + 1) / <f64>(1 << octave)));
  const band = min(l.bands - 2, <i32>floor(position));
  const share = f64x2.splat(position - <f64>band);
  const half = load<f64>(l.levels);
  const tenth = load<f64>(l.levels, 8);
  const hundredth = load<f64>(l.levels, 16);
  const thousandth = load<f64>(l.levels, 24);
  const most = load<f64>(l.levels, 32);
  const scores = l.scores;
  const scoresEnd = scores + (<usize>l.scoreCount << 3);
  for (let at = scores; at < scoresEnd; at += 8) store<f64>(at, -most);
  const downSlope = f64x2.splat(half - tenth);
  const upSlope = f64x2.splat(hundredth - tenth);
  const lastSlope = f64x2.splat(thousandth - hundredth);
  const middle = f64x2.splat(tenth);
  const high = f64x2.splat(hundredth);
  let knots = l.knots + <usize>band * bandBytes;
  let gauge = l.gauges;
  let scoreOf = l.scoreOf;
  for (let i = 0; i < gaugeCount; i += 2) {
    const value = v128.load(gauge);
    const k0 = between(knots, share, 0);
    const k1 = between(knots, share, gaugeBytes);
    const k2 = between(knots, share, 2 * gaugeBytes);
    const k3 = between(knots, share, 3 * gaugeBytes);
    const isLow = f64x2.le(value, k1);
    const isMiddle = f64x2.le(value, k2);
    const slope = v128.bitselect(downSlope, v128.bitselect(upSlope, lastSlope, isMiddle), isLow);
    const from = v128.bitselect(middle, high, v128.or(isLow, isMiddle));
    const run = v128.bitselect(
      f64x2.sub(k1, value),
      v128.bitselect(f64x2.sub(value, k1), f64x2.sub(value, k2), isMiddle),
      isLow,
    );
    const width = v128.bitselect(
      f64x2.sub(k1, k0),
      v128.bitselect(f64x2.sub(k2, k1), f64x2.sub(k3, k2), isMiddle),
      isLow,
    );
    const level = f64x2.add(from, f64x2.div(f64x2.mul(slope, run), width));
    raise(scores + <usize>load<u8>(scoreOf), level);
    raise(scores + <usize>load<u8>(scoreOf, 1), i64x2.shuffle(level, level, 1, 1));
    gauge += 16;
    knots += 16;
    scoreOf += 2;
  }
  for (let at = scores; at < scoresEnd; at += 8)
    v128.store64_lane(at, f64x2.pmin(v128.load64_zero(at), f64x2.splat(most)), 0);
  store<f64>(scoresEnd, count(l, charge));
}

/** One knot of two gauges, between its band and the next. */
// @ts-ignore: decorator
@inline
function between(knots: usize, share: v128, knot: usize): v128 {
  const lower = v128.load(knots + knot);
  return f64x2.add(lower, f64x2.mul(share, f64x2.sub(v128.load(knots + knot + bandBytes), lower)));
}

// @ts-ignore: decorator
@inline
function raise(score: usize, level: v128): void {
  v128.store64_lane(score, f64x2.pmax(v128.load64_zero(score), level), 0);
}
