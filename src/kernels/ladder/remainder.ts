/**
 * What the last plane leaves of each ADC value: the eighth of its level it lies in, told by a value predicted from
 * the hits around (exact before it, by level after it), and its place in that eighth as it is. Pure arithmetic over
 * one scratch space; reading refuses (packet-layer) values that no writer codes so.
 */

import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { voxelCount } from '../../domain/instrument.ts';
import { type RansReader, rawStep, readRaw, readStepSymbol, readUniform, uniformStep } from '../rans.ts';
import { ladderPrecision } from './curve.ts';
import type { LevelScale } from './levels.ts';

/** Symbols: eighths of the level; then what stands apart: saturation in the last level, any value in the first. */
const eighths = 8;
export const apart = eighths;
export const remainderSymbols = eighths + 1;

/** Neighbours a value is predicted from: five before it (exact), four after it (by the middle of their level). */
export const predictors = 9;
export const patterns = 1 << predictors;
/** Coefficients by pattern of neighbours: a constant in 1/8 unit, then a factor in 1/4096 for each neighbour. */
export const coefficientsPerPattern = predictors + 1;
export const spreads = 8;
const places = 32;
export const remainderContexts = (levels: number): number => spreads * levels * places;

/** Logarithms of the frame's ADC values by voxel (see `levels.ts`), 0 where there is no hit, with zeros around. */
export interface LogGrid {
  /** Distance to the row before. */
  readonly columns: number;
  readonly origin: number;
  /** All zero between calls. */
  readonly log: Int16Array;
}

export const logGrid = (card: Pick<InstrumentCard, 'axes'>): LogGrid => {
  const columns = Math.max(4, card.axes[card.axes.length - 1]!.size);
  const origin = columns + 2;
  return { columns, origin, log: new Int16Array(voxelCount(card as InstrumentCard) + 2 * origin) };
};

/** Every hit's level by its middle: what is known before the remainder is. */
export const markLogs = (grid: LogGrid, scale: LevelScale, hits: LevelledHits): void => {
  const { log, origin } = grid;
  for (let i = 0; i < hits.count; i++) log[origin + hits.voxel[i]!] = scale.middleLog[hits.level[i]!]!;
};

export const clearLogs = (grid: LogGrid, voxel: Uint32Array, count: number): void => {
  const { log, origin } = grid;
  for (let i = 0; i < count; i++) log[origin + voxel[i]!] = 0;
};

export interface LevelledHits {
  readonly count: number;
  readonly voxel: Uint32Array;
  readonly level: Uint8Array;
}

/** What the hit at `at` sees: the logarithms of its neighbours in the predictor's order. */
export const neighbourLogs = ({ log, columns }: LogGrid, at: number, view: Int32Array): void => {
  view[0] = log[at - 1]!;
  view[1] = log[at - 2]!;
  view[2] = log[at - columns]!;
  view[3] = log[at - columns - 1]!;
  view[4] = log[at - columns + 1]!;
  view[5] = log[at + 1]!;
  view[6] = log[at + columns]!;
  view[7] = log[at + columns + 1]!;
  view[8] = log[at + columns - 1]!;
};

export interface RemainderTables {
  /** [pattern][constant, factors]. */
  readonly coefficients: Int16Array;
  /** Pattern → how well it predicts, 0 … 7. */
  readonly spread: Uint8Array;
  /** Steps [spread][level][place][symbol]. */
  readonly steps: Uint32Array;
}

const one = 4096;

/** The context of a hit of this level that sees `view`: where in (or beside) its level the prediction lies. */
export const remainderContext = (
  view: Int32Array,
  level: number,
  scale: LevelScale,
  coefficients: Int16Array,
  spread: Uint8Array,
): number => {
  let pattern = 0;
  for (let k = 0; k < predictors; k++) pattern |= (view[k]! === 0 ? 0 : 1) << k;
  const first = pattern * coefficientsPerPattern;
  let sum = coefficients[first]! * (one / 8);
  for (let k = 0; k < predictors; k++) sum += Math.imul(coefficients[first + 1 + k]!, view[k]!);
  const low = scale.lowLog[level]!;
  const width = Math.max(1, 2 * (scale.middleLog[level]! - low));
  const place = Math.floor(((Math.floor(sum / one) - low) * (places / 4)) / width) + (3 * places) / 8;
  return (spread[pattern]! * scale.lowest.length + level) * places + Math.max(0, Math.min(places - 1, place));
};

