/**
 * A quality as the page shows it: a word, a shape and a tone together. Old news is grey whatever it said. Refuses to show
 * a colour without its word.
 */

import type { CellShown } from '../../dqm/board.ts';
import type { QualityName } from '../../dqm/quality.ts';
import { h, mark } from './dom.ts';
import { type IconName, icon } from './icons.ts';

/** `old`: nobody has looked for longer than may be. */
export type Tone = QualityName | 'old';

export const toneWords: Readonly<Record<Tone, string>> = {
  good: 'Good',
  medium: 'Medium',
  bad: 'Bad',
  null: 'No data',
  old: 'Old',
};

/** Worst first; what nobody looked at comes before what is well. */
export const toneOrder: Readonly<Record<Tone, number>> = { bad: 0, medium: 1, old: 2, null: 3, good: 4 };

export const toneOf = (
  cell: Pick<CellShown, 'quality' | 'atMs'> | undefined,
  nowMs: number,
  staleAfterMs: number,
): Tone => {
  if (cell === undefined) return 'null';
  if (cell.atMs === 0) return 'null';
  return nowMs - cell.atMs > staleAfterMs ? 'old' : cell.quality;
};

const icons: Readonly<Record<Tone, IconName>> = {
  good: 'good',
  medium: 'medium',
  bad: 'bad',
  null: 'null',
  old: 'old',
};

/** Shape and word in the quality's colour. */
export const badge = (tone: Tone): HTMLElement =>
  h(
    'span',
    { class: 'badge', 'data-tone': tone },
    icon(icons[tone]),
    h('span', { class: 'word' }, toneWords[tone]),
  );

/** Makes a badge another one; nothing is touched when it is that already. */
export const setBadge = (element: HTMLElement, tone: Tone): void => {
  if (element.dataset.tone === tone) return;
  mark(element, 'data-tone', tone);
  element.replaceChildren(icon(icons[tone]), h('span', { class: 'word' }, toneWords[tone]));
};
