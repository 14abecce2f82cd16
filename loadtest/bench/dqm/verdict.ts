/**
 * From readings to what is flagged: each reading by how rare it is among good runs, each check by its rarest reading, a
 * threshold for a rate of false alarms from good runs that said nothing before. Refuses to choose checks by the outcome.
 */

import { rarestOf } from '../../../src/dqm/quality.ts';
import { thresholdFor, usualOf } from '../../../src/dqm/thresholds.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { kolmogorovTail } from '../../../src/kernels/statistics/tails.ts';
import type { BenchResult } from '../../excerpts.ts';
import type { Row, SetRuns } from './measure.ts';

const rates = [0.01, 0.05] as const;
const auto = (count: number): string => `beta-binomial, ${count} references`;
const combined = 'combination';
const resamples = 1_000;

/** One number a run of every judge: larger is worse. */
type Numbers = Readonly<Record<string, Float64Array>>;

interface Judged {
  readonly key: string;
  readonly instrument: string;
  readonly threshold: Numbers;
  readonly good: Numbers;
  readonly bad: Numbers;
  readonly fresh: Numbers;
  readonly kinds: readonly { readonly kind: string; readonly strength: number; readonly unit: string }[];
}

const judgeSet = (set: SetRuns): Judged => {
  const named = set.names.map(({ check, of }) => `${check}: ${of}`);
  const usual = new Map(named.map((name, i) => [name, usualOf(set.learn.map((row) => row[i]!))]));
  const checks = [...new Set(set.names.map(({ check }) => check))];
  const members = new Map<string, number[]>(
    checks.map((check) => [check, set.names.flatMap((name, i) => (name.check === check ? [i] : []))]),
  );
  // All checks, beta-binomial with all its references among them.
  members.set(
    combined,
    set.names.flatMap(({ check }, i) => (/^beta-binomial, [14] /.test(check) ? [] : [i])),
  );
  const numbers = (rows: readonly Row[]): Numbers =>
    Object.fromEntries(
      [...members].map(([name, of]) => [
        name,
        Float64Array.from(rows, (row) => {
          const readings = of.map((i) => ({ of: named[i]!, value: row[i]!, bins: [] }));
          return rarestOf(usual, readings)?.decades ?? 0;
        }),
      ]),
    );
  return {
    key: set.plan.key,
    instrument: set.plan.instrument,
    threshold: numbers(set.threshold),
    good: numbers(set.good),
    bad: numbers(set.bad.map(({ readings }) => readings)),
    fresh: numbers(set.fresh),
    kinds: set.bad,
  };
};

const over = (values: ArrayLike<number>, threshold: number): number => {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > threshold) count += 1;
  return count;
};

const drawn = (values: Float64Array, picks: Uint32Array): number[] =>
  Array.from(picks, (pick) => values[pick]!);

/** Bad runs that a judge misses, over all sets, by a limit of each set. */
const missedOf = (sets: readonly Judged[], judge: string, limitOf: (set: Judged) => number): number =>
  sets.reduce((sum, set) => sum + set.bad[judge]!.length - over(set.bad[judge]!, limitOf(set)), 0);

/** Bad runs each judge misses, over all sets, as they are and in `resamples` redrawn worlds. */
const missed = (sets: readonly Judged[], judges: readonly string[], rate: number, seed: number) => {
  const prng = createPrng(seed, 9, Math.round(1 / rate));
  const worlds = judges.map(() => new Float64Array(resamples));
  const exact = judges.map((judge) =>
    missedOf(sets, judge, ({ threshold }) => thresholdFor(Array.from(threshold[judge]!), rate)),
  );
  for (let world = 0; world < resamples; world++)
    for (const { threshold, bad } of sets) {
      const draw = (length: number) =>
        Uint32Array.from({ length }, () => Math.floor(prng.uniform() * length));
      const picks = draw(threshold[judges[0]!]!.length);
      const badPicks = draw(bad[judges[0]!]!.length);
      for (const [i, judge] of judges.entries()) {
        const limit = thresholdFor(drawn(threshold[judge]!, picks), rate);
        worlds[i]![world] = worlds[i]![world]! + badPicks.length - over(drawn(bad[judge]!, badPicks), limit);
      }
    }
  return { exact, worlds };
};

/**
 * The ratio of what is missed with thresholds that the judged good runs helped to set: a check that flags more of those than
 * it should pays for it here.
 */
const ratioByAllGood = (sets: readonly Judged[], rate: number): number | null => {
  const [ours, theirs] = [combined, auto(8)].map((judge) =>
    missedOf(sets, judge, ({ threshold, good }) =>
      thresholdFor([...threshold[judge]!, ...good[judge]!], rate),
    ),
  ) as [number, number];
  return theirs > 0 ? ours / theirs : null;
};

const interval = (values: Float64Array): readonly [number, number] => {
  const sorted = values.slice().sort();
  return [sorted[Math.floor(0.025 * sorted.length)]!, sorted[Math.ceil(0.975 * sorted.length) - 1]!];
};

