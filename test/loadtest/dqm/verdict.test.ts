/** From rows to figures: what a judge sees it does not miss, and false alarms are those of the good runs that are judged. */

import { describe, expect, it } from 'vitest';
import { type SetPlan, sets } from '../../../loadtest/bench/dqm/grid.ts';
import type { Row, SetRuns } from '../../../loadtest/bench/dqm/measure.ts';
import { resultOf } from '../../../loadtest/bench/dqm/verdict.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const names = [
  ...['channels', 'cards'].map((check) => ({ check, of: 'occupancy' })),
  ...[1, 4, 8].map((count) => ({ check: `beta-binomial, ${count} references`, of: 'occupancy χ²' })),
];

/** Readings of good runs are alike; a fault lifts the first check alone, in half of the runs a little. */
const madeUp = (plan: SetPlan, seed: number, judgedShift: number): SetRuns => {
  const prng = createPrng(seed);
  const row = (shift = 0): Row => Float64Array.from(names, (_, i) => prng.gaussian() + (i === 0 ? shift : 0));
  const rows = (count: number, shift = 0): Row[] => Array.from({ length: count }, () => row(shift));
  return {
    plan,
    names,
    learn: rows(400),
    threshold: rows(400),
    judged: rows(320, judgedShift),
    good: rows(80, judgedShift),
    bad: Array.from({ length: 40 }, (_, i) => ({
      kind: i % 2 === 0 ? 'strong' : 'weak',
      strength: i,
      unit: 'channels',
      readings: row(i % 2 === 0 ? 20 : 0),
    })),
    moments: Array.from({ length: 6 }, () => ({ pool: rows(8), fresh: [rows(8), rows(8)] })),
  };
};
const resultAt = (judgedShift: number) =>
  resultOf(
    sets.map((plan, i) => madeUp(plan, i, judgedShift)),
    { seed: 1, worlds: 60 },
  );

describe('bench dqm: verdict', () => {
  it('counts what is missed, and what is flagged of what is good', () => {
    const { ratios, rows } = resultAt(0);
    expect(ratios.missed_at_1pct_combined).toBeGreaterThan(0.4);
    expect(ratios.missed_at_1pct_combined).toBeLessThanOrEqual(0.5);
    expect(ratios.missed_at_1pct_betabinomial8).toBeGreaterThan(0.9);
    expect(ratios.missed_ratio_at_1pct).toBeCloseTo(ratios.missed_ratio_at_1pct_measured!, 1);
    expect(ratios.good_flagged_at_5pct_combined).toBeLessThan(0.1);
    expect(ratios.good_flagged_at_5pct_combined_low).toBeLessThan(ratios.good_flagged_at_5pct_combined!);
    expect(ratios.frames_agree_p_auau_all_checks).toBeGreaterThan(0.01);
    expect(rows.find((one) => one.check === 'channels')).toMatchObject({ 'bad runs': 80 });
    expect(
      rows.find((one) => one.fault === 'strong')?.['beta-binomial, 8 references: flagged at'],
    ).toBeDefined();
  });

  it('makes a judge pay, in the measured keys, for good runs that it flags too often', () => {
    const { ratios } = resultAt(30);
    expect(ratios.good_flagged_at_1pct_combined).toBe(1);
    expect(ratios.missed_at_1pct_combined).toBeLessThanOrEqual(0.5);
    expect(ratios.missed_at_1pct_measured_combined).toBe(1);
  });
});
