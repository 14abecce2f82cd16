/**
 * Beside the matrix: what changed lately, which alarms are open, what is unusual now. Refuses more rows than one looks at.
 */

import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import { h, keyed, put, shown } from '../parts/dom.ts';
import { ago, messageOf, oneIn, whole, words } from '../parts/figures.ts';
import { badge, setBadge, toneOf } from '../parts/quality.ts';
import { hrefOf } from '../route.ts';
import type { Store } from '../store.ts';
import { changesOf } from './changes.ts';

const changesMax = 6;
/** Of them, what became well again: good to know, but not what a shifter looks for. */
const wellMax = 2;
const alarmsMax = 4;
const causesMax = 4;

const regionsOf = (cells: readonly CellShown[]): string => {
  const count = new Set(cells.map(({ region }) => region)).size;
  return count === 1 ? cells[0]!.region : `${whole(count)} regions`;
};

export const createRecent = (
  store: Store,
): { readonly root: HTMLElement; draw(board: BoardSnapshot): void } => {
  const changes = h('ul', { class: 'rows' });
  const noChanges = h('p', { class: 'key' }, 'Nothing has changed since the monitor started.');
  const alarms = h('ul', { class: 'rows' });
  const noAlarms = h('p', { class: 'key' }, 'No alarm is open.');
  const causes = h('ul', { class: 'rows' });
  const noCauses = h('p', { class: 'key' }, 'No unusual frame in the last ten minutes.');
  const root = h(
    'div',
    { class: 'recent' },
    h('section', { class: 'card' }, h('h2', {}, 'What changed'), changes, noChanges),
    h(
      'section',
      { class: 'card' },
      h('h2', {}, h('a', { href: hrefOf('alarms') }, 'Alarms')),
      alarms,
      noAlarms,
    ),
    h(
      'section',
      { class: 'card' },
      h('h2', {}, h('a', { href: hrefOf('feed') }, 'Unusual frames')),
      causes,
      noCauses,
    ),
  );

  const drawChanges = (board: BoardSnapshot): void => {
    const lately = changesOf(board, changesMax, wellMax);
    shown(noChanges, lately.length === 0);
    keyed(
      changes,
      lately,
      ({ key }) => key,
      ({ quality, cells }) => {
        const [cell] = cells;
        const named =
          cells.length === 1
            ? [h('b', {}, cell!.region), ' ', words(cell!.check)]
            : [h('b', {}, `${whole(cells.length)} checks`), ` of ${regionsOf(cells)}`];
        const query = cells.length === 1 ? { region: cell!.region, check: cell!.check } : {};
        return h(
          'li',
          {},
          h(
            'a',
            { class: 'row', href: hrefOf('overview', query) },
            badge(quality),
            h('span', { class: 'main' }, ...named),
            h('span', { class: 'when' }),
            h('span', { class: 'more' }),
          ),
        );
      },
      (row, { cells, sinceMs }) => {
        const [sign, , when, more] = row.firstElementChild!.children;
        setBadge(sign as HTMLElement, toneOf(cells[0], store.nowMs, board.staleAfterMs));
        put(when!, ago(store.nowMs - sinceMs));
        put(more!, cells.length === 1 ? cells[0]!.where.slice(0, 2).join('; ') : '');
      },
    );
  };
  const drawAlarms = (): void => {
    const open = store.openAlarms;
    shown(noAlarms, open.length === 0);
    keyed(
      alarms,
      open.slice(0, alarmsMax),
      ({ cause }) => cause,
      ({ cause }) =>
        h(
          'li',
          {},
          h(
            'a',
            { class: 'row', href: hrefOf('alarms', { cause }) },
            h('b', { class: 'severity' }),
            h('span', { class: 'main' }, words(cause)),
            h('span', { class: 'when' }),
            h('span', { class: 'more brief' }),
          ),
        ),
      (row, alarm) => {
        const [severity, , when, more] = row.firstElementChild!.children;
        row.dataset.severity = alarm.severity;
        put(severity!, alarm.severity.toUpperCase());
        put(when!, ago(store.nowMs - alarm.sinceMs));
        put(
          more!,
          alarm.acknowledged === null
            ? messageOf(alarm.message).text
            : `${alarm.acknowledged.who} looks after it`,
        );
      },
    );
  };
  const drawCauses = (): void => {
    const now = [...(store.feed?.causes ?? [])].sort((a, b) => a.pValueMin - b.pValueMin).slice(0, causesMax);
    shown(noCauses, now.length === 0);
    keyed(
      causes,
      now,
      ({ cause }) => cause,
      ({ cause }) =>
        h(
          'li',
          {},
          h(
            'a',
            { class: 'row plain', href: hrefOf('feed', { cause }) },
            h('span', { class: 'main' }, words(cause)),
            h('span', { class: 'when' }),
            h('span', { class: 'more' }),
          ),
        ),
      (row, { count, pValueMin }) => {
        const [, when, more] = row.firstElementChild!.children;
        put(when!, `${whole(count)} in 10 min`);
        put(more!, `rarest: ${oneIn(pValueMin)} normal frames`);
      },
    );
  };

  return {
    root,
    draw(board) {
      drawChanges(board);
      drawAlarms();
      drawCauses();
    },
  };
};
