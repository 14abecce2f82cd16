/**
 * Calibration: how rare a score is among those seen in frames of like size, from counts in fixed score cells.
 * Refuses nothing and draws nothing at random; old scores fade by halving, so that drift is followed.
 */

import { limits } from '../domain/limits.ts';
import type { ScoreSketch } from '../domain/policy.ts';

/** Bands of hit count: the last holds 2^20 − 1 and more, above any wedge's 764,928 voxels. */
const bandCount = 21;
/** An eighth of a standard deviation of independent patches: the tail at 1 in 1,000 is known to a third. */
const scoreStep = 0.125;
const cells = 1024;
const scoreMin = -32;

export const bandOf = (hitCount: number): number => Math.min(bandCount - 1, 31 - Math.clz32(hitCount + 1));

export const cellOf = (
  sketch: Pick<ScoreSketch, 'scoreMin' | 'scoreStep' | 'cells'>,
  score: number,
): number => {
  const cell = Math.floor((score - sketch.scoreMin) / sketch.scoreStep);
  return cell < 0 ? 0 : cell < sketch.cells ? cell : sketch.cells - 1;
};

/** A sketch that has seen nothing: the calibration of the built-in first policy. */
export const emptySketch = (): ScoreSketch => ({
  scoreMin,
  scoreStep,
  cells,
  bands: Array.from({ length: bandCount }, () => new Array<number>(cells).fill(0)),
});

/** A sketch that still counts. One owner; its snapshots are what others see. */
export interface SketchBuilder {
  readonly scoreMin: number;
  readonly scoreStep: number;
  readonly cells: number;
  readonly counts: readonly Uint32Array[];
  readonly totals: Float64Array;
}

export const sketchBuilder = (from: ScoreSketch = emptySketch()): SketchBuilder => ({
  scoreMin: from.scoreMin,
  scoreStep: from.scoreStep,
  cells: from.cells,
  counts: from.bands.map((band) => Uint32Array.from(band)),
  totals: Float64Array.from(from.bands, (band) => band.reduce((sum, count) => sum + count, 0)),
});

/** Halves every tail "this cell and above", rounded down: the shape stays and the past fades. */
const age = (counts: Uint32Array): number => {
  let tail = 0;
  let halvedAbove = 0;
  for (let cell = counts.length - 1; cell >= 0; cell--) {
    tail += counts[cell]!;
    const halved = Math.floor(tail / 2);
    counts[cell] = halved - halvedAbove;
    halvedAbove = halved;
  }
  return halvedAbove;
};

export const addScore = (builder: SketchBuilder, hitCount: number, score: number): void => {
  const band = Math.min(builder.counts.length - 1, bandOf(hitCount));
  const counts = builder.counts[band]!;
  const cell = cellOf(builder, score);
  counts[cell] = counts[cell]! + 1;
  builder.totals[band] = builder.totals[band]! + 1;
  if (builder.totals[band]! >= limits.sketchBandCountMax) builder.totals[band] = age(counts);
};

export const sketchSnapshot = (builder: SketchBuilder): ScoreSketch => ({
  scoreMin: builder.scoreMin,
  scoreStep: builder.scoreStep,
  cells: builder.cells,
  bands: builder.counts.map((counts) => Array.from(counts)),
});

/**
 * Share of like-sized frames that score as high: (1 + #≥) / (1 + n), whole cells counted, so it errs high.
 * 1 while the band has seen fewer than `warmupCount` scores. The slow twin of `tailPValue`.
 */
export const pValue = (sketch: ScoreSketch, hitCount: number, score: number, warmupCount: number): number => {
  const band = sketch.bands[Math.min(sketch.bands.length - 1, bandOf(hitCount))];
  if (band === undefined) return 1;
  const from = cellOf(sketch, score);
  let seen = 0;
  let above = 0;
  for (let cell = 0; cell < band.length; cell++) {
    seen += band[cell]!;
    if (cell >= from) above += band[cell]!;
  }
  return seen < warmupCount ? 1 : (1 + above) / (1 + seen);
};

/** A sketch made ready for many questions: for each band and cell, how many scores lie there or above. */
export interface SketchTails {
  readonly sketch: ScoreSketch;
  readonly tails: readonly Float64Array[];
}

export const sketchTails = (sketch: ScoreSketch): SketchTails => ({
  sketch,
  tails: sketch.bands.map((band) => {
    const tail = new Float64Array(sketch.cells);
    let sum = 0;
    for (let cell = sketch.cells - 1; cell >= 0; cell--) {
      sum += band[cell] ?? 0;
      tail[cell] = sum;
    }
    return tail;
  }),
});

export const tailPValue = (
  { sketch, tails }: SketchTails,
  hitCount: number,
  score: number,
  warmupCount: number,
): number => {
  const tail = tails[Math.min(tails.length - 1, bandOf(hitCount))];
  if (tail === undefined) return 1;
  const seen = tail[0]!;
  return seen < warmupCount ? 1 : (1 + tail[cellOf(sketch, score)]!) / (1 + seen);
};
