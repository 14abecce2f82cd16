/**
 * ADC values as symbols (an eighth of an octave each, its low bits raw), and the contexts they are coded in: an
 * integer predictor that adds what each neighbour says. Pure arithmetic over one scratch space; refuses nothing.
 */

import type { InstrumentCard } from '../domain/instrument.ts';
import { voxelCount } from '../domain/instrument.ts';

/** Octaves are cut into 2^3 buckets: finer ones gained nothing, the density inside is nearly flat. */
const mantissaBits = 3;

/** Bucket of a value: itself below 16, then eight an octave. */
export const bucketOf = (adc: number): number => {
  const octave = 31 - Math.clz32(adc | 1);
  return octave <= mantissaBits
    ? adc
    : ((octave - mantissaBits) << mantissaBits) + (adc >>> (octave - mantissaBits));
};

/**
 * How one instrument's ADC values become symbols: 0 escapes to `adcBits` raw bits (values below the threshold,
 * which a sound frame does not have), the last one is saturation, the others are buckets from the threshold's on.
 */
export interface AmplitudeScale {
  readonly adcBits: number;
  readonly symbols: number;
  /** ADC → symbol; symbol → lowest ADC and number of raw bits. */
  readonly symbolOf: Uint8Array;
  readonly lowest: Uint16Array;
  readonly rawBits: Uint8Array;
  /** Symbol → what its neighbours are told: a grade of 1 … `gradesMax`; 0 stands for no hit. */
  readonly grade: Uint8Array;
  /** Prediction (see `predict`) → level. */
  readonly levelOf: Uint8Array;
}

const gradesMax = 33;

export const amplitudeScale = (card: Pick<InstrumentCard, 'adcBits' | 'thresholdAdc'>): AmplitudeScale => {
  const top = 2 ** card.adcBits - 1;
  const first = bucketOf(Math.min(card.thresholdAdc, top));
  const buckets = bucketOf(top) - first + 1;
  const symbols = buckets + 2;
  const symbolOf = new Uint8Array(top + 1);
  const lowest = new Uint16Array(symbols);
  const rawBits = new Uint8Array(symbols);
  const grade = new Uint8Array(symbols);
  rawBits[0] = card.adcBits;
  for (let adc = top; adc >= 0; adc--) {
    const bucket = bucketOf(adc);
    if (bucket < first) continue;
    const symbol = bucket - first + 1;
    symbolOf[adc] = symbol;
    lowest[symbol] = adc;
    rawBits[symbol] = Math.max(0, 31 - Math.clz32(adc | 1) - mantissaBits);
  }
  symbolOf[top] = symbols - 1;
  lowest[symbols - 1] = top;
  const gradesUsed = Math.min(gradesMax, symbols - 1);
  for (let symbol = 0; symbol < symbols; symbol++) {
    grade[symbol] = Math.max(1, Math.round((symbol * gradesUsed) / (symbols - 1)));
  }
  const units = symbols * predictionUnits;
  const levelOf = Uint8Array.from({ length: units }, (_, prediction) =>
    Math.floor((prediction * levels) / units),
  );
  return { adcBits: card.adcBits, symbols, symbolOf, lowest, rawBits, grade, levelOf };
};

/** Grades of the frame's hits by voxel, with zeros around: what a hit's neighbours look up. */
export interface AmplitudeGrid {
  /** Distance to the row before. */
  readonly columns: number;
  readonly origin: number;
  /** All zero between calls. */
  readonly grade: Uint8Array;
}

export const amplitudeGrid = (card: Pick<InstrumentCard, 'axes'>): AmplitudeGrid => {
  // At least two back: what follows that place is still earlier than the place itself.
  const columns = Math.max(2, card.axes[card.axes.length - 1]!.size);
  const origin = 2 * columns + 4;
  return { columns, origin, grade: new Uint8Array(voxelCount(card as InstrumentCard) + 2 * origin) };
};

/** Predictions are in 1/16 symbol, cut into levels. */
export const predictionUnits = 16;
export const levels = 32;

