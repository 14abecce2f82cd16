/**
 * Named numbers over time, a point a cycle, kept on disk. Refuses to answer with more points than a screen has: a longer span
 * is told in means.
 */

import { limits } from '../../../domain/limits.ts';
import type { TrendShown } from '../../../dqm/board.ts';
import type { History } from '../../../ports/history.ts';
import { jsonBytes, readOwnJson } from '../../../wire/json.ts';

export type TrendPoint = Readonly<Record<string, number | null>>;

export interface TrendsKept {
  add(atMs: number, point: TrendPoint): void;
  readonly names: readonly string[];
  read(names: readonly string[], fromMs: number, untilMs: number): readonly Omit<TrendShown, 'unit'>[];
}

const [kind, namesKind] = ['trend', 'trend-names'];

/** A point is the number of its list of names, and a 32-bit value for each; NaN is none. */
const encodePoint = (list: number, names: readonly string[], point: TrendPoint): Uint8Array => {
  const values = new Float32Array(1 + names.length);
  values[0] = list;
  for (const [i, name] of names.entries()) values[i + 1] = point[name] ?? Number.NaN;
  return new Uint8Array(values.buffer);
};

export const keepTrends = (history: History): TrendsKept => {
  const lists = new Map<number, readonly string[]>();
  for (const { key, value } of history.list(namesKind, { order: 'oldest' }))
    lists.set(Number(key), readOwnJson<string[]>(value));
  let list = Math.max(0, ...lists.keys());
  const nameList = (wanted: readonly string[], atMs: number): readonly string[] => {
    const now = lists.get(list) ?? [];
    if (wanted.every((name) => now.includes(name))) return now;
    list += 1;
    const names = [...new Set([...now, ...wanted])].slice(-limits.dqmTrendsMax);
    lists.set(list, names);
    const entry = { key: String(list), atMs, value: jsonBytes(names) };
    history.put(namesKind, [entry], limits.dqmTrendListsKept);
    return names;
  };
  return {
    add(atMs, point) {
      const names = nameList(Object.keys(point), atMs);
      const value = encodePoint(list, names, point);
      history.put(kind, [{ key: String(atMs), atMs, value }], limits.dqmTrendPointsKept);
    },
    get names() {
      return lists.get(list) ?? [];
    },
    read(names, fromMs, untilMs) {
      const points: { readonly atMs: number; readonly values: Float32Array }[] = [];
      for (const { atMs, value } of history.list(kind, { fromMs, beforeMs: untilMs, order: 'oldest' }))
        points.push({ atMs, values: new Float32Array(value.slice().buffer) });
      const step = Math.max(1, Math.ceil(points.length / limits.dqmTrendPointsShown));
      const steps = Math.ceil(points.length / step);
      return names.map((name) => {
        const [atMs, values]: [number[], (number | null)[]] = [[], []];
        for (let i = 0; i < steps; i++) {
          const part = points.slice(i * step, (i + 1) * step);
          const known = part.flatMap((point) => {
            const at = lists.get(point.values[0]!)?.indexOf(name) ?? -1;
            const value = at < 0 ? Number.NaN : point.values[at + 1]!;
            return Number.isNaN(value) ? [] : [value];
          });
          atMs.push(part.at(-1)!.atMs);
          const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
          values.push(known.length === 0 ? null : Number(mean.toPrecision(7)));
        }
        return { name, atMs, values };
      });
    },
  };
};
