/**
 * Where the milliseconds go: each stage's p50 and p99 against its budget, and the whole below. Refuses to scale: a full bar
 * is the stage's budget, for every stage.
 */

import type { StageSnapshot } from '../../domain/status.ts';
import { h, keyed, mark, put } from '../parts/dom.ts';
import { duration, ofBudget } from '../parts/figures.ts';

/** A latency as a share of its budget. */
export const judge = (share: number): string => (share > 1 ? 'bad' : share > 0.8 ? 'warn' : 'good');
/** The bar's end is half again its budget, so that what is over shows as over. */
const barShare = 1.25;

const build = ({ stage }: StageSnapshot): HTMLTableRowElement =>
  h(
    'tr',
    { class: stage === 'total' || stage === 'inside' ? 'whole' : null },
    h('th', { scope: 'row' }, stage),
    h('td'),
    h('td'),
    h(
      'td',
      { class: 'wide' },
      h(
        'span',
        { class: 'bar' },
        h('i', { class: 'p99' }),
        h('i', { class: 'p50' }),
        h('i', { class: 'end' }),
      ),
    ),
    h('td', { class: 'share' }, h('span'), h('span', { class: 'budget' })),
  );

export const createWaterfall = (): {
  readonly root: HTMLElement;
  draw(stages: readonly StageSnapshot[]): void;
} => {
  const body = h('tbody');
  const root = h(
    'div',
    {},
    h(
      'p',
      { class: 'key' },
      h('span', { class: 'swatch p50' }),
      ' p50 ',
      h('span', { class: 'swatch p99' }),
      ' p99, as a share of each stage’s budget; the last ten seconds',
    ),
    h(
      'table',
      { class: 'waterfall' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'stage'),
          h('th', { scope: 'col' }, 'p50'),
          h('th', { scope: 'col' }, 'p99'),
          h(
            'th',
            { scope: 'col', class: 'wide' },
            h('span', { class: 'scale' }, h('span', {}, '0'), h('span', {}, 'budget')),
          ),
          h('th', { scope: 'col' }, 'of budget'),
        ),
      ),
      body,
    ),
  );
  const width = (share: number): string => `${Math.min(100, (share / barShare) * 100).toFixed(1)}%`;
  return {
    root,
    draw(stages) {
      keyed(
        body,
        stages,
        ({ stage }) => stage,
        build,
        (row, { p50Ms, p99Ms, budgetMs }) => {
          const [, p50, p99, , share] = row.children;
          const of = p99Ms === null ? 0 : p99Ms / budgetMs;
          put(p50!, duration(p50Ms));
          put(p99!, duration(p99Ms));
          put(share!.firstElementChild!, p99Ms === null ? '–' : ofBudget(of));
          put(share!.lastElementChild!, ` of ${duration(budgetMs)}`);
          mark(row, 'data-judgement', judge(of));
          row.querySelector<HTMLElement>('i.p50')!.style.width = width((p50Ms ?? 0) / budgetMs);
          row.querySelector<HTMLElement>('i.p99')!.style.width = width(of);
        },
      );
    },
  };
};
