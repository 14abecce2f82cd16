/**
 * A quality as the page shows it: a word, a shape and a tone together. Old news is grey whatever it said. Refuses to show
 * a colour without its word.
 */

import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import type { QualityName } from '../../dqm/quality.ts';
import { h, mark } from './dom.ts';
import { icon } from './icons.ts';

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
  if (cell === undefined || cell.atMs === 0) return 'null';
  return nowMs - cell.atMs > staleAfterMs ? 'old' : cell.quality;
};

/** The detector as a whole: as old as its last cycle. */
export const overallTone = ({ overall, cycle, atMs, staleAfterMs }: BoardSnapshot, nowMs: number): Tone =>
  toneOf({ quality: overall.quality, atMs: cycle.endedMs ?? atMs }, nowMs, staleAfterMs);

/** Makes a badge another one; nothing is touched when it is that already. */
export const setBadge = (element: HTMLElement, tone: Tone): void => {
  if (element.dataset.tone === tone) return;
  mark(element, 'data-tone', tone);
  element.replaceChildren(icon(tone), h('span', { class: 'word' }, toneWords[tone]));
};

/** Shape and word in the quality's colour. */
export const badge = (tone: Tone): HTMLElement => {
  const element = h('span', { class: 'badge' });
  setBadge(element, tone);
  return element;
};