const checkRows = (sets: readonly Judged[], judges: readonly string[], seed: number) => {
  const count = sets.reduce((sum, { kinds }) => sum + kinds.length, 0);
  const goods = sets.reduce((sum, { good }) => sum + good[combined]!.length, 0);
  const at = rates.map((rate) => missed(sets, judges, rate, seed));
  const falseAlarms = (judge: string, rate: number): number =>
    sets.reduce(
      (sum, { threshold, good }) =>
        sum + over(good[judge]!, thresholdFor(Array.from(threshold[judge]!), rate)),
      0,
    ) / goods;
  return judges.map((judge, i) => {
    const cells = rates.map((rate, r) => {
      const [low, high] = interval(at[r]!.worlds[i]!);
      const found = (n: number): number => Math.round(((count - n) / count) * 1000) / 10;
      return {
        [`flagged at ${rate * 100} %, %`]: found(at[r]!.exact[i]!),
        [`95 % interval at ${rate * 100} %`]: `${found(high)} to ${found(low)}`,
        [`good flagged at ${rate * 100} %, %`]: Math.round(falseAlarms(judge, rate) * 1000) / 10,
      };
    });
    return { check: judge, 'bad runs': count, ...cells[0], ...cells[1] };
  });
};

/** Two-sample Kolmogorov: the probability of so large a distance between sums of units and frames. */
const agreement = (a: Float64Array, b: Float64Array): number => {
  const [x, y] = [a.slice().sort(), b.slice().sort()];
  let [i, j, distance] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const at = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i] === at) i += 1;
    while (j < y.length && y[j] === at) j += 1;
    distance = Math.max(distance, Math.abs(i / x.length - j / y.length));
  }
  const root = Math.sqrt((x.length * y.length) / (x.length + y.length));
  return kolmogorovTail((root + 0.12 + 0.11 / root) * distance);
};

const kindRows = (sets: readonly Judged[]) =>
  sets.flatMap(({ instrument, threshold, bad, kinds }) => {
    const flaggedBy = (judge: string, rate: number) => {
      const limit = thresholdFor(Array.from(threshold[judge]!), rate);
      return (i: number): boolean => bad[judge]![i]! > limit;
    };
    const judges = [auto(8), combined].map((judge) => ({ judge, flagged: flaggedBy(judge, 0.01) }));
    return [...new Set(kinds.map(({ kind }) => kind))].map((kind) => {
      const places = [...kinds.keys()].filter((i) => kinds[i]!.kind === kind);
      const cells = judges.map(({ judge, flagged }) => [
        `${judge}: flagged at`,
        places
          .filter(flagged)
          .map((i) => kinds[i]!.strength)
          .join(', ') || 'none',
      ]);
      return {
        fault: kind,
        instrument,
        unit: kinds[places[0]!]!.unit,
        strengths: places.map((i) => kinds[i]!.strength).join(', '),
        ...Object.fromEntries(cells),
      };
    });
  });

export const resultOf = (
  all: readonly SetRuns[],
  seed: number,
): Pick<BenchResult, 'note' | 'rows' | 'ratios'> => {
  const sets = all.map(judgeSet);
  const judges = Object.keys(sets[0]!.bad);
  const ratios: Record<string, number | null> = {};
  for (const rate of rates) {
    const suffix = `at_${rate * 100}pct`;
    const { exact, worlds } = missed(sets, [combined, auto(8)], rate, seed);
    const [ours, theirs] = [exact[0]!, exact[1]!];
    const count = sets.reduce((sum, { kinds }) => sum + kinds.length, 0);
    ratios[`missed_${suffix}_combined`] = ours / count;
    ratios[`missed_${suffix}_betabinomial8`] = theirs / count;
    ratios[`missed_ratio_${suffix}`] = theirs > 0 ? ours / theirs : null;
    const [low, high] = interval(
      worlds[0]!.map((value, i) => (worlds[1]![i]! > 0 ? value / worlds[1]![i]! : 1)),
    );
    ratios[`missed_ratio_${suffix}_low`] = low;
    ratios[`missed_ratio_${suffix}_high`] = high;
    ratios[`missed_ratio_${suffix}_by_all_good`] = ratioByAllGood(sets, rate);
  }
  for (const { key, threshold, fresh } of sets) {
    ratios[`frames_agree_p_${key}_combined`] = agreement(threshold[combined]!, fresh[combined]!);
    ratios[`frames_agree_p_${key}_least_of_checks`] = Math.min(
      ...judges.map((judge) => agreement(threshold[judge]!, fresh[judge]!)),
    );
    ratios[`frames_flagged_at_5pct_${key}`] =
      over(fresh[combined]!, thresholdFor(Array.from(threshold[combined]!), 0.05)) / fresh[combined]!.length;
  }
  const runs = (pick: (set: SetRuns) => readonly unknown[]): number =>
    all.reduce((sum, set) => sum + pick(set).length, 0);
  return {
    note:
      `All runs are simulated. ${runs(({ learn }) => learn).toLocaleString('en')} good runs of one region each say what is usual, ` +
      `${runs(({ threshold }) => threshold).toLocaleString('en')} more set thresholds, ${runs(({ good }) => good)} good and ` +
      `${runs(({ bad }) => bad)} bad ones are judged: every kind of the catalogue at every strength, fixed beforehand. ` +
      'References are the last eight good runs of the region. A check is as rare as its rarest reading; beta-binomial has ' +
      'χ² and largest pull of every histogram. Good runs are sums of simulated frames drawn with replacement; ' +
      `${runs(({ fresh }) => fresh)} runs of fresh frames show whether that is the same (probabilities of Kolmogorov).`,
    rows: [...checkRows(sets, judges, seed), ...kindRows(sets)],
    ratios,
  };
};
