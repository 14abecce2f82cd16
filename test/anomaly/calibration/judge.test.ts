/** From scores that lean on size and charge to p-values that do not, and back from a snapshot. */

import { beforeAll, describe, expect, it } from 'vitest';
import { type Judge, lotOf, prepareJudge } from '../../../src/anomaly/calibration/judge.ts';
import { emptySketch, sketchBuilder } from '../../../src/anomaly/calibration/sketch.ts';
import type { ScoredFrame } from '../../../src/anomaly/calibration/yardstick.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { ScoreSketch } from '../../../src/domain/policy.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { decodePolicy, encodePolicy } from '../../../src/wire/policy.ts';

const names = ['leaning', 'skewed', 'stepped'];

/** Frames of a detector whose scores grow with size and with charge; `shift` is added to the first score. */
const openFrames = (seed: number) => {
  const prng = createPrng(seed);
  return (shift = 0): ScoredFrame => {
    const size = Math.exp(4 + prng.gaussian());
    const charge = prng.gaussian();
    const own = prng.gaussian() + shift;
    return {
      hitCount: Math.max(1, Math.round(size)),
      totalCharge: Math.round(size) * 200 * Math.exp(0.1 * charge),
      scores: [
        2 * Math.log(size) + (1 + 0.2 * Math.log(size)) * (own + 0.4 * charge),
        prng.exponential() * (1 + 100 / size),
        Math.floor(2 * prng.exponential()),
      ],
    };
  };
};

const learn = (frames: number, seed: number): ScoreSketch => {
  const draw = openFrames(seed);
  const builder = sketchBuilder(emptySketch(names), 200);
  for (let i = 0, next = 500; i < frames; i++) {
    builder.add(draw());
    if (i + 1 < next) continue;
    builder.snapshot();
    next *= 1.3;
  }
  return builder.snapshot();
};

const within = (count: number, expected: number, sigmas: number): void =>
  expect(Math.abs(count - expected)).toBeLessThan(sigmas * Math.sqrt(expected));

let sketch: ScoreSketch;
let judge: Judge;
let judged: readonly { readonly frame: ScoredFrame; readonly pValue: number }[];
const frames = 40_000;
beforeAll(() => {
  sketch = learn(120_000, 1);
  judge = prepareJudge(sketch, 200)!;
  const draw = openFrames(2);
  judged = Array.from({ length: frames }, (_, i) => {
    const frame = draw();
    return { frame, pValue: judge.judge(frame, lotOf(2, i, 0)).pValue };
  });
});

