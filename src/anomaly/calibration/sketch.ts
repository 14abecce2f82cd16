/**
 * A sketch that still counts: scores of frames by size, and by one or two yardsticks how rare frames of a size and charge
 * were, in fixed cells. A yardstick is made of what is known, counts what comes later, and gives way to one made of four
 * times as much. Refuses nothing and draws nothing at random; old scores fade by halving, so that drift is followed.
 */

import { limits } from '../../domain/limits.ts';
import { type ScoreSketch, type SparseCounts, sizeKnots, type Yardstick } from '../../domain/policy.ts';
import {
  type CellGrid,
  chargeBins,
  chargeOf,
  rarityGrid,
  scoreGrid,
  sizeBins,
  sizePosition,
} from './grid.ts';
import { makeYardstick, prepareMeasure, type ScoredFrame } from './yardstick.ts';

const emptyCounts: SparseCounts = { places: new Uint32Array(0), counts: new Uint32Array(0) };
/** A yardstick is made anew when so many times more frames are known … */
const remakeFactor = 4;
/** … and judged by when it has counted this share of what the one before has. */
const succeedShare = 0.5;
const zeros: readonly number[] = new Array<number>(sizeKnots).fill(0);

/** A sketch of these scores that has seen nothing: what the built-in first policy has (of no score at all). */
export const emptySketch = (scores: readonly string[] = []): ScoreSketch => ({
  scores,
  framesSeen: 0,
  frames: zeros,
  chargeSums: zeros,
  chargeSquares: zeros,
  singles: scores.map(() => emptyCounts),
  yardsticks: [],
});

/** One owner; its snapshots are what others see. */
export interface SketchBuilder {
  /** Frames it holds, faded ones by what is left of them. */
  readonly held: number;
  add(frame: ScoredFrame): void;
  /** What it holds now; yardsticks are made and give way at snapshots alone, so that those are all there is to know. */
  snapshot(): ScoreSketch;
}

/**
 * Halves every tail "this cell and above" of one bin: the shape stays and the past fades. Odd tails are all rounded up
 * or all down, by a parity of the counts that is as good as chance, so that the last frames of many bins keep their
 * weight together: always down would cut the tail off.
 */
const age = (counts: Uint32Array, first: number, cells: number): number => {
  let tail = 0;
  let halvedAbove = 0;
  let parity = 0;
  for (let cell = 0; cell < cells; cell++) parity ^= cell & counts[first + cell]!;
  parity ^= parity >>> 4;
  parity = (parity ^ (parity >>> 2) ^ (parity >>> 1)) & 1;
  for (let cell = first + cells - 1; cell >= first; cell--) {
    tail += counts[cell]!;
    const halved = (tail + parity) >>> 1;
    counts[cell] = halved - halvedAbove;
    halvedAbove = halved;
  }
  return halvedAbove;
};

/** Dense counts of some bins, with their totals. */
const openBins = (bins: number, { cells, positionOf }: CellGrid, from: SparseCounts) => {
  const counts = new Uint32Array(bins * cells);
  const totals = new Float64Array(bins);
  from.places.forEach((place, i) => {
    counts[place] = from.counts[i]!;
    totals[Math.floor(place / cells)]! += from.counts[i]!;
  });
  return {
    /** Whether the bin had to be halved. */
    add(bin: number, score: number): boolean {
      counts[bin * cells + Math.floor(positionOf(score))]! += 1;
      totals[bin]! += 1;
      if (totals[bin]! < limits.sketchBinCountMax) return false;
      totals[bin] = age(counts, bin * cells, cells);
      return true;
    },
    held: (): number => totals.reduce((sum, total) => sum + total, 0),
    sparse(): SparseCounts {
      const places: number[] = [];
      for (let bin = 0; bin < bins; bin++) {
        if (totals[bin] === 0) continue;
        for (let cell = bin * cells; cell < (bin + 1) * cells; cell++)
          if (counts[cell] !== 0) places.push(cell);
      }
      return {
        places: Uint32Array.from(places),
        counts: Uint32Array.from(places, (place) => counts[place]!),
      };
    },
  };
};

/** A yardstick that still counts. */
const openYardstick = (yardstick: Yardstick) => {
  const measure = prepareMeasure(yardstick);
  const combined = openBins(sizeBins * chargeBins, rarityGrid, yardstick.combined);
  return {
    madeAfterFrames: yardstick.madeAfterFrames,
    held: combined.held,
    add(frame: ScoredFrame): void {
      const measured = measure(frame);
      if (measured !== null) combined.add(measured.bin, measured.bits);
    },
    snapshot: (): Yardstick => ({ ...yardstick, combined: combined.sparse() }),
  };
};

/** @param warmupCount frames before a first yardstick is made */
export const sketchBuilder = (from: ScoreSketch, warmupCount: number): SketchBuilder => {
  const singles = from.singles.map((counts) => openBins(sizeKnots, scoreGrid, counts));
  const frames = Float64Array.from(from.frames);
  const chargeSums = Float64Array.from(from.chargeSums);
  const chargeSquares = Float64Array.from(from.chargeSquares);
  // Sketches of earlier builds did not say.
  let framesSeen = Math.max(
    from.framesSeen,
    from.frames.reduce((sum, count) => sum + count, 0),
  );
  let yardsticks = from.yardsticks.map(openYardstick);

  const learnt = (): Omit<ScoreSketch, 'yardsticks'> => ({
    scores: from.scores,
    framesSeen,
    frames: Array.from(frames),
    chargeSums: Array.from(chargeSums),
    chargeSquares: Array.from(chargeSquares),
    singles: singles.map((bins) => bins.sparse()),
  });
  const due = (): boolean => {
    const last = yardsticks.at(-1);
    if (last === undefined) return framesSeen >= warmupCount;
    const since = framesSeen - last.madeAfterFrames;
    return since >= (remakeFactor - 1) * Math.min(last.madeAfterFrames, limits.yardstickFramesMax);
  };
  /** The one judged by gives way when its successor can speak. */
  const succeed = (): void => {
    const [present, next] = yardsticks;
    if (next !== undefined && next.held() >= succeedShare * present!.held()) yardsticks = [next];
    if (yardsticks.length < 2 && due())
      yardsticks = [...yardsticks, openYardstick(makeYardstick(learnt(), warmupCount))];
  };
  return {
    get held() {
      return frames.reduce((sum, count) => sum + count, 0);
    },
    add(frame) {
      const { hitCount, totalCharge, scores } = frame;
      const knot = Math.round(sizePosition(hitCount));
      let halved = false;
      for (let score = 0; score < singles.length; score++)
        halved = singles[score]!.add(knot, scores[score]!) || halved;
      const charge = chargeOf(hitCount, totalCharge);
      framesSeen += 1;
      frames[knot]! += 1;
      chargeSums[knot]! += charge;
      chargeSquares[knot]! += charge * charge;
      if (halved) {
        frames[knot]! *= 0.5;
        chargeSums[knot]! *= 0.5;
        chargeSquares[knot]! *= 0.5;
      }
      for (const yardstick of yardsticks) yardstick.add(frame);
    },
    snapshot() {
      succeed();
      return { ...learnt(), yardsticks: yardsticks.map((yardstick) => yardstick.snapshot()) };
    },
  };
};
