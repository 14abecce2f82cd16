/**
 * A run from its first second on, by what is shipped with its instrument: good is good in the first cycle, what is dead from the
 * first frame is bad and stays so, what dies later is bad at the end of the cycle.
 */

import { describe, expect, it, vi } from 'vitest';
import { openWatchedRun, type RunPlan } from '../../../loadtest/watched_runs.ts';
import type { Digits } from '../../../src/domain/frame.ts';

vi.setConfig({ testTimeout: 240_000 });

/** A cycle's frames as a monitor looks into them: a few crowded ones, or many that are not. */
const plans = {
  auau: { instrument: 'sphenix-tpc-auau', seed: 21, timeFramesPerCycle: 2, pool: 2 },
  pp: { instrument: 'sphenix-tpc-pp', seed: 22, timeFramesPerCycle: 40, pool: 32 },
  l1: { instrument: 'l1-objects', seed: 23, timeFramesPerCycle: 1500, pool: 4000 },
} as const satisfies Record<string, RunPlan>;

/** Objects of a group's slots with φ in a range are lost. */
const blind =
  (slots: readonly [from: number, until: number], phi: readonly [from: number, until: number]) =>
  (digits: Digits): Digits => {
    const lost = new Set<number>();
    for (let i = 0; i < digits.count; i++) {
      const slot = Math.floor(digits.voxel[i]! / 3);
      const isPhi = digits.voxel[i]! % 3 === 2;
      const value = digits.adc[i]! - 1;
      if (isPhi && slot >= slots[0] && slot < slots[1] && value >= phi[0] && value < phi[1]) lost.add(slot);
    }
    const kept = [...digits.voxel.keys()]
      .slice(0, digits.count)
      .filter((i) => !lost.has(Math.floor(digits.voxel[i]! / 3)));
    return {
      count: kept.length,
      voxel: Uint32Array.from(kept, (i) => digits.voxel[i]!),
      adc: Uint16Array.from(kept, (i) => digits.adc[i]!),
    };
  };

describe('a good run', () => {
  it.each(Object.entries(plans))(
    'has verdicts from its first cycle on, and none that is not good: %s',
    (_, plan) => {
      const run = openWatchedRun(plan);
      for (let cycle = 0; cycle < 6; cycle++) {
        expect(run.cycle()).toEqual([]);
        for (const check of ['channels', 'Kolmogorov', 'χ²', 'trend'])
          expect(run.cell(0, check).quality, check).toBe('good');
      }
      expect([run.watch.provisional, run.watch.shipped, run.watch.references.length]).toEqual([
        true,
        true,
        4,
      ]);
    },
  );
});

describe('a good run after another', () => {
  const longer = {
    auau: { ...plans.auau, timeFramesPerCycle: 4, pool: 12 },
    // As many frames as its cycles have: of few that come again and again a run is no longer than they are.
    pp: { ...plans.pp, pool: 240 },
    l1: plans.l1,
  };
  it.each(Object.entries(longer))(
    'is good by every check that has its one reference, longer than its own windows: %s',
    (_, plan) => {
      const before = openWatchedRun({ ...plan, run: 2 });
      for (let cycle = 0; cycle < 6; cycle++) before.cycle();
      const run = openWatchedRun({ ...plan, references: [before.soFar()] });
      // Beta-binomial looks at each region once in twelve cycles.
      for (let cycle = 0; cycle < 13; cycle++) expect(run.cycle()).toEqual([]);
      expect(run.watch.provisional).toBe(false);
      for (const check of ['χ²', 'beta-binomial']) expect(run.cell(0, check).quality, check).toBe('good');
    },
  );
});