describe('p-values', () => {
  it('are as rare as they say on frames not learnt from', () => {
    // Half of the spread is what 120,000 learnt frames know of a tail themselves.
    for (const p of [0.5, 0.1, 0.01, 0.001])
      within(judged.filter(({ pValue }) => pValue < p).length, p * frames, 5);
  });

  it('are as rare among small frames as among large ones, and whatever their charge', () => {
    const by = [
      (frame: ScoredFrame) => frame.hitCount,
      (frame: ScoredFrame) => frame.totalCharge / frame.hitCount,
    ];
    for (const measure of by) {
      const sorted = judged.toSorted((a, b) => measure(a.frame) - measure(b.frame));
      for (let part = 0; part < 4; part++) {
        const some = sorted.slice((part * frames) / 4, ((part + 1) * frames) / 4);
        within(some.filter(({ pValue }) => pValue < 0.02).length, 0.02 * some.length, 5);
      }
    }
  });

  it('are as rare among frames of few hits, which score alike', () => {
    const prng = createPrng(7);
    const draw = (): ScoredFrame => ({
      hitCount: Math.min(3, Math.floor(2 * prng.exponential())),
      totalCharge: 0,
      scores: [Math.floor(1.5 * prng.exponential()), 0],
    });
    const builder = sketchBuilder(emptySketch(['few', 'none']), 200);
    for (let i = 0; i < 60_000; i++) {
      builder.add(draw());
      if (i % 2500 === 0) builder.snapshot();
    }
    const few = prepareJudge(builder.snapshot(), 200)!;
    const all = Array.from({ length: frames }, (_, i) => {
      const frame = draw();
      return { ...frame, ...few.judge(frame, lotOf(7, 1, i)) };
    });
    for (let hits = 0; hits < 4; hits++) {
      const some = all.filter(({ hitCount }) => hitCount === hits);
      for (const p of [0.5, 0.05, 0.005])
        within(some.filter(({ pValue }) => pValue < p).length, p * some.length, 5);
    }
    for (const { pValue, low, high } of all) {
      expect(low).toBeLessThanOrEqual(pValue);
      expect(high).toBeGreaterThanOrEqual(pValue);
    }
  });

  it('fall as a score rises, and name the score that drives them', () => {
    const frame = { hitCount: 60, totalCharge: 12_000 };
    let before = 1;
    for (let rise = 0; rise < 400; rise += 2) {
      const { pValue, low, high, driver } = judge.judge({ ...frame, scores: [8, 0.1 + rise, 0] }, 0.9);
      expect(pValue).toBeLessThanOrEqual(before);
      expect(pValue).toBeGreaterThan(low);
      expect(pValue).toBeLessThan(high);
      before = pValue;
      if (rise > 20) expect(names[driver]).toBe('skewed');
    }
    expect(before).toBeLessThan(1e-4);
  });

  it('are 1 where too little is known: another size, or nothing at all', () => {
    expect(judge.judge({ hitCount: 5e6, totalCharge: 1e9, scores: [99, 99, 99] }, 0.5)).toEqual({
      pValue: 1,
      low: 0,
      high: 1,
      driver: 0,
    });
    expect(judge.judge({ hitCount: 5e6, totalCharge: 1e9, scores: [0, 0, 0] }, 0.5).pValue).toBe(1);
    expect(prepareJudge(emptySketch(names), 1)).toBeNull();
    const few = sketchBuilder(emptySketch(names), 200);
    const draw = openFrames(3);
    for (let i = 0; i < 100; i++) few.add(draw());
    expect(prepareJudge(few.snapshot(), 200)).toBeNull();
    for (let i = 0; i < 150; i++) few.add(draw());
    expect(prepareJudge(few.snapshot(), 200)!.judge(draw(30), 0.5).pValue).toBe(1);
  });
});

describe('a sketch', () => {
  it('comes back from its snapshot and goes on as if it had never stopped', () => {
    const stored = decodePolicy(encodePolicy({ ...firstPolicy(), sketch })).sketch;
    expect(stored).toEqual(sketch);
    const on = [sketchBuilder(sketch, 200), sketchBuilder(stored, 200)].map((builder) => {
      const draw = openFrames(4);
      for (let i = 0; i < 3000; i++) builder.add(draw());
      return builder.snapshot();
    });
    expect(on[1]).toEqual(on[0]);
    const frame = openFrames(5)();
    expect(prepareJudge(stored, 200)!.judge(frame, 0.5)).toEqual(judge.judge(frame, 0.5));
  });

  it('forgets: counts of a size stay bounded, and what has drifted away becomes usual', () => {
    const builder = sketchBuilder(emptySketch(['one']), 200);
    const prng = createPrng(6);
    const draw = (shift: number): ScoredFrame => ({
      hitCount: 63,
      totalCharge: 6300,
      scores: [prng.gaussian() + shift],
    });
    const rare = (): number => {
      const now = prepareJudge(builder.snapshot(), 200)!;
      return Array.from({ length: 2000 }, (_, i) => now.judge(draw(3), lotOf(1, i, 0)).pValue).filter(
        (p) => p < 0.01,
      ).length;
    };
    for (let i = 0; i < 30_000; i++) {
      builder.add(draw(0));
      if (i % 5000 === 999) builder.snapshot();
    }
    expect(rare()).toBeGreaterThan(1000);
    for (let i = 0; i < 4 * limits.sketchBinCountMax; i++) {
      builder.add(draw(3));
      if (i % 50_000 === 0) builder.snapshot();
    }
    expect(rare()).toBeLessThan(100);
    expect(builder.held).toBeLessThan(limits.sketchBinCountMax);
  });
});
