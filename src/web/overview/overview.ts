/**
 * The first screen: how the detector is in one sentence, the matrix of regions and checks below it, and what changed
 * lately beside it. Refuses to move rows about: a region stays where a shifter has learnt to look for it.
 */

import type { BoardSnapshot } from '../../dqm/board.ts';
import { go } from '../go.ts';
import { h, mark, only, put } from '../parts/dom.ts';
import { age, capital, number3, oneIn, percent, whole, words } from '../parts/figures.ts';
import { badge, overallTone, setBadge, type Tone, toneOf, toneOrder, toneWords } from '../parts/quality.ts';
import { emptyState, waitingState } from '../parts/states.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';
import { createCellPanel } from './cell.ts';
import { createMatrix } from './matrix.ts';
import { createRecent } from './recent.ts';
import { silentChecks } from './silent.ts';

/** A sentence inside another. */
const uncapital = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const facts = (board: BoardSnapshot, store: Store): readonly (readonly [string, string])[] => {
  const { cycle, references } = board;
  const { causes = [], total = 0 } = store.feed ?? {};
  const rarest = causes.reduce((least, one) => Math.min(least, one.pValueMin), 1);
  return [
    ['references', references.words],
    [
      'last cycle',
      cycle.endedMs === null
        ? `the first of ${number3(cycle.seconds)} s is not over`
        : `${whole(cycle.frames)} frames looked into, ${percent(cycle.share)} of all; ${age(store.nowMs - cycle.endedMs)} ago`,
    ],
    [
      'unusual frames',
      total === 0 ? 'none yet' : `${whole(total)} since the start; rarest: ${oneIn(rarest)} normal frames`,
    ],
  ];
};

export const createOverview = (store: Store): View => {
  const sign = badge('null');
  const sentence = h('p', { class: 'sentence' });
  const tally = h('p', { class: 'tally' });
  const silent = h('p', { class: 'key' });
  const factList = h('dl', { class: 'facts' });
  const verdict = h(
    'section',
    { class: 'verdict', 'aria-labelledby': 'verdict-title', 'data-tone': 'null' },
    h('h1', { id: 'verdict-title', class: 'hidden' }, 'How the detector is'),
    sign,
    h('div', {}, sentence, tally, silent),
    factList,
  );
  const matrix = createMatrix(store, (region, check) => go(hrefOf('overview', { region, check })));
  const panel = createCellPanel(store);
  const recent = createRecent(store);
  const aside = h('aside', {}, recent.root);
  const board = h(
    'div',
    { class: 'overview' },
    verdict,
    h('section', { class: 'card matrix-card', 'aria-label': 'Regions and checks' }, matrix.root),
    aside,
  );
  const waiting = waitingState(store);
  const root = h('div', {}, waiting.root);
  let chosen: { readonly region: string; readonly check: string } | null = null;

  const drawVerdict = (now: BoardSnapshot): void => {
    const tone = overallTone(now, store.nowMs);
    setBadge(sign, tone);
    mark(verdict, 'data-tone', tone);
    put(
      sentence,
      tone === 'old'
        ? `Nothing new since ${age(store.nowMs - (now.cycle.endedMs ?? 0))}. ${capital(now.overall.reason)}`
        : capital(now.overall.reason),
    );
    const counts = new Map<Tone, number>();
    for (const cell of now.cells) {
      const one = toneOf(cell, store.nowMs, now.staleAfterMs);
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
    const said = [...counts]
      .sort(([a], [b]) => toneOrder[a] - toneOrder[b])
      .map(([one, count]) => `${whole(count)} ${toneWords[one].toLowerCase()}`);
    put(
      tally,
      `${whole(now.instrument.regions.length)} regions, ${whole(now.checks.length)} checks each: ${said.join(', ')}.`,
    );
    const without = silentChecks(now);
    put(
      silent,
      without.length === 0
        ? ''
        : `Judged nowhere yet: ${without.map(({ name, reason }) => `${words(name)} (${uncapital(reason).replace(/\.$/, '')})`).join('; ')}.`,
    );
    facts(now, store).forEach(([name, value], i) => {
      if (factList.children[i] === undefined) factList.append(h('div', {}, h('dt', {}, name), h('dd')));
      put(factList.children[i]!.lastElementChild!, value);
    });
  };

  return {
    root,
    enter({ query }: Route) {
      const { region, check } = query;
      chosen = region !== undefined && check !== undefined ? { region, check } : null;
      matrix.choose(chosen);
      panel.choose(chosen);
    },
    draw() {
      const now = store.board;
      only(root, now === null ? waiting.root : board);
      waiting.draw();
      if (now === null) return;
      drawVerdict(now);
      if (now.cells.length === 0)
        only(
          matrix.root,
          emptyState('No checks yet', `The first cycle of ${number3(now.cycle.seconds)} s is not over.`),
        );
      else matrix.draw(now);
      only(aside, chosen === null ? recent.root : panel.root);
      if (chosen === null) recent.draw(now);
      else panel.draw(now);
    },
    leave() {
      panel.leave();
    },
    key(event) {
      if (event.key === 'Escape' && chosen !== null) {
        go(hrefOf('overview'));
        return true;
      }
      if (event.key !== 'n' || store.board === null) return matrix.key(event);
      const next = nextProblem(store.board, chosen, store.nowMs);
      if (next !== null) go(hrefOf('overview', next), true);
      return true;
    },
  };
};

/** The next cell that is medium or bad, after the chosen one, around and around. */
const nextProblem = (
  board: BoardSnapshot,
  chosen: { readonly region: string; readonly check: string } | null,
  nowMs: number,
): { region: string; check: string } | null => {
  const at = board.cells.findIndex((one) => one.region === chosen?.region && one.check === chosen.check);
  for (let step = 1; step <= board.cells.length; step++) {
    const cell = board.cells[(at + step) % board.cells.length]!;
    const tone = toneOf(cell, nowMs, board.staleAfterMs);
    if (tone === 'bad' || tone === 'medium') return { region: cell.region, check: cell.check };
  }
  return null;
};