/**
 * The predictor's tables lie one after another, each four times: for hits with and without one before them in
 * their row and in the row before. Distances: u the row before, d the row after, numbers along the row.
 */
const fine = gradesMax + 1;
/** A grade in quarters, 0 still for no hit. */
const coarse = ((gradesMax + 3) >>> 2) + 1;
const earlierSize = fine * coarse * 8;
const aboveSize = fine * coarse * 2;
const pairSize = fine * coarse;
const aheadSize = 64;
const aboveFirst = 4 * earlierSize;
const aboveEarlierFirst = aboveFirst + 4 * aboveSize;
const earlier2First = aboveEarlierFirst + 4 * pairSize;
const aheadFirst = earlier2First + 4 * pairSize;
export const weightCount = aheadFirst + 4 * aheadSize;

/** Which neighbours there are: up to two before, up to three after, above, below. They decide the spread. */
export const neighbourhoods = 48;
export const amplitudeContexts = levels * neighbourhoods;
/** Length of what `lookAround` writes: five cells of the predictor's tables, and the neighbourhood. */
export const cellsPerHit = 5;
export const viewLength = cellsPerHit + 1;

/**
 * What the hit at `at` sees, written to `view`: the predictor's cells (what is before; above; above and before;
 * two before; and to come), then its neighbourhood. Grades of earlier hits must be known; of later ones only
 * whether they are zero. Free of branches: which neighbours there are cannot be predicted. One body, since the
 * compiler would not inline all its parts.
 */
export const lookAround = (grade: Uint8Array, at: number, columns: number, view: Int32Array): void => {
  const up = at - columns;
  const down = at + columns;
  const before1 = grade[at - 1]!;
  const before2 = grade[at - 2]!;
  const above = grade[up]!;
  const isBefore = (0 - before1) >>> 31;
  const isAbove = (0 - above) >>> 31;
  const isBelow = (0 - grade[down]!) >>> 31;
  const after2 = 1 + ((0 - grade[at + 3]!) >>> 31);
  const after1 = 1 + (((0 - grade[at + 2]!) >> 31) & after2);
  const later = ((0 - grade[at + 1]!) >> 31) & after1;
  const family = (isBefore << 1) | isAbove;
  view[0] =
    Math.imul(family, earlierSize) +
    (((Math.imul(before1, coarse) + ((before2 + 3) >>> 2)) << 3) | (later << 1) | isBelow);
  view[1] =
    aboveFirst +
    Math.imul(family, aboveSize) +
    (((Math.imul(above, coarse) + ((grade[up + 1]! + 3) >>> 2)) << 1) | isBelow);
  view[2] =
    aboveEarlierFirst +
    Math.imul(family, pairSize) +
    Math.imul(grade[up - 1]!, coarse) +
    ((grade[up - columns]! + 3) >>> 2);
  view[3] =
    earlier2First + Math.imul(family, pairSize) + Math.imul(before2, coarse) + ((grade[at - 3]! + 3) >>> 2);
  view[4] =
    aheadFirst +
    Math.imul(family, aheadSize) +
    (later |
      (((0 - grade[down - 1]!) >>> 31) << 2) |
      (isBelow << 3) |
      (((0 - grade[down + 1]!) >>> 31) << 4) |
      (((0 - grade[down + columns]!) >>> 31) << 5));
  const before = (((0 - before1) >> 31) & 1) + (((0 - before1) >> 31) & ((0 - before2) >>> 31));
  view[5] = (before << 4) | (later << 2) | (isAbove << 1) | isBelow;
};

export const contextOf = (prediction: number, where: number, levelOf: Uint8Array): number => {
  const last = levelOf.length - 1;
  const level = levelOf[Math.max(0, Math.min(last, prediction))]!;
  return Math.imul(level, neighbourhoods) + where;
};

/** The context of a hit by what it sees. */
export const amplitudeContext = (view: Int32Array, weights: Int16Array, levelOf: Uint8Array): number =>
  contextOf(
    weights[view[0]!]! + weights[view[1]!]! + weights[view[2]!]! + weights[view[3]!]! + weights[view[4]!]!,
    view[5]!,
    levelOf,
  );
