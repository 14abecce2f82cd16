/** Alerts as a state machine: records count, nothing is told of what is retracted, and the book stays bounded. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyAlertBook, obey, openBurst, takeTelling } from '../../../src/anomaly/bursts/alerts.ts';
import type { Burst, BurstTelling, Notice } from '../../../src/domain/burst.ts';
import { limits } from '../../../src/domain/limits.ts';

const burst = (firstMs: number): Burst => ({
  firstMs,
  lastMs: firstMs + 3000,
  weight: 12,
  expected: 0.3,
  windowMs: 10_000,
  windowWeight: 12,
  threshold: 9,
  falseAlarmsPerSecond: 1e-9,
  pValue: 1e-8,
  backgroundPerSecond: 0.1,
  instantsMs: [firstMs, firstMs + 3000],
});
const said = { who: 'ana', why: 'a lamp' };

describe('alerts', () => {
  it('have an id that is the burst’s beginning and a sentence with its figures', () => {
    const { book, notices } = takeTelling(
      emptyAlertBook,
      { kind: 'begun', burst: burst(1.7e12) },
      1.7e12 + 5000,
    );
    expect(notices).toMatchObject([
      { kind: 'initial', alert: { id: 'burst-20231114T221320000Z', record: 1 } },
    ]);
    expect(openBurst(book)).toBe(
      '12 rare time frames in 10 s, full from 9 on; 12 since it began, background 0.1 a second',
    );
    const lasting = takeTelling(book, { kind: 'lasting', burst: burst(1.7e12) }, 1.7e12 + 9000);
    expect(lasting.notices).toMatchObject([{ kind: 'retraction', alert: { phase: 'retracted', record: 2 } }]);
    expect(openBurst(lasting.book)).toBeNull();
  });

  it('hold together whatever happens', () => {
    const step = fc.oneof(
      fc.constantFrom('begun', 'grown', 'ended', 'lasting').map((kind) => ({ kind })),
      fc.constant({ command: 'fire-drill', ...said } as const),
      fc
        .constantFrom('latest', 'burst-20231114T221320000Z')
        .map((alert) => ({ command: 'retract', alert, ...said }) as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let book = emptyAlertBook;
        const told = new Map<string, Notice[]>();
        for (const [i, one] of steps.entries()) {
          const atMs = 1.7e12 + 60_000 * i;
          const next =
            'command' in one
              ? obey(book, one, atMs)
              : takeTelling(book, { ...(one as Pick<BurstTelling, 'kind'>), burst: burst(atMs) }, atMs);
          expect(next.notices.length).toBeLessThanOrEqual(1);
          if (next.fault !== null) expect(next.book).toBe(book);
          ({ book } = next);
          for (const notice of next.notices)
            told.set(notice.alert.id, [...(told.get(notice.alert.id) ?? []), notice]);
          expect(book.alerts.length).toBeLessThanOrEqual(limits.alertsKept);
        }
        for (const notices of told.values()) {
          expect(notices.map(({ alert }) => alert.record)).toEqual(notices.map((_, i) => i + 1));
          expect(notices.map(({ kind }) => kind === 'initial')).toEqual(notices.map((_, i) => i === 0));
          expect(notices.slice(0, -1).some(({ kind }) => kind === 'retraction')).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });
});
