import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addScore,
  bandOf,
  cellOf,
  emptySketch,
  pValue,
  sketchBuilder,
  sketchSnapshot,
  sketchTails,
  tailPValue,
} from '../../src/anomaly/calibration.ts';
import { limits } from '../../src/domain/limits.ts';

/** Mulberry32 and Box–Muller: a seeded stream of standard normal numbers. */
const normals = (seed: number): (() => number) => {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
};

describe('bands and cells', () => {
  it('puts hit counts into bands that start at 2^b − 1', () => {
    for (let band = 0; band < 20; band++) {
      expect(bandOf(2 ** band - 1)).toBe(band);
      expect(bandOf(2 ** (band + 1) - 2)).toBe(band);
    }
    expect(bandOf(2 ** 31 - 2)).toBe(emptySketch().bands.length - 1);
  });

  it('takes what lies outside the cells into the first and the last', () => {
    const sketch = emptySketch();
    expect(cellOf(sketch, -1e9)).toBe(0);
    expect(cellOf(sketch, Number.NEGATIVE_INFINITY)).toBe(0);
    expect(cellOf(sketch, 1e9)).toBe(sketch.cells - 1);
    expect(cellOf(sketch, sketch.scoreMin)).toBe(0);
    expect(cellOf(sketch, sketch.scoreMin + sketch.scoreStep)).toBe(1);
  });
});

describe('p-values', () => {
  it('are 1 until the band has seen enough, whatever other bands saw', () => {
    const builder = sketchBuilder();
    for (let i = 0; i < 99; i++) addScore(builder, 500, 0);
    expect(pValue(sketchSnapshot(builder), 500, 9, 100)).toBe(1);
    addScore(builder, 500, 0);
    expect(pValue(sketchSnapshot(builder), 500, 9, 100)).toBe(1 / 101);
    expect(pValue(sketchSnapshot(builder), 50_000, 9, 100)).toBe(1);
  });

  it('are (1 + those at least as high) / (1 + all)', () => {
    const builder = sketchBuilder();
    for (let i = 0; i < 10; i++) addScore(builder, 7, i);
    expect(pValue(sketchSnapshot(builder), 7, 6, 1)).toBe((1 + 4) / 11);
    expect(pValue(sketchSnapshot(builder), 7, -50, 1)).toBe(1);
    expect(pValue(sketchSnapshot(builder), 7, 50, 1)).toBe(1 / 11);
  });

  it('agree between the slow twin and the prepared tails', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(800_000), fc.double({ min: -60, max: 140, noNaN: true })), {
          maxLength: 200,
        }),
        fc.nat(800_000),
        fc.double({ min: -60, max: 140, noNaN: true }),
        fc.nat(5),
        (seen, hits, score, warmup) => {
          const builder = sketchBuilder();
          for (const [count, value] of seen) addScore(builder, count, value);
          const sketch = sketchSnapshot(builder);
          expect(tailPValue(sketchTails(sketch), hits, score, warmup)).toBe(
            pValue(sketch, hits, score, warmup),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are uniform for normal scores, and never promise more rarity than there is', () => {
    const draw = normals(20_261_123);
    const builder = sketchBuilder();
    for (let i = 0; i < 50_000; i++) addScore(builder, 1000, draw());
    const tails = sketchTails(sketchSnapshot(builder));
    const p = Array.from({ length: 50_000 }, () => tailPValue(tails, 1000, draw(), 1000));
    for (const alpha of [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75]) {
      const share = p.filter((value) => value <= alpha).length / p.length;
      const noise = 4 * Math.sqrt((alpha * (1 - alpha)) / p.length) * Math.SQRT2;
      // Whole cells are counted, so p errs high by at most the mass of one cell (0.125 σ at this height).
      expect(share).toBeLessThanOrEqual(alpha + noise);
      expect(share).toBeGreaterThanOrEqual(alpha * 0.62 - noise);
    }
  });
});

describe('ageing', () => {
  it('halves a full band, keeps its shape and lets drift in', () => {
    const draw = normals(7);
    const builder = sketchBuilder();
    for (let i = 0; i < limits.sketchBandCountMax * 2; i++) addScore(builder, 300, draw());
    const total = builder.totals[bandOf(300)]!;
    expect(total).toBeLessThan(limits.sketchBandCountMax);
    expect(builder.counts[bandOf(300)]!.reduce((sum, count) => sum + count, 0)).toBe(total);
    const before = pValue(sketchSnapshot(builder), 300, 2, 1);
    expect(Math.abs(before - 0.023)).toBeLessThan(0.01);
    for (let i = 0; i < limits.sketchBandCountMax * 3; i++) addScore(builder, 300, draw() + 2);
    expect(pValue(sketchSnapshot(builder), 300, 2, 1)).toBeGreaterThan(0.4);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const draw = normals(3);
    const whole = sketchBuilder();
    let resumed = sketchBuilder();
    for (let i = 0; i < 5000; i++) {
      const [hits, score] = [i % 900, draw()];
      addScore(whole, hits, score);
      addScore(resumed, hits, score);
      if (i % 1000 === 0) resumed = sketchBuilder(sketchSnapshot(resumed));
    }
    expect(sketchSnapshot(resumed)).toEqual(sketchSnapshot(whole));
  });
});
