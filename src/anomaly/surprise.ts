/**
 * Token surprise: the bits a frame's tokens cost beyond what the model card's static table expects of them.
 * Refuses nothing; it asks the clock, the network and floating-point logarithms for nothing, so that every
 * machine gives the same score (integers, then + − × ÷ √, which IEEE 754 rounds alike everywhere).
 */

import { limits } from '../domain/limits.ts';
import type { ModelCard } from '../domain/model.ts';

export const surpriseName = 'token-surprise';

/** Costs are whole 256ths of a bit: finer than any table's own uncertainty, and sums stay exact. */
export const costUnitsPerBit = 256;

export interface SurpriseTables {
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  /** [position][symbol], in 1/256 bit. */
  readonly cost: Int32Array;
  /** Expected cost of one patch and its variance, under the card's static distribution. */
  readonly patchMean: number;
  readonly patchVariance: number;
}

/** −log2(numerator/denominator) in 1/256 bit, rounded down, by repeated squaring of integers. */
export const costOf = (numerator: number, denominator: number): number => {
  const precision = 62n;
  let whole = 0;
  let ratio = (BigInt(denominator) << precision) / BigInt(numerator);
  while (ratio >= 2n << precision) {
    ratio >>= 1n;
    whole++;
  }
  let cost = whole;
  for (let bit = 1; bit < costUnitsPerBit; bit *= 2) {
    ratio = (ratio * ratio) >> precision;
    cost *= 2;
    if (ratio >= 2n << precision) {
      ratio >>= 1n;
      cost++;
    }
  }
  return cost;
};

/** One is added to every count, so that a symbol training never saw has a large cost, not an infinite one. */
export const prepareSurprise = (card: ModelCard): SurpriseTables => {
  const { symbolsPerPatch, alphabet } = card;
  const cost = new Int32Array(symbolsPerPatch * alphabet);
  let patchMean = 0;
  let patchVariance = 0;
  for (let position = 0; position < symbolsPerPatch; position++) {
    const counts = card.symbolCounts[position]!;
    let total = 0;
    for (let symbol = 0; symbol < alphabet; symbol++) total += counts[symbol]! + 1;
    let mean = 0;
    let square = 0;
    for (let symbol = 0; symbol < alphabet; symbol++) {
      const weight = (counts[symbol]! + 1) / total;
      const units = costOf(counts[symbol]! + 1, total);
      cost[position * alphabet + symbol] = units;
      mean += weight * units;
      square += weight * units * units;
    }
    patchMean += mean;
    patchVariance += square - mean * mean;
  }
  return { symbolsPerPatch, alphabet, cost, patchMean, patchVariance };
};

/**
 * Standardised surprise of `patchCount` patches whose symbols start at `symbolsAt`: 0 is what the table
 * expects, 1 is one standard deviation of independent patches. A frame without patches scores 0.
 */
export const surpriseScore = (
  symbols: Uint8Array,
  symbolsAt: number,
  patchCount: number,
  tables: SurpriseTables,
): number => {
  if (patchCount === 0 || tables.patchVariance <= 0) return 0;
  const { alphabet, cost } = tables;
  let units = 0;
  let at = symbolsAt;
  for (let patch = 0; patch < patchCount; patch++) {
    for (let row = 0; row < cost.length; row += alphabet) units += cost[row + symbols[at++]!]!;
  }
  return (units - patchCount * tables.patchMean) / Math.sqrt(patchCount * tables.patchVariance);
};

/** The patches that cost most, most surprising first; ties go to the lower patch. At most `countMax` (≥ 1). */
export const surprisingPatches = (
  patches: Uint32Array,
  patchesAt: number,
  patchCount: number,
  symbols: Uint8Array,
  tables: SurpriseTables,
  countMax: number = limits.anomalyPatchesMax,
): { patch: number; surpriseBits: number }[] => {
  const { symbolsPerPatch, alphabet, cost } = tables;
  const top: { patch: number; units: number }[] = [];
  for (let index = 0; index < patchCount; index++) {
    let units = 0;
    const symbolsAt = (patchesAt + index) * symbolsPerPatch;
    for (let position = 0; position < symbolsPerPatch; position++) {
      units += cost[position * alphabet + symbols[symbolsAt + position]!]!;
    }
    if (top.length === countMax && units <= top[countMax - 1]!.units) continue;
    let place = top.length;
    while (place > 0 && top[place - 1]!.units < units) place--;
    top.splice(place, 0, { patch: patches[patchesAt + index]!, units });
    if (top.length > countMax) top.pop();
  }
  return top.map(({ patch, units }) => ({
    patch,
    surpriseBits: (units - tables.patchMean) / costUnitsPerBit,
  }));
};
