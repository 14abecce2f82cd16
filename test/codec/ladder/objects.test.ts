/** The ladder on objects: every rung of any frame decodes, the last to the very numbers, with built-in and fitted tables. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitTables } from '../../../src/codec/ladder/fit.ts';
import { decodeLadder, encodeLadder } from '../../../src/codec/ladder/ladder.ts';
import { builtInTables, type LadderTables } from '../../../src/codec/ladder/tables.ts';
import { parseTables, tablesToJson } from '../../../src/codec/ladder/tables_file.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { digitsOfRecords, recordLayout } from '../../../src/wire/frames/records.ts';
import { randomObjects, triggerCard } from '../../objects.ts';
import { recordsOf } from '../../wire/arbitraries.ts';
import { objectsCard } from '../../wire/small_card.ts';
import { hitsOf } from '../scene.ts';

const bytesOf = (digits: Digits, tables: LadderTables): number =>
  encodeLadder(digits, triggerCard, tables, { planes: 4, remainder: true }).reduce(
    (sum, { payload }) => sum + payload.length,
    0,
  );

describe.each([objectsCard, triggerCard])('the ladder on $id', (card) => {
  const layout = recordLayout(card);
  const sample = Array.from({ length: 200 }, (_, n) => randomObjects(card, n));
  const fitted = parseTables(tablesToJson(fitTables(sample, card)), card);

  it.each([
    ['built-in', builtInTables(card)],
    ['fitted', fitted],
  ] as const)('gives every number back, by %s tables', (_, tables) => {
    fc.assert(
      fc.property(recordsOf(card), (records) => {
        const digits = digitsOfRecords(records, layout);
        const layers = encodeLadder(digits, card, tables, { planes: 4, remainder: true });
        const whole = decodeLadder(layers, digits.count, card, tables)!;
        expect(whole.exact).toBe(true);
        expect(hitsOf(whole.digits)).toEqual(hitsOf(digits));
        for (let planes = 0; planes <= 4; planes += 1) {
          const part = decodeLadder(layers.slice(0, 1 + planes), digits.count, card, tables)!;
          expect(part.planes).toBe(planes);
          expect([...part.digits.voxel]).toEqual([...digits.voxel.subarray(0, digits.count)]);
        }
      }),
    );
  });
});

describe('tables fitted to objects', () => {
  it('make frames like those smaller than built-in ones do', () => {
    const fitted = fitTables(
      Array.from({ length: 1000 }, (_, n) => randomObjects(triggerCard, n)),
      triggerCard,
      {},
      () => {},
    );
    const builtIn = builtInTables(triggerCard);
    const unseen = Array.from({ length: 200 }, (_, n) => randomObjects(triggerCard, 5000 + n));
    const sum = (tables: LadderTables): number =>
      unseen.reduce((bytes, digits) => bytes + bytesOf(digits, tables), 0);
    // Six streams of a frame so small have some 50 bytes of heads and coder states between them, whatever the tables.
    expect(sum(fitted)).toBeLessThan(0.92 * sum(builtIn));
  });
});
