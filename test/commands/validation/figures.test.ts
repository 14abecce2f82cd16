/** What a validation is made of: token use, stability, noise and verdicts, each against what it must be by definition. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseOf, withNoise } from '../../../src/commands/validation/noise.ts';
import { countStability } from '../../../src/commands/validation/stability.ts';
import { countTokenUse, digitsOfSymbol, divergence } from '../../../src/commands/validation/token_use.ts';
import { judgedNames, type ModelFigures, verdictsOf } from '../../../src/commands/validation/verdict.ts';
import { parseInstrumentCard, parseModelCard } from '../../../src/wire/card.ts';
import { randomOf } from '../../frames.ts';

const root = join(import.meta.dirname, '../../..');
const card = parseInstrumentCard(readFileSync(join(root, 'instruments/sphenix-tpc-pp.json'), 'utf8'));
const model = parseModelCard(readFileSync(join(root, 'models/tpc-fsq-100/1/card.json'), 'utf8'));

const counts = fc.array(fc.nat(1000), { minLength: 2, maxLength: 40 });

describe('token use', () => {
  it('diverges not at all from itself in any scale, by one bit from what shares nothing', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 9 }), (one, times) => {
        expect(
          divergence(
            one,
            one.map((count) => count * times),
          ),
        ).toBeLessThan(1e-12);
      }),
    );
    expect(divergence([1, 2, 0, 0], [0, 0, 5, 1])).toBeCloseTo(1, 12);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { minLength: 1 }), (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        const bits = divergence(a, b);
        expect(bits).toBeGreaterThanOrEqual(0);
        expect(bits).toBeLessThanOrEqual(1 + 1e-12);
        expect(divergence(b, a)).toBeCloseTo(bits, 12);
      }),
    );
  });

  it('takes symbols apart into their digits', () => {
    for (let symbol = 0; symbol < model.alphabet; symbol++) {
      const [high, low] = digitsOfSymbol(model, 1, symbol);
      expect(high! * model.levels[3]! + low!).toBe(symbol);
    }
  });

  /** A symbol as the table says, or any at all. */
  const drawn = (table: readonly number[], random: () => number): number => {
    let left = random() * table.reduce((sum, count) => sum + Math.max(1, count), 0);
    for (let symbol = 0; symbol < table.length; symbol++) {
      left -= Math.max(1, table[symbol]!);
      if (left < 0) return symbol;
    }
    return table.length - 1;
  };

  /** Frames of lone patches, whose first context is that of an empty neighbourhood. */
  const lonePatches = (frames: number, alike: boolean) => {
    const random = randomOf(5);
    const counter = countTokenUse(model, card);
    const { own, parent, parentClass, first } = model.contexts;
    const parentClasses = model.symbolCounts[1]!.length / (Math.max(...own) + 1);
    for (let frame = 0; frame < frames; frame++) {
      const symbols = new Uint8Array(model.symbolsPerPatch);
      for (let position = 0; position < symbols.length; position++) {
        const beside = parentClass[position]?.[symbols[parent[position]!]!] ?? 0;
        const row = position === 0 ? first[0]! : own[symbols[0]!]! * parentClasses + beside;
        symbols[position] = alike
          ? drawn(model.symbolCounts[position]![row]!, random)
          : Math.floor(random() * model.alphabet);
      }
      counter.add({ patches: Uint32Array.of(7), patchCount: 1, symbols });
    }
    return counter.use;
  };

  it('finds no drift but chance in symbols drawn from the card, and much in any others', () => {
    const alike = lonePatches(20_000, true);
    expect(Math.max(...alike.drift!)).toBeLessThan(2 * alike.driftByChance);
    expect(alike.driftByChance).toBeLessThan(0.001);
    const other = lonePatches(5000, false);
    expect(Math.min(...other.drift!)).toBeGreaterThan(0.1);
    expect(Math.min(...other.used)).toBe(1);
    expect(Math.min(...other.evenness)).toBeGreaterThan(0.98);
    // Two ends of nine levels.
    expect(other.endLevels).toBeCloseTo(2 / 9, 2);
    expect(countTokenUse(model, card).use).toMatchObject({ patches: 0, drift: null, endLevels: 0 });
  });
});