/** How many values of a level have eighths: all but saturation. */
const sizeOf = (scale: LevelScale, level: number): number =>
  scale.size[level]! - (level === scale.lowest.length - 1 ? 1 : 0);

export const remainderSymbol = (scale: LevelScale, level: number, adc: number): number => {
  const offset = adc - scale.lowest[level]!;
  const size = sizeOf(scale, level);
  return offset < 0 || offset >= size ? apart : Math.floor((offset * eighths) / size);
};

/** First offset of an eighth of `size` values. */
const firstOf = (symbol: number, size: number): number => Math.ceil((symbol * size) / eighths);

/** Steps one hit can take: its symbol, and at most two for the rest. */
export const remainderStepsMax = 3;

/** Collects the steps of hits whose levels are marked, and returns the new step count. */
export const putRemainders = (
  grid: LogGrid,
  scale: LevelScale,
  tables: RemainderTables,
  hits: LevelledHits,
  adc: Uint16Array,
  steps: Uint32Array,
): number => {
  const { log, origin } = grid;
  const { logOf } = scale;
  const view = new Int32Array(predictors);
  let next = 0;
  for (let i = 0; i < hits.count; i++) {
    const at = origin + hits.voxel[i]!;
    const level = hits.level[i]!;
    const value = adc[i]!;
    neighbourLogs(grid, at, view);
    const context = remainderContext(view, level, scale, tables.coefficients, tables.spread);
    const symbol = remainderSymbol(scale, level, value);
    steps[next++] = tables.steps[context * remainderSymbols + symbol]!;
    if (symbol < apart) {
      const size = sizeOf(scale, level);
      const first = firstOf(symbol, size);
      const count = firstOf(symbol + 1, size) - first;
      if (count > 1)
        steps[next++] = uniformStep(value - scale.lowest[level]! - first, count, ladderPrecision);
    } else if (level < scale.lowest.length - 1) {
      steps[next++] = rawStep(value & 0xff, 8, ladderPrecision);
      steps[next++] = rawStep(value >>> 8, Math.max(1, scale.adcBits - 8), ladderPrecision);
    }
    log[at] = logOf[value]!;
  }
  return next;
};

const damaged = (what: string): Fault => new Fault('packet-layer', `the remainder layer is damaged: ${what}`);

/** Reads the ADC values of hits whose levels are marked. */
export const takeRemainders = (
  reader: RansReader,
  grid: LogGrid,
  scale: LevelScale,
  tables: RemainderTables,
  hits: LevelledHits,
  adc: Uint16Array,
): void => {
  const { log, origin } = grid;
  const view = new Int32Array(predictors);
  for (let i = 0; i < hits.count; i++) {
    const at = origin + hits.voxel[i]!;
    const level = hits.level[i]!;
    neighbourLogs(grid, at, view);
    const context = remainderContext(view, level, scale, tables.coefficients, tables.spread);
    const symbol = readStepSymbol(reader, tables.steps, context * remainderSymbols);
    const value = takeValue(reader, scale, level, symbol);
    adc[i] = value;
    log[at] = scale.logOf[value]!;
  }
};

const takeValue = (reader: RansReader, scale: LevelScale, level: number, symbol: number): number => {
  const size = sizeOf(scale, level);
  if (symbol < apart) {
    const first = firstOf(symbol, size);
    const count = firstOf(symbol + 1, size) - first;
    if (count < 1) throw damaged(`level ${level} has no value in its part ${symbol}`);
    return scale.lowest[level]! + first + (count > 1 ? readUniform(reader, count) : 0);
  }
  if (level === scale.lowest.length - 1) return 2 ** scale.adcBits - 1;
  const low = readRaw(reader, 8);
  const value = low | (readRaw(reader, Math.max(1, scale.adcBits - 8)) << 8);
  if (level > 0 || value === 0 || value >= scale.lowest[0]!)
    throw damaged(`an ADC value of ${value} stands apart from level ${level}`);
  return value;
};

/** Widest level: its eighths must have at least one slot a value. */
export const levelSizeMax = eighths << ladderPrecision;
