/** The byte budget: held in the long run whatever drifts, never more for a less rare frame, and the same after a restart. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstBudget, isExceeded, openBudgeter } from '../../../src/anomaly/control/budget.ts';
import { gradesOf, spareOf } from '../../../src/anomaly/control/grades.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { FidelityReason } from '../../../src/domain/packet.ts';
import type { BudgetState, Rungs } from '../../../src/domain/policy.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { decodePolicy, encodePolicy } from '../../../src/wire/policy.ts';
import {
  headBytes,
  openStream,
  perHit,
  regions,
  rungBytesOf,
  timeFrameSeconds,
  type Weather,
} from './stream.ts';

const stepTimeFrames = 100;
const stepSeconds = stepTimeFrames * timeFrameSeconds;
const everything = { planes: 4, remainder: true };
/** Bytes a second of frames of so many hits, all whole, and of their tokens alone. */
const wholePerSecond = (hits: number): number => {
  const ladder = rungBytesOf(hits, everything).reduce((sum, bytes) => sum + bytes, 0);
  return (regions * (headBytes + perHit.tokens * hits + ladder)) / timeFrameSeconds;
};
const steady = (hits: number) => (): Weather => ({ hits, swell: 1 });
const sumOf = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);

const height = (rungs: Rungs | null): number =>
  rungs === null ? 0 : 1 + rungs.planes + Number(rungs.remainder);

