/**
 * From a sketch to p-values: how rare a frame's scores are among frames of its size and charge. Each score is first
 * measured in what is usual at its size (quantiles in bins with interpolation between them, as DECADE argues for
 * thresholds), then all sizes together tell its tail; the rarest of the scores is the combined score, which is treated
 * alike in bins of size and charge, so that the p-value of the combination is itself calibrated. Refuses nothing: what
 * has not been seen often enough is not called rare.
 */

import type { ScoreSketch, SparseCounts } from '../../domain/policy.ts';
import {
  type CellGrid,
  chargeKnots,
  chargeOf,
  chargePosition,
  lineLog2,
  measureGrid,
  rarityGrid,
  scoreGrid,
  sizeKnots,
  sizePosition,
} from './grid.ts';

/** What calibration looks at in a frame; `scores` in the order of the sketch's. */
export interface ScoredFrame {
  readonly hitCount: number;
  readonly totalCharge: number;
  readonly scores: ArrayLike<number>;
}

/** What is usual: the median, and the quantile above which one frame in twenty lies. */
const upperShare = 0.05;
/** Frames a bin needs to speak for itself; below, all charges of its size speak. */
const ownFramesMin = 1000;
/** A size nobody has seen enough of is judged as the next one that was, an octave away at most. */
const borrowKnotsMax = 2;
/** Least distance from the median to the upper quantile, so that scores that hardly vary can be told apart. */
const scaleMin = 1 / 64;

interface Combined {
  /** −log2 of the rarest score's p-value, with straight lines between powers of two. */
  readonly score: number;
  /** Which score it is. */
  readonly driver: number;
  readonly chargeAt: number;
}

export interface Verdict {
  readonly pValue: number;
  readonly driver: number;
}

export interface Judge {
  readonly scores: readonly string[];
  /** null where the frame's size is not known yet. */
  combine(frame: ScoredFrame): Combined | null;
  /** p-value 1 where too little is known. */
  judge(frame: ScoredFrame): Verdict;
  /** Frames behind a p-value: none is smaller than 1 in so many. */
  readonly framesHeld: number;
}

/** Median and scale of each bin, NaN where nothing is known. */
interface Curves {
  readonly middle: Float64Array;
  readonly scale: Float64Array;
}

/** The score that a share of a bin's counts lies above, straight lines within a cell. */
const upperQuantile = (grid: CellGrid, counts: Float64Array, total: number, share: number): number => {
  let above = 0;
  const wanted = share * total;
  for (let cell = grid.cells - 1; cell >= 0; cell--) {
    const count = counts[cell]!;
    if (count > 0 && above + count >= wanted) return grid.valueAt(cell + 1 - (wanted - above) / count);
    above += count;
  }
  return grid.valueAt(0);
};

/** Counts of each bin, dense; null for a bin without any. */
const binCounts = (sparse: SparseCounts, bins: number, cells: number): (Float64Array | null)[] => {
  const dense = new Array<Float64Array | null>(bins).fill(null);
  sparse.places.forEach((place, i) => {
    const bin = Math.floor(place / cells);
    dense[bin] ??= new Float64Array(cells);
    dense[bin]![place - bin * cells] = sparse.counts[i]!;
  });
  return dense;
};
const sumOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);

const curvesOf = (
  bins: readonly (Float64Array | null)[],
  grid: CellGrid,
  perSize: number,
  framesMin: number,
): Curves => {
  const middle = new Float64Array(bins.length).fill(Number.NaN);
  const scale = new Float64Array(bins.length).fill(Number.NaN);
  for (let size = 0; size < sizeKnots; size++) {
    const own = bins.slice(size * perSize, (size + 1) * perSize);
    const together = new Float64Array(grid.cells);
    for (const counts of own)
      for (let cell = 0; counts !== null && cell < grid.cells; cell++) together[cell]! += counts[cell]!;
    if (sumOf(together) < framesMin) continue;
    own.forEach((counts, at) => {
      const alone = counts !== null && sumOf(counts) >= Math.max(framesMin, ownFramesMin);
      const speaks = alone ? counts : together;
      const total = sumOf(speaks);
      const bin = size * perSize + at;
      middle[bin] = upperQuantile(grid, speaks, total, 0.5);
      scale[bin] = Math.max(scaleMin, upperQuantile(grid, speaks, total, upperShare) - middle[bin]!);
    });
  }
  borrow(middle, perSize);
  borrow(scale, perSize);
  return { middle, scale };
};