describe('a front-end card that is dead from the first frame', () => {
  it.each(['auau', 'pp'] as const)(
    'is bad in the first cycle, and stays so past the run’s beginning: %s',
    (beam) => {
      const run = openWatchedRun({ ...plans[beam], mishap: 'dead-card:region=3,card=5' });
      for (let cycle = 0; cycle < 5; cycle++) {
        const found = run.cycle();
        expect(run.cell(3, 'channels')).toMatchObject({
          quality: 'bad',
          where: ['front-end card 5 (layers 4–7, azimuth 128–191)'],
        });
        expect(found.filter((one) => !one.includes('tpc_outer_n03'))).toEqual([]);
      }
    },
  );

  it('is compared with itself where nothing is shipped: what is shipped is what finds it', () => {
    const run = openWatchedRun({ ...plans.pp, plain: true, mishap: 'dead-card:region=3,card=5' });
    for (let cycle = 0; cycle < 3; cycle++) expect(run.cycle()).toEqual([]);
    expect(run.cell(3, 'channels').quality).toBe('null');
  });

  it('becomes good, and its region’s reference, once it gives again', () => {
    const run = openWatchedRun({ ...plans.pp, mishap: 'dead-card:region=3,card=5,for=20s' });
    for (let cycle = 0; cycle < 4; cycle++) run.cycle();
    expect(run.cell(3, 'channels').quality).toBe('bad');
    const parts = (): Float64Array => run.watched.parts.of(run.watch.combined(3)!);
    expect(parts()[5]).toBe(0);
    const begun = run.watch.begun;
    for (let cycle = 0; cycle < 5; cycle++) run.cycle();
    expect(run.cell(3, 'channels').quality).toBe('good');
    expect(parts()[5]).toBeGreaterThan(100);
    expect(run.watch.begun).toBeGreaterThan(begun);
    expect(run.cycle()).toEqual([]);
  });
});

describe('what dies in a run', () => {
  it('is bad at the end of the cycle in which a card died, full or not, and named', () => {
    // Dies 10.6 s after the start: 4.4 s are left of its cycle, and four are enough at ten time frames a second.
    const mishap = 'dead-card:region=3,card=5,after=10600ms';
    const run = openWatchedRun({ ...plans.pp, timeFramesPerCycle: 50, mishap });
    for (let cycle = 0; cycle < 2; cycle++) expect(run.cycle()).toEqual([]);
    run.cycle();
    expect(run.cell(3, 'channels')).toMatchObject({
      quality: 'bad',
      reason: expect.stringMatching(/^Front-end card 5 .* (fell silent: |gives nothing, )/),
    });
  });

  it('is told once chance is ruled out, within 15 s of sparse frames at two a second', () => {
    const mishap = 'dead-card:region=3,card=5,after=10600ms';
    const run = openWatchedRun({ ...plans.pp, timeFramesPerCycle: 10, pool: 80, mishap });
    for (let cycle = 0; cycle < 2; cycle++) expect(run.cycle()).toEqual([]);
    for (let cycle = 0; cycle < 4 && run.badMs === null; cycle++) run.cycle();
    expect(run.badMs).toBeGreaterThan(10_600);
    expect(run.badMs).toBeLessThanOrEqual(25_600);
    expect(run.cell(3, 'channels')).toMatchObject({
      quality: 'bad',
      where: ['front-end card 5 (layers 4–7, azimuth 128–191)'],
      reason: expect.stringMatching(
        /^Front-end card 5 .* fell silent: tracks cross the front-end cards around it/,
      ),
    });
  });

  it('of a trigger are groups and sectors of them, from the first second or later', () => {
    const muons = [5, 9] as const;
    const run = openWatchedRun(plans.l1);
    for (let cycle = 0; cycle < 6; cycle++) expect(run.cycle()).toEqual([]);
    run.cycle(blind(muons, [0, 256]));
    run.cycle(blind(muons, [0, 256]));
    expect(run.cell(0, 'channels')).toMatchObject({ quality: 'bad', where: ['group muon'] });

    const jets = [9, 19] as const;
    const dead = openWatchedRun(plans.l1);
    for (let cycle = 0; cycle < 3; cycle++) dead.cycle(blind(jets, [16, 24]));
    expect(dead.cell(0, 'channels')).toMatchObject({
      quality: 'bad',
      where: ['jet at phi 0.698–1.05 rad'],
    });
  });
});
