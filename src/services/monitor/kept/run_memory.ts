/**
 * What a monitor knows of a run, on disk: what it is compared with, its own beginning where that stands in, what was learned of
 * good cycles, and what it holds so far. A monitor that starts again goes on from there. Refuses what is of another layout.
 */

import { limits } from '../../../domain/limits.ts';
import type { RunSoFar, SpanValues } from '../../../dqm/cycles/spans.ts';
import type { Watch } from '../../../dqm/cycles/watch.ts';
import type { Reference } from '../../../dqm/cycles/watched.ts';
import type { History } from '../../../ports/history.ts';
import type { RunsKept } from './runs.ts';
import { keepVersions, type Version, type VersionKind } from './versions.ts';

export interface RunMemory {
  /** Gives the watch what this run is compared with, and what was learned of it before. */
  compare(run: number): void;
  /** What was held of a run when it was last kept. */
  soFar(run: number): RunSoFar | null;
  /** Keeps what was learned, if that is more than was kept. */
  keepNorm(nowMs: number): void;
  /** The same, as soon as it is enough to judge by: a restart would otherwise judge by what it meets. */
  keepFirstNorm(nowMs: number): void;
  /** Keeps all regions, a step each. */
  keepRegions(kind: 'minute' | 'run', key: number, of: SpanValues): Generator<void>;
  keepBeginning(run: number, nowMs: number): Generator<void>;
  /** Versions of some regions, of a minute or else of a run; null where that is not known. */
  versions(key: number, regions: readonly number[]): readonly Version[] | null;
}

const text = new TextEncoder();
const words = new TextDecoder();

/** @param size bins of a region */
export const keepRunMemory = (
  history: History,
  {
    runs,
    watch,
    regions,
    size,
  }: { readonly runs: RunsKept; readonly watch: Watch; readonly regions: number; readonly size: number },
): RunMemory => {
  const versions = keepVersions(history, regions);
  const everyRegion = Array.from({ length: regions }, (_, region) => region);
  let [normKnown, begunKept] = [0, 0];
  /** What is learned beside some references says nothing of others. */
  let normKey = '';

  /** All of a version; null where one lacks or is of another layout. */
  const loaded = (
    kind: VersionKind,
    key: number | string,
    wanted: readonly number[] = everyRegion,
  ): Version[] | null => {
    const found = wanted.flatMap((region) => versions.get(kind, key, region) ?? []);
    return found.length === wanted.length && found.every(({ values }) => values.length === size)
      ? found
      : null;
  };
  const valuesOf = (all: readonly Version[]): Float64Array[] => all.map(({ values }) => values);

  const keepNorm = (nowMs: number): void => {
    if (watch.known === normKnown) return;
    normKnown = watch.known;
    history.put('norm', [{ key: normKey, atMs: nowMs, value: text.encode(watch.saveNorm()) }], 2);
  };

  return {
    compare(run) {
      const good = runs.references.flatMap((one): Reference[] => {
        const found = one === run ? null : loaded('run', one);
        return found === null ? [] : [{ run: one, values: valuesOf(found) }];
      });
      const beginning = Array.from({ length: limits.dqmProvisionalCycles }, (_, i) =>
        loaded('beginning', `${run}.${i}`),
      ).flatMap((found) => (found === null ? [] : [{ run: 0, values: valuesOf(found) }]));
      normKey = [run, ...good.map((one) => one.run)].join('+');
      const entry = history.get('norm', normKey);
      const norm = entry === null ? null : words.decode(entry.value);
      const provisional = good.length === 0 && beginning.length > 0;
      const activity = runs.current?.activity ?? '';
      const named =
        good.length > 0 && (runs.book.activities.get(activity)?.change.choice ?? 'latest') !== 'latest';
      watch.compareWith(provisional ? beginning : good, { provisional, norm, named });
      [normKnown, begunKept] = [watch.known, watch.begun];
    },
    soFar(run) {
      const before = loaded('run', run);
      if (before === null) return null;
      return {
        values: valuesOf(before),
        frames: before.map(({ frames }) => frames),
        fromMs: before[0]!.fromMs,
      };
    },
    keepNorm,
    keepFirstNorm(nowMs) {
      if (normKnown < limits.dqmGoodRunsMin && watch.known >= limits.dqmGoodRunsMin) keepNorm(nowMs);
    },
    *keepRegions(kind, key, { values, frames, fromMs, untilMs }) {
      for (const [region, one] of values.entries()) {
        versions.put(kind, key, region, { values: one, fromMs, untilMs, frames: frames[region]! });
        yield;
      }
    },
    *keepBeginning(run, nowMs) {
      const { begun } = watch;
      if (begun === begunKept || !watch.provisional) return;
      for (const [i, { values }] of watch.references.entries())
        for (const [region, one] of values.entries()) {
          versions.put('beginning', `${run}.${i}`, region, {
            ...{ values: one, fromMs: nowMs, untilMs: nowMs, frames: 0 },
          });
          yield;
        }
      begunKept = begun;
    },
    versions(key, wanted) {
      const kind = versions.get('minute', key, wanted[0]!) === null ? 'run' : 'minute';
      return loaded(kind, key, wanted);
    },
  };
};
