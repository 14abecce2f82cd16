/**
 * A row of the feed: how rare, what, where, how long ago. Refuses to be longer than a line or two: the whole of a place is
 * in its title, and in the frame.
 */

import type { FeedItem } from '../../dqm/board.ts';
import { h, mark, put } from '../parts/dom.ts';
import { ago, oneIn, probability } from '../parts/figures.ts';
import { hrefOf, type Route } from '../route.ts';

/** @param name its cause; under the heading of that cause, its region */
export const buildRow = (name: string): HTMLLIElement =>
  h(
    'li',
    {},
    h(
      'a',
      { class: 'row feed-row' },
      h('span', { class: 'rare' }),
      h('b', { class: 'main' }, name),
      h('span', { class: 'when' }),
      h('span', { class: 'more' }),
    ),
  );

/** @param isRegionNamed the row's name says its region already */
export const fillRow = (
  row: HTMLElement,
  item: FeedItem,
  query: Route['query'],
  nowMs: number,
  isRegionNamed = false,
): void => {
  const link = row.firstElementChild!;
  const [rare, , when, more] = link.children;
  put(rare!, oneIn(item.pValue));
  mark(rare!, 'title', `p ${probability(item.pValue)}`);
  put(when!, `${ago(nowMs - item.atMs)} ago`);
  const where = item.where === '' ? `time frame ${item.timeFrame}` : item.where;
  put(more!, isRegionNamed ? where : `${item.region}: ${where}`);
  mark(more!, 'title', `${item.region}: ${where}; run ${item.run}, time frame ${item.timeFrame}`);
  mark(link, 'aria-current', item.id === query.id ? 'true' : null);
  mark(link, 'href', hrefOf('feed', { ...query, id: item.id }));
};
