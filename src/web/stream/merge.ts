/**
 * Many events as few: what a tab is told of at most some times a second, with nothing lost that must not be. The newest of
 * each kind stands for all of it; points of trends are kept one by one; of the feed the newest are kept and the rest
 * counted. Pure. Refuses to grow: every list has its bound here.
 */

import type { BoardEvents, FeedItem, FeedShown } from '../../dqm/board.ts';

export type EventName = keyof BoardEvents;
export const eventNames: readonly EventName[] = ['board', 'feed', 'alarms', 'services', 'trends', 'runs'];

/** Rows that a reader may scroll back through; what is older is asked of the server. */
export const feedItemsMax = 300;
/** A tab that slept is told of so many points of trends at most; the rest is asked of the server. */
const trendPointsMax = 120;

export interface News {
  board?: BoardEvents['board'];
  feed?: FeedShown;
  alarms?: BoardEvents['alarms'];
  services?: BoardEvents['services'];
  runs?: BoardEvents['runs'];
  trends?: readonly BoardEvents['trends'][];
}

/** Newest first, each frame once. */
const mergeItems = (newer: readonly FeedItem[], older: readonly FeedItem[]): readonly FeedItem[] => {
  if (older.length === 0) return newer.slice(0, feedItemsMax);
  const known = new Set(newer.map(({ id }) => id));
  const merged = newer.slice(0, feedItemsMax);
  for (const item of older) {
    if (merged.length >= feedItemsMax) break;
    if (!known.has(item.id)) merged.push(item);
  }
  return merged.sort((a, b) => b.atMs - a.atMs);
};

export const mergeFeed = (older: FeedShown | undefined, newer: FeedShown): FeedShown => {
  if (older === undefined) return newer;
  // Fewer than before: the monitor began anew, and its older frames are asked for where they are kept.
  if (newer.total < older.total) return newer;
  const items = mergeItems(newer.items, older.items);
  return { ...newer, items, skipped: older.skipped + newer.skipped };
};

/** Puts one event to the news that wait. */
export const take = <Name extends EventName>(news: News, name: Name, value: BoardEvents[Name]): void => {
  if (name === 'feed') news.feed = mergeFeed(news.feed, value as FeedShown);
  else if (name === 'trends')
    news.trends = [...(news.trends ?? []), value as BoardEvents['trends']].slice(-trendPointsMax);
  else Object.assign(news, { [name]: value });
};
