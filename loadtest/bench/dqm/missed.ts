/**
 * Bad runs that judges miss at a rate of false alarms, with limits from runs that nobody judges or, so that all judges pay
 * the same, from the good runs that are judged; and what redrawn worlds give. Refuses to redraw regions of a run apart.
 */

import { thresholdFor } from '../../../src/dqm/thresholds.ts';
import { createPrng, type Prng } from '../../../src/kernels/prng.ts';
import type { Judged, Sample } from './judged.ts';

/** Whose false alarms limits are set by: those of runs kept aside, or of the good runs that are judged. */
export type LimitsBy = 'threshold' | 'good';

/** Worlds that intervals are redrawn in. */
export interface Redraws {
  readonly seed: number;
  readonly worlds: number;
}

export const over = (values: ArrayLike<number>, limit: number): number => {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > limit) count += 1;
  return count;
};

export const limitOf = (set: Judged, judge: string, rate: number, by: LimitsBy = 'threshold'): number =>
  thresholdFor(Array.from(set[by].numbers[judge]!), rate);

export const badCount = (sets: readonly Judged[]): number =>
  sets.reduce((sum, { kinds }) => sum + kinds.length, 0);

/** Bad runs a judge misses, over all sets, by a limit of each set. */
export const missedOf = (sets: readonly Judged[], judge: string, limit: (set: Judged) => number): number =>
  sets.reduce((sum, set) => {
    const values = set.bad.numbers[judge]!;
    return sum + values.length - over(values, limit(set));
  }, 0);

const redrawn = ({ clusters }: Sample, prng: Prng): number[] =>
  clusters.flatMap(() => clusters[Math.floor(prng.uniform() * clusters.length)]!);

export interface Missed {
  readonly exact: readonly number[];
  /** By judge, the same worlds for all. */
  readonly worlds: readonly Float64Array[];
}

/** Bad runs each judge misses, over all sets, as they are and in redrawn worlds. */
export const missed = (
  sets: readonly Judged[],
  judges: readonly string[],
  rate: number,
  { seed, worlds: count }: Redraws,
  by: LimitsBy = 'threshold',
): Missed => {
  const prng = createPrng(seed, 9, Math.round(1 / rate));
  const worlds = judges.map(() => new Float64Array(count));
  const exact = judges.map((judge) => missedOf(sets, judge, (set) => limitOf(set, judge, rate, by)));
  for (let world = 0; world < count; world++)
    for (const set of sets) {
      const [limits, bads] = [redrawn(set[by], prng), redrawn(set.bad, prng)];
      for (const [i, judge] of judges.entries()) {
        const [good, bad] = [set[by].numbers[judge]!, set.bad.numbers[judge]!];
        const limit = thresholdFor(
          limits.map((pick) => good[pick]!),
          rate,
        );
        for (const pick of bads) if (bad[pick]! <= limit) worlds[i]![world] = worlds[i]![world]! + 1;
      }
    }
  return { exact, worlds };
};

/** By set, which of its good runs that are judged a judge flags: 1 or 0. */
const flagsOf = (sets: readonly Judged[], judge: string, rate: number, which: 'good' | 'beside') =>
  sets.map((set) => {
    const limit = limitOf(set, judge, rate);
    return set[which].numbers[judge]!.map((value) => (value > limit ? 1 : 0));
  });

/** Share of good runs that are judged which a judge flags. */
export const falseAlarms = (
  sets: readonly Judged[],
  judge: string,
  rate: number,
  which: 'good' | 'beside' = 'good',
): number => {
  const flags = flagsOf(sets, judge, rate, which).flatMap((one) => [...one]);
  return over(flags, 0) / flags.length;
};

/** 95 % of redrawn worlds of that share; limits stay as they are. */
export const falseAlarmsInterval = (
  sets: readonly Judged[],
  judge: string,
  rate: number,
  { seed, worlds }: Redraws,
  which: 'good' | 'beside' = 'good',
): readonly [number, number] => {
  const prng = createPrng(seed, 11, Math.round(1 / rate));
  const flags = flagsOf(sets, judge, rate, which);
  return interval(
    Float64Array.from({ length: worlds }, () => {
      const picked = sets.flatMap((set, i) => redrawn(set[which], prng).map((pick) => flags[i]![pick]!));
      return over(picked, 0) / picked.length;
    }),
  );
};

/** 95 % of the values lie within. */
export const interval = (values: Float64Array): readonly [number, number] => {
  const sorted = values.slice().sort();
  return [sorted[Math.floor(0.025 * sorted.length)]!, sorted[Math.ceil(0.975 * sorted.length) - 1]!];
};
