/**
 * The finder against its slow twin, against itself after a restart, and against its promise: false alarms within the
 * budget over simulated years (the long run is a part of `tessera bench anomaly`).
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBurstFinder, secondsPerYear } from '../../../src/anomaly/bursts/finder.ts';
import { openCountedWindows, openWeightedWindows } from '../../../src/anomaly/bursts/windows.ts';
import type { BurstTelling } from '../../../src/domain/burst.ts';
import { limits } from '../../../src/domain/limits.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const windowsMs = [100, 1000, 10_000];
const beginMs = 1.7e12;
const weekly = { windowsMs, falseAlarmsPerYear: secondsPerYear / 604_800 };

/** Poisson instants. */
const background = (hertz: number, seconds: number, seed: number, fromMs = beginMs): number[] => {
  const prng = createPrng(seed, 7);
  const instants: number[] = [];
  for (let atMs = fromMs; ; ) {
    atMs += (1000 / hertz) * prng.exponential();
    if (atMs > fromMs + seconds * 1000) return instants;
    instants.push(atMs);
  }
};
const burstAt = (atMs: number, size: number, lastsMs = 5000): number[] =>
  Array.from({ length: size }, (_, i) => atMs + (i * lastsMs) / size);
const merged = (...lists: number[][]): number[] => lists.flat().sort((a, b) => a - b);
const feed = (finder: ReturnType<typeof openBurstFinder>, instants: readonly number[]): BurstTelling[] =>
  instants.flatMap((atMs) => [...finder.observe(atMs)]);

const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 30_000 })), {
  minLength: 1,
  maxLength: 300,
});

