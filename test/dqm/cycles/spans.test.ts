/** Spans of a run: the last minute is the sum of its cycles, whatever came, and the run is the sum of all. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openGathered, openSpans } from '../../../src/dqm/cycles/spans.ts';

const [regions, size, moving] = [2, 3, 4];
const cycles = fc.array(
  fc.array(fc.array(fc.nat({ max: 1000 }), { minLength: size, maxLength: size }), {
    minLength: regions,
    maxLength: regions,
  }),
  { minLength: 1, maxLength: 12 },
);
const sumOf = (all: readonly (readonly number[][])[], region: number): number[] =>
  Array.from({ length: size }, (_, bin) => all.reduce((sum, one) => sum + one[region]![bin]!, 0));

describe('spans', () => {
  it('are the last cycle, the sum of the last minute’s, and of all', () => {
    fc.assert(
      fc.property(cycles, (all) => {
        const spans = openSpans(regions, size, moving, 0);
        for (const [i, counts] of all.entries()) {
          for (const [region, values] of counts.entries()) {
            spans.filling.values[region]!.set(values);
            spans.filling.frames[region] = i + 1;
          }
          const ended = spans.turn((i + 1) * 1000);
          const last = all.slice(Math.max(0, i + 1 - moving), i + 1);
          for (let region = 0; region < regions; region++) {
            expect([...ended.values[region]!]).toEqual(counts[region]);
            expect([...spans.of('cycle').values[region]!]).toEqual(counts[region]);
            expect([...spans.of('moving').values[region]!]).toEqual(sumOf(last, region));
            expect([...spans.of('run').values[region]!]).toEqual(sumOf(all.slice(0, i + 1), region));
            expect([...spans.filling.values[region]!]).toEqual([0, 0, 0]);
          }
          const { fromMs, untilMs } = spans.of('moving');
          expect([fromMs, untilMs]).toEqual([Math.max(0, i + 1 - moving) * 1000, (i + 1) * 1000]);
          expect(spans.of('run').frames[0]).toBe(((i + 1) * (i + 2)) / 2);
        }
      }),
    );
  });

  it('go on from what another monitor held of the run', () => {
    const soFar = { values: [Float64Array.of(1, 2, 3), new Float64Array(3)], frames: [7, 0], fromMs: 5 };
    const spans = openSpans(regions, size, moving, 100, soFar);
    spans.filling.values[0]!.set([1, 1, 1]);
    spans.turn(200);
    expect([...spans.of('run').values[0]!]).toEqual([2, 3, 4]);
    expect([spans.of('run').fromMs, spans.of('run').frames[0], spans.of('moving').fromMs]).toEqual([
      5, 7, 100,
    ]);
  });
});

describe('what is gathered', () => {
  it('comes into a cycle at once, or not at all', () => {
    const spans = openSpans(regions, size, moving, 0);
    const gathered = openGathered(regions, size);
    const count = (region: number, values: readonly number[]): void => {
      for (const [bin, value] of values.entries()) gathered.values[region]![bin]! += value;
      gathered.frames[region]! += 1;
    };
    count(0, [1, 2, 3]);
    const ended = spans.turn(1000);
    expect([ended.values[0], ended.frames[0]]).toEqual([new Float64Array(size), 0]);
    count(1, [4, 5, 6]);
    gathered.giveTo(spans.filling);
    count(0, [7, 8, 9]);
    gathered.forget();
    gathered.giveTo(spans.filling);
    const next = spans.turn(2000);
    expect(next.values.map((one) => [...one])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([...next.frames]).toEqual([1, 1]);
  });
});
