/**
 * One cell of the matrix, opened: why it is what it is, where, since when, and the plot it is read from. Refuses to load
 * the plot before somebody looks at the cell.
 */

import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import { createPlot } from '../draw/plot.ts';
import { h, only, put, shown } from '../parts/dom.ts';
import { age, capital, timeOfDay, words } from '../parts/figures.ts';
import { icon } from '../parts/icons.ts';
import { badge, setBadge, toneOf } from '../parts/quality.ts';
import { hrefOf } from '../route.ts';
import type { Store } from '../store.ts';

export interface CellPanel {
  readonly root: HTMLElement;
  choose(cell: { readonly region: string; readonly check: string } | null): void;
  draw(board: BoardSnapshot): void;
  leave(): void;
}

const placesShown = 12;

export const createCellPanel = (store: Store): CellPanel => {
  const title = h('h2');
  const sign = badge('null');
  const since = h('span', { class: 'since' });
  const reason = h('p', { class: 'reason' });
  const meaning = h('p', { class: 'key' });
  const whereTitle = h('h3', {}, 'Where');
  const where = h('ul', { class: 'places' });
  const plot = createPlot(store, { compact: true });
  const links = h('p', { class: 'links' });
  const close = h(
    'a',
    { class: 'quiet', href: hrefOf('overview'), 'aria-label': 'Close', title: 'Close (Esc)' },
    icon('close'),
  );
  const root = h(
    'section',
    { class: 'card cell-panel', 'aria-live': 'polite' },
    h('div', { class: 'panel-head' }, title, close),
    h('p', { class: 'standing' }, sign, since),
    reason,
    meaning,
    whereTitle,
    where,
    plot.root,
    links,
  );
  let chosen: { readonly region: string; readonly check: string } | null = null;

  const drawCell = (board: BoardSnapshot, cell: CellShown): void => {
    setBadge(sign, toneOf(cell, store.nowMs, board.staleAfterMs));
    put(
      since,
      cell.sinceMs === 0
        ? ''
        : `since ${timeOfDay(cell.sinceMs, store.nowMs)}, ${age(store.nowMs - cell.sinceMs)}; looked at ${age(store.nowMs - cell.atMs)} ago`,
    );
    put(reason, capital(cell.reason));
    const places = cell.where.slice(0, placesShown);
    shown(where, places.length > 0);
    shown(whereTitle, places.length > 0);
    if (where.dataset.shown !== places.join('|')) {
      where.dataset.shown = places.join('|');
      where.replaceChildren(...places.map((place) => h('li', {}, place)));
    }
    const { region, object } = cell;
    shown(plot.root, object !== null);
    if (object !== null) plot.show({ region, object, span: 'moving', compare: 'pulls' }, cell.bins);
    const wanted = JSON.stringify([region, object]);
    if (links.dataset.of === wanted) return;
    links.dataset.of = wanted;
    links.replaceChildren(
      ...[
        h(
          'a',
          { href: hrefOf('plots', { region, object, compare: 'pulls' }) },
          object === null ? `Plots of ${region}` : 'Open the plot',
        ),
        h('a', { href: hrefOf('trends', { region }) }, `Trends of ${region}`),
        h('a', { href: hrefOf('feed', { region }) }, `Unusual frames of ${region}`),
      ],
    );
  };

  return {
    root,
    choose(cell) {
      chosen = cell;
    },
    draw(board) {
      if (chosen === null) return;
      const { region, check } = chosen;
      put(title, `${region}: ${words(check)}`);
      put(meaning, capital(board.checks.find(({ name }) => name === check)?.meaning ?? ''));
      const cell = board.cells.find((one) => one.region === region && one.check === check);
      if (cell !== undefined) {
        drawCell(board, cell);
        return;
      }
      setBadge(sign, 'null');
      put(since, '');
      put(reason, `There is no such check of ${region} now.`);
      for (const part of [where, whereTitle, plot.root]) shown(part, false);
      only(links, h('a', { href: hrefOf('overview') }, 'Back to all'));
    },
    leave() {
      plot.leave();
    },
  };
};
