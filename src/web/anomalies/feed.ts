/**
 * The anomaly feed: unusual frames newest first, the most unusual, or grouped by cause; one opened beside the list. While a
 * reader points at the list it holds still. Refuses to grow: rows are bounded, older ones are asked for.
 */

import type { FeedItem } from '../../dqm/board.ts';
import { api } from '../api.ts';
import { go } from '../go.ts';
import { moveInRows } from '../keys.ts';
import { h, keyed, mark, only, put, shown } from '../parts/dom.ts';
import { oneIn, whole, words } from '../parts/figures.ts';
import { field, options, toggle } from '../parts/form.ts';
import { emptyState, faultState, waitingState } from '../parts/states.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';
import { createFramePanel } from './frame.ts';
import { buildRow, fillRow } from './row.ts';

const orders = [
  ['newest', 'newest'],
  ['unusual', 'most unusual'],
  ['cause', 'by cause'],
] as const;
const rarities = [
  ['', 'any'],
  ['0.0001', 'rarer than 1 in 10,000'],
  ['0.00001', 'rarer than 1 in 100,000'],
  ['0.000001', 'rarer than 1 in a million'],
] as const;
/** The list changes at most so often: at a thousand frames a second it can still be read, and pointed at. */
const listEveryMs = 1_000;
/** Rows in the page: more than a screen, less than what costs a frame. */
const rowsMax = 120;
const olderAsked = 50;

