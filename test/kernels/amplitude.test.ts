import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amplitudeContext,
  amplitudeContexts,
  amplitudeScale,
  bucketOf,
  lookAround,
  neighbourhoods,
  viewLength,
  weightCount,
} from '../../src/kernels/amplitude.ts';

describe('amplitudes', () => {
  it('fall into buckets that rise with them, eight an octave', () => {
    const rises = Array.from({ length: 65_535 }, (_, adc) => bucketOf(adc + 1) - bucketOf(adc));
    expect(new Set(rises)).toEqual(new Set([0, 1]));
    expect([64, 128, 256, 512].map((adc) => bucketOf(2 * adc) - bucketOf(adc))).toEqual([8, 8, 8, 8]);
  });

  it('of any width are a symbol and raw bits that name them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (adcBits, share) => {
          const thresholdAdc = Math.floor(share * 2 ** adcBits);
          const scale = amplitudeScale({ adcBits, thresholdAdc });
          expect(scale.symbols).toBeLessThanOrEqual(128);
          const misnamed = Array.from({ length: 2 ** adcBits }, (_, adc) => adc).filter((adc) => {
            const symbol = scale.symbolOf[adc]!;
            if (symbol === 0) return adc >= thresholdAdc;
            const raw = adc - scale.lowest[symbol]!;
            return raw < 0 || raw >= 2 ** scale.rawBits[symbol]! || scale.grade[symbol] === 0;
          });
          expect(misnamed).toEqual([]);
          expect(scale.symbolOf[2 ** adcBits - 1]).toBe(scale.symbols - 1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('look at earlier grades and at the mere presence of later ones', () => {
    const columns = 9;
    const at = 60;
    const grades = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 33 })), {
      minLength: 120,
      maxLength: 120,
    });
    fc.assert(
      fc.property(grades, (values) => {
        const view = new Int32Array(viewLength);
        const known = Uint8Array.from(values);
        lookAround(known, at, columns, view);
        const cells = Array.from(view);
        expect(cells.every((cell, i) => cell >= 0 && cell < (i === 5 ? neighbourhoods : weightCount))).toBe(
          true,
        );
        for (let i = at; i < known.length; i++) known[i] = Math.min(1, known[i]!);
        lookAround(known, at, columns, view);
        expect(Array.from(view)).toEqual(cells);
        const before = values[at - 1] === 0 ? 0 : values[at - 2] === 0 ? 1 : 2;
        const later = values.slice(at + 1, at + 4).indexOf(0);
        const where =
          before * 16 +
          (later < 0 ? 3 : later) * 4 +
          (values[at - columns] === 0 ? 0 : 2) +
          (values[at + columns] === 0 ? 0 : 1);
        expect(view[5]).toBe(where);
      }),
    );
  });

  it('have no two sights with the same cells of one table', () => {
    const view = new Int32Array(viewLength);
    const seen = new Set<string>();
    for (let before = 0; before <= 33; before++) {
      for (const before2 of [0, 1, 5, 33]) {
        for (const above of [0, 1, 33]) {
          const grade = new Uint8Array(120);
          grade[59] = before;
          grade[58] = before2;
          grade[51] = above;
          lookAround(grade, 60, 9, view);
          seen.add(`${view[0]} ${view[1]} ${view[3]}`);
        }
      }
    }
    expect(seen.size).toBe(34 * 4 * 3);
  });

  it('have contexts within their number, whatever the weights say', () => {
    const { levelOf } = amplitudeScale({ adcBits: 10, thresholdAdc: 64 });
    for (const weight of [-32_768, -1, 0, 100, 32_767]) {
      const context = amplitudeContext(
        Int32Array.of(0, 1, 2, 3, 4, 47),
        new Int16Array(8).fill(weight),
        levelOf,
      );
      expect(context).toBeGreaterThanOrEqual(0);
      expect(context).toBeLessThan(amplitudeContexts);
    }
  });
});
