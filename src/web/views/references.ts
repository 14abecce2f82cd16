/**
 * What the detector is compared with: the runs, why these, and who said so. One run or up to eight together; chosen until
 * the next good run, pinned until released. Refuses a choice without a name.
 */

import type { ReferencesShown } from '../../dqm/board.ts';
import { api } from '../api.ts';
import { go } from '../go.ts';
import { h, keyed, only, put, shown } from '../parts/dom.ts';
import { timeOfDay, whole } from '../parts/figures.ts';
import { askAndAct } from '../parts/form.ts';
import { emptyState, waitingState } from '../parts/states.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';

const referencesMax = 8;
const choiceWords = {
  latest: 'the latest good runs, by themselves',
  chosen: 'chosen by hand, until the next good run',
  pinned: 'pinned, until released',
} as const;

export const createReferences = (store: Store): View => {
  const now = h('p', { class: 'sentence' });
  const how = h('p', { class: 'key' });
  const runs = h('ul', { class: 'chips' });
  const release = h('button', { type: 'button', onclick: () => act('release') }, 'Release …');
  const choose = h('button', { type: 'button', onclick: () => act('choose') }, 'Compare with these …');
  const pin = h('button', { type: 'button', onclick: () => act('pin') }, 'Pin these …');
  const picked = h('p', { class: 'key', role: 'status' });
  const noGood = h(
    'p',
    { class: 'key' },
    'No run is known as good yet: a run becomes one when it ends well.',
  );
  const history = h('ol', { class: 'history' });
  const noHistory = h('p', { class: 'key' }, 'Nobody has changed the references.');
  const body = h(
    'div',
    { class: 'stack' },
    h('section', { class: 'card' }, h('h2', {}, 'Now'), now, how, h('div', { class: 'buttons' }, release)),
    h(
      'section',
      { class: 'card' },
      h('h2', {}, 'Good runs'),
      h(
        'p',
        { class: 'key' },
        `Choose up to ${referencesMax}; several are combined, each with its own weight.`,
      ),
      runs,
      noGood,
      picked,
      h('div', { class: 'buttons' }, choose, pin),
    ),
    h('section', { class: 'card' }, h('h2', {}, 'Changes'), history, noHistory),
  );
  const waiting = waitingState(store);
  const without = emptyState(
    'No run is taken',
    'References belong to an activity: they appear with the next run.',
  );
  const content = h('div', {}, waiting.root);
  const root = h('div', {}, h('h1', {}, 'References'), content);
  let query: Route['query'] = {};

  const selected = (): readonly number[] =>
    (query.runs ?? '')
      .split(',')
      .filter((text) => text !== '')
      .map(Number);
  const pick = (run: number): void => {
    const before = selected();
    const after = before.includes(run)
      ? before.filter((one) => one !== run)
      : [...before, run].slice(-referencesMax);
    go(hrefOf('references', { ...query, runs: after.join(',') }), true);
  };
  const act = (what: 'choose' | 'pin' | 'release'): void => {
    const activity = store.board?.references.activity;
    if (activity === null || activity === undefined) return;
    const chosen = selected();
    const text = {
      choose: `${activity} is compared with ${chosen.join(', ')} until the next good run follows.`,
      pin: `${activity} is compared with ${chosen.join(', ')} until somebody releases it.`,
      release: `${activity} is compared with its latest good runs again.`,
    }[what];
    askAndAct({
      title: { choose: 'Compare with these runs', pin: 'Pin these runs', release: 'Release the references' }[
        what
      ],
      text,
      submit: { choose: 'Compare', pin: 'Pin', release: 'Release' }[what],
      why: 'why',
      whyNeeded: what !== 'release',
      act: ({ who, why }) =>
        api.act(
          what === 'release'
            ? { act: 'release', activity, who, why }
            : { act: what, activity, runs: chosen, who, why },
        ),
    });
  };
  const draw = (references: ReferencesShown): void => {
    const chosen = selected();
    put(now, references.words);
    put(
      how,
      `${references.activity}: ${references.provisional ? 'no reference runs yet, the beginning of this run stands in' : choiceWords[references.choice]}.`,
    );
    shown(release, references.choice !== 'latest');
    shown(noGood, references.good.length === 0);
    keyed(
      runs,
      [...references.good].sort((a, b) => b - a).map((run) => ({ run })),
      ({ run }) => String(run),
      ({ run }) =>
        h('li', {}, h('button', { type: 'button', class: 'toggle', onclick: () => pick(run) }, String(run))),
      (row, { run }) => {
        const button = row.firstElementChild!;
        button.setAttribute('aria-pressed', String(chosen.includes(run)));
        put(button, references.runs.includes(run) ? `${run} ✓ in use` : String(run));
      },
    );
    put(
      picked,
      chosen.length === 0 ? 'None chosen.' : `${whole(chosen.length)} chosen: ${chosen.join(', ')}.`,
    );
    for (const button of [choose, pin]) button.disabled = chosen.length === 0;
    shown(noHistory, references.history.length === 0);
    keyed(
      history,
      references.history,
      ({ atMs, who }) => `${atMs} ${who}`,
      (one) =>
        h(
          'li',
          {},
          h('time', {}, timeOfDay(one.atMs, store.nowMs)),
          h(
            'span',
            {},
            h('b', {}, one.who === '' ? 'nobody' : one.who),
            ` ${{ latest: 'released', chosen: 'chose', pinned: 'pinned' }[one.choice]} ${one.activity}${one.runs.length > 0 ? `: ${one.runs.join(', ')}` : ''}`,
            one.why === '' ? '' : h('small', {}, ` ${one.why}`),
          ),
        ),
      () => {},
    );
  };

  return {
    root,
    enter(route) {
      query = route.query;
    },
    draw() {
      waiting.draw();
      const references = store.board?.references;
      only(content, references === undefined ? waiting.root : references.activity === null ? without : body);
      if (references !== undefined && references.activity !== null) draw(references);
    },
    leave() {},
  };
};
