/**
 * How ascending ids are coded as gaps: small gaps each a symbol, larger ones a power-of-two bucket and its low
 * bits; `kernels/token_coder` writes them, here they are read. Refuses nothing; ids at or past the bound the reader gives are refused by the reader.
 */

import { normalizeFrequencies } from '../kernels/frequencies.ts';
import { type RansReader, readRaw, readSymbol, type SymbolTable, symbolTable } from '../kernels/rans.ts';

/** Gaps below 16 have a symbol each; 16·2^k + r, r < 16·2^k, is symbol 16 + k and k + 4 raw bits: 16 of these. */
export const gapBuckets = 32;
/** Largest gap plus one. */
export const gapEnd = 16 * 2 ** 16;
export const gapPrecision = 12;

export const gapTable = (counts: readonly number[]): SymbolTable => {
  if (counts.length > gapBuckets)
    throw new Error(`${counts.length} gap buckets, at most ${gapBuckets} are defined`);
  const padded = Array.from({ length: gapBuckets }, (_, bucket) => counts[bucket] ?? 0);
  return symbolTable(normalizeFrequencies(padded, gapPrecision), gapPrecision);
};

export const takeGap = (reader: RansReader, table: SymbolTable): number => {
  const bucket = readSymbol(reader, table);
  if (bucket < 16) return bucket;
  const bits = bucket - 12;
  if (bits <= 8) return (1 << bits) | readRaw(reader, bits);
  const high = readRaw(reader, bits - 8);
  return (1 << bits) | (high << 8) | readRaw(reader, 8);
};
