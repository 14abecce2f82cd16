/** All checks on a small instrument: a dead card is named to the channel, and good runs read as good runs do. */

import { describe, expect, it } from 'vitest';
import { readingsOf, type Seen, type Sibling, sumOf } from '../../../src/dqm/checks/list.ts';
import { trendsOf } from '../../../src/dqm/checks/trend.ts';
import { judge, limitsOf, worstOf } from '../../../src/dqm/quality.ts';
import { someRun, watched } from '../watched.ts';

const references = Array.from({ length: 8 }, (_, i) => someRun(1_000 + i, 10));
const combined = sumOf(references);
const seen = (values: Float64Array): Seen => ({
  layout: watched,
  values,
  references,
  combined,
  beside: null,
});
const readings = (values: Float64Array, check: string) =>
  readingsOf(seen(values)).filter((one) => one.check === check);
const good = (from: number, check: string) =>
  Array.from({ length: 100 }, (_, i) => readings(someRun(from + i, 10), check));

describe('checks', () => {
  it('give the same readings of every run, whole numbers or not, all finite', () => {
    const names = readingsOf(seen(someRun(1, 10))).map(({ check, of }) => `${check}: ${of}`);
    expect(new Set(names).size).toBe(names.length);
    for (const values of [new Float64Array(watched.size), someRun(2, 1)]) {
      const all = readingsOf(seen(values));
      expect(all.map(({ check, of }) => `${check}: ${of}`)).toEqual(names);
      expect(all.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
    }
  });

  it('are not moved by one bad region beside many good ones', () => {
    const sibling = (values: Float64Array): Sibling => ({
      values,
      combined,
      trends: {
        now: trendsOf(watched, values),
        before: references.map((one) => trendsOf(watched, one)),
      },
    });
    const beside = (last: Float64Array) => [
      ...[1, 2, 3, 4, 5, 6].map((i) => sibling(someRun(i, 10))),
      sibling(last),
    ];
    const read = (last: Float64Array) =>
      readingsOf({ ...seen(someRun(7, 10)), beside: beside(last) }).filter(
        ({ check }) => check === 'siblings',
      );
    const [good, bad] = [
      read(someRun(8, 10)),
      read(someRun(8, 10).map((value, bin) => (bin % 2 === 0 ? value * 3 : 0))),
    ];
    for (const [i, { of, value }] of bad.entries())
      expect([of, value / Math.max(good[i]!.value, 1e-3) < 4]).toEqual([of, true]);
  });

  it('find a dead chip, name its channels and call the run bad', () => {
    const dead = new Set([4, 5, 6, 7]);
    const limits = limitsOf(good(1, 'channels'), good(200, 'channels'), { medium: 0.05, bad: 0.01 });
    const quality = judge(limits, readings(someRun(400, 10, dead), 'channels'));
    expect(quality.name).toBe('bad');
    const low = readings(someRun(400, 10, dead), 'channels').find(
      ({ of }) => of === 'occupancy: low channel',
    )!;
    expect(new Set(low.bins.slice(0, 4))).toEqual(dead);
    const others = Array.from({ length: 20 }, (_, i) =>
      judge(limits, readings(someRun(500 + i, 10), 'channels')),
    );
    expect(others.filter(({ name }) => name === 'bad').length).toBeLessThanOrEqual(2);
    expect(worstOf([...others, quality]).name).toBe('bad');
  });
});
