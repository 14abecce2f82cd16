/** Partial events as rows: what goes into the columns comes back, and files of before have no event model. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventTable, rowOfEvent } from '../../src/archive/event_rows.ts';
import { partialEvents } from '../wire/arbitraries.ts';

describe('rows of partial events', () => {
  it('come back from their columns, with what made their tokens', () => {
    fc.assert(
      fc.property(partialEvents, (event) => {
        const row = rowOfEvent(event);
        const cells = Object.fromEntries(eventTable.columns.map(({ name, of }) => [name, of(row)]));
        expect(eventTable.rowOf(cells)).toEqual(row);
        const { event_model: _, event_model_hash: __, ...before } = cells;
        expect(eventTable.rowOf(before)).toEqual({ ...row, eventModel: null });
      }),
      { numRuns: 50 },
    );
  });
});
