/** The run book against a set of ids: whatever comes, in whatever order, what is missing is told exactly. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRunBook } from '../../../src/archive/proof/run_book.ts';

const arrivals = fc.array(
  fc.record({
    partition: fc.nat(1),
    region: fc.nat(2),
    messageId: fc.nat(40),
    end: fc.constantFrom('kept', 'shed', 'refused'),
  }),
  { maxLength: 120 },
);

describe('the run book', () => {
  it('counts like a set of ids', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        const book = openRunBook(9, ['a', 'b', 'c']);
        const seen = new Map<string, Map<number, string>>();
        for (const { partition, region, messageId, end } of given) {
          if (end === 'refused') book.refusal({ partition, region, messageId });
          else book.packet({ partition, region, messageId }, end === 'shed');
          const stream = `${region}/${partition}`;
          const ids = seen.get(stream) ?? new Map<number, string>();
          seen.set(stream, ids);
          if (!ids.has(messageId)) ids.set(messageId, end);
        }
        const { regions, total, gaps } = book.close(true);
        for (const { region, expected, received, kept, shed, refused, lost } of regions) {
          const streams = [...seen].filter(([key]) => key.startsWith(`${region}/`)).map(([, ids]) => ids);
          const ends = streams.flatMap((ids) => [...ids.values()]);
          const span = (ids: Map<number, string>) => Math.max(...ids.keys()) - Math.min(...ids.keys()) + 1;
          expect(received).toBe(ends.length);
          expect(expected).toBe(streams.reduce((sum, ids) => sum + span(ids), 0));
          expect([kept, shed, refused]).toEqual(
            ['kept', 'shed', 'refused'].map((end) => ends.filter((one) => one === end).length),
          );
          expect(expected).toBe(received + lost);
        }
        expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBe(total.lost);
        for (const { region, partition, fromId, count } of gaps)
          for (let id = fromId; id < fromId + count; id += 1)
            expect(seen.get(`${region}/${partition}`)!.has(id)).toBe(false);
        expect(total.repeated).toBe(given.length - total.received);
      }),
    );
  });

  it('answers in one sentence, and says what it cannot know', () => {
    const book = openRunBook(4, ['a']);
    for (const messageId of [0, 1, 3]) book.packet({ partition: 0, region: 0, messageId }, false);
    book.timeFrame([0]);
    book.timeFrame([]);
    expect(book.close(true).answer).toBe('1 frame of run 4 was lost.');
    expect(book.close(false).answer).toContain('refusals were not recorded');
    expect(book.close(true).regions[0]!.absent).toBe(1);
    book.refusal({ partition: 0, region: 0, messageId: 2 });
    expect(book.close(true).answer).toBe('Nothing was lost in run 4.');
  });
});
