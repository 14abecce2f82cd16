/** Qualities: rates of false alarms hold on good runs nobody learnt from, many are the worst of them, old ones are grey. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourOf, judge, limitsOf, type Quality, qualityNumbers, worstOf } from '../../src/dqm/quality.ts';
import { decadesOf, thresholdFor, usualOf } from '../../src/dqm/thresholds.ts';
import { createPrng } from '../../src/kernels/prng.ts';

const prng = createPrng(5);
const good = (runs: number) =>
  Array.from({ length: runs }, () =>
    ['a', 'b', 'c'].map((of) => ({ of, value: prng.exponential() + prng.gaussian() ** 2, bins: [1] })),
  );
const limits = limitsOf(good(2_000), good(8_000), { medium: 0.05, bad: 0.01 });
const quality = fc
  .constantFrom(...Object.keys(qualityNumbers))
  .map((name) => ({ name, reason: '', bins: [] }) as unknown as Quality);

describe('quality', () => {
  it('flags good runs as often as was asked', () => {
    const names = good(8_000).map((readings) => judge(limits, readings).name);
    const share = (of: string) => names.filter((name) => name === of).length / names.length;
    expect(share('bad')).toBeGreaterThan(0.004);
    expect(share('bad')).toBeLessThan(0.018);
    expect(share('medium') + share('bad')).toBeGreaterThan(0.035);
    expect(share('medium') + share('bad')).toBeLessThan(0.068);
  });

  it('says why and where, and nothing where nothing is known', () => {
    const bad = judge(limits, [{ of: 'b', value: 1e3, bins: [7, 3] }]);
    expect(bad).toMatchObject({ name: 'bad', bins: [7, 3] });
    expect(bad.reason).toContain('b reads 1000');
    expect(judge(limits, [{ of: 'unknown', value: 1e9, bins: [] }]).name).toBe('null');
    expect(judge(limits, [{ of: 'a', value: Number.NaN, bins: [] }]).name).toBe('null');
  });

  it('is the worst of many, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(quality, { minLength: 1 }), (all) => {
        const worst = worstOf(all).name;
        expect(worstOf([...all].reverse()).name).toBe(worst);
        if (all.some(({ name }) => name === 'bad')) expect(worst).toBe('bad');
        if (all.every(({ name }) => name === 'good')) expect(worst).toBe('good');
      }),
    );
    expect(worstOf([]).name).toBe('null');
  });

  it('is grey when it is missing or old, never green', () => {
    const standing = { quality: { name: 'good', reason: '', bins: [] } as const, atMs: 1_000 };
    expect(colourOf(standing, 2_000, 5_000)).toBe('green');
    expect(colourOf(standing, 6_001, 5_000)).toBe('grey');
    expect(colourOf(null, 0, 5_000)).toBe('grey');
  });

  it('counts rarities that never fall as readings grow, and refuses too few good runs', () => {
    const usual = usualOf(Array.from({ length: 300 }, () => prng.exponential()));
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (at, more) => {
          expect(decadesOf(usual, at + more)).toBeGreaterThanOrEqual(decadesOf(usual, at) - 1e-9);
        },
      ),
    );
    expect(() => usualOf([1, 2, 3])).toThrow(/good runs/);
    expect(() => thresholdFor([1, 2, 3], 0.01)).toThrow(/needs 100 good runs/);
  });
});
