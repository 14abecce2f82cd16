/** The feed: whatever comes is counted, some dozens are shown, causes are counted over ten minutes. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/domain/limits.ts';
import type { FeedItem } from '../../../src/dqm/board.ts';
import { pValueInWords } from '../../../src/dqm/shown/anomalies.ts';
import { openFeed, readId } from '../../../src/dqm/shown/feed.ts';

const item = (n: number, atMs: number, cause: string, pValue = 0.01): FeedItem => ({
  ...{ id: `1-${n}-r`, atMs, run: 1, timeFrame: n, region: 'r', cause, pValue, where: '' },
});

describe('the feed', () => {
  it('shows the newest, and what it left out it counts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 12 }), (bursts) => {
        const feed = openFeed();
        let n = 0;
        for (const burst of bursts) {
          for (let i = 0; i < burst; i++) feed.take(item(n++, n, 'surprise'));
          const shown = feed.shown(n);
          expect(shown.total).toBe(n);
          expect(shown.items.map(({ timeFrame }) => timeFrame)).toEqual(
            Array.from({ length: Math.min(n, limits.dqmFeedItemsShown) }, (_, i) => n - 1 - i),
          );
          expect(shown.skipped).toBe(Math.max(0, burst - limits.dqmFeedItemsShown));
          expect(feed.fresh).toBe(false);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('counts causes over ten minutes, and knows the rarest of each', () => {
    const feed = openFeed();
    feed.take(item(1, 0, 'dead', 1e-5));
    feed.take(item(2, 300_000, 'dead', 1e-3));
    feed.take(item(3, 300_000, 'hot'));
    expect(feed.shown(300_000).causes).toEqual([
      { cause: 'dead', count: 2, pValueMin: 1e-5 },
      { cause: 'hot', count: 1, pValueMin: 0.01 },
    ]);
    expect(feed.shown(700_000).causes[0]).toEqual({ cause: 'dead', count: 1, pValueMin: 1e-3 });
    expect(feed.shown(1_000_000).causes).toEqual([]);
  });

  it('names frames so that the name is read again, and says p-values in words', () => {
    expect(readId('42-7-tpc_outer_n03')).toEqual({ run: 42, timeFrame: 7, region: 'tpc_outer_n03' });
    for (const text of ['', '42-7', '4.2-7-r', '42--r', '99999999999-1-r']) expect(readId(text)).toBeNull();
    expect(pValueInWords(0.00025, 1 / 5200, 1 / 3100)).toBe(
      'about one normal frame in 4,000 is as unusual (between 3,100 and 5,200)',
    );
    // Beyond every normal frame seen, a figure is an extrapolation, and is called so.
    expect(pValueInWords(1 / 24_000, 0, 1 / 170)).toBe(
      'rarer than every normal frame seen: at most one in 170 is as unusual; extrapolated, about one in 24,000',
    );
    expect(pValueInWords(1.5e-13, 0, 1 / 170)).toContain('; extrapolated, fewer than one in a million');
    expect(pValueInWords(1.5e-13, null, null)).toBe('fewer than one normal frame in a million is as unusual');
    expect(pValueInWords(0, null, null)).toBe('no normal frame known is as unusual');
  });
});
