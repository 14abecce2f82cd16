/**
 * What a view shows when it has nothing to show: still waiting, nothing there, or why it could not be had. Refuses to leave
 * a reader before an empty frame.
 */

import type { Store } from '../store.ts';
import { h, put, shown } from './dom.ts';
import { age } from './figures.ts';

export const emptyState = (title: string, text: string, ...more: readonly Node[]): HTMLElement =>
  h('div', { class: 'state' }, h('h2', {}, title), h('p', {}, text), ...more);

export const faultState = (error: unknown, again?: () => void): HTMLElement =>
  h(
    'div',
    { class: 'state', 'data-kind': 'fault', role: 'alert' },
    h('h2', {}, 'This could not be had'),
    h('p', {}, error instanceof Error ? error.message : String(error)),
    again !== undefined && h('button', { type: 'button', onclick: again }, 'Try again'),
  );

export const loadingState = (what: string): HTMLElement =>
  h('div', { class: 'state', 'data-kind': 'loading' }, h('p', {}, `loading ${what} …`));

/** Nothing has come yet: what is waited for, and what to do when it takes long. */
export const waitingState = (store: Store): { readonly root: HTMLElement; draw(): void } => {
  const openedMs = store.nowMs;
  const text = h('p', {}, 'The monitor has not said anything yet.');
  const hint = h(
    'p',
    { hidden: true },
    'It should answer within seconds. Is it running? ',
    h('code', {}, 'tessera up'),
    ' starts everything, ',
    h('code', {}, 'tessera dqm'),
    ' the monitor alone.',
  );
  const root = h(
    'div',
    { class: 'state', 'data-kind': 'loading' },
    h('h2', {}, 'Connecting to the monitor …'),
    text,
    hint,
  );
  return {
    root,
    draw() {
      const waitedMs = store.nowMs - openedMs;
      shown(hint, waitedMs > 5_000);
      if (waitedMs > 5_000) put(text, `The monitor has not said anything for ${age(waitedMs)}.`);
    },
  };
};
