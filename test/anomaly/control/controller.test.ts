/** The bench of the rate in small: a tail that drifts smoothly, of which every true pass rate is known. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterChunk,
  type Controller,
  firstControl,
  hold,
  isOutOfBand,
  openController,
  release,
} from '../../../src/anomaly/control/controller.ts';
import { pValueOf, readingOf } from '../../../src/anomaly/control/reading.ts';
import { cellCount } from '../../../src/anomaly/control/tail.ts';
import { createPrng, type Prng } from '../../../src/kernels/prng.ts';

const [target, chunkFrames] = [0.0025, 20_000];
const shiftAt = (chunk: number): number => 0.35 * Math.sin((2 * Math.PI * chunk) / 400);
const trueRate = (cut: number, shift: number): number => pValueOf(readingOf(cut) - shift) / target;

/** Normal scores, moved. */
const feed = (controller: Controller, prng: Prng, shift: number, frames = chunkFrames): void => {
  for (let i = 0; i < frames; i++)
    controller.observe({ hitCount: 100, totalCharge: 5000, pValue: pValueOfScore(prng.gaussian() + shift) });
};
const table = Array.from({ length: 4001 }, (_, i) => (i === 0 ? 1 : pValueOf(i / 1000)));
const pValueOfScore = (score: number): number =>
  table[Math.max(0, Math.min(4000, Math.round(score * 1000)))]!;

const inBand = (rates: readonly number[]): number =>
  rates.filter((rate) => Math.abs(rate - 1) <= 0.1).length / rates.length;

describe('the rate controller', () => {
  it('holds the true rate in its band under drift, where a fixed cut does not', () => {
    const prng = createPrng(11, 5);
    const controller = openController(firstControl(target), chunkFrames);
    const [ours, fixed]: [number[], number[]] = [[], []];
    for (let chunk = 0; chunk < 120; chunk++) {
      ours.push(trueRate(controller.pValue, shiftAt(chunk)));
      fixed.push(trueRate(target, shiftAt(chunk)));
      feed(controller, prng, shiftAt(chunk));
    }
    expect(inBand(ours)).toBeGreaterThan(0.85);
    expect(inBand(fixed)).toBeLessThan(0.4);
  });

  it('stands still within a chunk, and goes on from its state in the middle of one', () => {
    const whole = openController(firstControl(target), 1000);
    const before = openController(firstControl(target), 1000);
    feed(whole, createPrng(3), 0, 1700);
    const prng = createPrng(3);
    feed(before, prng, 0, 600);
    expect(before.pValue).toBe(target);
    const after = openController(JSON.parse(JSON.stringify(before.state)), 1000);
    feed(after, prng, 0, 1100);
    expect(after.state).toEqual(whole.state);
    expect(after.pValue).not.toBe(target);
  });

  it('does not wind up while nothing or everything passes, nor leaves its bounds', () => {
    const storm = Array.from({ length: cellCount }, (_, cell) => (cell === cellCount - 1 ? chunkFrames : 0));
    const calm = Array.from({ length: cellCount }, (_, cell) => (cell === 0 ? chunkFrames : 0));
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (storms) => {
        let state = firstControl(target);
        for (const isStorm of storms) {
          const counts = isStorm ? storm : calm;
          const passed = isStorm ? chunkFrames : 0;
          state = afterChunk(state, { frames: chunkFrames, hitSum: 1, chargeSum: 1, passed, counts });
          expect(Math.abs(state.trim)).toBeLessThanOrEqual(0.25);
          expect(state.pValue).toBeGreaterThanOrEqual(target / 16);
          expect(state.pValue).toBeLessThanOrEqual(target * 16);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('holds what a person sets, learns on meanwhile, and is released without a jolt', () => {
    const prng = createPrng(7);
    const held = openController(hold(firstControl(target), 0.01), 2000);
    feed(held, prng, 0, 20_000);
    expect([held.pValue, held.state.trim, held.state.chunks]).toEqual([0.01, 0, 10]);
    const free = openController(release(held.state), 2000);
    expect(free.pValue).toBe(0.01);
    feed(free, prng, 0, 2000);
    expect(free.pValue / target).toBeGreaterThan(0.6);
    expect(free.pValue / target).toBeLessThan(1.7);
  });

  it('is out of band when the rate has missed its target for long', () => {
    const counts = new Array<number>(cellCount).fill(0).with(0, chunkFrames);
    const chunk = { frames: chunkFrames, hitSum: 1, chargeSum: 1, passed: 60, counts };
    let state = firstControl(target);
    for (let i = 0; i < 10; i++) {
      expect(isOutOfBand(state)).toBe(false);
      state = afterChunk(state, chunk);
    }
    expect(isOutOfBand(state)).toBe(true);
    for (let i = 0; i < 20; i++) state = afterChunk(state, { ...chunk, passed: 50 });
    expect(isOutOfBand(state)).toBe(false);
  });

  it('begins anew where the detector jumps', () => {
    const prng = createPrng(9);
    const controller = openController(firstControl(target), 5000);
    const chunk = (hitCount: number): void => {
      for (let i = 0; i < 5000; i++)
        controller.observe({
          hitCount: hitCount + Math.floor(10 * prng.uniform()),
          totalCharge: 50 * hitCount,
          pValue: prng.uniform(),
        });
    };
    for (let i = 0; i < 12; i++) chunk(100);
    const memory = controller.state.memory;
    chunk(200);
    expect(memory).toBeGreaterThan(10);
    expect(controller.state.memory).toBeLessThan(4);
  });
});
