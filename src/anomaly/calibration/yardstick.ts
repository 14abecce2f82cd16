/**
 * What scores are measured by: for each score and size the values that one frame of two, four, eight … exceeds, with
 * interpolation between sizes, as DECADE argues for thresholds (arXiv 1912.12155). A score becomes bits of rarity, and
 * the rarest score's bits are the combined score. A yardstick never changes, so frames it counts and frames it judges
 * are measured alike; refuses frames of sizes it does not know.
 */

import {
  halvingsMax,
  type ScoreSketch,
  type SparseCounts,
  sizeKnots,
  type Yardstick,
} from '../../domain/policy.ts';
import {
  type CellGrid,
  chargeBinOf,
  chargeBins,
  chargeOf,
  scoreGrid,
  sizeBinOf,
  sizePosition,
} from './grid.ts';

/** What calibration looks at in a frame; `scores` in the order of the sketch's. */
export interface ScoredFrame {
  readonly hitCount: number;
  readonly totalCharge: number;
  readonly scores: ArrayLike<number>;
}

export interface Measured {
  /** Bits of the rarest score, ≥ 0. */
  readonly bits: number;
  /** Which score it is. */
  readonly driver: number;
  /** size bin · charge bins + charge bin. */
  readonly bin: number;
}

/** null where the frame's size is not known; `each` takes the bits of every score, where it is given. */
export type Measure = (frame: ScoredFrame, each?: Float64Array) => Measured | null;

/** Frames that are enough to know a size by its own, those without which nobody can, and those beyond the last halving. */
const [sizeFramesEnough, sizeFramesMin, beyondFramesMin] = [16, 8, 4];
/** A size nobody has seen enough of is measured as the nearest that was, two octaves away at most. */
const borrowKnotsMax = 4;
/** Least distance over which a tail is halved, so that scores that hardly vary can be told apart. */
const halvingMin = 1 / 64;

/** Counts of each bin, dense; null for a bin without any. */
export const binCounts = (sparse: SparseCounts, bins: number, cells: number): (Float64Array | null)[] => {
  const dense = new Array<Float64Array | null>(bins).fill(null);
  sparse.places.forEach((place, i) => {
    const bin = Math.floor(place / cells);
    if (bin >= bins) return;
    dense[bin] ??= new Float64Array(cells);
    dense[bin]![place - bin * cells] = sparse.counts[i]!;
  });
  return dense;
};
export const sumOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);

export const addUp = (all: readonly (Float64Array | null)[], cells: number): Float64Array => {
  const sum = new Float64Array(cells);
  for (const counts of all)
    for (let cell = 0; counts !== null && cell < cells; cell++) sum[cell]! += counts[cell]!;
  return sum;
};

/** Writes the scores that ½, ¼, ⅛ … of a bin's counts exceed, straight lines within a cell. */
const putHalvings = ({ cells, valueAt }: CellGrid, counts: Float64Array, out: Float32Array): void => {
  const total = sumOf(counts);
  let halving = 0;
  while (halving < out.length && total * 0.5 ** (halving + 1) >= beyondFramesMin) halving += 1;
  let above = 0;
  for (let cell = cells - 1; cell >= 0 && halving > 0; cell--) {
    const count = counts[cell]!;
    if (count === 0) continue;
    for (; halving > 0; halving--) {
      const wanted = total * 0.5 ** halving;
      if (above + count < wanted) break;
      out[halving - 1] = valueAt(cell + 1 - (wanted - above) / count);
    }
    above += count;
  }
};

/** Over how much of a score its tail is halved, from the last of some halvings; 0 where there is no tail. */
const tailOf = (halvings: Float32Array): number => {
  let last = -1;
  while (last + 1 < halvings.length && !Number.isNaN(halvings[last + 1]!)) last += 1;
  const first = Math.max(0, last - 4);
  return last > first ? (halvings[last]! - halvings[first]!) / (last - first) : 0;
};

/** Sizes without a word of their own take the nearest one's; `width` numbers a size. */
const borrow = (table: Float32Array, width: number): void => {
  const known = Array.from({ length: sizeKnots }, (_, size) => !Number.isNaN(table[size * width]!));
  for (let size = 0; size < sizeKnots; size++) {
    if (known[size]) continue;
    for (let away = 1; away <= borrowKnotsMax; away++) {
      const from = known[size - away] ? size - away : known[size + away] ? size + away : -1;
      if (from < 0) continue;
      table.copyWithin(size * width, from * width, (from + 1) * width);
      break;
    }
  }
};

type Learnt = Omit<ScoreSketch, 'yardsticks'>;

