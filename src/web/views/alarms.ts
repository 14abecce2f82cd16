/**
 * Alarms: what is wrong, since when, who looks after it, and what the handbook says; the past ones below. Refuses an act
 * without a name and, where it silences, without a reason.
 */

import type { AlarmShown } from '../../dqm/board.ts';
import { api } from '../api.ts';
import { moveInRows } from '../keys.ts';
import { h, keyed, mark, only, put, shown } from '../parts/dom.ts';
import { age, messageOf, timeOfDay, whole, words } from '../parts/figures.ts';
import { askAndAct, field, options } from '../parts/form.ts';
import { emptyState, waitingState } from '../parts/states.ts';
import { heading, labelled, wideTable } from '../parts/table.ts';
import type { Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';

const shelveMinutes = [
  ['15', '15 minutes'],
  ['60', '1 hour'],
  ['240', '4 hours'],
  ['720', '12 hours'],
] as const;

/** How much of it there was in how long; seconds are a length themselves. */
const soFar = ({ count, unit, sinceMs }: AlarmShown, nowMs: number): string => {
  const long = age(nowMs - sinceMs);
  if (unit !== 'seconds') return `${whole(count)} ${unit} in ${long}`;
  // Nearly all the time is all of it: the count is told a moment before it is read.
  return count * 1000 >= 0.8 * (nowMs - sinceMs) ? `for ${long}` : `${age(count * 1000)} of the last ${long}`;
};
const because = ({ who, why }: { readonly who: string; readonly why: string }): string =>
  why === '' ? who : `${who}: ${why}`;

const acknowledge = (cause: string): void =>
  askAndAct({
    title: `Acknowledge ${words(cause)}`,
    text: 'Says that you look after it. It stays open until its cause is gone.',
    submit: 'Acknowledge',
    why: 'what you do about it',
    whyNeeded: false,
    act: (answer) => api.act({ act: 'acknowledge', cause, ...answer }),
  });
const comment = (cause: string): void =>
  askAndAct({
    title: `Comment on ${words(cause)}`,
    text: 'Kept with the alarm for those who come after you.',
    submit: 'Comment',
    why: 'comment',
    whyNeeded: true,
    act: (answer) => api.act({ act: 'comment', cause, ...answer }),
  });
const shelve = (cause: string): void => {
  const minutes = h('select', { name: 'minutes' });
  options(minutes, shelveMinutes);
  minutes.value = '60';
  askAndAct({
    title: `Shelve ${words(cause)}`,
    text: 'It makes no noise until the time is over, whatever it does.',
    submit: 'Shelve',
    why: 'why it may be silent',
    whyNeeded: true,
    extra: field('for', minutes),
    act: (answer) => api.act({ act: 'shelve', cause, minutes: Number(minutes.value), ...answer }),
  });
};
const unshelve = (cause: string): void =>
  askAndAct({
    title: `Take ${words(cause)} from the shelf`,
    text: 'It is heard again at once.',
    submit: 'Unshelve',
    why: 'why',
    whyNeeded: false,
    act: (answer) => api.act({ act: 'unshelve', cause, ...answer }),
  });

const buildAlarm = ({ cause, handbook }: AlarmShown): HTMLLIElement => {
  const button = (text: string, act: (of: string) => void, name: string) =>
    h('button', { type: 'button', 'data-act': name, onclick: () => act(cause) }, text);
  return h(
    'li',
    { class: 'alarm', tabindex: '-1', 'data-cause': cause },
    h('b', { class: 'severity' }),
    h(
      'div',
      { class: 'told' },
      h('h2', {}, words(cause)),
      h('p', { class: 'what' }, h('span'), h('small')),
      h('p', { class: 'who' }),
      h('ul', { class: 'comments' }),
    ),
    h('p', { class: 'so-far' }),
    h(
      'div',
      { class: 'buttons' },
      h('a', { href: handbook.replace(/^\//, ''), target: '_blank', rel: 'noopener' }, 'Handbook'),
      button('Acknowledge', acknowledge, 'acknowledge'),
      button('Shelve', shelve, 'shelve'),
      button('Unshelve', unshelve, 'unshelve'),
      button('Comment', comment, 'comment'),
    ),
  );
};

export const createAlarms = (store: Store): View => {
  const list = h('ul', { class: 'alarms' });
  const calm = emptyState(
    'No alarm is open',
    'When something stays wrong it appears here, with what to do about it.',
  );
  const past = h('tbody');
  const pastCard = h(
    'section',
    { class: 'card' },
    h('h2', {}, 'Past alarms'),
    wideTable(
      'Past alarms',
      [
        ...['cause', 'severity', 'message'].map((name) => heading(name, 'text')),
        ...['from', 'lasted'].map((name) => heading(name)),
      ],
      past,
      'figures stacked',
    ),
  );
  const body = h('div', { class: 'stack' }, list, calm, pastCard);
  const waiting = waitingState(store);
  const content = h('div', {}, waiting.root);
  const root = h('div', {}, h('h1', {}, 'Alarms'), content);
  let wanted: string | undefined;

  const fill = (row: HTMLElement, alarm: AlarmShown): void => {
    const { open, severity, acknowledged, shelved } = alarm;
    mark(row, 'data-severity', shelved === null ? severity : 'shelved');
    mark(row, 'data-taken', String(acknowledged !== null));
    const [sign, told, soFarText, buttons] = row.children;
    put(sign!, open ? severity.toUpperCase() : 'no alarm');
    const [, what, who, comments] = told!.children;
    const { text, toldBy } = messageOf(alarm.message);
    put(what!.firstElementChild!, text);
    put(what!.lastElementChild!, toldBy === '' ? '' : ` ${toldBy}`);
    put(
      who!,
      [
        ...(acknowledged === null ? [] : [`acknowledged by ${because(acknowledged)}`]),
        ...(shelved === null
          ? []
          : [`shelved for ${age(shelved.untilMs - store.nowMs)} more by ${because(shelved)}`]),
      ].join('; '),
    );
    keyed(
      comments!,
      alarm.comments,
      (one) => `${one.atMs} ${one.who}`,
      (one) => h('li', {}, h('b', {}, one.who), `, ${timeOfDay(one.atMs, store.nowMs)}: ${one.text}`),
      () => {},
    );
    put(soFarText!, open ? soFar(alarm, store.nowMs) : '');
    for (const button of buttons!.querySelectorAll<HTMLElement>('button')) {
      const { act } = button.dataset;
      if (act === 'acknowledge') shown(button, open && acknowledged === null);
      if (act === 'shelve') shown(button, shelved === null);
      if (act === 'unshelve') shown(button, shelved !== null);
    }
  };

  return {
    root,
    enter({ query }: Route) {
      wanted = query.cause;
    },
    draw() {
      const { alarms } = store;
      waiting.draw();
      only(content, alarms === null ? waiting.root : body);
      if (alarms === null) return;
      keyed(list, alarms.alarms, ({ cause }) => cause, buildAlarm, fill);
      shown(list, alarms.alarms.length > 0);
      shown(calm, alarms.alarms.length === 0);
      shown(pastCard, alarms.past.length > 0);
      keyed(
        past,
        alarms.past,
        ({ cause, sinceMs }) => `${cause} ${sinceMs}`,
        (one) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, words(one.cause)),
            labelled('severity', 'text', one.severity),
            h('td', { class: 'text long' }, messageOf(one.message).text),
            labelled('from', null, timeOfDay(one.sinceMs, store.nowMs)),
            labelled('lasted', null, age(one.untilMs - one.sinceMs)),
          ),
        () => {},
      );
      if (wanted !== undefined) {
        // A link to one alarm leads the eye to it, once.
        list.querySelector<HTMLElement>(`[data-cause="${CSS.escape(wanted)}"]`)?.focus();
        wanted = undefined;
      }
    },
    leave() {},
    key: (event) => moveInRows(event, [...list.querySelectorAll<HTMLElement>('li.alarm')]),
  };
};
