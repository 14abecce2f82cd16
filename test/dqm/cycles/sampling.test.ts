/** A sampler takes its share of time, whatever one look costs, and saves nothing up. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/domain/limits.ts';
import { openSampler } from '../../../src/dqm/cycles/sampling.ts';

describe('a sampler', () => {
  it('takes at most its share of the time, but for one look and what is saved', () => {
    const looks = fc.array(fc.record({ waitMs: fc.nat({ max: 500 }), costMs: fc.nat({ max: 200 }) }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(fc.constantFrom(0.05, 0.15, 0.5), looks, (share, all) => {
        const sampler = openSampler(share, 0);
        let [nowMs, busyMs, costMost] = [0, 0, 0];
        for (const { waitMs, costMs } of all) {
          nowMs += waitMs;
          if (!sampler.ready(nowMs)) continue;
          sampler.took(costMs);
          busyMs += costMs;
          costMost = Math.max(costMost, costMs);
        }
        expect(busyMs).toBeLessThanOrEqual(
          share * nowMs + costMost + Math.max(costMost, limits.dqmSampleCreditMs) + 1e-6,
        );
      }),
    );
  });

  it('looks as often as its share allows where looks are alike', () => {
    const sampler = openSampler(0.1, 0);
    let looks = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs++)
      if (sampler.ready(nowMs)) {
        sampler.took(20);
        looks += 1;
      }
    // A tenth of ten seconds, 20 ms each.
    expect(Math.abs(looks - 50)).toBeLessThanOrEqual(4);
  });

  it('borrows nothing from a quiet hour', () => {
    const sampler = openSampler(0.1, 0);
    expect(sampler.ready(3_600_000)).toBe(true);
    let looks = 0;
    while (sampler.ready(3_600_000)) {
      sampler.took(10);
      looks += 1;
    }
    expect(looks).toBeLessThanOrEqual(limits.dqmSampleCreditMs / 10 + 1);
  });
});
