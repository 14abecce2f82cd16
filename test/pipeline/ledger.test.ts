import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanced, openLedger } from '../../src/pipeline/ledger.ts';

describe('ledger', () => {
  it('balances after every movement', () => {
    const movement = fc.record({
      received: fc.nat(50),
      kept: fc.nat(10),
      shed: fc.nat(10),
      refused: fc.nat(10),
      returned: fc.nat(10),
    });
    fc.assert(
      fc.property(fc.array(movement), (movements) => {
        const ledger = openLedger();
        for (const { received, kept, shed, refused, returned } of movements) {
          ledger.received(received);
          expect(balanced(ledger.books)).toBe(true);
          if (kept + shed + refused + returned > ledger.books.inFlight) continue;
          ledger.settled({ kept, shed, refused });
          expect(balanced(ledger.books)).toBe(true);
          ledger.returned(returned);
          expect(balanced(ledger.books)).toBe(true);
        }
      }),
    );
  });

  it('throws when more would leave than is in flight', () => {
    const ledger = openLedger();
    ledger.received(2);
    expect(() => ledger.settled({ kept: 2, shed: 1, refused: 0 })).toThrow('3 items cannot leave');
    expect(() => ledger.returned(3)).toThrow('2 are in flight');
  });
});