/** Sizes without a word of their own take the nearest one's. */
const borrow = (curve: Float64Array, perSize: number): void => {
  const known = Array.from({ length: sizeKnots }, (_, size) => !Number.isNaN(curve[size * perSize]!));
  for (let size = 0; size < sizeKnots; size++) {
    if (known[size]) continue;
    for (let away = 1; away <= borrowKnotsMax; away++) {
      const from = known[size - away] ? size - away : known[size + away] ? size + away : -1;
      if (from < 0) continue;
      curve.copyWithin(size * perSize, from * perSize, (from + 1) * perSize);
      break;
    }
  }
};

/** How much of all frames lies at a measure or above, from every bin's counts in its own measure. */
interface Tail {
  /** Frames in all. */
  readonly total: number;
  /** By cell of the measure: frames in it, and in those above it. */
  readonly within: Float64Array;
  readonly above: Float64Array;
  /** Beyond the last cell with a frame: its end, and how far the tail halves. */
  readonly end: number;
  readonly halving: number;
}

const tailOf = (bins: readonly (Float64Array | null)[], grid: CellGrid, { middle, scale }: Curves): Tail => {
  const { cells, positionOf, valueAt } = measureGrid;
  const within = new Float64Array(cells);
  bins.forEach((counts, bin) => {
    if (counts === null || Number.isNaN(middle[bin]!)) return;
    for (let cell = 0; cell < grid.cells; cell++) {
      const count = counts[cell]!;
      if (count === 0) continue;
      const from = positionOf((grid.valueAt(cell) - middle[bin]!) / scale[bin]!);
      const to = positionOf((grid.valueAt(cell + 1) - middle[bin]!) / scale[bin]!);
      spread(within, count, from, Math.max(from, to));
    }
  });
  const above = new Float64Array(cells);
  let sum = 0;
  let end = 0;
  for (let cell = cells - 1; cell >= 0; cell--) {
    above[cell] = sum;
    if (sum === 0 && within[cell]! > 0) end = cell + 1;
    sum += within[cell]!;
  }
  return { total: sum, within, above, end: valueAt(end), halving: halvingOf(within, end) };
};

/** Puts a count evenly between two positions. */
const spread = (within: Float64Array, count: number, from: number, to: number): void => {
  const first = Math.floor(from);
  const last = Math.min(within.length - 1, Math.floor(to));
  if (last <= first) {
    within[Math.min(within.length - 1, first)]! += count;
    return;
  }
  for (let cell = first; cell <= last; cell++) {
    const share = (Math.min(to, cell + 1) - Math.max(from, cell)) / (to - from);
    within[cell]! += count * share;
  }
};

/** How far the measure goes until half of the tail is left: from its 64th frame to its 4th are four halvings. */
const halvingOf = (within: Float64Array, end: number): number => {
  let sum = 0;
  let near = measureGrid.valueAt(end);
  for (let cell = end - 1; cell >= 0; cell--) {
    if (sum < 4 && sum + within[cell]! >= 4) near = measureGrid.valueAt(cell);
    sum += within[cell]!;
    if (sum >= 64) return Math.max(scaleMin, (near - measureGrid.valueAt(cell)) / 4);
  }
  return 1;
};

/** −log2 of the share at a measure or above (straight lines between powers of two), beyond what was seen too. */
const rarityAt = (tail: Tail, measure: number): number => {
  if (measure > tail.end) return lineLog2(tail.total + 1) + (measure - tail.end) / tail.halving;
  return lineLog2(1 / shareAt(tail, measure));
};

/** (1 + frames at or above) / (1 + all): it errs high. */
const shareAt = ({ total, within, above }: Tail, measure: number): number => {
  const position = measureGrid.positionOf(measure);
  const cell = Math.floor(position);
  return (1 + above[cell]! + within[cell]! * (cell + 1 - position)) / (1 + total);
};

