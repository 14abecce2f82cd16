/**
 * A table of figures that may be wider than its place: it scrolls by itself, by keys too. Refuses to widen the page.
 */

import { h } from './dom.ts';

export const heading = (text: string, className: string | null = null): HTMLTableCellElement =>
  h('th', { scope: 'col', class: className }, text);

/** @param label what a screen reader calls it */
export const wideTable = (
  label: string,
  headings: readonly HTMLTableCellElement[],
  body: HTMLTableSectionElement,
  className = 'figures',
): HTMLElement =>
  h(
    'div',
    { class: 'wide-table', tabindex: '0', role: 'region', 'aria-label': label },
    h('table', { class: className }, h('thead', {}, h('tr', {}, ...headings)), body),
  );
