/** Cells from readings: no flicker on one odd cycle, no delay where it is very rare, and bars that follow from a rate. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../src/dqm/checks/list.ts';
import { placesOf } from '../../../src/dqm/cycles/places.ts';
import { openNorm } from '../../../src/dqm/judging/norm.ts';
import {
  barsFor,
  type Cell,
  judgeCell,
  judgeCompleteness,
  placeOf,
} from '../../../src/dqm/judging/verdicts.ts';
import { objectLayout } from '../../../src/dqm/layout.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { cardOf } from '../../sim/example.ts';

const nowhere = () => ({ object: null, bins: [], where: [] });
const reading = (of: string, value = 1): Reading => ({ check: 'channels', of, value, bins: [] });
const bars = barsFor(2736, 5000);
const judged = (
  before: Cell | null,
  atMs: number,
  ...decades: readonly [of: string, decades: number][]
): Cell =>
  judgeCell(
    before,
    decades.map(([of, one]) => ({ reading: reading(of), decades: one })),
    bars,
    atMs,
    nowhere,
  );

describe('a cell', () => {
  it('is medium when a reading is rare once, bad when the next cycle reads it again, good after one good cycle', () => {
    const rare = bars.twice + 0.1;
    const once = judged(null, 1, ['low card', rare], ['high card', 0]);
    expect(once.quality).toBe('medium');
    expect(judged(once, 2, ['low card', 0], ['high card', rare]).quality).toBe('medium');
    const twice = judged(once, 2, ['low card', rare], ['high card', 0]);
    expect([twice.quality, twice.sinceMs]).toEqual(['bad', 2]);
    const third = judged(twice, 3, ['low card', 0], ['high card', rare]);
    expect([third.quality, third.sinceMs]).toEqual(['bad', 2]);
    expect(judged(third, 4, ['low card', 0], ['high card', 0])).toMatchObject({
      quality: 'good',
      sinceMs: 4,
    });
    expect(judged(null, 1, ['silent card', bars.once + 0.1]).quality).toBe('bad');
    // One crowded frame may make any other reading.
    expect(judged(null, 1, ['low card', bars.once + 9]).quality).toBe('medium');
    expect(judged(null, 1).quality).toBe('null');
  });

  it('stands by a reading until it is read again, a minute at most: bits have their turn once in some cycles', () => {
    const rare = bars.twice + 1;
    const once = judged(null, 0, ['bits: low chip', rare], ['low card', 0]);
    const between = judged(once, 5_000, ['low card', 0]);
    expect([between.quality, between.sinceMs, between.atMs]).toEqual(['medium', 0, 5_000]);
    expect(judged(between, 20_000, ['bits: low chip', rare], ['low card', 0]).quality).toBe('bad');
    expect(judged(between, 20_000, ['bits: low chip', 0], ['low card', 0]).quality).toBe('good');
    expect(judged(between, 66_000, ['low card', 0]).quality).toBe('good');
    const other = judged(between, 10_000, ['low card', rare]);
    expect([other.quality, [...other.rare.keys()]]).toEqual([
      'medium',
      ['channels: bits: low chip', 'channels: low card'],
    ]);
  });

  it('names the part whose residual is largest: of a dead card the card, of one channel the channel', () => {
    const card = cardOf('auau');
    const layout = objectLayout(
      card,
      { cardLayers: 4, cardLanes: 64, chipLanes: 32 },
      { symbolsPerPatch: 1, alphabet: 8, levels: [8], symbolDigits: 1 },
    );
    const places = placesOf(layout, card);
    const place = (one: Reading) => placeOf(one, places, () => '');
    const rated = (of: string, value: number, bins: number[]) => ({
      reading: { check: 'channels', of, value, bins },
      decades: 20,
    });
    const dead = judgeCell(
      null,
      [
        rated('occupancy: low channel', 9, [800]),
        rated('occupancy: low chip', 46, [25]),
        rated('occupancy: low card', 130, [5]),
      ],
      bars,
      1,
      place,
    );
    expect(dead.where).toEqual(['front-end card 5 (layers 4–7, azimuth 128–191)']);
    const sudden = [
      rated('occupancy: silent chip', 46, [25]),
      rated('occupancy: suddenly untouched card', 30, [5]),
    ];
    expect(judgeCell(null, sudden, bars, 1, place).where).toEqual(dead.where);
    // Sums name both that are dead, where what is sudden names the one that is silent for longer.
    const both = judgeCell(null, [...sudden, rated('occupancy: silent card', 40, [5, 4])], bars, 1, place);
    expect(both.where).toHaveLength(2);
    expect(dead.bins).toHaveLength(256);
    expect(dead.reason).toMatch(
      /^Front-end card 5 .* is low in occupancy, by 130 standard deviations; fewer than 1 in/,
    );
    const hot = judgeCell(
      null,
      [rated('occupancy: high channel', 300, [785]), rated('occupancy: high card', 40, [5])],
      bars,
      1,
      place,
    );
    expect([hot.where, hot.bins]).toEqual([['layer 4, azimuth 17'], [785]]);
  });

  it('has bars that rise with what is read, and fall with the length of a cycle', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e5 }),
        fc.integer({ min: 100, max: 60_000 }),
        (readings, cycleMs) => {
          const one = barsFor(readings, cycleMs);
          expect(one.once).toBeGreaterThan(one.twice);
          expect(barsFor(2 * readings, cycleMs).twice - one.twice).toBeCloseTo(Math.log10(2));
          expect(barsFor(readings, 2 * cycleMs).once).toBeLessThan(one.once);
        },
      ),
    );
  });

  it('of completeness is as what is absent says', () => {
    const quality = (absent: number, all: number) => judgeCompleteness(null, { absent, all }, 1).quality;
    expect([quality(0, 0), quality(0, 10), quality(1, 100), quality(1, 10)]).toEqual([
      'null',
      'good',
      'medium',
      'bad',
    ]);
  });
});

describe('what is usual', () => {
  it('is known after a hundred values, and is the same after it was kept', () => {
    const norm = openNorm();
    const prng = createPrng(3);
    const draw = () => [
      reading('a', prng.exponential()),
      { ...reading('b', Math.abs(prng.gaussian())), check: 'trend' },
    ];
    for (let i = 0; i < 99; i++) norm.learn(draw(), 4);
    expect([norm.ready, norm.decades(reading('a'), 4)]).toEqual([false, null]);
    for (let i = 0; i < 400; i++) norm.learn(draw(), 4);
    const again = openNorm(norm.save());
    for (const value of [0, 1, 3, 8, 50])
      expect(again.decades(reading('a', value), 4)).toBe(norm.decades(reading('a', value), 4));
    expect(norm.decades(reading('a', 0.7), 4)).toBeCloseTo(0.3, 0);
    // One in e^7 of an exponential: three decades.
    expect(norm.decades(reading('a', 7), 4)).toBeGreaterThan(2);
    // What falls with the frames looked into is comparable at any number of them.
    const trend = { ...reading('b', 1), check: 'trend' };
    expect(norm.decades(trend, 16)).toBe(norm.decades({ ...trend, value: 2 }, 4));
    expect(norm.decades(reading('unheard of'), 4)).toBeNull();
  });
});
