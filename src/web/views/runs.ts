/**
 * The run log: one row a run, how it was, and the way to its plots and its unusual frames. Refuses to hide a bad run: what
 * was judged stays.
 */

import { h, keyed, mark, only, put, shown } from '../parts/dom.ts';
import { age, timeOfDay, whole } from '../parts/figures.ts';
import { badge, setBadge } from '../parts/quality.ts';
import { emptyState, waitingState } from '../parts/states.ts';
import { heading, labelled, wideTable } from '../parts/table.ts';
import { hrefOf } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';

/** On a phone a run is a block, its cells lines of it that say what they are. */
const columns = [
  'run',
  'quality',
  'why',
  'started',
  'lasted',
  'frames looked into',
  'unusual',
  'reference',
  'more',
] as const;

export const createRuns = (store: Store): View => {
  const body = h('tbody');
  const table = h(
    'section',
    { class: 'card' },
    wideTable(
      'Runs',
      columns.map((name) => heading(name)),
      body,
      'figures runs stacked',
    ),
  );
  const none = emptyState('No runs yet', 'A run appears here with its start message.');
  const waiting = waitingState(store);
  const content = h('div', {}, waiting.root);
  const root = h('div', {}, h('h1', {}, 'Runs'), content);
  let chosen: string | undefined;

  return {
    root,
    enter({ query }) {
      chosen = query.run;
    },
    draw() {
      waiting.draw();
      const { runs, freshness } = store;
      const references = store.board?.references.runs ?? [];
      only(content, freshness === 'waiting' ? waiting.root : runs.length === 0 ? none : table);
      keyed(
        body,
        runs,
        ({ run }) => String(run),
        ({ run, activity }) =>
          h(
            'tr',
            {},
            h(
              'th',
              { scope: 'row' },
              h('a', { href: hrefOf('runs', { run: String(run) }) }, String(run)),
              h('small', {}, ` ${activity}`),
            ),
            h('td', { class: 'text quality' }, badge('null')),
            h('td', { class: 'text long' }),
            ...(['started', 'lasted', 'frames looked into', 'unusual'] as const).map((name) =>
              labelled(name),
            ),
            labelled('reference', 'text'),
            h(
              'td',
              { class: 'text links' },
              h('a', { href: hrefOf('feed', { run: String(run) }) }, 'unusual frames'),
              ' ',
              h('a', { href: hrefOf('plots', { span: 'run', version: String(run) }) }, 'plots'),
            ),
          ),
        (row, one) => {
          const isOver = one.stoppedMs !== null;
          const [, quality, why, started, lasted, frames, unusual, reference] = row.children;
          setBadge(quality!.firstElementChild as HTMLElement, one.quality.quality);
          put(why!, one.quality.reason);
          put(started!, timeOfDay(one.startedMs, store.nowMs));
          put(
            lasted!,
            isOver ? age(one.stoppedMs! - one.startedMs) : `${age(store.nowMs - one.startedMs)} so far`,
          );
          put(frames!, whole(one.frames));
          put(unusual!, whole(one.rareFrames));
          put(reference!, references.includes(one.run) ? '✓ in use' : one.good ? 'can be one' : '–');
          mark(row, 'aria-current', String(one.run) === chosen ? 'true' : null);
          // A run that is taken has no kept version yet: its plots are those of now.
          shown(row.lastElementChild!.lastElementChild as HTMLElement, isOver);
        },
      );
    },
    leave() {},
  };
};