describe('stability', () => {
  const tokensOf = (rows: readonly (readonly [patch: number, symbols: readonly number[]])[]) => ({
    patchCount: rows.length,
    patches: Uint32Array.from(rows, ([patch]) => patch),
    symbols: Uint8Array.from(rows.flatMap(([, symbols]) => symbols)),
  });

  it('is whole for the same tokens, and counts what differs', () => {
    const one = tokensOf([
      [3, [0, 1, 2, 3, 4]],
      [5, [80, 80, 80, 80, 80]],
      [9, [1, 1, 1, 1, 1]],
    ]);
    const same = countStability(model);
    same.add(one, one);
    expect(same.stability).toEqual({ activePatches: 1, equalSymbols: 1, equalTokens: 1, digitDistance: 0 });
    const counter = countStability(model);
    counter.add(
      one,
      tokensOf([
        [3, [0, 1, 2, 3, 4]],
        // 80 is digits 8 and 8, 70 is 7 and 7.
        [5, [80, 80, 80, 80, 70]],
        [11, [1, 1, 1, 1, 1]],
      ]),
    );
    expect(counter.stability).toEqual({
      activePatches: 2 / 4,
      equalSymbols: 9 / 10,
      equalTokens: 1 / 2,
      digitDistance: 2 / 20,
    });
    expect(countStability(model).stability).toMatchObject({ activePatches: 1, digitDistance: 0 });
  });
});

describe('noise', () => {
  it('drawn upon hits keeps their order and range, and is the same for the same key', () => {
    const digits = {
      count: 500,
      voxel: Uint32Array.from({ length: 500 }, (_, i) => 3 * i),
      adc: new Uint16Array(500),
    };
    digits.adc.forEach((_, i) => {
      digits.adc[i] = 64 + ((i * 37) % 960);
    });
    const noisy = withNoise(digits, 2.5, card, [1, 9]);
    expect(noisy.count).toBeLessThan(500);
    expect(noisy.count).toBeGreaterThan(480);
    const at = new Map(Array.from(digits.voxel, (voxel, i) => [voxel, digits.adc[i]!]));
    let square = 0;
    noisy.voxel.forEach((voxel, i) => {
      expect(noisy.adc[i]).toBeGreaterThanOrEqual(card.thresholdAdc);
      expect(noisy.adc[i]).toBeLessThan(2 ** card.adcBits);
      square += (noisy.adc[i]! - at.get(voxel)!) ** 2;
    });
    expect(Math.sqrt(square / noisy.count)).toBeCloseTo(2.5, 0);
    expect([...noisy.voxel]).toEqual([...noisy.voxel].sort((a, b) => a - b));
    expect(withNoise(digits, 2.5, card, [1, 9])).toEqual(noisy);
    expect(withNoise(digits, 2.5, card, [2, 9])).not.toEqual(noisy);
    expect(withNoise(digits, 0, card, [1])).toEqual(digits);
    expect(noiseOf(card)).toBe(2.5);
    expect(noiseOf({ ...card, conditions: {} })).toBeNull();
  });
});

describe('verdicts', () => {
  const figures: ModelFigures = {
    model: 'm/1',
    frames: 10,
    hits: 100,
    logMae: 0.1,
    precision: 0.95,
    recall: 0.95,
    chargeRatio: 1.01,
    bitsPerHit: 2,
    ratio: 100,
    equalSymbols: 0.9,
  };
  const worseOf = (changes: Partial<ModelFigures>, tolerance = 0.05): string[] =>
    verdictsOf(figures, { ...figures, ...changes }, tolerance, judgedNames)
      .filter(({ worse }) => worse)
      .map(({ name }) => name);

  it('find what is worse beyond the tolerance, and only that', () => {
    expect(worseOf({})).toEqual([]);
    expect(worseOf({ logMae: 0.104, ratio: 96, bitsPerHit: 2.09 })).toEqual([]);
    expect(worseOf({ logMae: 0.106 })).toEqual(['log-mae']);
    expect(worseOf({ ratio: 95 })).toEqual(['ratio']);
    expect(worseOf({ recall: 0.94, precision: 0.99 })).toEqual(['recall']);
    expect(worseOf({ chargeRatio: 0.97 })).toEqual(['charge']);
    expect(worseOf({ equalSymbols: 0.85 })).toEqual(['equal-symbols']);
    expect(worseOf({ logMae: 0.106 }, 0.1)).toEqual([]);
    expect(worseOf({ equalSymbols: null, bitsPerHit: null })).toEqual([]);
    const [mae] = verdictsOf(figures, { ...figures, logMae: 0.05 }, 0, ['log-mae']);
    expect(mae).toEqual({ name: 'log-mae', excess: -0.5, worse: false });
  });
});
