/**
 * The page without a mouse: keys of the whole page here, keys of one view with that view. Refuses to take a key from who is
 * writing.
 */

import { go } from './go.ts';
import { openHelp } from './help.ts';
import { hrefOf } from './route.ts';
import type { View } from './view.ts';

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

export const createKeys = (page: {
  readonly view: () => View | undefined;
  readonly goTo: (number: number) => void;
}): void => {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (writes(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur();
      return;
    }
    if (page.view()?.key?.(event) === true) {
      event.preventDefault();
      return;
    }
    const { key } = event;
    if (key === '?') openHelp();
    else if (key >= '1' && key <= '9') page.goTo(Number(key));
    else if (key === '0') page.goTo(10);
    else if (key === 'b') go(hrefOf('wall'));
    else if (key === 't') document.getElementById('theme')?.click();
    else if (key === '/') document.querySelector<HTMLElement>('main select, main input')?.focus();
    else return;
    event.preventDefault();
  });
};

/** Moves the focus among the rows of a list: j and k, down and up. */
export const moveInRows = (event: KeyboardEvent, rows: readonly HTMLElement[]): boolean => {
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step === undefined || rows.length === 0) return false;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next =
    at === -1 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[next]!.focus();
  rows[next]!.scrollIntoView({ block: 'nearest' });
  return true;
};