export const createFeed = (store: Store): View => {
  const order = h(
    'div',
    { class: 'segments', role: 'group', 'aria-label': 'Order' },
    ...orders.map(([name, text]) =>
      h(
        'button',
        {
          type: 'button',
          'data-order': name,
          onclick: () => change({ order: name === 'newest' ? '' : name }),
        },
        text,
      ),
    ),
  );
  const region = h('select', { id: 'feed-region' });
  const cause = h('select', { id: 'feed-cause' });
  const rarity = h('select', { id: 'feed-p' });
  options(rarity, rarities);
  const hold = toggle('hold', () => held(!holding));
  const key = h('p', { class: 'key', role: 'status' });
  const list = h('ol', { class: 'rows feed-rows' });
  const groups = h('div', { class: 'causes' });
  const older = h('button', { type: 'button', onclick: () => void askOlder() }, 'Older ones');
  const panel = createFramePanel(store);
  const listCard = h(
    'section',
    { class: 'card feed-card', 'aria-label': 'Unusual frames' },
    list,
    groups,
    older,
  );
  const aside = h('aside', {}, panel.root);
  const body = h('div', { class: 'split' }, listCard, aside);
  const waiting = waitingState(store);
  const content = h('div', {}, waiting.root);
  const root = h(
    'div',
    {},
    h('h1', {}, 'Unusual frames'),
    h(
      'form',
      { class: 'controls', onsubmit: (event: Event) => event.preventDefault() },
      order,
      field('region', region),
      field('cause', cause),
      field('rarity', rarity),
      hold,
      h('span', { class: 'spacer' }),
      key,
    ),
    content,
  );
  let query: Route['query'] = {};
  let holding = false;
  let pointed = false;
  let frozen: readonly FeedItem[] | null = null;
  let latest: readonly FeedItem[] = [];
  let latestMs = Number.NEGATIVE_INFINITY;
  let asked: readonly FeedItem[] = [];
  let fault: unknown = null;

  /** What a person does is seen at once. */
  const drawNow = (): void => {
    latestMs = Number.NEGATIVE_INFINITY;
    store.touch();
  };
  const change = (patch: Record<string, string>): void => go(hrefOf('feed', { ...query, ...patch }), true);
  const held = (is: boolean): void => {
    holding = is;
    mark(hold, 'aria-pressed', String(is));
    if (!is && !pointed) frozen = null;
    drawNow();
  };
  for (const [select, name] of [
    [region, 'region'],
    [cause, 'cause'],
    [rarity, 'p'],
  ] as const)
    select.addEventListener('change', () => {
      asked = [];
      change({ [name]: select.value });
    });
  list.addEventListener('pointerenter', () => {
    pointed = true;
  });
  list.addEventListener('pointerleave', () => {
    pointed = false;
    if (!holding) frozen = null;
    drawNow();
  });

  const fits = (item: FeedItem): boolean =>
    (query.region === undefined || item.region === query.region) &&
    (query.cause === undefined || item.cause === query.cause) &&
    (query.p === undefined || item.pValue <= Number(query.p)) &&
    (query.run === undefined || item.run === Number(query.run));

  const rowsNow = (): readonly FeedItem[] => {
    const known = new Map<string, FeedItem>();
    for (const item of [...(store.feed?.items ?? []), ...asked]) if (fits(item)) known.set(item.id, item);
    const all = [...known.values()];
    if (query.order === 'unusual') all.sort((a, b) => a.pValue - b.pValue || b.atMs - a.atMs);
    else all.sort((a, b) => b.atMs - a.atMs);
    return all.slice(0, Math.max(rowsMax, asked.length + rowsMax));
  };
  const askOlder = async (): Promise<void> => {
    const oldest = rowsNow().reduce((least, item) => Math.min(least, item.atMs), store.nowMs);
    older.disabled = true;
    try {
      const more = await api.anomalies({
        before: Math.floor(oldest),
        region: query.region,
        cause: query.cause,
        run: query.run,
        p: query.p,
        limit: olderAsked,
      });
      asked = [...asked, ...more].slice(-400);
      put(older, more.length < olderAsked ? 'No older ones are kept' : 'Older ones');
      older.disabled = more.length < olderAsked;
      fault = null;
    } catch (error) {
      fault = error;
      older.disabled = false;
    }
    drawNow();
  };

  const drawGroups = (): void => {
    const causes = [...(store.feed?.causes ?? [])].sort((a, b) => b.count - a.count);
    const items = latest;
    keyed(
      groups,
      causes.filter((one) => query.cause === undefined || one.cause === query.cause),
      (one) => one.cause,
      (one) =>
        h(
          'section',
          {},
          h('h2', {}, h('a', { href: hrefOf('feed', { cause: one.cause }) }, words(one.cause))),
          h('p', { class: 'key' }),
          h('ol', { class: 'rows' }),
        ),
      (section, one) => {
        put(
          section.children[1]!,
          `${whole(one.count)} in 10 min; rarest: ${oneIn(one.pValueMin)} normal frames`,
        );
        keyed(
          section.children[2]!,
          items.filter((item) => item.cause === one.cause).slice(0, 3),
          (item) => item.id,
          (item) => buildRow(item.region),
          (row, item) => fillRow(row, item, query, store.nowMs, true),
        );
      },
    );
  };

  const fillControls = (): void => {
    const regions = store.board?.instrument.regions ?? [];
    options(region, [['', 'all'], ...regions.map((name) => [name, name] as const)]);
    const causes = new Set([
      ...(store.feed?.causes ?? []).map((one) => one.cause),
      ...(query.cause === undefined ? [] : [query.cause]),
    ]);
    options(cause, [['', 'any'], ...[...causes].sort().map((name) => [name, words(name)] as const)]);
    for (const [select, value] of [
      [region, query.region],
      [cause, query.cause],
      [rarity, query.p],
    ] as const)
      if (select.value !== (value ?? '') && select !== document.activeElement) select.value = value ?? '';
    for (const button of order.children)
      mark(
        button,
        'aria-pressed',
        String((button as HTMLElement).dataset.order === (query.order ?? 'newest')),
      );
  };
  const say = (now: readonly FeedItem[]): void => {
    const { feed } = store;
    if (feed === null) return;
    const newer =
      frozen === null ? 0 : rowsNow().filter((item) => item.atMs > (frozen![0]?.atMs ?? 0)).length;
    put(
      key,
      feed.total === 0
        ? ''
        : frozen === null
          ? `${whole(feed.total)} since the monitor started, the newest ${whole(now.length)} here`
          : `${holding ? 'held' : 'held while you point at it'}: ${newer === 0 ? 'nothing' : whole(newer)} newer`,
    );
  };

  return {
    root,
    enter(route) {
      query = route.query;
      latestMs = Number.NEGATIVE_INFINITY;
      panel.choose(query.id ?? null);
    },
    draw() {
      waiting.draw();
      const { feed } = store;
      only(content, feed === null ? waiting.root : body);
      mark(body, 'data-open', query.id === undefined ? null : 'true');
      if (feed === null) return;
      fillControls();
      const byCause = query.order === 'cause';
      shown(list, !byCause);
      shown(groups, byCause);
      shown(older, !byCause);
      if ((holding || pointed) && frozen === null) frozen = rowsNow();
      if (performance.now() - latestMs >= listEveryMs) {
        latest = rowsNow();
        latestMs = performance.now();
      }
      const rows = frozen ?? latest;
      if (byCause) drawGroups();
      else
        keyed(
          list,
          rows,
          (item) => item.id,
          ({ cause }) => buildRow(words(cause)),
          (row, item) => fillRow(row, item, query, store.nowMs),
        );
      const none = byCause ? feed.causes.length === 0 : rows.length === 0;
      const filtered = query.region ?? query.cause ?? query.p ?? query.run;
      const state = fault !== null ? `${fault}` : !none ? '' : filtered === undefined ? 'none' : 'none here';
      if (listCard.dataset.state !== state) {
        listCard.dataset.state = state;
        listCard.querySelector(':scope > .state')?.remove();
        if (fault !== null) listCard.append(faultState(fault, () => void askOlder()));
        else if (none)
          listCard.prepend(
            filtered === undefined
              ? emptyState(
                  'Nothing unusual',
                  'No frame since the monitor started was rare enough to be shown.',
                )
              : emptyState('Nothing unusual here', 'No frame in memory fits these filters; older ones may.'),
          );
      }
      say(rows);
    },
    leave() {
      frozen = null;
      pointed = false;
    },
    key(event) {
      if (event.key === 'Escape' && query.id !== undefined) {
        const { id: _id, ...rest } = query;
        go(hrefOf('feed', rest));
        return true;
      }
      if (event.key === ' ' && !(document.activeElement instanceof HTMLButtonElement)) {
        held(!holding);
        return true;
      }
      return moveInRows(event, [...content.querySelectorAll<HTMLElement>('a.row')]);
    },
  };
};
