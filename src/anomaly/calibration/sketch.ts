/**
 * A sketch that still counts: scores of frames by size, and the combined score by size and charge, in fixed cells.
 * Refuses nothing and draws nothing at random; old scores fade by halving, so that drift is followed.
 */

import { limits } from '../../domain/limits.ts';
import type { ScoreSketch, SparseCounts } from '../../domain/policy.ts';
import {
  type CellGrid,
  chargeKnots,
  chargeOf,
  rarityGrid,
  scoreGrid,
  sizeKnots,
  sizePosition,
} from './grid.ts';
import { type Judge, prepareJudge, type ScoredFrame } from './judge.ts';

const emptyCounts: SparseCounts = { places: new Uint32Array(0), counts: new Uint32Array(0) };
/** Combined scores are made anew when so many times more frames are known. */
const mendFactor = 4;
const zeros: readonly number[] = new Array<number>(sizeKnots).fill(0);

/** A sketch of these scores that has seen nothing: what the built-in first policy has (of no score at all). */
export const emptySketch = (scores: readonly string[] = []): ScoreSketch => ({
  scores,
  frames: zeros,
  chargeSums: zeros,
  chargeSquares: zeros,
  singles: scores.map(() => emptyCounts),
  combined: emptyCounts,
});

/** One owner; its snapshots are what others see. */
export interface SketchBuilder {
  /** Frames it holds, faded ones by what is left of them. */
  readonly held: number;
  add(frame: ScoredFrame): void;
  /** What it holds now; from then on charges and combined scores are told by it. */
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
    age(): void {
      for (let bin = 0; bin < bins; bin++)
        if (totals[bin]! > 0) totals[bin] = age(counts, bin * cells, cells);
    },
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

/** @param warmupCount frames of a size before combined scores are told for it */
export const sketchBuilder = (from: ScoreSketch, warmupCount: number): SketchBuilder => {
  const singles = from.singles.map((counts) => openBins(sizeKnots, scoreGrid, counts));
  const combined = openBins(sizeKnots * chargeKnots, rarityGrid, from.combined);
  const frames = Float64Array.from(from.frames);
  const chargeSums = Float64Array.from(from.chargeSums);
  const chargeSquares = Float64Array.from(from.chargeSquares);
  // Combined scores of many sizes and charges need the judge of a snapshot; what it needs itself does not.
  let judge: Judge | null = prepareJudge(from, warmupCount);
  const held = (): number => frames.reduce((sum, count) => sum + count, 0);
  let mended = held();
  return {
    get held() {
      return held();
    },
    add(frame) {
      const { hitCount, totalCharge, scores } = frame;
      const knot = Math.round(sizePosition(hitCount));
      let halved = false;
      for (let score = 0; score < singles.length; score++)
        halved = singles[score]!.add(knot, scores[score]!) || halved;
      const charge = chargeOf(hitCount, totalCharge);
      frames[knot]! += 1;
      chargeSums[knot]! += charge;
      chargeSquares[knot]! += charge * charge;
      if (halved) {
        frames[knot]! *= 0.5;
        chargeSums[knot]! *= 0.5;
        chargeSquares[knot]! *= 0.5;
      }
      const judged = judge?.combine(frame) ?? null;
      if (judged !== null) combined.add(knot * chargeKnots + Math.round(judged.chargeAt), judged.score);
    },
    snapshot() {
      // Combined scores told when little was known fade as more is.
      if (held() >= mendFactor * mended) {
        mended = held();
        combined.age();
        combined.age();
      }
      const sketch = {
        scores: from.scores,
        frames: Array.from(frames),
        chargeSums: Array.from(chargeSums),
        chargeSquares: Array.from(chargeSquares),
        singles: singles.map((bins) => bins.sparse()),
        combined: combined.sparse(),
      };
      judge = prepareJudge(sketch, warmupCount);
      return sketch;
    },
  };
};
