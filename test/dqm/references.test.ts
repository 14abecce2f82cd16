/** The book of references: what holds after any sequence of commands, and what each of them means. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { limits } from '../../src/domain/limits.ts';
import {
  changeReferences,
  emptyReferences,
  type ReferenceBook,
  type ReferenceCommand,
  referencesOf,
} from '../../src/dqm/references.ts';

const person = { activity: 'physics', who: 'ada', why: 'same beam', atMs: 1 };
const goodRuns = (runs: readonly number[]): ReferenceBook =>
  runs.reduce(
    (book, run) => changeReferences(book, { command: 'good', activity: 'physics', run, atMs: 0 }),
    emptyReferences,
  );
const run = fc.integer({ min: 1, max: 30 });
const command: fc.Arbitrary<ReferenceCommand> = fc.oneof(
  run.map((one) => ({ command: 'good' as const, activity: 'physics', run: one, atMs: 0 })),
  fc
    .tuple(fc.constantFrom('choose' as const, 'pin' as const), fc.array(run, { maxLength: 10 }))
    .map(([name, runs]) => ({ ...person, command: name, runs })),
  fc.constant({ ...person, command: 'release' as const }),
);

describe('references', () => {
  it('are never more than eight, always good runs, and a refused command changes nothing', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let book = emptyReferences;
        for (const one of commands) {
          try {
            book = changeReferences(book, one);
          } catch (fault) {
            expect(fault).toBeInstanceOf(Fault);
          }
          const runs = referencesOf(book, 'physics');
          expect(runs.length).toBeLessThanOrEqual(limits.dqmReferencesMax);
          for (const of of runs) expect(book.activities.get('physics')!.good).toContain(of);
          expect(book.history.length).toBeLessThanOrEqual(limits.dqmReferenceChangesKept);
        }
      }),
    );
  });

  it('follow the last good runs, stay where they are pinned, and come free when released', () => {
    let book = goodRuns([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(referencesOf(book, 'physics')).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    book = changeReferences(book, { ...person, command: 'choose', runs: [3] });
    expect(referencesOf(book, 'physics')).toEqual([3]);
    book = changeReferences(book, { command: 'good', activity: 'physics', run: 10, atMs: 2 });
    expect(referencesOf(book, 'physics')).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    book = changeReferences(book, { ...person, command: 'pin', runs: [4, 5] });
    book = changeReferences(book, { command: 'good', activity: 'physics', run: 11, atMs: 3 });
    expect(referencesOf(book, 'physics')).toEqual([4, 5]);
    book = changeReferences(book, { ...person, command: 'release' });
    expect(referencesOf(book, 'physics')).toHaveLength(8);
    expect(book.history.map(({ choice }) => choice)).toEqual(['latest', 'pinned', 'chosen']);
    expect(referencesOf(book, 'cosmics')).toEqual([]);
  });

  it('refuse what nobody called good, nothing, too many, and releasing nothing', () => {
    const book = goodRuns([1]);
    for (const runs of [[2], [], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
      expect(() => changeReferences(book, { ...person, command: 'pin', runs })).toThrow(Fault);
    expect(() => changeReferences(book, { ...person, command: 'release' })).toThrow(/nothing to release/);
  });
});
