/**
 * What people said and arranged: comments on alarms, labels of frames, layouts of the page. Refuses names and texts that are
 * longer than a line of a display.
 */

import { Fault } from '../../../domain/fault.ts';
import { limits } from '../../../domain/limits.ts';
import type { AlarmShown, LabelShown } from '../../../dqm/board.ts';
import type { History } from '../../../ports/history.ts';
import { jsonBytes, readOwnJson } from '../../../wire/json.ts';

type Comment = AlarmShown['comments'][number];

export interface PeopleKept {
  comment(cause: string, comment: Comment): void;
  comments(cause: string): readonly Comment[];
  label(label: LabelShown): void;
  /** Oldest first. */
  labels(): readonly LabelShown[];
  layouts(): Readonly<Record<string, string>>;
  saveLayout(name: string, text: string | null, atMs: number): void;
}

export const checkedText = (what: string, text: string, charsMax: number, charsMin = 0): string => {
  if (text.length < charsMin) throw new Fault('request-invalid', `${what} is missing`);
  if (text.length <= charsMax) return text;
  throw new Fault('request-invalid', `${what} has ${text.length} characters; ${charsMax} at most`);
};

export const keepPeople = (history: History): PeopleKept => {
  const list = <T>(kind: string): T[] =>
    Array.from(history.list(kind, { order: 'oldest' }), ({ value }) => readOwnJson<T>(value));
  return {
    comment(cause, comment) {
      checkedText('who', comment.who, limits.alarmNameCharsMax, 1);
      checkedText('the comment', comment.text, limits.alarmTextCharsMax, 1);
      const value = jsonBytes({ cause, ...comment });
      history.put(
        'comment',
        [{ key: `${cause}/${comment.atMs}`, atMs: comment.atMs, value }],
        limits.dqmCommentsKept,
      );
    },
    comments: (cause) =>
      list<Comment & { readonly cause: string }>('comment')
        .filter((one) => one.cause === cause)
        .map(({ who, text, atMs }) => ({ who, text, atMs })),
    label(label) {
      checkedText('who', label.who, limits.alarmNameCharsMax, 1);
      checkedText('the label', label.label, limits.alarmNameCharsMax, 1);
      checkedText('the comment', label.comment, limits.alarmTextCharsMax);
      const entry = { key: `${label.id}/${label.atMs}`, atMs: label.atMs, value: jsonBytes(label) };
      history.put('label', [entry], limits.dqmLabelsKept);
    },
    labels: () => list<LabelShown>('label'),
    layouts: () =>
      Object.fromEntries(
        Array.from(history.list('layout'), ({ key, value }) => [key, readOwnJson<string>(value)]),
      ),
    saveLayout(name, text, atMs) {
      checkedText('the layout’s name', name, limits.alarmNameCharsMax, 1);
      if (text === null) return history.remove('layout', name);
      checkedText('the layout', text, limits.dqmLayoutCharsMax);
      history.put('layout', [{ key: name, atMs, value: jsonBytes(text) }], limits.dqmLayoutsKept);
    },
  };
};
