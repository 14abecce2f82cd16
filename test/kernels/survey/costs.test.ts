/** Compiled costs of symbols are those that their slow twin adds up, copied or where they lie. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prepareSurprise, standardised, surpriseScore } from '../../../src/anomaly/surprise.ts';
import { openCosts } from '../../../src/kernels/survey/costs.ts';

const rowsMax = 40;
/** Tables of `symbolsPerPatch` positions over `alphabet` symbols of `classes` classes. */
const tablesOf = (symbolsPerPatch: number, alphabet: number, classes: number) => {
  const row = (seed: number) =>
    Array.from({ length: alphabet }, (_, symbol) => (seed * 37 + symbol * 11) % 97);
  return prepareSurprise({
    symbolsPerPatch,
    alphabet,
    contexts: {
      own: row(0).map((_, symbol) => symbol % classes),
      near: [],
      first: [],
      parent: [],
      parentClass: [],
    },
    symbolCounts: Array.from({ length: symbolsPerPatch }, (_, position) =>
      Array.from({ length: position === 0 ? 1 : classes }, (_, n) => row(1 + n + 10 * position)),
    ),
  });
};

it('agree with their twin', () => {
  const shape = fc.record({
    symbolsPerPatch: fc.integer({ min: 1, max: 10 }),
    alphabet: fc.integer({ min: 3, max: 256 }),
    classes: fc.integer({ min: 1, max: 3 }),
    bytes: fc.uint8Array({ minLength: rowsMax * 10, maxLength: rowsMax * 10 }),
    first: fc.nat(20),
    count: fc.nat(20),
  });
  fc.assert(
    fc.property(shape, ({ symbolsPerPatch, alphabet, classes, bytes, first, count }) => {
      const tables = tablesOf(symbolsPerPatch, alphabet, classes);
      const { symbols, costOf } = openCosts(tables, rowsMax);
      const given = bytes.subarray(0, rowsMax * symbolsPerPatch).map((byte) => byte % alphabet);
      const from = first * symbolsPerPatch;
      const expected = surpriseScore(given, from, count, tables);
      expect(standardised(costOf(given, from, count), count, tables)).toBe(expected);
      symbols.set(given);
      expect(standardised(costOf(symbols, from, count), count, tables)).toBe(expected);
    }),
    { numRuns: 60 },
  );
});