const chargesOf = ({ frames, chargeSums, chargeSquares }: Learnt, framesMin: number): Float32Array => {
  const charges = new Float32Array(2 * sizeKnots).fill(Number.NaN);
  for (let size = 0; size < sizeKnots; size++) {
    const count = frames[size] ?? 0;
    if (count < framesMin) continue;
    const mean = chargeSums[size]! / count;
    charges[size] = mean;
    charges[sizeKnots + size] = Math.sqrt(Math.max(1e-6, chargeSquares[size]! / count - mean * mean));
  }
  borrow(charges.subarray(0, sizeKnots), 1);
  borrow(charges.subarray(sizeKnots), 1);
  return charges;
};

/** A yardstick of all that a sketch has learnt, which has counted nothing yet. */
export const makeYardstick = (learnt: Learnt, warmupCount: number): Yardstick => {
  const framesMin = Math.max(sizeFramesMin, Math.min(sizeFramesEnough, warmupCount));
  const perScore = sizeKnots * halvingsMax;
  const halvings = new Float32Array(learnt.scores.length * perScore).fill(Number.NaN);
  const tails = new Float32Array(learnt.scores.length);
  learnt.singles.forEach((single, score) => {
    const own = halvings.subarray(score * perScore, (score + 1) * perScore);
    const bins = binCounts(single, sizeKnots, scoreGrid.cells);
    const all = new Float32Array(2 * halvingsMax).fill(Number.NaN);
    putHalvings(scoreGrid, addUp(bins, scoreGrid.cells), all);
    tails[score] = tailOf(all);
    bins.forEach((counts, size) => {
      if (counts === null || sumOf(counts) < framesMin) return;
      putHalvings(scoreGrid, counts, own.subarray(size * halvingsMax, (size + 1) * halvingsMax));
    });
    borrow(own, halvingsMax);
  });
  return {
    madeAfterFrames: learnt.framesSeen,
    charges: chargesOf(learnt, framesMin),
    halvings,
    tails,
    combined: { places: new Uint32Array(0), counts: new Uint32Array(0) },
  };
};

/** Between a table's values at the two knots beside a size; NaN where neither is known. */
const between = (table: Float32Array, from: number, size: number, share: number): number => {
  const low = table[from + size]!;
  const high = table[from + size + 1]!;
  if (Number.isNaN(low)) return high;
  return Number.isNaN(high) ? low : low + share * (high - low);
};

/** Makes a yardstick ready for many frames. */
export const prepareMeasure = ({ charges, halvings, tails }: Yardstick): Measure => {
  const knots = halvings.length / halvingsMax;
  const scoreCount = knots / sizeKnots;
  const known = new Uint8Array(knots);
  /**
   * Over how much of a score the tail beyond the last known value is halved: what takes few values may show no tail at
   * one size, and has that of all.
   */
  const tail = new Float64Array(knots);
  for (let knot = 0; knot < knots; knot++) {
    const at = knot * halvingsMax;
    while (known[knot]! < halvingsMax && !Number.isNaN(halvings[at + known[knot]!]!)) known[knot]! += 1;
    tail[knot] = Math.max(
      halvingMin,
      tails[Math.floor(knot / sizeKnots)]!,
      tailOf(halvings.subarray(at, at + halvingsMax)),
    );
  }
  /** Halvings a score is worth at a knot; below the median as if the tail went on upwards. */
  const bitsAt = (knot: number, score: number): number => {
    const at = knot * halvingsMax;
    const last = known[knot]! - 1;
    if (last < 0) return Number.NaN;
    if (score >= halvings[at + last]!) return last + 1 + (score - halvings[at + last]!) / tail[knot]!;
    let halving = 0;
    while (halvings[at + halving]! <= score) halving += 1;
    if (halving === 0) return Math.max(0, 1 - (halvings[at]! - score) / tail[knot]!);
    const low = halvings[at + halving - 1]!;
    return halving + (score - low) / (halvings[at + halving]! - low);
  };
  return ({ hitCount, totalCharge, scores }, each) => {
    const position = sizePosition(hitCount);
    const size = Math.min(sizeKnots - 2, Math.floor(position));
    const share = position - size;
    let most = -1;
    let driver = 0;
    for (let score = 0; score < scoreCount; score++) {
      const knot = score * sizeKnots + size;
      const low = bitsAt(knot, scores[score]!);
      const high = share > 0 ? bitsAt(knot + 1, scores[score]!) : low;
      const bits = Number.isNaN(low) ? high : Number.isNaN(high) ? low : low + share * (high - low);
      if (Number.isNaN(bits)) return null;
      if (each !== undefined) each[score] = bits;
      if (bits <= most) continue;
      most = bits;
      driver = score;
    }
    const mean = between(charges, 0, size, share);
    const deviation = (chargeOf(hitCount, totalCharge) - mean) / between(charges, sizeKnots, size, share);
    const chargeBin = chargeBinOf(Number.isNaN(deviation) ? 0 : deviation);
    return { bits: most, driver, bin: sizeBinOf(hitCount) * chargeBins + chargeBin };
  };
};