/** Between the two knots of each axis, by distance; a knot that is not known leaves it to the others. */
const between = (curve: Float64Array, perSize: number, sizeAt: number, chargeAt: number): number => {
  const size = Math.min(sizeKnots - 2, Math.floor(sizeAt));
  const charge = Math.min(Math.max(0, perSize - 2), Math.floor(chargeAt));
  let sum = 0;
  let weights = 0;
  for (let i = 0; i < 2; i++) {
    const sizeWeight = 1 - Math.abs(sizeAt - size - i);
    for (let j = 0; j < Math.min(2, perSize); j++) {
      const value = curve[(size + i) * perSize + charge + j]!;
      const weight = perSize === 1 ? sizeWeight : sizeWeight * (1 - Math.abs(chargeAt - charge - j));
      if (weight <= 0 || Number.isNaN(value)) continue;
      sum += weight * value;
      weights += weight;
    }
  }
  return weights > 0 ? sum / weights : Number.NaN;
};

/** A score's curves and tail; `perSize` bins a size. */
const measureOf = (sparse: SparseCounts, grid: CellGrid, perSize: number, framesMin: number) => {
  const bins = binCounts(sparse, sizeKnots * perSize, grid.cells);
  const curves = curvesOf(bins, grid, perSize, framesMin);
  const tail = tailOf(bins, grid, curves);
  return {
    tail,
    /** The score in what is usual at this size and charge; NaN where that is not known. */
    of: (score: number, sizeAt: number, chargeAt: number): number =>
      (score - between(curves.middle, perSize, sizeAt, chargeAt)) /
      between(curves.scale, perSize, sizeAt, chargeAt),
  };
};

/** Mean and spread of log2 charge a hit at each size. */
const chargeCurves = ({ frames, chargeSums, chargeSquares }: ScoreSketch): Curves => {
  const middle = Float64Array.from(frames, (count, size) =>
    count >= 2 ? chargeSums[size]! / count : Number.NaN,
  );
  const scale = Float64Array.from(frames, (count, size) => {
    const mean = middle[size]!;
    const variance = chargeSquares[size]! / count - mean * mean;
    return Number.isNaN(mean) ? Number.NaN : Math.sqrt(Math.max(1e-6, variance));
  });
  borrow(middle, 1);
  borrow(scale, 1);
  return { middle, scale };
};

/**
 * A sketch made ready for many questions; null where it knows no score. `warmupCount`: frames a size must have been seen
 * with before anything of that size is called rare.
 */
export const prepareJudge = (sketch: ScoreSketch, warmupCount: number): Judge | null => {
  if (sketch.scores.length === 0 || sketch.frames.every((count) => count === 0)) return null;
  const framesMin = Math.max(2, warmupCount);
  const singles = sketch.singles.map((counts) => measureOf(counts, scoreGrid, 1, framesMin));
  const together = measureOf(sketch.combined, rarityGrid, chargeKnots, framesMin);
  const charges = chargeCurves(sketch);

  const combine = ({ hitCount, totalCharge, scores }: ScoredFrame): Combined | null => {
    const sizeAt = sizePosition(hitCount);
    let score = -1;
    let driver = 0;
    for (let i = 0; i < singles.length; i++) {
      const single = singles[i]!;
      const measure = single.of(scores[i]!, sizeAt, 0);
      if (Number.isNaN(measure)) return null;
      const rarity = rarityAt(single.tail, measure);
      if (rarity <= score) continue;
      score = rarity;
      driver = i;
    }
    const mean = between(charges.middle, 1, sizeAt, 0);
    const spreadOf = between(charges.scale, 1, sizeAt, 0);
    const deviation = (chargeOf(hitCount, totalCharge) - mean) / spreadOf;
    return { score, driver, chargeAt: chargePosition(Number.isNaN(deviation) ? 0 : deviation) };
  };

  return {
    scores: sketch.scores,
    framesHeld: together.tail.total,
    combine,
    judge(frame) {
      const combined = combine(frame);
      if (combined === null) return { pValue: 1, driver: 0 };
      const { score, driver, chargeAt } = combined;
      const measure = together.of(score, sizePosition(frame.hitCount), chargeAt);
      return { pValue: Number.isNaN(measure) ? 1 : shareAt(together.tail, measure), driver };
    },
  };
};
