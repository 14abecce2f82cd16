/**
 * What the last plane leaves of each ADC value: the eighth of its level it lies in, told by a value predicted from
 * the hits around (exact before it, by level after it), and its place in that eighth as it is. Pure arithmetic over
 * one scratch space; reading refuses (packet-layer) values that no writer codes so. Packets are coded and read by its
 * compiled twins (`remainder_encoder.ts`, `decoder.ts`).
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

/**
 * The context of a hit of this level at `at`: where in (or beside) its level the prediction from its neighbours
 * lies, and how well such neighbours predict. Of later hits only the middle of their level is marked.
 */
export const remainderContext = (
  { log, columns }: LogGrid,
  at: number,
  level: number,
  scale: LevelScale,
  coefficients: Int16Array,
  spread: Uint8Array,
): number => {
  const up = at - columns;
  const down = at + columns;
  const before = log[at - 1]!;
  const before2 = log[at - 2]!;
  const above = log[up]!;
  const aboveBefore = log[up - 1]!;
  const aboveAfter = log[up + 1]!;
  const after = log[at + 1]!;
  const below = log[down]!;
  const belowAfter = log[down + 1]!;
  const belowBefore = log[down - 1]!;
  const pattern =
    (-before >>> 31) |
    ((-before2 >>> 31) << 1) |
    ((-above >>> 31) << 2) |
    ((-aboveBefore >>> 31) << 3) |
    ((-aboveAfter >>> 31) << 4) |
    ((-after >>> 31) << 5) |
    ((-below >>> 31) << 6) |
    ((-belowAfter >>> 31) << 7) |
    ((-belowBefore >>> 31) << 8);
  const first = Math.imul(pattern, 10);
  const sum =
    (coefficients[first]! << 9) +
    Math.imul(coefficients[first + 1]!, before) +
    Math.imul(coefficients[first + 2]!, before2) +
    Math.imul(coefficients[first + 3]!, above) +
    Math.imul(coefficients[first + 4]!, aboveBefore) +
    Math.imul(coefficients[first + 5]!, aboveAfter) +
    Math.imul(coefficients[first + 6]!, after) +
    Math.imul(coefficients[first + 7]!, below) +
    Math.imul(coefficients[first + 8]!, belowAfter) +
    Math.imul(coefficients[first + 9]!, belowBefore);
  // Eighths of the level's width, from one and a half widths below it to two and a half above its lowest value.
  const low = scale.lowLog[level]!;
  const width = Math.max(1, (scale.middleLog[level]! - low) << 1);
  const eighthsUp = ((sum >> 12) - low) * 8 + 12 * width;
  const place = eighthsUp < 0 ? 0 : Math.min(31, (eighthsUp / width) | 0);
  return ((Math.imul(spread[pattern]!, scale.lowest.length) + level) << 5) | place;
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

/** What the loops look up instead of dividing. */
export interface RemainderScale extends LevelScale {
  /** ADC → symbol, and the step of its place in that eighth (0: it is alone there, or stands apart). */
  readonly symbolOf: Uint8Array;
  readonly placeStep: Uint32Array;
  /** [level][symbol] → lowest ADC, and how many there are (0: none, or it stands apart). */
  readonly firstAdc: Uint16Array;
  readonly count: Uint16Array;
}

export const remainderScale = (scale: LevelScale): RemainderScale => {
  const levels = scale.lowest.length;
  const firstAdc = new Uint16Array(levels * remainderSymbols);
  const count = new Uint16Array(levels * remainderSymbols);
  for (let level = 0; level < levels; level++) {
    const size = sizeOf(scale, level);
    for (let symbol = 0; symbol < eighths; symbol++) {
      const first = firstOf(symbol, size);
      firstAdc[level * remainderSymbols + symbol] = scale.lowest[level]! + first;
      count[level * remainderSymbols + symbol] = firstOf(symbol + 1, size) - first;
    }
  }
  const symbolOf = Uint8Array.from(scale.levelOf, (level, adc) => remainderSymbol(scale, level, adc));
  const placeStep = Uint32Array.from(scale.levelOf, (level, adc) => {
    const part = level * remainderSymbols + symbolOf[adc]!;
    return count[part]! > 1 ? uniformStep(adc - firstAdc[part]!, count[part]!, ladderPrecision) : 0;
  });
  return { ...scale, symbolOf, placeStep, firstAdc, count };
};

/** Steps one hit can take: its symbol, and at most two for the rest. */
export const remainderStepsMax = 3;

/** Collects the steps of hits whose levels are marked, and returns how many they are. */
export const putRemainders = (
  grid: LogGrid,
  scale: RemainderScale,
  tables: RemainderTables,
  hits: LevelledHits,
  adc: Uint16Array,
  steps: Uint32Array,
): number => {
  const { log, origin } = grid;
  const { logOf, symbolOf, placeStep, levelOf, adcBits } = scale;
  const { coefficients, spread } = tables;
  const saturated = scale.lowest.length - 1;
  let next = 0;
  for (let i = 0; i < hits.count; i++) {
    const at = origin + hits.voxel[i]!;
    const value = adc[i]!;
    const context = remainderContext(grid, at, levelOf[value]!, scale, coefficients, spread);
    const symbol = symbolOf[value]!;
    steps[next++] = tables.steps[context * remainderSymbols + symbol]!;
    const place = placeStep[value]!;
    if (place !== 0) steps[next++] = place;
    else if (symbol === apart && levelOf[value] !== saturated) {
      steps[next++] = rawStep(value & 0xff, 8, ladderPrecision);
      steps[next++] = rawStep(value >>> 8, Math.max(1, adcBits - 8), ladderPrecision);
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
  scale: RemainderScale,
  tables: RemainderTables,
  hits: LevelledHits,
  adc: Uint16Array,
): void => {
  const { log, origin } = grid;
  const { coefficients, spread } = tables;
  for (let i = 0; i < hits.count; i++) {
    const at = origin + hits.voxel[i]!;
    const level = hits.level[i]!;
    const context = remainderContext(grid, at, level, scale, coefficients, spread);
    const symbol = readStepSymbol(reader, tables.steps, context * remainderSymbols, 0);
    const part = level * remainderSymbols + symbol;
    const count = scale.count[part]!;
    let value = scale.firstAdc[part]!;
    if (count > 1) value += readUniform(reader, count);
    else if (count === 0) value = takeApart(reader, scale, level, symbol);
    adc[i] = value;
    log[at] = scale.logOf[value]!;
  }
};

const takeApart = (reader: RansReader, scale: LevelScale, level: number, symbol: number): number => {
  if (symbol !== apart) throw damaged(`level ${level} has no value in its part ${symbol}`);
  if (level === scale.lowest.length - 1) return 2 ** scale.adcBits - 1;
  const low = readRaw(reader, 8);
  const value = low | (readRaw(reader, Math.max(1, scale.adcBits - 8)) << 8);
  if (level > 0 || value === 0 || value >= scale.lowest[0]!)
    throw damaged(`an ADC value of ${value} stands apart from level ${level}`);
  return value;
};

/** Widest level: its eighths must have at least one slot a value. */
export const levelSizeMax = eighths << ladderPrecision;
