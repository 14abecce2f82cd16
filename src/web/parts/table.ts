/**
 * A table of figures that may be wider than its place: it scrolls by itself, by keys too. Refuses to widen the page.
 */

import { h } from './dom.ts';

export const heading = (text: string, className: string | null = null): HTMLTableCellElement =>
  h('th', { scope: 'col', class: className }, text);

/** A cell that says what it is where there is no room for a heading. */
export const labelled = (
  name: string,
  className: string | null = null,
  text: string | null = null,
): HTMLTableCellElement => h('td', { class: className, 'data-label': name }, text);

/** @param label what a screen reader calls it */
export const wideTable = (
  label: string,
  headings: readonly HTMLTableCellElement[] | HTMLTableRowElement,
  body: HTMLTableSectionElement,
  className = 'figures',
): HTMLElement =>
  h(
    'div',
    { class: 'wide-table', tabindex: '0', role: 'region', 'aria-label': label },
    h(
      'table',
      { class: className },
      h('thead', {}, headings instanceof HTMLTableRowElement ? headings : h('tr', {}, ...headings)),
      body,
    ),
  );
