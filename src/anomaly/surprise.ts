/**
 * Token surprise: the bits a frame's tokens cost beyond what the model card's static tables expect of them, each
 * patch on its own: its first symbol whatever is beside it, the others given that one's class. Refuses nothing; it asks
 * the clock, the network and floating-point logarithms for nothing, so that every machine gives the same score
 * (integers, then + − × ÷ √, which IEEE 754 rounds alike everywhere).
 */

import { limits } from '../domain/limits.ts';
import type { ModelCard } from '../domain/model.ts';

export const surpriseName = 'token-surprise';

/** Costs are whole 256ths of a bit: finer than any table's own uncertainty, and sums stay exact. */
export const costUnitsPerBit = 256;

export interface SurpriseTables {
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  /** Cost of each first symbol, in 1/256 bit. */
  readonly firstCost: Int32Array;
  /** Cost of each later symbol, in 1/256 bit: [own class][position − 1][symbol]. */
  readonly laterCost: Int32Array;
  /** Where in `laterCost` the own class of each first symbol begins. */
  readonly laterAt: Int32Array;
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

interface Prices {
  readonly mean: number;
  readonly variance: number;
}

/** Prices of one table into `cost` from `at` on; one is added to every count: rare costs much, never infinity. */
const putPrices = (counts: readonly number[], cost: Int32Array, at: number): Prices => {
  let total = 0;
  for (const count of counts) total += count + 1;
  let mean = 0;
  let square = 0;
  counts.forEach((count, symbol) => {
    const weight = (count + 1) / total;
    const units = costOf(count + 1, total);
    cost[at + symbol] = units;
    mean += weight * units;
    square += weight * units * units;
  });
  return { mean, variance: square - mean * mean };
};

/** How often each symbol occurred at all: tables of several contexts together. */
const summed = (tables: readonly (readonly number[])[], alphabet: number): number[] =>
  Array.from({ length: alphabet }, (_, symbol) => tables.reduce((sum, row) => sum + row[symbol]!, 0));

export const prepareSurprise = (
  card: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet' | 'contexts' | 'symbolCounts'>,
): SurpriseTables => {
  const { symbolsPerPatch, alphabet, symbolCounts, contexts } = card;
  const first = summed(symbolCounts[0]!, alphabet);
  const firstCost = new Int32Array(alphabet);
  putPrices(first, firstCost, 0);
  const later = symbolCounts.slice(1);
  const width = later.length * alphabet;
  const ownClasses = Math.max(...contexts.own) + 1;
  const laterCost = new Int32Array(ownClasses * width);
  const pricesOf = Array.from({ length: ownClasses }, (_, own) => {
    let mean = 0;
    let variance = 0;
    later.forEach((tables, position) => {
      const classes = tables.length / ownClasses;
      const counts = summed(tables.slice(own * classes, (own + 1) * classes), alphabet);
      const prices = putPrices(counts, laterCost, own * width + position * alphabet);
      mean += prices.mean;
      variance += prices.variance;
    });
    return { mean, variance };
  });
  // A patch is its first symbol, then what is independent given that: E[cost], E[cost²] − E[cost]².
  const total = first.reduce((sum, count) => sum + count + 1, 0);
  let patchMean = 0;
  let square = 0;
  first.forEach((count, symbol) => {
    const weight = (count + 1) / total;
    const rest = pricesOf[contexts.own[symbol]!]!;
    const mean = firstCost[symbol]! + rest.mean;
    patchMean += weight * mean;
    square += weight * (mean * mean + rest.variance);
  });
  return {
    symbolsPerPatch,
    alphabet,
    firstCost,
    laterCost,
    laterAt: Int32Array.from(contexts.own, (own) => own * width),
    patchMean,
    patchVariance: square - patchMean * patchMean,
  };
};

/**
 * Standardised surprise of `patchCount` patches that cost `units` together: 0 is what the table expects, 1 is one standard
 * deviation of independent patches. A frame without patches scores 0.
 */
export const standardised = (units: number, patchCount: number, tables: SurpriseTables): number =>
  patchCount === 0 || tables.patchVariance <= 0
    ? 0
    : (units - patchCount * tables.patchMean) / Math.sqrt(patchCount * tables.patchVariance);

/** The same of patches whose symbols start at `symbolsAt`: the slow twin of the scorers' compiled sum. */
export const surpriseScore = (
  symbols: Uint8Array,
  symbolsAt: number,
  patchCount: number,
  tables: SurpriseTables,
): number => {
  let units = 0;
  for (let patch = 0; patch < patchCount; patch++)
    units += patchCost(symbols, symbolsAt + patch * tables.symbolsPerPatch, tables);
  return standardised(units, patchCount, tables);
};

/** Cost of the patch whose symbols start at `at`, in 1/256 bit. */
const patchCost = (symbols: Uint8Array, at: number, tables: SurpriseTables): number => {
  const { alphabet, symbolsPerPatch, firstCost, laterCost, laterAt } = tables;
  const first = symbols[at]!;
  let units = firstCost[first]!;
  let row = laterAt[first]!;
  for (let position = 1; position < symbolsPerPatch; position++) {
    units += laterCost[row + symbols[at + position]!]!;
    row += alphabet;
  }
  return units;
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
  const { symbolsPerPatch } = tables;
  const top: { patch: number; units: number }[] = [];
  for (let index = 0; index < patchCount; index++) {
    const units = patchCost(symbols, (patchesAt + index) * symbolsPerPatch, tables);
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
