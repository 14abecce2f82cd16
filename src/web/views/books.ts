/**
 * The books of every service, how packets were kept, and what was refused. Refuses to say that books balance: the service
 * says so, or not.
 */

import type { BookSnapshot } from '../../domain/status.ts';
import { h, keyed, mark, put, shown } from '../parts/dom.ts';
import { whole } from '../parts/figures.ts';
import { heading, wideTable } from '../parts/table.ts';
import type { Figures } from '../stream/beats.ts';

const rungs = [
  ['ordinary', 'tokens'],
  ['rare', 'lossless: rare'],
  ['prescale', 'lossless: prescale'],
  ['shedRefinement', 'refinement shed'],
  ['shedFrame', 'frame shed'],
  ['budget', 'rare, less for the budget'],
  ['spare', 'with spare planes'],
] as const;

export const createBooks = (): {
  readonly root: HTMLElement;
  draw(books: readonly BookSnapshot[], lead: Figures): void;
} => {
  const body = h('tbody');
  const track = h('div', { class: 'track', 'aria-hidden': 'true' });
  const ladder = h('ul', { class: 'ladder' });
  const kept = h('div', {}, h('h3', {}, 'Kept as'), track, ladder);
  const refused = h('ul', { class: 'refused' });
  const root = h(
    'div',
    {},
    h('p', { class: 'key' }, 'received = kept + shed + refused + in flight'),
    wideTable(
      'Books',
      ['', 'received', 'kept', 'shed', 'refused', 'in flight', ''].map((name) => heading(name)),
      body,
    ),
    kept,
    h('h3', {}, 'Refused, by code'),
    refused,
  );

  const drawLadder = ({ fidelity }: Figures): void => {
    shown(kept, fidelity !== undefined);
    const rows = rungs
      .map(([name, text], tone) => ({ text, tone, count: fidelity?.[name] ?? 0 }))
      .filter(({ count, tone }) => count > 0 || tone < 3);
    keyed(
      track,
      rows.filter(({ count }) => count > 0),
      ({ text }) => text,
      ({ tone }) => h('span', { class: `tone-${tone}` }),
      (part, { count }) => {
        part.style.flexGrow = String(count);
      },
    );
    keyed(
      ladder,
      rows,
      ({ text }) => text,
      ({ tone }) => h('li', {}, h('span', { class: `dot tone-${tone}` }), h('span')),
      (row, { count, text }) => put(row.lastElementChild!, `${whole(count)} ${text}`),
    );
  };
  const drawRefused = ({ refused: codes = [] }: Figures): void => {
    const rows = codes.length === 0 ? [{ code: 'none so far', meaning: '', count: 0 }] : codes;
    keyed(
      refused,
      rows,
      ({ code }) => code,
      ({ code, meaning }) => h('li', {}, h('b'), h('span', {}, code, ' ', h('small', {}, meaning))),
      (row, { count }) => put(row.firstElementChild!, count === 0 ? '' : whole(count)),
    );
  };

  return {
    root,
    draw(books, lead) {
      keyed(
        body,
        books.map((book, i) => ({ book, i })),
        ({ book, i }) => `${book.service} ${i}`,
        ({ book }) =>
          h('tr', {}, h('th', { scope: 'row' }, book.service), ...Array.from({ length: 6 }, () => h('td'))),
        (row, { book }) => {
          const cells = [...row.children].slice(1);
          [book.received, book.kept, book.shed, book.refused, book.inFlight].forEach((value, i) => {
            put(cells[i]!, whole(value));
            mark(cells[i]!, 'class', (i === 2 || i === 3) && value > 0 ? 'some' : null);
          });
          put(cells[5]!, book.balanced ? '✓ balanced' : '✗ does not balance');
          mark(cells[5]!, 'class', book.balanced ? 'balanced' : 'unbalanced');
        },
      );
      drawLadder(lead);
      drawRefused(lead);
    },
  };
};
