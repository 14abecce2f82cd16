/** What a tab is told of: bounded, newest first, nothing twice, no point of a trend lost. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoardEvents, FeedItem, FeedShown } from '../../src/dqm/board.ts';
import { feedItemsMax, mergeFeed, type News, take } from '../../src/web/stream/merge.ts';

const item = (number: number): FeedItem => ({
  id: `1-${number}-a`,
  atMs: number,
  run: 1,
  timeFrame: number,
  region: 'a',
  cause: 'gain',
  pValue: 0.001,
  where: '',
});
const feed = (numbers: readonly number[], total: number, skipped = 0): FeedShown => ({
  items: [...numbers].sort((a, b) => b - a).map(item),
  total,
  skipped,
  causes: [],
});

describe('merged feed', () => {
  it('is bounded, newest first, and has nothing twice', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(2_000), { maxLength: 120 }), { maxLength: 12 }), (messages) => {
        let total = 0;
        const merged = messages.reduce<FeedShown | undefined>((known, numbers) => {
          total += numbers.length;
          return mergeFeed(known, feed([...new Set(numbers)], total, 1));
        }, undefined);
        if (merged === undefined) return;
        const ids = merged.items.map(({ id }) => id);
        expect(ids.length).toBeLessThanOrEqual(feedItemsMax);
        expect(new Set(ids).size).toBe(ids.length);
        expect(merged.items.map(({ atMs }) => atMs)).toEqual(
          [...merged.items].map(({ atMs }) => atMs).sort((a, b) => b - a),
        );
        expect(merged.total).toBe(total);
        expect(merged.skipped).toBe(messages.length);
      }),
    );
  });

  it('begins anew when the monitor did', () => {
    expect(mergeFeed(feed([1, 2, 3], 3), feed([9], 1)).items.map(({ atMs }) => atMs)).toEqual([9]);
  });
});

describe('news that waits', () => {
  it('has the newest of each kind, and every point of trends up to its bound', () => {
    const news: News = {};
    const points = (atMs: number): BoardEvents['trends'] => ({ atMs, values: { a: atMs } });
    for (let i = 0; i < 200; i++) {
      take(news, 'trends', points(i));
      take(news, 'services', [{ serviceId: String(i), atMs: i, silent: false, message: null }]);
    }
    expect(news.services![0]!.serviceId).toBe('199');
    expect(news.trends!.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 120 }, (_, i) => 80 + i));
  });
});
