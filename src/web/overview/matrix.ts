/**
 * Regions × checks: a row a region, a column a check, a cell's quality as tone, shape and, where it is not good, word.
 * Refuses to redraw what did not change.
 */

import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import { h, keyed, mark } from '../parts/dom.ts';
import { age, capital, words } from '../parts/figures.ts';
import { badge, setBadge, type Tone, toneOf, toneWords } from '../parts/quality.ts';
import { hrefOf } from '../route.ts';
import type { Store } from '../store.ts';
import { silentChecks } from './silent.ts';

/** Names of checks fit side by side up to so many. */
const headingsAcross = 9;

export interface Matrix {
  readonly root: HTMLElement;
  choose(cell: { readonly region: string; readonly check: string } | null): void;
  draw(board: BoardSnapshot): void;
  key(event: KeyboardEvent): boolean;
}

export const createMatrix = (store: Store, open: (region: string, check: string) => void): Matrix => {
  const head = h('tr', {});
  const body = h('tbody');
  const table = h('table', { class: 'matrix' }, h('thead', {}, head), body);
  const root = h(
    'div',
    { class: 'matrix-scroll', role: 'region', 'aria-label': 'Qualities by region and check', tabindex: '-1' },
    table,
  );
  let chosen: { readonly region: string; readonly check: string } | null = null;
  let checks = '';

  const drawHead = (board: BoardSnapshot): void => {
    const names = board.checks.map(({ name }) => name).join('|');
    if (names === checks) return;
    checks = names;
    body.replaceChildren();
    // More checks than there is room for words: their names stand upright.
    table.dataset.many = String(board.checks.length > headingsAcross);
    head.replaceChildren(
      h('th', { scope: 'col', class: 'corner' }, 'region'),
      h('th', { scope: 'col', class: 'whole' }, h('span', {}, 'overall')),
      ...board.checks.map(({ name, meaning }) =>
        h('th', { scope: 'col', title: meaning }, h('span', {}, words(name))),
      ),
    );
  };
  const buildRow = (region: string, board: BoardSnapshot): HTMLTableRowElement =>
    h(
      'tr',
      {},
      h(
        'th',
        { scope: 'row' },
        // For the pointer: with keys a cell is one stop, and its panel has the way to its region's plots.
        h('a', { href: hrefOf('plots', { region }), title: `Plots of ${region}`, tabindex: '-1' }, region),
      ),
      h('td', { class: 'whole' }, badge('null')),
      ...board.checks.map(({ name }) => {
        const button = h(
          'button',
          {
            type: 'button',
            class: 'cell',
            tabindex: '-1',
            onclick: () => open(region, name),
            'data-check': name,
          },
          badge('null'),
        );
        return h('td', {}, button);
      }),
    );
  const fillCell = (
    button: HTMLElement,
    cell: CellShown | undefined,
    tone: Tone,
    region: string,
    check: string,
  ): void => {
    setBadge(button.firstElementChild as HTMLElement, tone);
    mark(button, 'data-tone', tone);
    const reason = cell?.reason ?? 'nobody looked at it yet';
    const since =
      cell === undefined || cell.sinceMs === 0 ? '' : `, since ${age(store.nowMs - cell.sinceMs)}`;
    mark(button, 'aria-label', `${region}, ${words(check)}: ${toneWords[tone]}. ${reason}`);
    mark(button, 'title', `${capital(words(check))}: ${toneWords[tone]}${since}\n${reason}`);
    mark(button, 'aria-pressed', chosen?.region === region && chosen.check === check ? 'true' : 'false');
  };

  const buttons = (): HTMLElement[] => [...body.querySelectorAll<HTMLElement>('button.cell')];
  const rove = (): void => {
    // One cell takes the Tab key: the chosen one, or the first.
    const all = buttons();
    const home =
      all.find((one) => one === document.activeElement) ??
      all.find((one) => one.getAttribute('aria-pressed') === 'true') ??
      all[0];
    for (const one of all) mark(one, 'tabindex', one === home ? '0' : '-1');
  };

  return {
    root,
    choose(cell) {
      chosen = cell;
    },
    draw(board) {
      if (table.parentElement !== root) root.replaceChildren(table);
      drawHead(board);
      // A big screen divides its height by it.
      table.style.setProperty('--rows', String(board.instrument.regions.length));
      const cells = new Map<string, CellShown>();
      for (const cell of board.cells) cells.set(`${cell.region} ${cell.check}`, cell);
      const silent = new Set(silentChecks(board).map(({ name }) => name));
      keyed(
        body,
        board.instrument.regions.map((region, i) => ({ region, i })),
        ({ region }) => region,
        ({ region }) => buildRow(region, board),
        (row, { region, i }) => {
          const overall = board.regions[i];
          const atMs = board.cells.find((one) => one.region === region)?.atMs ?? 0;
          const tone = toneOf(overall && { quality: overall.quality, atMs }, store.nowMs, board.staleAfterMs);
          setBadge(row.children[1]!.firstElementChild as HTMLElement, tone);
          mark(row.children[1]!, 'title', overall?.reason ?? '');
          mark(row, 'data-tone', tone);
          board.checks.forEach(({ name }, column) => {
            const cell = cells.get(`${region} ${name}`);
            const button = row.children[column + 2]!.firstElementChild as HTMLElement;
            mark(button, 'data-silent', silent.has(name) ? 'true' : null);
            fillCell(button, cell, toneOf(cell, store.nowMs, board.staleAfterMs), region, name);
          });
        },
      );
      rove();
    },
    key({ key }) {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 'up', ArrowDown: 'down' }[key];
      if (step === undefined) return false;
      const all = buttons();
      const columns = body.firstElementChild?.querySelectorAll('button.cell').length ?? 0;
      if (columns === 0) return false;
      const at = all.indexOf(document.activeElement as HTMLElement);
      if (at === -1) {
        (all.find((one) => one.tabIndex === 0) ?? all[0])?.focus();
        return true;
      }
      const to = at + (step === 'up' ? -columns : step === 'down' ? columns : Number(step));
      all[to]?.focus();
      rove();
      return true;
    },
  };
};
