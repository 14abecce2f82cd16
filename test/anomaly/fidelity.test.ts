import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideFidelity, firstPolicy, prescaled, refines } from '../../src/anomaly/fidelity.ts';
import { FidelityReason } from '../../src/domain/packet.ts';

const policy = { ...firstPolicy(), rarePValue: 0.01, prescale: 16 };
const chosen = Array.from({ length: 1000 }, (_, n) => n).find((n) => prescaled(5, n, 16))!;
const passed = Array.from({ length: 1000 }, (_, n) => n).find((n) => !prescaled(5, n, 16))!;

describe('fidelity', () => {
  it('keeps rare frames and prescaled time frames losslessly, the rest as tokens', () => {
    const decide = (pValue: number, timeFrame: number) =>
      decideFidelity({ pValue, run: 5, timeFrame }, policy, 'none');
    expect(decide(0.009, passed)).toBe(FidelityReason.rare);
    expect(decide(0.009, chosen)).toBe(FidelityReason.rare);
    expect(decide(0.01, passed)).toBe(FidelityReason.ordinary);
    expect(decide(0.5, chosen)).toBe(FidelityReason.prescale);
  });

  it('sheds refinement before it sheds frames', () => {
    const decide = (pValue: number, timeFrame: number, pressure: 'shed-refinement' | 'shed-frames') =>
      decideFidelity({ pValue, run: 5, timeFrame }, policy, pressure);
    expect(decide(0.001, passed, 'shed-refinement')).toBe(FidelityReason.shedRefinement);
    expect(decide(0.5, chosen, 'shed-refinement')).toBe(FidelityReason.shedRefinement);
    expect(decide(0.5, passed, 'shed-refinement')).toBe(FidelityReason.ordinary);
    expect(decide(0.001, chosen, 'shed-frames')).toBe(FidelityReason.shedFrame);
  });

  it('refines exactly the two reasons that ask for it', () => {
    const refined = Object.entries(FidelityReason).filter(([, reason]) => refines(reason));
    expect(refined.map(([name]) => name)).toEqual(['rare', 'prescale']);
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
