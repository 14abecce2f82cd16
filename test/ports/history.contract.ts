/**
 * The history contract, as one suite that every adapter must pass: entries of kinds by key and instant, bounded, the oldest gone
 * first. Refuses to know which store it runs on.
 */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry, History } from '../../src/ports/history.ts';

const entry = (key: string, atMs: number, value = Uint8Array.of(1, 2, 3)): Entry => ({ key, atMs, value });
const keysOf = (entries: Iterable<Entry>): string[] => Array.from(entries, ({ key }) => key);

export function historyContract(name: string, start: () => { history: History; end: () => void }): void {
  describe(`history contract: ${name}`, () => {
    let history: History;
    let end: () => void;
    beforeAll(() => {
      ({ history, end } = start());
    });
    afterAll(() => {
      history.close();
      end();
    });

    it('gives back what was put, of any size, and null where nothing is', () => {
      const large = new Uint8Array(300_000).map((_, i) => (i % 997) & 255);
      for (const value of [new Uint8Array(0), Uint8Array.of(7), large]) {
        history.put('size', [entry('one', 5, value)], 10);
        const found = history.get('size', 'one')!;
        expect([found.atMs, Buffer.compare(found.value, value)]).toEqual([5, 0]);
      }
      expect(history.get('size', 'two')).toBeNull();
      expect(history.get('another kind', 'one')).toBeNull();
      history.remove('size', 'one');
      history.remove('size', 'one');
      expect(history.get('size', 'one')).toBeNull();
    });

    it('lists newest or oldest first, between instants, and may be left early', () => {
      history.put('list', [entry('b', 20), entry('a', 10), entry('c', 30), entry('d', 30)], 10);
      expect(keysOf(history.list('list'))).toEqual(['d', 'c', 'b', 'a']);
      expect(keysOf(history.list('list', { order: 'oldest' }))).toEqual(['a', 'b', 'c', 'd']);
      expect(keysOf(history.list('list', { fromMs: 20, beforeMs: 30 }))).toEqual(['b']);
      for (const { key } of history.list('list')) {
        expect(key).toBe('d');
        break;
      }
      history.put('list', [entry('e', 40)], 10);
      expect(keysOf(history.list('list'))[0]).toBe('e');
    });

    it('never holds more of a kind than it may, and lets the oldest go first', () => {
      let round = 0;
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 12 }),
          fc.array(fc.array(fc.nat(1000), { maxLength: 8 }), { maxLength: 12 }),
          (most, puts) => {
            const kind = `bound ${round++}`;
            let held: { key: string; atMs: number }[] = [];
            for (const [turn, instants] of puts.entries()) {
              const entries = instants.map((atMs, i) => entry(`${turn}.${i}`, atMs));
              history.put(kind, entries, most);
              held = [...held, ...entries].toSorted((a, b) => a.atMs - b.atMs).slice(-most);
              expect(keysOf(history.list(kind, { order: 'oldest' }))).toEqual(held.map(({ key }) => key));
            }
          },
        ),
        { numRuns: 30 },
      );
    });

    it('puts an entry over the one of its key', () => {
      history.put('over', [entry('x', 1)], 3);
      history.put('over', [entry('x', 9, Uint8Array.of(9))], 3);
      expect(Array.from(history.list('over'))).toEqual([entry('x', 9, Uint8Array.of(9))]);
    });
  });
}
