/** The fidelity policy: the order of reasons, rungs that follow from them, and a control sample nobody biases. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideFidelity, firstPolicy, isOfRare, prescaled, rungsOf } from '../../src/anomaly/fidelity.ts';
import { FidelityReason } from '../../src/domain/packet.ts';
import type { Grade, PolicySnapshot, Pressure, Rungs } from '../../src/domain/policy.ts';
import { createPrng } from '../../src/kernels/prng.ts';

const policy = { ...firstPolicy(), rarePValue: 0.01, prescale: 16 };
const find = (chosen: (timeFrame: number) => boolean): number =>
  Array.from({ length: 10_000 }, (_, n) => n).find(chosen)!;
const chosen = find((n) => prescaled(5, n, 16) && !prescaled(5, n, 256));
const control = find((n) => prescaled(5, n, 256));
const passed = find((n) => !prescaled(5, n, 16));

const lossless: Rungs = { planes: 4, remainder: true };
const graded: PolicySnapshot = {
  ...policy,
  grades: [
    { pValue: 0.001, rungs: lossless },
    { pValue: 0.004, rungs: { planes: 4, remainder: false } },
    { pValue: 0.008, rungs: { planes: 2, remainder: false } },
  ],
};
const decide = (
  pValue: number,
  timeFrame: number,
  under: PolicySnapshot = policy,
  pressure: Pressure = 'none',
) => decideFidelity({ pValue, run: 5, timeFrame }, under, pressure);

describe('fidelity', () => {
  it('keeps rare frames and prescaled time frames losslessly, the rest as tokens', () => {
    expect(decide(0.009, passed)).toBe(FidelityReason.rare);
    expect(decide(0.01, passed)).toBe(FidelityReason.ordinary);
    expect(decide(0.5, chosen)).toBe(FidelityReason.prescale);
    const given = [FidelityReason.rare, FidelityReason.prescale, FidelityReason.ordinary].map((reason) =>
      rungsOf(reason, 0.009, policy),
    );
    expect(given.map((rungs) => rungs?.remainder ?? null)).toEqual([true, true, null]);
  });

  it('asks the prescale first, so that frames of that reason are unbiased', () => {
    expect(decide(0.009, chosen)).toBe(FidelityReason.prescale);
    expect(isOfRare({ reason: FidelityReason.prescale, pValue: 0.009 }, policy)).toBe(true);
    expect(isOfRare({ reason: FidelityReason.prescale, pValue: 0.5 }, policy)).toBe(false);
    expect(isOfRare({ reason: FidelityReason.budget, pValue: 0.009 }, policy)).toBe(true);
    expect(isOfRare({ reason: FidelityReason.spare, pValue: 0.011 }, policy)).toBe(false);
  });

  it('sheds refinement before it sheds frames, and the control sample last', () => {
    expect(decide(0.001, passed, policy, 'shed-refinement')).toBe(FidelityReason.shedRefinement);
    expect(decide(0.5, passed, policy, 'shed-refinement')).toBe(FidelityReason.ordinary);
    // One time frame in 16 is more than anybody needs as a control: one in 256 of them stays.
    expect(decide(0.5, chosen, policy, 'shed-refinement')).toBe(FidelityReason.shedRefinement);
    expect(decide(0.5, control, policy, 'shed-refinement')).toBe(FidelityReason.prescale);
    expect(decide(0.001, control, policy, 'shed-frames')).toBe(FidelityReason.shedFrame);
  });

  it('gives by grades what the budget leaves, and says whose frames lost something', () => {
    const given = [0.0005, 0.001, 0.0039, 0.004, 0.008, 0.0099, 0.01].map((pValue) => {
      const reason = decide(pValue, passed, graded);
      return [reason, rungsOf(reason, pValue, graded)?.planes ?? null];
    });
    const { rare, budget, ordinary, shedRefinement } = FidelityReason;
    expect(given).toEqual([
      [rare, Number.MAX_SAFE_INTEGER],
      [budget, 4],
      [budget, 4],
      [budget, 2],
      [budget, null],
      [budget, null],
      [ordinary, null],
    ]);
    expect(decide(0.009, chosen, graded)).toBe(FidelityReason.prescale);
    // What the budget took whole, pressure cannot take.
    expect(decide(0.009, passed, graded, 'shed-refinement')).toBe(budget);
    expect(decide(0.002, passed, graded, 'shed-refinement')).toBe(shedRefinement);
  });

  it('gives ordinary frames planes where the policy has room, and pressure takes them', () => {
    const roomy = { ...policy, spare: { pValue: 0.2, rungs: { planes: 2, remainder: false } } };
    expect([0.009, 0.19, 0.2].map((pValue) => decide(pValue, passed, roomy))).toEqual([
      FidelityReason.rare,
      FidelityReason.spare,
      FidelityReason.ordinary,
    ]);
    expect(rungsOf(FidelityReason.spare, 0.19, roomy)).toEqual({ planes: 2, remainder: false });
    expect(decide(0.19, passed, roomy, 'shed-refinement')).toBe(FidelityReason.shedRefinement);
  });
});

const share = fc.double({ min: 1e-9, max: 1, noNaN: true });
/** Any policy that a budget may make. */
const anyPolicy = fc
  .record({
    rarePValue: share,
    prescale: fc.integer({ min: 0, max: 600 }),
    cuts: fc.option(fc.uniqueArray(share, { maxLength: 5 }), { nil: null }),
    spareReach: fc.option(share, { nil: null }),
    mostPlanes: fc.option(fc.nat(5), { nil: null }),
  })
  .map(({ rarePValue, prescale, cuts, spareReach, mostPlanes }): PolicySnapshot => {
    const grades = cuts
      ?.map((cut) => cut * rarePValue)
      .sort((a, b) => a - b)
      .map((pValue, i): Grade => ({ pValue, rungs: { planes: 5 - i, remainder: i === 0 } }));
    const spare =
      grades === undefined && spareReach !== null && spareReach > rarePValue
        ? { pValue: spareReach, rungs: { planes: 2, remainder: false } }
        : undefined;
    const refinement = mostPlanes === null ? undefined : { planes: mostPlanes, remainder: false };
    return { ...firstPolicy(), rarePValue, prescale, grades, spare, refinement };
  });
