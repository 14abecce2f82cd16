/**
 * How ascending ids are coded as gaps: small gaps each a symbol, larger ones a power-of-two bucket and its low
 * bits. Refuses nothing; ids at or past the bound the reader gives are refused by the reader.
 */

import { normalizeFrequencies } from '../kernels/frequencies.ts';
import {
  type RansReader,
  rawStep,
  readRaw,
  readSymbol,
  type SymbolTable,
  symbolTable,
} from '../kernels/rans.ts';

/** Gaps below 16 have a symbol each; 16·2^k + r, r < 16·2^k, is symbol 16 + k and k + 4 raw bits: 16 of these. */
export const gapBuckets = 32;
/** Largest gap plus one. */
export const gapEnd = 16 * 2 ** 16;
export const gapPrecision = 12;
/** Steps one gap can take: its bucket and its low bits in two parts. */
export const gapStepsMax = 3;

export const gapTable = (counts: readonly number[]): SymbolTable => {
  if (counts.length > gapBuckets)
    throw new Error(`${counts.length} gap buckets, at most ${gapBuckets} are defined`);
  const padded = Array.from({ length: gapBuckets }, (_, bucket) => counts[bucket] ?? 0);
  return symbolTable(normalizeFrequencies(padded, gapPrecision), gapPrecision);
};

export const gapBucket = (gap: number): number => (gap < 16 ? gap : 43 - Math.clz32(gap));

/** Appends the steps of one gap and returns the new step count. */
export const putGap = (steps: Uint32Array, at: number, gap: number, table: SymbolTable): number => {
  let next = at;
  if (gap < 16) {
    steps[next++] = table.step[gap]!;
    return next;
  }
  if (gap >= gapEnd) throw new Error(`a gap of ${gap} is beyond the coded range`);
  const bits = 31 - Math.clz32(gap);
  steps[next++] = table.step[bits + 12]!;
  if (bits > 8) {
    steps[next++] = rawStep((gap >>> 8) & ((1 << (bits - 8)) - 1), bits - 8, gapPrecision);
    steps[next++] = rawStep(gap & 0xff, 8, gapPrecision);
  } else {
    steps[next++] = rawStep(gap & ((1 << bits) - 1), bits, gapPrecision);
  }
  return next;
};

export const takeGap = (reader: RansReader, table: SymbolTable): number => {
  const bucket = readSymbol(reader, table);
  if (bucket < 16) return bucket;
  const bits = bucket - 12;
  if (bits <= 8) return (1 << bits) | readRaw(reader, bits);
  const high = readRaw(reader, bits - 8);
  return (1 << bits) | (high << 8) | readRaw(reader, 8);
};
