/**
 * Token tables for tests: a card's worth of counts from one row a position, every context of a position its row
 * turned a little, so that a coder that takes the wrong context cannot give back what it was given.
 */

import type { TokenCard } from '../../src/codec/tokens.ts';

const nearClasses = 4;

/** `counts`: one row a position, all of one length. */
export const tokenCard = (counts: readonly (readonly number[])[], name = 'test-fsq'): TokenCard => {
  const alphabet = counts[0]!.length;
  const turned = (row: readonly number[], by: number): number[] =>
    row.map((_, symbol) => row[(symbol + by) % alphabet]!);
  return {
    name,
    version: 1,
    symbolsPerPatch: counts.length,
    alphabet,
    contexts: {
      own: Array.from({ length: alphabet }, (_, symbol) => symbol % 3),
      near: Array.from({ length: alphabet }, (_, symbol) => 1 + (symbol % (nearClasses - 1))),
      first: Array.from({ length: nearClasses ** 3 }, (_, triple) => (triple * 7) % 5),
      parent: counts.map((_, position) => Math.max(0, position - 2)),
      parentClass: counts.map((_, position) =>
        Array.from({ length: alphabet }, (_, symbol) => (symbol + position) % 2),
      ),
    },
    symbolCounts: counts.map((row, position) =>
      Array.from({ length: position === 0 ? 5 : 6 }, (_, context) => turned(row, context)),
    ),
    gapCounts: Array.from({ length: 26 }, (_, bucket) => (bucket < 16 ? 300 : 5000)),
    activeCounts: Array.from({ length: 512 }, (_, context) =>
      Array.from({ length: 16 }, (_, symbol) => 1 + ((context * 5 + symbol * 3) % 23)),
    ),
  };
};
