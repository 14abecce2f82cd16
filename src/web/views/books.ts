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

/** received = kept + shed + refused + in flight: an account, one column a service. */
const entries = [
  { sign: '', name: 'received', of: 'received', isLoss: false },
  { sign: '=', name: 'kept', of: 'kept', isLoss: false },
  { sign: '+', name: 'shed', of: 'shed', isLoss: true },
  { sign: '+', name: 'refused', of: 'refused', isLoss: true },
  { sign: '+', name: 'in flight', of: 'inFlight', isLoss: false },
] as const;

export const createBooks = (): {
  readonly root: HTMLElement;
  draw(books: readonly BookSnapshot[], lead: Figures): void;
} => {
  const head = h('tr');
  const lines = entries.map(({ sign, name }) =>
    h('tr', {}, h('th', { scope: 'row' }, h('span', { class: 'sign' }, sign), name)),
  );
  const verdicts = h('tr', { class: 'whole' }, h('th', { scope: 'row' }));
  const track = h('div', { class: 'track', 'aria-hidden': 'true' });
  const ladder = h('ul', { class: 'ladder' });
  const kept = h('div', {}, h('h3', {}, 'Kept as'), track, ladder);
  const refused = h('ul', { class: 'refused' });
  const root = h(
    'div',
    {},
    wideTable('Books', head, h('tbody', {}, ...lines, verdicts)),
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
      const names = books.map(({ service }) => service).join('|');
      if (head.dataset.of !== names) {
        head.dataset.of = names;
        head.replaceChildren(heading(''), ...books.map(({ service }) => heading(service)));
        for (const row of [...lines, verdicts])
          row.replaceChildren(row.firstElementChild!, ...books.map(() => h('td')));
      }
      books.forEach((book, column) => {
        entries.forEach(({ of, isLoss }, i) => {
          const cell = lines[i]!.children[column + 1]!;
          put(cell, whole(book[of]));
          mark(cell, 'class', isLoss && book[of] > 0 ? 'some' : null);
        });
        const verdict = verdicts.children[column + 1]!;
        put(verdict, book.balanced ? '✓ balanced' : '✗ does not balance');
        mark(verdict, 'class', book.balanced ? 'balanced' : 'unbalanced');
      });
      drawLadder(lead);
      drawRefused(lead);
    },
  };
};
