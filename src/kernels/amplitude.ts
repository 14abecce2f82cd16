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
  /** Symbol → what neighbours are told: 1 … 16 (0 stands for no hit). */
  readonly grade: Uint8Array;
}

export const grades = 16;

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
  const perGrade = Math.max(1, Math.ceil(symbols / grades));
  for (let symbol = 0; symbol < symbols; symbol++) grade[symbol] = 1 + Math.floor(symbol / perGrade);
  return { adcBits: card.adcBits, symbols, symbolOf, lowest, rawBits, grade };
};

/** Grades of the frame's hits by voxel, with zeros around: what a hit's neighbours look up. */
export interface AmplitudeGrid {
  readonly columns: number;
  readonly plane: number;
  readonly origin: number;
  /** All zero between calls. */
  readonly grade: Uint8Array;
}

export const amplitudeGrid = (card: Pick<InstrumentCard, 'axes'>): AmplitudeGrid => {
  // At least two back: what follows that place is still earlier than the place itself.
  const columns = Math.max(2, card.axes[card.axes.length - 1]!.size);
  const plane = columns * (card.axes[card.axes.length - 2]?.size ?? 1);
  const margin = plane + 2 * columns + 4;
  return {
    columns,
    plane,
    origin: margin,
    grade: new Uint8Array(voxelCount(card as InstrumentCard) + 2 * margin),
  };
};

/** Sizes of the predictor's tables, one after another; see `predict`. */
const stride = grades + 1;
export const weightTables = [
  { name: 'earlier', size: stride * stride * 8 },
  { name: 'rowAt', size: stride * stride * 2 },
  { name: 'rowAround', size: stride * stride * 2 },
  { name: 'layer', size: stride * stride },
  { name: 'ahead', size: 256 },
] as const;
const rowAtFirst = weightTables[0].size;
const rowAroundFirst = rowAtFirst + weightTables[1].size;
const layerFirst = rowAroundFirst + weightTables[2].size;
const aheadFirst = layerFirst + weightTables[3].size;
export const weightCount = aheadFirst + weightTables[4].size;

/** Predictions are in 1/16 symbol, cut into levels; a context is a level and which neighbours there are. */
export const predictionUnits = 16;
export const levels = 64;
const classes = 8;
export const amplitudeContexts = levels * classes;

/** The five cells of the predictor's tables that the hit at `at` reads, written to `cells`. */
export const predictorCells = (
  grade: Uint8Array,
  at: number,
  columns: number,
  plane: number,
  cells: Int32Array,
): void => {
  const up = at - columns;
  const down = at + columns;
  const back = at - plane;
  const later = grade[at + 1] === 0 ? 0 : grade[at + 2] === 0 ? 1 : grade[at + 3] === 0 ? 2 : 3;
  const upHits = grade[up]!;
  cells[0] = ((grade[at - 1]! * stride + grade[at - 2]!) << 3) | (later << 1) | (grade[down] === 0 ? 0 : 1);
  cells[1] = rowAtFirst + ((upHits * stride + grade[up + 1]!) << 1) + (grade[down] === 0 ? 0 : 1);
  cells[2] =
    rowAroundFirst + ((grade[up - 1]! * stride + grade[up - columns]!) << 1) + (upHits === 0 ? 0 : 1);
  cells[3] = layerFirst + grade[back]! * stride + grade[back + 1]!;
  cells[4] =
    aheadFirst +
    (later |
      (grade[down - 1] === 0 ? 0 : 4) |
      (grade[down] === 0 ? 0 : 8) |
      (grade[down + 1] === 0 ? 0 : 16) |
      (grade[down + columns] === 0 ? 0 : 32) |
      (grade[at + plane] === 0 ? 0 : 64) |
      (grade[at - 1] === 0 ? 0 : 128));
};

export const levelOf = (prediction: number, symbols: number): number => {
  const units = symbols * predictionUnits;
  return prediction <= 0 ? 0 : prediction >= units ? levels - 1 : ((prediction * levels) / units) | 0;
};

/** The context of the hit at `at`: its prediction's level, and whether it has neighbours before, after and above. */
export const amplitudeContext = (
  grade: Uint8Array,
  at: number,
  columns: number,
  cells: Int32Array,
  weights: Int16Array,
  symbols: number,
): number => {
  const sum =
    weights[cells[0]!]! +
    weights[cells[1]!]! +
    weights[cells[2]!]! +
    weights[cells[3]!]! +
    weights[cells[4]!]!;
  return (
    (levelOf(sum, symbols) << 3) |
    (grade[at - 1] === 0 ? 0 : 4) |
    (grade[at + 1] === 0 ? 0 : 2) |
    (grade[at - columns] === 0 ? 0 : 1)
  );
};