describe('the byte budget', () => {
  it('is not exceeded in the long run, whatever occupancy and rarity do', () => {
    const drift = fc.record({
      hits: fc.integer({ min: 100, max: 1500 }),
      swing: fc.double({ min: 0, max: 0.6, noNaN: true }),
      swell: fc.double({ min: 1, max: 20, noNaN: true }),
      period: fc.integer({ min: 500, max: 20_000 }),
      share: fc.double({ min: 0.2, max: 1.2, noNaN: true }),
      rarePValue: fc.constantFrom(1, 0.3, 0.01),
      sparePlanes: fc.constantFrom(0, 2),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(drift, ({ hits, swing, swell, period, share, rarePValue, sparePlanes, seed }) => {
        const bytesPerSecond = share * wholePerSecond(hits);
        const stream = openStream(createPrng(seed), { bytesPerSecond, sparePlanes }, rarePValue);
        const weatherAt = (timeFrame: number): Weather => {
          const wave = Math.sin((2 * Math.PI * timeFrame) / period);
          return { hits: hits * (1 + swing * wave), swell: wave > 0.5 ? swell : 1 };
        };
        const most = wholePerSecond(hits * (1 + swing)) * stepSeconds;
        let over = 0;
        for (let step = 0; step < 40; step++) {
          const packets = stream.run(stepTimeFrames, weatherAt);
          const fixed = sumOf(packets, ({ fixedBytes }) => fixedBytes);
          over += sumOf(packets, ({ bytes }) => bytes) - Math.max(bytesPerSecond * stepSeconds, fixed);
          // The first steps are spent before anything is known; what a jump takes is saved again.
          expect(over).toBeLessThan(5 * most);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('spends what there is: most of it, and on the rarest frames', () => {
    const bytesPerSecond = 0.55 * wholePerSecond(700);
    const stream = openStream(createPrng(7), { bytesPerSecond, sparePlanes: 0 }, 1);
    for (let step = 0; step < 30; step++) stream.run(stepTimeFrames, steady(700));
    const packets = Array.from({ length: 30 }, () => stream.run(stepTimeFrames, steady(700))).flat();
    const spent = sumOf(packets, ({ bytes }) => bytes) / (30 * stepSeconds * bytesPerSecond);
    expect(spent).toBeGreaterThan(0.9);
    expect(spent).toBeLessThan(1);
    const { level, planeSizes } = stream.state!;
    expect([level > 0.1, level < 0.9, planeSizes.length]).toEqual([true, true, 4]);
    const reasons = new Set(packets.map(({ reason }) => reason));
    expect(reasons).toEqual(new Set([FidelityReason.rare, FidelityReason.budget, FidelityReason.prescale]));
  });

  it('gives ordinary frames planes where there is room and it was asked to, the least ordinary first', () => {
    const bytesPerSecond = 0.75 * wholePerSecond(700);
    const stream = openStream(createPrng(8), { bytesPerSecond, sparePlanes: 4 }, 0.01);
    for (let step = 0; step < 20; step++) stream.run(stepTimeFrames, steady(700));
    const packets = stream.run(stepTimeFrames, steady(700));
    const spare = packets.filter(({ reason }) => reason === FidelityReason.spare);
    const ordinary = packets.filter(({ reason }) => reason === FidelityReason.ordinary);
    expect(spare.length).toBeGreaterThan(100);
    expect(Math.max(...spare.map(({ pValue }) => pValue))).toBeLessThan(
      Math.min(1, ...ordinary.map(({ pValue }) => pValue)),
    );
    expect(packets.some(({ reason }) => reason === FidelityReason.budget)).toBe(false);
    expect(sumOf(packets, ({ bytes }) => bytes)).toBeLessThan(bytesPerSecond * stepSeconds);
  });

  it('never touches control frames, and says when these and tokens alone exceed it', () => {
    const bytesPerSecond = 0.3 * wholePerSecond(700);
    const stream = openStream(createPrng(9), { bytesPerSecond, sparePlanes: 0 }, 0.1);
    expect(isExceeded(firstBudget(bytesPerSecond), 0.25)).toBe(false);
    for (let step = 0; step < 10; step++)
      for (const { pValue, reason, rungs } of stream.run(stepTimeFrames, steady(700))) {
        if (reason === FidelityReason.prescale) expect(height(rungs)).toBeGreaterThan(5);
        if (step > 2 && pValue < 0.1 && reason !== FidelityReason.prescale)
          expect([reason, rungs]).toEqual([FidelityReason.budget, null]);
      }
    expect(isExceeded(stream.state!, 0.25)).toBe(true);
    // What nobody could have saved is not saved later.
    for (let step = 0; step < 12; step++) stream.run(stepTimeFrames, steady(100));
    expect(stream.state!.level).toBe(1);
    expect(isExceeded(stream.state!, 0.25)).toBe(false);
  });

  it('does not take a pause for time in which to spend', () => {
    const budgeter = openBudgeter(firstBudget(1e6), { sparePlanes: 0 }, 1);
    const observe = (fromSeconds: number) => {
      for (let i = 0; i < 1000; i++)
        budgeter.observe({
          hitCount: 100,
          pValue: (i + 0.5) / 1000,
          timestampNanos: BigInt(Math.round((fromSeconds + i / 1000) * 1e9)),
          packetBytes: i % 2 === 0 ? 1500 : 500,
          rungBytes: i % 2 === 0 ? [100, 500, 100, 100, 100, 100] : [],
          isControl: false,
        });
      budgeter.step(1);
    };
    for (let second = 1; second < 20; second++) observe(second);
    const before = budgeter.state;
    expect(before.level).toBeGreaterThan(0.3);
    expect(before.level).toBeLessThan(0.7);
    observe(7200);
    observe(7201);
    expect(budgeter.state.level).toBeLessThan(0.75);
    for (let second = 7202; second < 7206; second++) observe(second);
    expect(budgeter.state.level).toBeLessThan(before.level + 0.05);
    expect(budgeter.state.debtBytes).toBeGreaterThanOrEqual(-4 * 4 * 1e6);
  });

  it('goes on from its state as if nothing had been', () => {
    const sparePlanes = 0;
    const stream = openStream(createPrng(10), { bytesPerSecond: 0.5 * wholePerSecond(500), sparePlanes }, 1);
    for (let step = 0; step < 8; step++) stream.run(stepTimeFrames, steady(500));
    const state = stream.state!;
    const grades = gradesOf(state, 1);
    const snapshot = { ...firstPolicy(), rarePValue: 1, budget: state, ...(grades && { grades }) };
    const read = decodePolicy(encodePolicy(snapshot));
    expect(read.budget).toEqual(state);
    expect(read.grades).toEqual(grades);
    const [one, other] = [state, read.budget!].map((from) => openBudgeter(from, { sparePlanes }, 0.25));
    for (const budgeter of [one!, other!]) {
      for (let i = 0; i < 600; i++)
        budgeter.observe({
          hitCount: 500,
          pValue: (i + 1) / 601,
          timestampNanos: BigInt(state.latestMicros + i) * 1000n,
          packetBytes: 700,
          rungBytes: [],
          isControl: false,
        });
      budgeter.step(1);
    }
    expect(other!.state).toEqual(one!.state);
  });
});

describe('grades', () => {
  const size = fc.record({
    hits: fc.double({ min: 1, max: 1e6, noNaN: true }),
    perHit: fc.double({ min: 0.001, max: 2, noNaN: true }),
  });
  const sized = size.map(({ hits, perHit: each }) => ({ hits, bytes: hits * each }));
  const state = fc
    .record({
      planeSizes: fc.array(sized, { minLength: 0, maxLength: 6 }),
      remainderSize: fc.option(sized, { nil: { hits: 0, bytes: 0 } }),
      reach: fc.double({ min: 0, max: 1, noNaN: true }),
      spareReach: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map((made): BudgetState => ({ ...firstBudget(1e6), ...made }));

  it('never give a less rare frame more, whatever was measured', () => {
    fc.assert(
      fc.property(state, fc.double({ min: 1e-6, max: 1, noNaN: true }), (one, rarePValue) => {
        const grades = gradesOf(one, rarePValue) ?? [];
        const spare = spareOf(one, rarePValue, 2);
        expect(decodePolicy(encodePolicy({ ...firstPolicy(), rarePValue, grades })).grades).toEqual(grades);
        grades.forEach((grade, i) => {
          expect(grade.pValue).toBeLessThanOrEqual(rarePValue);
          if (i === 0) return;
          expect(grade.pValue).toBeGreaterThan(grades[i - 1]!.pValue);
          expect(height(grade.rungs)).toBeLessThan(height(grades[i - 1]!.rungs));
        });
        if (spare !== undefined) expect(spare.pValue).toBeGreaterThan(rarePValue);
      }),
    );
  });
});
