/** What is shipped of good runs: it is whole, of the card beside it, small, and says where it comes from. */

import { describe, expect, it } from 'vitest';
import { instruments, usualText, watchedOf } from '../../../loadtest/watched_runs.ts';
import { loadCards } from '../../../src/assemble.ts';
import { parseUsualCard } from '../../../src/wire/cards/usual.ts';

describe('what is usual', () => {
  it.each(instruments)('of %s is of its card, of its objects, and under 200 kB', (instrument) => {
    const text = usualText(instrument);
    const usual = parseUsualCard(text);
    expect(text.length).toBeLessThan(200_000);
    expect([usual.instrument, usual.card]).toEqual([instrument, String(loadCards(instrument).card.hash)]);
    expect(usual.made).toMatchObject({ simulated: true, by: 'models/train/make_usual.ts' });
    expect(Number(usual.made.regionCycles)).toBeGreaterThanOrEqual(1000);
    const watched = watchedOf(instrument, usual);
    const empty = [new Float64Array(watched.size), new Float64Array(watched.size)];
    // Every reading has its knots: what nobody knows of good runs says nothing.
    const { alone, parts, compare } = { ...watched, parts: watched.parts.reading };
    const keys = (readings: readonly { check: string; of: string }[]): string[] =>
      readings.map(({ check, of }) => `${check}: ${of}`);
    const now = instrument === 'l1-objects' ? empty.slice(1) : empty;
    const wanted = keys(alone!.against(now)(0));
    expect(wanted.filter((key) => usual.alone[key] === undefined)).toEqual([]);
    const references = [{ run: 1, values: now }];
    const own = keys(compare(references).against(now)(0, { bits: true, auto: true }));
    expect(
      [...own, `channels: ${parts}`].filter((key) => usual.compared.beginning[key] === undefined),
    ).toEqual([]);
    expect(Object.keys(usual.compared.runs)).toEqual(Object.keys(usual.compared.beginning));
  });

  it('is refused with all that is wrong', () => {
    const good = JSON.parse(usualText('sphenix-tpc-pp'));
    const text = (change: object): string => JSON.stringify({ ...good, ...change });
    expect(() => parseUsualCard('{')).toThrow('not JSON');
    expect(() => parseUsualCard(text({ format: 'tessera-usual/1', card: 'x' }))).toThrow('2 fault(s)');
    const knots = { 'trend: hits': { at: [1, 3, 2, 4], scale: 1 } };
    expect(() => parseUsualCard(text({ alone: knots }))).toThrow('knots must ascend');
    const shapes = { ...good.shapes, adc: [1, 2, 3] };
    expect(() => watchedOf('sphenix-tpc-pp', parseUsualCard(text({ shapes })))).toThrow(
      'the shape of adc is not of 64 numbers',
    );
  });
});