const height = (rungs: Rungs | null): number =>
  rungs === null ? 0 : 1 + rungs.planes + (rungs.remainder ? 1 : 0);

describe('any policy', () => {
  it('never gives a rarer frame fewer rungs than a less rare one of a time frame', () => {
    const pressure = fc.constantFrom<Pressure>('none', 'shed-refinement', 'shed-frames');
    fc.assert(
      fc.property(anyPolicy, share, share, fc.nat(1000), pressure, (one, p, q, timeFrame, under) => {
        const given = (pValue: number): number =>
          height(rungsOf(decide(pValue, timeFrame, one, under), pValue, one));
        // Full refinement that is capped beneath the spare planes would be a policy against itself.
        fc.pre(one.refinement === undefined || one.spare === undefined || one.refinement.planes >= 2);
        expect(given(Math.min(p, q))).toBeGreaterThanOrEqual(given(Math.max(p, q)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the control sample whatever scores, budget and refinement pressure say', () => {
    fc.assert(
      fc.property(anyPolicy, share, fc.nat(100_000), (one, pValue, timeFrame) => {
        const isChosen = prescaled(5, timeFrame, one.prescale);
        expect(decide(pValue, timeFrame, one) === FidelityReason.prescale).toBe(isChosen);
        if (one.prescale >= 256)
          expect(decide(pValue, timeFrame, one, 'shed-refinement') === FidelityReason.prescale).toBe(
            isChosen,
          );
      }),
      { numRuns: 500 },
    );
  });

  it('leaves the control sample the p-values of all frames', () => {
    const prng = createPrng(3);
    let [count, sum, low] = [0, 0, 0];
    for (let timeFrame = 0; timeFrame < 40_000; timeFrame++) {
      const pValue = prng.uniform();
      if (decide(pValue, timeFrame, graded) !== FidelityReason.prescale) continue;
      count += 1;
      sum += pValue;
      if (pValue < 0.1) low += 1;
    }
    expect(Math.abs(count - 2500)).toBeLessThan(4 * Math.sqrt(2500));
    expect(Math.abs(sum / count - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(low / count - 0.1)).toBeLessThan(4 * Math.sqrt(0.09 / count));
  });
});

describe('the prescale', () => {
  it('takes one time frame in N, in any run, and none when off', () => {
    for (const run of [0, 1, 77, 4_294_967_295]) {
      let count = 0;
      for (let n = 0; n < 64_000; n++) if (prescaled(run, n, 64)) count++;
      expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(1000));
    }
    expect(prescaled(1, 1, 0)).toBe(false);
    expect(prescaled(1, 1, 1)).toBe(true);
  });

  it('depends on the upper half of a time frame number too, and always answers alike', () => {
    const high = Array.from({ length: 256 }, (_, n) => prescaled(1, n * 0x1_0000_0000, 2));
    expect(new Set(high).size).toBe(2);
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.maxSafeNat(),
        fc.integer({ min: 1, max: 5000 }),
        (run, frame, n) => {
          expect(prescaled(run, frame, n)).toBe(prescaled(run, frame, n));
        },
      ),
    );
  });
});
