import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  costOf,
  costUnitsPerBit,
  prepareSurprise,
  surpriseScore,
  surprisingPatches,
} from '../../src/anomaly/surprise.ts';

/** One row a position; the later positions have a second context, their row turned, that odd first symbols take. */
const card = (rows: number[][]) => ({
  symbolsPerPatch: rows.length,
  alphabet: rows[0]!.length,
  contexts: {
    own: rows[0]!.map((_, symbol) => symbol & 1),
    near: [],
    first: [],
    parent: [],
    parentClass: [],
  },
  symbolCounts: rows.map((row, position) => (position === 0 ? [row] : [row, turned(row)])),
});
const turned = (row: number[]): number[] => [...row.slice(1), row[0]!];

describe('cost', () => {
  it('is −log2 of the probability in 256ths of a bit', () => {
    expect(costOf(1, 1)).toBe(0);
    expect(costOf(1, 2)).toBe(256);
    expect(costOf(3, 3 * 1024)).toBe(2560);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 1e9 }), (count, rest) => {
        const exact = -Math.log2(count / (count + rest)) * costUnitsPerBit;
        const cost = costOf(count, count + rest);
        expect(cost).toBeLessThanOrEqual(exact + 1e-6);
        expect(cost).toBeGreaterThan(exact - 1 - 1e-6);
      }),
    );
  });
});

describe('score', () => {
  it('is 0 without patches and without anything to be surprised by', () => {
    expect(surpriseScore(new Uint8Array(0), 0, 0, prepareSurprise(card([[3, 1]])))).toBe(0);
    expect(surpriseScore(new Uint8Array(4), 0, 4, prepareSurprise(card([[7, 7]])))).toBe(0);
  });

  it('has mean 0 and variance 1 for tokens drawn from the table itself', () => {
    const counts = [
      [799, 149, 39, 9],
      [9, 19, 29, 939],
    ];
    const tables = prepareSurprise(card(counts));
    let state = 12345;
    const draw = (row: number[]): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      let left = Math.floor((state / 4294967296) * row.reduce((sum, count) => sum + count + 1, 0));
      return row.findIndex((count) => {
        left -= count + 1;
        return left < 0;
      });
    };
    const scores = Array.from({ length: 3000 }, () => {
      const symbols = new Uint8Array(200);
      for (let i = 0; i < 200; i += 2) {
        symbols[i] = draw(counts[0]!);
        symbols[i + 1] = draw((symbols[i]! & 1) === 0 ? counts[1]! : turned(counts[1]!));
      }
      return surpriseScore(symbols, 0, 100, tables);
    });
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
    expect(Math.abs(mean)).toBeLessThan(0.08);
    expect(Math.abs(variance - 1)).toBeLessThan(0.12);
  });

  it('reads its own part of a shared buffer', () => {
    const tables = prepareSurprise(card([[90, 9, 1]]));
    const symbols = Uint8Array.from([0, 0, 0, 2, 1, 2, 0]);
    expect(surpriseScore(symbols, 3, 3, tables)).toBe(surpriseScore(symbols.slice(3, 6), 0, 3, tables));
    expect(surpriseScore(symbols, 3, 3, tables)).toBeGreaterThan(surpriseScore(symbols, 0, 3, tables));
  });
});

describe('surprising patches', () => {
  it('are the costliest, sorted, bounded, ties to the lower patch (against sorting them all)', () => {
    const tables = prepareSurprise(
      card([
        [60, 30, 5, 1],
        [10, 10, 10, 50],
      ]),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (drawn, countMax) => {
          const symbols = Uint8Array.from(drawn.flat());
          const patches = Uint32Array.from(drawn, (_, i) => i * 3 + 1);
          const cost = ([a, b]: [number, number]) =>
            tables.firstCost[a]! + tables.laterCost[(a & 1) * 4 + b]!;
          const expected = drawn
            .map((pair, i) => ({ patch: patches[i]!, surpriseBits: (cost(pair) - tables.patchMean) / 256 }))
            .sort((a, b) => b.surpriseBits - a.surpriseBits || a.patch - b.patch)
            .slice(0, countMax);
          expect(surprisingPatches(patches, 0, drawn.length, symbols, tables, countMax)).toEqual(expected);
        },
      ),
    );
  });
});
