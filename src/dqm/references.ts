/**
 * Which runs an activity is compared with, and who said so: chosen by hand, pinned, or simply the last good ones. Pure: a
 * command makes a new state or a Fault. Refuses to forget: every change stays in the history, the oldest of it aside.
 */

import { Fault } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';

/** Why its references are what they are: nobody said, a person chose them, or a person chose them for good. */
export type Choice = 'latest' | 'chosen' | 'pinned';

export interface Change {
  readonly activity: string;
  readonly choice: Choice;
  readonly runs: readonly number[];
  readonly who: string;
  readonly why: string;
  readonly atMs: number;
}

export interface ReferenceBook {
  /** By activity: its good runs, oldest first, and what it is compared with. */
  readonly activities: ReadonlyMap<string, { readonly good: readonly number[]; readonly change: Change }>;
  /** Newest first. */
  readonly history: readonly Change[];
}

export const emptyReferences: ReferenceBook = { activities: new Map(), history: [] };

export type ReferenceCommand =
  | { readonly command: 'good'; readonly activity: string; readonly run: number; readonly atMs: number }
  | {
      readonly command: 'choose' | 'pin';
      readonly activity: string;
      readonly runs: readonly number[];
      /** Runs of the activity that are known but were not good: a person may know better, as of a card that stays dead. */
      readonly others?: readonly number[];
      readonly who: string;
      readonly why: string;
      readonly atMs: number;
    }
  | {
      readonly command: 'release';
      readonly activity: string;
      readonly who: string;
      readonly why: string;
      readonly atMs: number;
    };

const nobody = (activity: string): Change => ({
  activity,
  choice: 'latest',
  runs: [],
  who: '',
  why: '',
  atMs: 0,
});

/**
 * The book after a command. A run that was good follows by itself where nobody chose; a choice gives way to the next good
 * run that follows it, a pin only to a person.
 * @throws Fault `request-invalid`: no runs, too many, one that is not known, or no pin to release
 */
export const changeReferences = (book: ReferenceBook, command: ReferenceCommand): ReferenceBook => {
  const { activity, atMs } = command;
  const now = book.activities.get(activity) ?? { good: [], change: nobody(activity) };
  if (command.command === 'good') {
    const good = [...now.good.filter((run) => run !== command.run), command.run].slice(
      -limits.dqmGoodRunsKept,
    );
    const change = now.change.choice === 'pinned' ? now.change : nobody(activity);
    return { ...book, activities: new Map(book.activities).set(activity, { good, change }) };
  }
  const change: Change =
    command.command === 'release'
      ? { activity, choice: 'latest', runs: [], who: command.who, why: command.why, atMs }
      : {
          activity,
          choice: command.command === 'pin' ? 'pinned' : 'chosen',
          runs: checkedRuns([...now.good, ...(command.others ?? [])], command.runs, activity),
          who: command.who,
          why: command.why,
          atMs,
        };
  if (command.command === 'release' && now.change.choice === 'latest')
    throw new Fault('request-invalid', `${activity}: nobody chose references; there is nothing to release`);
  return {
    activities: new Map(book.activities).set(activity, { good: now.good, change }),
    history: [change, ...book.history].slice(0, limits.dqmReferenceChangesKept),
  };
};

const checkedRuns = (good: readonly number[], runs: readonly number[], activity: string): number[] => {
  const unique = [...new Set(runs)];
  if (unique.length === 0 || unique.length > limits.dqmReferencesMax) {
    throw new Fault(
      'request-invalid',
      `${activity}: ${unique.length} references; choose 1 to ${limits.dqmReferencesMax} runs`,
    );
  }
  const unknown = unique.filter((run) => !good.includes(run));
  if (unknown.length > 0) {
    throw new Fault(
      'request-invalid',
      `${activity}: run ${unknown.join(', ')} is not among its runs; those kept are ${good.join(', ') || 'none yet'}`,
    );
  }
  return unique;
};

/** Runs an activity is compared with now, oldest first: those somebody named, else the last good ones. */
export const referencesOf = (book: ReferenceBook, activity: string): readonly number[] => {
  const known = book.activities.get(activity);
  if (known === undefined) return [];
  return known.change.choice === 'latest' ? known.good.slice(-limits.dqmReferencesMax) : known.change.runs;
};
