/**
 * How a model's codebook is used by a stream, and how far that is from what its card was trained to expect: symbol
 * histograms by position against the card's tables in the contexts the stream itself shows. Pure; refuses to keep
 * frames, only counts.
 */

import { layeredGrid } from '../../codec/token_activity.ts';
import { firstContext, tokenContexts } from '../../codec/token_contexts.ts';
import type { DecodedTokens } from '../../codec/tokens.ts';
import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';

export interface TokenUse {
  readonly patches: number;
  /**
   * Jensen-Shannon divergence in bits, 0 (the same) … 1, of each position's symbols from what the card's tables expect
   * in the same contexts; null without a patch.
   */
  readonly drift: readonly number[] | null;
  /** The drift that counting so few alone gives at the position of most symbols, bits: (symbols − 1) / (8 ln 2 · patches). */
  readonly driftByChance: number;
  /** Share of the alphabet that occurs at all, and 2^entropy over the alphabet: each position. */
  readonly used: readonly number[];
  readonly evenness: readonly number[];
  /** Share of digits at either end of their levels, where what lies beyond them is cut. */
  readonly endLevels: number;
}

/** Jensen-Shannon divergence in bits (Lin 1991) of two histograms, each scaled to 1; 0 where one is empty. */
export const divergence = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const total = (counts: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < counts.length; i++) sum += counts[i]!;
    return sum;
  };
  const [totalA, totalB] = [total(a), total(b)];
  if (totalA === 0 || totalB === 0) return 0;
  let bits = 0;
  for (let i = 0; i < a.length; i++) {
    const p = a[i]! / totalA;
    const q = b[i]! / totalB;
    const middle = (p + q) / 2;
    if (p > 0) bits += (p / 2) * Math.log2(p / middle);
    if (q > 0) bits += (q / 2) * Math.log2(q / middle);
  }
  // Rounding may leave a trace below nothing.
  return Math.max(0, bits);
};

const entropyBits = (counts: Float64Array): number => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0
    ? 0
    : counts.reduce(
        (bits, count) => (count === 0 ? bits : bits - (count / total) * Math.log2(count / total)),
        0,
      );
};

/** Levels of the digits of a symbol at a position; the first digit is the most significant. */
const levelsAt = ({ levels, symbolDigits }: ModelCard, position: number): readonly number[] =>
  levels.slice(position * symbolDigits, (position + 1) * symbolDigits);

export const digitsOfSymbol = (card: ModelCard, position: number, symbol: number): number[] => {
  const digits: number[] = [];
  let rest = symbol;
  for (const level of levelsAt(card, position).toReversed()) {
    digits.unshift(rest % level);
    rest = Math.floor(rest / level);
  }
  return digits;
};

export interface TokenUseCounter {
  add(tokens: DecodedTokens): void;
  readonly use: TokenUse;
}

export const countTokenUse = (card: ModelCard, instrument: InstrumentCard): TokenUseCounter => {
  const { symbolsPerPatch, alphabet, symbolCounts, contexts } = card;
  const positions = Array.from({ length: symbolsPerPatch }, (_, position) => position);
  const walk = tokenContexts(contexts, layeredGrid(patchesPerAxis(instrument)));
  const seen = positions.map(() => new Float64Array(alphabet));
  /** How often each table of a position was the one that applied. */
  const asked = symbolCounts.map((tables) => new Float64Array(tables.length));
  const parentClasses = (symbolCounts[1]?.length ?? 0) / (Math.max(...contexts.own) + 1);
  const ends = positions.map((position) =>
    Uint8Array.from({ length: alphabet }, (_, symbol) => {
      const levels = levelsAt(card, position);
      return digitsOfSymbol(card, position, symbol).filter((d, i) => d === 0 || d === levels[i]! - 1).length;
    }),
  );
  let patches = 0;
  let endDigits = 0;

  const symbolsMax = (): number =>
    Math.max(...seen.map((counts) => counts.filter((count) => count > 0).length));

  const expected = (position: number): Float64Array => {
    const sum = new Float64Array(alphabet);
    symbolCounts[position]!.forEach((counts, table) => {
      const often = asked[position]![table]!;
      if (often === 0) return;
      // Every count is at least one, as the coder takes them: what training never saw is rare, not impossible.
      const total = counts.reduce((all, count) => all + Math.max(1, count), 0);
      counts.forEach((count, symbol) => {
        sum[symbol] = sum[symbol]! + (often * Math.max(1, count)) / total;
      });
    });
    return sum;
  };

  return {
    add({ patches: ids, patchCount, symbols }) {
      walk.classes.fill(0);
      patches += patchCount;
      for (let row = 0; row < patchCount; row++) {
        const at = row * symbolsPerPatch;
        const first = symbols[at]!;
        const place = walk.placeOf[ids[row]!]!;
        const count = (position: number, table: number): void => {
          const symbol = symbols[at + position]!;
          seen[position]![symbol] = seen[position]![symbol]! + 1;
          asked[position]![table] = asked[position]![table]! + 1;
          endDigits += ends[position]![symbol]!;
        };
        count(0, firstContext(walk, place));
        walk.classes[place] = walk.near[first]!;
        for (let position = 1; position < symbolsPerPatch; position++) {
          const beside = symbols[at + walk.parent[position]!]!;
          const own = contexts.own[first]! * parentClasses;
          count(position, own + contexts.parentClass[position]![beside]!);
        }
      }
    },
    get use() {
      const digits = patches * card.levels.length;
      return {
        patches,
        drift: patches === 0 ? null : positions.map((at) => divergence(seen[at]!, expected(at))),
        driftByChance: patches === 0 ? 0 : (symbolsMax() - 1) / (8 * Math.LN2 * patches),
        used: seen.map((counts) => counts.filter((count) => count > 0).length / alphabet),
        evenness: seen.map((counts) => (patches === 0 ? 0 : 2 ** entropyBits(counts) / alphabet)),
        endLevels: digits === 0 ? 0 : endDigits / digits,
      };
    },
  };
};