describe('windows', () => {
  it('counted ones are full when their slow twin is', () => {
    fc.assert(
      fc.property(
        gaps,
        fc.array(fc.integer({ min: 2, max: 12 }), { minLength: 3, maxLength: 3 }),
        (steps, least) => {
          const gone: number[][] = [[], []];
          const twins = [openCountedWindows, openWeightedWindows].map((open, i) =>
            open(windowsMs, (atMs) => gone[i]!.push(atMs)),
          );
          let atMs = beginMs;
          const seen: number[] = [];
          for (const twin of twins) twin.fullFrom(Float64Array.from(least));
          for (const step of steps) {
            atMs += step;
            seen.push(atMs);
            for (const twin of twins) {
              twin.slide(atMs);
              twin.push(atMs, 1);
            }
            const [fast, slow] = [twins[0]!, twins[1]!];
            expect(fast.full()).toBe(slow.full());
            for (const [j, lengthMs] of windowsMs.entries()) {
              const inside = seen.filter((one) => one > atMs - lengthMs);
              expect(fast.sum(j)).toBe(inside.length);
              expect(slow.instants(j)).toEqual(inside);
            }
          }
          expect(gone[0]).toEqual(gone[1]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold so many events and no more', () => {
    for (const open of [openCountedWindows, openWeightedWindows]) {
      let gone = 0;
      const windows = open(windowsMs, () => gone++);
      for (let i = 0; i < limits.burstEventsMax + 10; i++) windows.push(beginMs, 2);
      expect(gone).toBe(10);
      expect(windows.instants(2)).toHaveLength(limits.burstEventsMax);
    }
  });
});

describe('a burst', () => {
  const quiet = background(0.1, 86_400, 1);
  const dayMs = 86_400_000;

  it('is told when it begins, as it grows, and when it has ended', () => {
    const finder = openBurstFinder(weekly);
    expect(feed(finder, quiet)).toEqual([]);
    expect(finder.backgroundPerSecond).toBeCloseTo(0.1, 1);
    const told = feed(finder, burstAt(beginMs + dayMs + 1000, 40));
    expect(told.map(({ kind }) => kind)).toEqual(['begun', ...told.slice(1).map(() => 'grown')]);
    const weights = told.map(({ burst }) => burst.weight);
    for (const [i, weight] of weights.slice(1).entries()) expect(weight).toBe(2 * weights[i]!);
    expect(weights.at(-1)).toBeGreaterThan(20);
    const [ended] = finder.advance(beginMs + dayMs + 20_000);
    expect(ended).toMatchObject({ kind: 'ended', burst: { windowMs: 10_000 } });
    const { burst } = ended!;
    expect(burst.weight).toBeGreaterThanOrEqual(40);
    expect(burst.instantsMs).toHaveLength(burst.weight);
    expect(burst.firstMs).toBe(burst.instantsMs[0]);
    expect(burst.falseAlarmsPerSecond).toBeLessThan(1e-20);
    expect(burst.pValue).toBeLessThan(1e-20);
  });

  it('does not raise its own background', () => {
    const [with40, without] = [openBurstFinder(weekly), openBurstFinder(weekly)];
    const rest = background(0.1, 86_400, 2, beginMs + dayMs);
    feed(with40, merged(quiet, rest, burstAt(beginMs + dayMs + 1e6, 2000, 20_000)));
    feed(without, merged(quiet, rest));
    expect(with40.backgroundPerSecond / without.backgroundPerSecond).toBeCloseTo(1, 2);
    expect(with40.thresholds).toEqual(without.thresholds);
  });

  it('that lasts is another rate: said once, then learnt', () => {
    const finder = openBurstFinder(weekly);
    feed(finder, quiet);
    const told = feed(finder, background(2, 4 * 3600, 3, beginMs + dayMs));
    expect(told.map(({ kind }) => kind).filter((kind) => kind === 'begun')).toHaveLength(1);
    expect(told.at(-1)!.kind).toBe('lasting');
    expect(finder.backgroundPerSecond).toBeCloseTo(2, 0);
  });

  it('is not made of a stream that stood still and goes on', () => {
    const finder = openBurstFinder(weekly);
    feed(finder, quiet);
    const before = finder.backgroundPerSecond;
    expect(feed(finder, background(0.1, 3 * 3600, 5, beginMs + 1.5 * dayMs))).toEqual([]);
    expect(finder.backgroundPerSecond / before).toBeCloseTo(1, 1);
  });

  it('of weights is judged by how clustered the background is', () => {
    const [plain, heavy] = [false, true].map(() => openBurstFinder({ ...weekly, weighted: true }));
    for (const atMs of quiet) {
      plain!.observe(atMs, 1);
      heavy!.observe(atMs, 5);
    }
    // Five times as much a piece, and just as rare.
    expect(heavy!.thresholds).toEqual(plain!.thresholds);
    const instants = burstAt(beginMs + dayMs + 1000, 12);
    const first = (finder: typeof plain, weight: number) =>
      instants.findIndex((atMs) => finder!.observe(atMs, weight).length > 0);
    expect(first(heavy, 5)).toBe(first(plain, 1));
  });

  it('is the same for a finder that was stopped and goes on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, share) => {
          const instants = merged(
            background(0.05, 20_000, seed),
            burstAt(beginMs + 9e6 + seed, 9),
            burstAt(beginMs + 9.008e6 + seed, 30),
          );
          const cut = Math.floor(share * instants.length);
          const whole = feed(openBurstFinder(weekly), instants);
          const first = openBurstFinder(weekly);
          const told = feed(first, instants.slice(0, cut));
          const second = openBurstFinder(weekly, JSON.parse(JSON.stringify(first.state())));
          told.push(...feed(second, instants.slice(cut)));
          expect(told).toEqual(whole);
          expect(whole.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('false alarms', () => {
  it.each([
    [1, 0.05],
    [0.1, 0.5],
    [0.01, 2],
  ])('at %d Hz stay within one a week over %d simulated years', (hertz, years) => {
    const finder = openBurstFinder(weekly);
    const prng = createPrng(11, hertz * 1000);
    const endMs = beginMs + years * secondsPerYear * 1000;
    let alarms = 0;
    for (let atMs = beginMs; atMs < endMs; atMs += (1000 / hertz) * prng.exponential())
      for (const { kind } of finder.observe(atMs)) alarms += kind === 'begun' ? 1 : 0;
    const allowed = years * weekly.falseAlarmsPerYear;
    // Three standard deviations of what chance adds.
    expect(alarms).toBeLessThanOrEqual(allowed + 3 * Math.sqrt(allowed));
  });
});
