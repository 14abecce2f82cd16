/** The grid of judged runs leaves nothing of the catalogue out, and drift stays where the pool of frames reaches. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between } from '../../../loadtest/bench/dqm/deck.ts';
import { badRuns, drift, sets } from '../../../loadtest/bench/dqm/grid.ts';
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
    expect([count, [...voxel], [...adc]]).toEqual([3, [5, 9, 12], [66, 1_023, 70]]);
  });

  it('keeps a standing fault where it is', () => {
    const site = { channel: 77, prng: createPrng(1) } as unknown as Site;
    expect(busyChannel(site)).toBe(77);
  });
});
