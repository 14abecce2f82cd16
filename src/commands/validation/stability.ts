/**
 * How much of a model's tokens is the electronics' noise: two draws of it over the same charge, token against token.
 * Pure; where a patch has no hit in one of the two there is no token to compare, and that is counted by itself.
 */

import type { DecodedTokens } from '../../codec/tokens.ts';
import type { ModelCard } from '../../domain/model.ts';
import { digitsOfSymbol } from './token_use.ts';

export interface Stability {
  /** Of the patches active in either draw, the share active in both; 1 where there are none. */
  readonly activePatches: number;
  /** Of the patches active in both: the share of symbols, and of whole tokens, that are the same. */
  readonly equalSymbols: number;
  readonly equalTokens: number;
  /** Mean distance of a digit from the other draw's, in levels. */
  readonly digitDistance: number;
}

export interface StabilityCounter {
  add(one: DecodedTokens, other: DecodedTokens): void;
  readonly stability: Stability;
}

export const countStability = (card: ModelCard): StabilityCounter => {
  const { symbolsPerPatch, alphabet, levels } = card;
  const digits = Array.from({ length: symbolsPerPatch }, (_, position) =>
    Array.from({ length: alphabet }, (_, symbol) => digitsOfSymbol(card, position, symbol)),
  );
  let [either, both, equalSymbols, equalTokens, distance] = [0, 0, 0, 0, 0];

  const compare = (a: DecodedTokens, rowA: number, b: DecodedTokens, rowB: number): void => {
    let equal = 0;
    for (let position = 0; position < symbolsPerPatch; position++) {
      const one = a.symbols[rowA * symbolsPerPatch + position]!;
      const other = b.symbols[rowB * symbolsPerPatch + position]!;
      if (one === other) equal++;
      else
        digits[position]![one]!.forEach((digit, i) => {
          distance += Math.abs(digit - digits[position]![other]![i]!);
        });
    }
    both += 1;
    equalSymbols += equal;
    if (equal === symbolsPerPatch) equalTokens += 1;
  };

  return {
    add(a, b) {
      let [rowA, rowB] = [0, 0];
      while (rowA < a.patchCount || rowB < b.patchCount) {
        const patchA = rowA < a.patchCount ? a.patches[rowA]! : Number.POSITIVE_INFINITY;
        const patchB = rowB < b.patchCount ? b.patches[rowB]! : Number.POSITIVE_INFINITY;
        either += 1;
        if (patchA === patchB) compare(a, rowA, b, rowB);
        if (patchA <= patchB) rowA += 1;
        if (patchB <= patchA) rowB += 1;
      }
    },
    get stability() {
      const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
      return {
        activePatches: share(both, either),
        equalSymbols: share(equalSymbols, both * symbolsPerPatch),
        equalTokens: share(equalTokens, both),
        digitDistance: both === 0 ? 0 : distance / (both * levels.length),
      };
    },
  };
};
