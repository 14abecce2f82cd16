/** Objects of a trigger: each is counted once in every histogram that it belongs to, and what is missing is named. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCards } from '../../../src/assemble.ts';
import type { ObjectRecord } from '../../../src/domain/frame.ts';
import type { ObjectsCard } from '../../../src/domain/instrument.ts';
import { openTriggerFiller } from '../../../src/dqm/trigger/fill.ts';
import { binsOf, rowOf, triggerLayout } from '../../../src/dqm/trigger/layout.ts';
import { triggerReadings, usualTriggerReadings } from '../../../src/dqm/trigger/readings.ts';
import { plainObjects } from '../../../src/sim/objects/plain.ts';
import { digitsOfRecords, recordLayout } from '../../../src/wire/frames/records.ts';

const cards = loadCards('l1-objects');
const card = cards.card as ObjectsCard;
const layout = triggerLayout(card, cards.model);
const records = recordLayout(card);
const total = (bins: Float64Array): number => bins.reduce((sum, one) => sum + one, 0);

const filled = (seed: number, events: number, without = -1): Float64Array => {
  const objectsOf = plainObjects(card, [seed]);
  const filler = openTriggerFiller(layout);
  const into = new Float64Array(layout.size);
  for (let number = 0; number < events; number++) {
    const kept = objectsOf(number, 0).filter(({ group }) => group !== without);
    filler.addHits(digitsOfRecords(kept, records), into);
  }
  return into;
};

const record = fc.nat({ max: card.groups.length - 1 }).chain((group) =>
  fc.tuple(...card.fields.map(({ bits }) => fc.nat({ max: 2 ** bits - 1 }))).map(
    (values): ObjectRecord => ({
      group,
      values: values.map((value, i) =>
        card.groups[group]!.fields.includes(card.fields[i]!.name) ? value : 0,
      ),
    }),
  ),
);

describe('objects of a trigger', () => {
  it('are each counted once, in their group, by number, place and field', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (all) => {
        // No more of a group than the card has places for.
        const kept = card.groups.flatMap(({ countMax }, group) =>
          all.filter((one) => one.group === group).slice(0, countMax),
        );
        const into = new Float64Array(layout.size);
        openTriggerFiller(layout).addHits(digitsOfRecords(kept, records), into);
        expect(binsOf(layout, into, 'events')[kept.length]).toBe(1);
        expect(total(binsOf(layout, into, 'events'))).toBe(1);
        for (const [group, { fields }] of card.groups.entries()) {
          const count = kept.filter((one) => one.group === group).length;
          expect(rowOf(layout, into, 'counts', group)[count]).toBe(1);
          expect(total(rowOf(layout, into, 'sectors', group))).toBe(count);
          for (const { name } of card.fields)
            expect(total(rowOf(layout, into, name, group))).toBe(fields.includes(name) ? count : 0);
        }
      }),
    );
  });

  it('count tokens by position and symbol, and by digit', () => {
    const { symbolsPerPatch, alphabet } = layout;
    const symbols = Uint8Array.from({ length: 5 * symbolsPerPatch }, (_, i) => (7 * i) % alphabet);
    const into = new Float64Array(layout.size);
    openTriggerFiller(layout).addSymbols(symbols, 5, into);
    expect(total(binsOf(layout, into, 'symbols'))).toBe(symbols.length);
    expect(total(binsOf(layout, into, 'digits'))).toBe(5 * layout.levels.length);
    expect(binsOf(layout, into, 'symbols')[symbols[0]!]).toBeGreaterThan(0);
  });

  it('that are missing are read as silent, by group and against what is usual', () => {
    const [reference, good, bad] = [filled(1, 2000), filled(2, 500), filled(3, 500, 3)];
    const of = (values: Float64Array, name: string) => [
      triggerReadings(layout, values, reference, [reference]).find((one) => one.of === name)!,
      usualTriggerReadings(layout, values, reference).find((one) => one.of === name)!,
    ];
    for (const one of of(good, 'sectors: silent group')) expect(one.value).toBe(0);
    for (const one of of(bad, 'sectors: silent group'))
      expect([one.bins, one.value > 10]).toEqual([[3], true]);
    expect(of(bad, 'sectors: low group')[0]!.value).toBeGreaterThan(15);
    expect(of(good, 'sectors: low group')[0]!.value).toBeLessThan(5);
  });
});
