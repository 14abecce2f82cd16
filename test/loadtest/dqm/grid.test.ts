/** The grid of judged runs leaves nothing of the catalogue out, and drift stays where the pool of frames reaches. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between } from '../../../loadtest/bench/dqm/deck.ts';
import { badRuns, drift, sets } from '../../../loadtest/bench/dqm/grid.ts';
import { turnsOf } from '../../../loadtest/bench/dqm/measure.ts';
import { readOut } from '../../../loadtest/bench/dqm/pool.ts';
import { walkOf } from '../../../loadtest/bench/dqm/runs.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { catalogue } from '../../../src/sim/mishaps/catalogue.ts';
import { busyChannel, type Site } from '../../../src/sim/mishaps/site.ts';

describe('bench dqm', () => {
  it('judges every kind of the catalogue at every strength, each with a habit', () => {
    const all = sets.flatMap(badRuns);
    expect(all).toHaveLength(catalogue.reduce((sum, { strengths }) => sum + strengths.length, 0));
    expect(all.filter(({ habit }) => habit === undefined)).toEqual([]);
  });

  it('drifts within its reach, and about as wide as it says', () => {
    const walk = walkOf(1, 4_000);
    const gains = walk.map(({ gain }) => gain - 1);
    expect(Math.max(...gains.map(Math.abs))).toBeLessThanOrEqual(drift.gain.reach + 1e-9);
    const sigma = Math.sqrt(gains.reduce((sum, one) => sum + one * one, 0) / gains.length);
    expect(sigma / drift.gain.sigma).toBeCloseTo(1, 0);
    expect(Math.max(...walk.map(({ rate }) => Math.abs(rate - 1)))).toBeLessThanOrEqual(
      drift.rate.reach + 1e-9,
    );
  });

  it('finds steps on both sides of a value', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.7, max: 1.3, noNaN: true }), (rate) => {
        const { at, share } = between(drift.rate.steps, rate);
        const { [at]: low, [at + 1]: high } = drift.rate.steps;
        expect(low! * (1 - share) + high! * share).toBeCloseTo(rate, 9);
      }),
    );
  });

  it('reads out as a front-end does: scaled, suppressed, limited; noise of hot channels as it is', () => {
    const digits = {
      count: 4,
      voxel: Uint32Array.of(1, 5, 9, 12),
      adc: Uint16Array.of(60, 63, 2_000, 70),
    };
    const how = { gain: 1.05, thresholdAdc: 64, adcMax: 1_023 };
    const { count, voxel, adc } = readOut(digits, how, { hot: Uint8Array.of(0, 1), samples: 10 });
    expect([count, [...voxel], [...adc.subarray(1)]]).toEqual([3, [5, 9, 12], [1_023, 70]]);
    expect([66, 67]).toContain(adc[0]);
  });

  it('leaves no combs in a spectrum: every ADC value is as frequent after a gain as around it', () => {
    const count = 200_000;
    const digits = {
      count,
      voxel: Uint32Array.from({ length: count }, (_, i) => i),
      adc: Uint16Array.from({ length: count }, (_, i) => 100 + (i % 200)),
    };
    const how = { gain: 1.04, thresholdAdc: 64, adcMax: 1_023 };
    const { adc } = readOut(digits, how, { hot: new Uint8Array(count), samples: 1 });
    const spectrum = new Float64Array(1_024);
    for (const value of adc) spectrum[value] = spectrum[value]! + 1;
    const inside = spectrum.subarray(110, 305);
    expect(Math.min(...inside)).toBeGreaterThan(800);
    expect(Math.max(...inside)).toBeLessThan(1_120);
  });

  it('takes turns: each as often as asked for, spread evenly', () => {
    const turns = turnsOf({ learn: 63, threshold: 63, judged: 32, bad: 79 });
    expect(turns.filter((turn) => turn === 'bad')).toHaveLength(79);
    expect(turns.filter((turn) => turn === 'judged')).toHaveLength(32);
    const half = turns.slice(0, Math.floor(turns.length / 2));
    expect(half.filter((turn) => turn === 'threshold').length).toBeGreaterThanOrEqual(30);
    expect(half.filter((turn) => turn === 'threshold').length).toBeLessThanOrEqual(33);
  });

  it('keeps a standing fault where it is', () => {
    const site = { channel: 77, prng: createPrng(1) } as unknown as Site;
    expect(busyChannel(site)).toBe(77);
  });
});
