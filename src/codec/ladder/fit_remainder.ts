/**
 * Fits the remainder's tables: by least squares what neighbours say of a value, for each pattern of them; how well;
 * and the frequencies of its symbols. It refuses nothing.
 */

import type { Digits } from '../../domain/frame.ts';
import { normalizeFrequencies } from '../../kernels/frequencies.ts';
import { unitsPerOctave } from '../../kernels/ladder/levels.ts';
import {
  clearLogs,
  coefficientsPerPattern,
  markLogs,
  neighbourLogs,
  patterns,
  predictors,
  remainderContext,
  remainderContexts,
  remainderSymbol,
  remainderSymbols,
  spreads,
} from '../../kernels/ladder/remainder.ts';
import type { LadderTables, TableParts } from './tables.ts';

const size = coefficientsPerPattern;

type Visit = (view: Int32Array, pattern: number, level: number, adc: number, at: number) => void;

/** Shows every hit as the coder meets it: neighbours before it exact, those after it by level. */
const eachHit = (frames: readonly Digits[], tables: LadderTables, visit: Visit): void => {
  const { scale } = tables;
  const { logs } = tables.grid;
  const view = new Int32Array(predictors);
  for (const { count, voxel, adc } of frames) {
    const level = Uint8Array.from({ length: count }, (_, i) => scale.levelOf[adc[i]!]!);
    markLogs(logs, scale, { count, voxel, level });
    for (let i = 0; i < count; i++) {
      const at = logs.origin + voxel[i]!;
      neighbourLogs(logs, at, view);
      let pattern = 0;
      for (let k = 0; k < predictors; k++) if (view[k] !== 0) pattern |= 1 << k;
      visit(view, pattern, level[i]!, adc[i]!, at);
      logs.log[at] = scale.logOf[adc[i]!]!;
    }
    clearLogs(logs, voxel, count);
  }
};

export const fitRemainder = (
  frames: readonly Digits[],
  tables: LadderTables,
): Pick<TableParts, 'coefficients' | 'spread' | 'remainder'> => {
  const coefficients = fitCoefficients(frames, tables);
  const spread = fitSpread(frames, tables, coefficients);
  const { scale } = tables;
  const counts = new Float64Array(remainderContexts(scale.lowest.length) * remainderSymbols);
  eachHit(frames, tables, (_view, _pattern, level, adc, at) => {
    const context = remainderContext(tables.grid.logs, at, level, scale, coefficients, spread);
    counts[context * remainderSymbols + remainderSymbol(scale, level, adc)]!++;
  });
  return { coefficients, spread, remainder: frequenciesOf(counts, scale.lowest.length) };
};

/** Normal equations of each pattern, in octaves, with a ridge that leaves unseen patterns at zero. */
const fitCoefficients = (frames: readonly Digits[], tables: LadderTables): Int16Array => {
  const products = new Float64Array(patterns * size * size);
  const targets = new Float64Array(patterns * size);
  const seen = new Float64Array(size);
  const { logOf } = tables.scale;
  eachHit(frames, tables, (view, pattern, _, adc) => {
    seen[0] = 1;
    for (let k = 0; k < predictors; k++) seen[k + 1] = view[k]! / unitsPerOctave;
    const value = logOf[adc]! / unitsPerOctave;
    for (let i = 0; i < size; i++) {
      if (seen[i] === 0) continue;
      targets[pattern * size + i]! += seen[i]! * value;
      for (let j = 0; j <= i; j++) products[(pattern * size + i) * size + j]! += seen[i]! * seen[j]!;
    }
  });
  const coefficients = new Int16Array(patterns * size);
  for (let pattern = 0; pattern < patterns; pattern++) {
    const at = pattern * size;
    const solution = solve(products.subarray(at * size, (at + size) * size), targets.subarray(at, at + size));
    for (let i = 0; i < size; i++)
      coefficients[at + i] = clampInt16(solution[i]! * (i === 0 ? 8 * unitsPerOctave : 4096));
  }
  return coefficients;
};

const clampInt16 = (value: number): number => Math.max(-32_768, Math.min(32_767, Math.round(value)));

/** Solves a symmetric positive system, given by its lower half, by Cholesky's factors. */
const solve = (lower: Float64Array, target: Float64Array): Float64Array => {
  const factor = Float64Array.from(lower);
  for (let i = 0; i < size; i++) factor[i * size + i]! += 1;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      factor[i * size + j] = i === j ? Math.sqrt(sum) : sum / factor[j * size + j]!;
    }
  }
  const x = Float64Array.from(target);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = x[i]! - factor[i * size + k]! * x[k]!;
    x[i] = x[i]! / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = x[i]! - factor[k * size + i]! * x[k]!;
    x[i] = x[i]! / factor[i * size + i]!;
  }
  return x;
};

/** A pattern's class by the root mean square of what its prediction misses: two and a half classes an octave of it. */
const fitSpread = (frames: readonly Digits[], tables: LadderTables, coefficients: Int16Array): Uint8Array => {
  const squares = new Float64Array(patterns);
  const hits = new Float64Array(patterns);
  eachHit(frames, tables, (view, pattern, _, adc) => {
    let sum = coefficients[pattern * size]! * 512;
    for (let k = 0; k < predictors; k++) sum += coefficients[pattern * size + 1 + k]! * view[k]!;
    const missed = (tables.scale.logOf[adc]! - sum / 4096) / unitsPerOctave;
    squares[pattern]! += Math.min(4, missed * missed);
    hits[pattern]!++;
  });
  return Uint8Array.from(squares, (square, pattern) => {
    const root = Math.sqrt((square + 0.25) / (hits[pattern]! + 1));
    return Math.max(0, Math.min(spreads - 1, Math.floor((Math.log2(root) + 4) * 2.5)));
  });
};

/** Hits that a level's own distribution is worth in each of its contexts. */
const parentWeight = 8;

const frequenciesOf = (counts: Float64Array, levels: number): Uint16Array => {
  const perLevel = counts.length / (spreads * levels);
  const frequencies = new Uint16Array(counts.length);
  for (let level = 0; level < levels; level++) {
    const firsts = Array.from({ length: spreads }, (_, spread) => (spread * levels + level) * perLevel);
    const whole = new Float64Array(remainderSymbols);
    for (const first of firsts)
      for (let i = 0; i < perLevel; i++) whole[i % remainderSymbols]! += counts[first + i]!;
    const total = whole.reduce((n, count) => n + count, 0);
    for (const first of firsts) {
      for (let at = first; at < first + perLevel; at += remainderSymbols) {
        const mixed = Array.from(whole, (count, symbol) => {
          const parent = (count + 0.1) / (total + 0.1 * remainderSymbols);
          return Math.round(256 * (counts[at + symbol]! + parentWeight * parent));
        });
        frequencies.set(normalizeFrequencies(mixed), at);
      }
    }
  }
  return frequencies;
};
