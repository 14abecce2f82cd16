/**
 * The points of some trends over some time: what the monitor kept, asked for once, and what came since, from the stream.
 * Refuses to ask again while an answer is on its way.
 */

import type { TrendShown } from '../../dqm/board.ts';
import { api } from '../api.ts';
import type { Store } from '../store.ts';
import type { Series } from './lines.ts';

export interface TrendHistory {
  /** Series in the order of the names; null while the first answer is on its way. */
  series(names: readonly string[], fromMs: number, untilMs: number): readonly Series[] | null;
  readonly fault: unknown;
  unitOf(name: string): string;
  forget(): void;
}

export const createTrendHistory = (store: Store): TrendHistory => {
  let kept = new Map<string, TrendShown>();
  let keptFor = '';
  let asking = '';
  let fault: unknown = null;

  const ask = async (
    names: readonly string[],
    fromMs: number,
    untilMs: number,
    as: string,
  ): Promise<void> => {
    asking = as;
    try {
      const answer = await api.trends(names, Math.floor(fromMs), Math.ceil(untilMs));
      if (asking !== as) return;
      kept = new Map(answer.map((one) => [one.name, one]));
      keptFor = as;
      fault = null;
    } catch (error) {
      fault = error;
    }
    store.touch();
  };
  const seriesOf = (name: string, fromMs: number, untilMs: number): Series => {
    const old = kept.get(name);
    const fresh = store.trends.get(name);
    const atMs: number[] = [];
    const values: (number | null)[] = [];
    const add = (at: number, value: number | null): void => {
      if (at < fromMs || at > untilMs) return;
      atMs.push(at);
      values.push(value);
    };
    old?.atMs.forEach((at, i) => {
      add(at, old.values[i] ?? null);
    });
    const lastMs = atMs.at(-1) ?? 0;
    fresh?.atMs.forEach((at, i) => {
      if (at > lastMs) add(at, fresh.values[i] ?? null);
    });
    return { name, atMs, values };
  };

  return {
    series(names, fromMs, untilMs) {
      // The same span asked for a moment later is the same question: the stream brings what came since.
      const as = JSON.stringify([
        names,
        Math.round((untilMs - fromMs) / 1000),
        Math.floor(untilMs / 600_000),
      ]);
      if (as !== keptFor && as !== asking && names.length > 0) void ask(names, fromMs, untilMs, as);
      if (keptFor === '') return null;
      return names.map((name) => seriesOf(name, fromMs, untilMs));
    },
    get fault() {
      return fault;
    },
    unitOf: (name) => kept.get(name)?.unit ?? '',
    forget() {
      asking = '';
      keptFor = '';
      kept = new Map();
    },
  };
};
