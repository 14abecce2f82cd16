/**
 * What the signs mean and which keys there are, over the page. Refuses to be more than one screen.
 */

import { h } from './parts/dom.ts';
import { icon } from './parts/icons.ts';
import { badge, type Tone } from './parts/quality.ts';

const keys: readonly (readonly [string, string])[] = [
  ['1 … 9, 0', 'the views, in the order of the menu'],
  ['b', 'big screen; Esc leaves it'],
  ['← ↑ → ↓', 'move in the matrix'],
  ['j  k', 'next and previous row of a list'],
  ['Enter', 'open what is chosen'],
  ['Esc', 'close it again'],
  ['n', 'next cell that is not good (overview)'],
  ['Space', 'hold the feed (anomalies)'],
  ['r  l  s', 'reference, log scale, statistics (plots)'],
  ['/', 'to the first filter'],
  ['t', 'dark, light, as the system'],
  ['?', 'this'],
];

const meanings: readonly (readonly [Tone, string])[] = [
  ['good', 'as in good runs'],
  ['medium', 'rare in good runs: look at it'],
  ['bad', 'very rare in good runs: something is wrong'],
  ['null', 'nothing to judge, or nothing to compare with'],
  ['old', 'nobody has looked for too long'],
];

const dialog = h('dialog', { class: 'help', 'aria-label': 'Keys and signs' });

const list = (rows: readonly (readonly [Node, string])[]): HTMLElement =>
  h('dl', {}, ...rows.flatMap(([term, text]) => [h('dt', {}, term), h('dd', {}, text)]));

export const openHelp = (): void => {
  if (dialog.open) return;
  if (!dialog.isConnected) {
    const close = h(
      'button',
      { type: 'button', class: 'quiet', 'aria-label': 'Close', onclick: () => dialog.close() },
      icon('close'),
    );
    dialog.append(
      h('div', { class: 'dialog-head' }, h('h2', {}, 'Keys and signs'), close),
      h(
        'div',
        { class: 'columns' },
        h('section', {}, h('h3', {}, 'Qualities'), list(meanings.map(([tone, text]) => [badge(tone), text]))),
        h('section', {}, h('h3', {}, 'Keys'), list(keys.map(([key, text]) => [h('kbd', {}, key), text]))),
      ),
    );
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener('keydown', (event) => {
      if (event.key === '?') dialog.close();
    });
    document.body.append(dialog);
  }
  dialog.showModal();
};
