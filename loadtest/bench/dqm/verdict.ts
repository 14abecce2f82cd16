/**
 * What the bench says: bad runs flagged at a rate of false alarms, the rate there really was, and whether runs drawn from
 * the pool are like runs of fresh frames. Refuses to leave a judge out, or the good runs it flagged.
 */

import { thresholdFor } from '../../../src/dqm/thresholds.ts';
import type { BenchResult } from '../../excerpts.ts';
import { type Agreement, agreementOf } from './agreement.ts';
import { auto, combined, type Judged, judgeSet } from './judged.ts';
import type { SetRuns } from './measure.ts';
import {
  badCount,
  falseAlarms,
  falseAlarmsInterval,
  interval,
  limitOf,
  type Missed,
  missed,
  missedOf,
  over,
  type Redraws,
} from './missed.ts';

const rates = [0.01, 0.05] as const;
const percent = (share: number): number => Math.round(share * 1_000) / 10;

const checkRows = (sets: readonly Judged[], judges: readonly string[], redraws: Redraws) => {
  const count = badCount(sets);
  const at = rates.map((rate) => missed(sets, judges, rate, redraws));
  const found = (n: number): number => percent((count - n) / count);
  return judges.map((judge, i) => {
    const cells = rates.map((rate, r) => {
      const [low, high] = interval(at[r]!.worlds[i]!);
      return {
        [`flagged at ${rate * 100} %, %`]: found(at[r]!.exact[i]!),
        [`95 % interval at ${rate * 100} %`]: `${found(high)} to ${found(low)}`,
        [`good flagged at ${rate * 100} %, %`]: percent(falseAlarms(sets, judge, rate)),
      };
    });
    return { check: judge, 'bad runs': count, ...cells[0], ...cells[1] };
  });
};

const kindRows = (sets: readonly Judged[]) =>
  sets.flatMap((set) => {
    const { instrument, bad, kinds } = set;
    const flaggedBy = (judge: string, rate: number) => {
      const limit = limitOf(set, judge, rate);
      return (i: number): boolean => bad.numbers[judge]![i]! > limit;
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

const three = (value: number): number => Math.round(value * 1_000) / 1_000;

const agreementRows = ({ instrument }: Judged, each: readonly Agreement[]) =>
  each.map(({ name, difference, low, high, chance, p }) => ({
    'pool and fresh frames, by check': name,
    instrument,
    'largest difference': three(difference),
    '95 % interval': `${three(low)} to ${three(high)}`,
    '95 % of chance below': three(chance),
    p: three(p),
  }));

/** What is missed by both at a rate, and the ratio of the two; its interval from the same worlds. */
const missedRatios = (sets: readonly Judged[], { exact, worlds }: Missed, suffix: string) => {
  const [ours, theirs] = [exact[0]!, exact[1]!];
  const [low, high] = interval(
    worlds[0]!.map((value, i) => (worlds[1]![i]! > 0 ? value / worlds[1]![i]! : 1)),
  );
  return {
    [`missed_${suffix}_combined`]: ours / badCount(sets),
    [`missed_${suffix}_betabinomial8`]: theirs / badCount(sets),
    [`missed_ratio_${suffix}`]: theirs > 0 ? ours / theirs : null,
    [`missed_ratio_${suffix}_low`]: low,
    [`missed_ratio_${suffix}_high`]: high,
  };
};

/** The ratio of what is missed with limits that all good runs, kept aside and judged, helped to set. */
const ratioByAllGood = (sets: readonly Judged[], rate: number): number | null => {
  const [ours, theirs] = [combined, auto(8)].map((judge) =>
    missedOf(sets, judge, ({ threshold, good }) =>
      thresholdFor([...threshold.numbers[judge]!, ...good.numbers[judge]!], rate),
    ),
  ) as [number, number];
  return theirs > 0 ? ours / theirs : null;
};

const ratiosAt = (sets: readonly Judged[], rate: number, redraws: Redraws) => {
  const at = `at_${rate * 100}pct`;
  const pair = [combined, auto(8)];
  const alarms = (judge: string, name: string, which: 'good' | 'beside' = 'good') => {
    const [low, high] = falseAlarmsInterval(sets, judge, rate, redraws, which);
    const key = `good_flagged_${at}_${name}`;
    return { [key]: falseAlarms(sets, judge, rate, which), [`${key}_low`]: low, [`${key}_high`]: high };
  };
  return {
    ...missedRatios(sets, missed(sets, pair, rate, redraws), at),
    [`missed_ratio_${at}_by_all_good`]: ratioByAllGood(sets, rate),
    ...missedRatios(sets, missed(sets, pair, rate, redraws, 'good'), `${at}_measured`),
    ...alarms(combined, 'combined'),
    ...alarms(auto(8), 'betabinomial8'),
    ...alarms(combined, 'combined_beside_bad', 'beside'),
  };
};

/** Agreement of one set: rows by check, and what all checks and all readings come to. */
const agreementAt = (set: Judged, { seed, worlds }: Redraws) => {
  const { key, moments, momentReadings } = set;
  const checks = agreementOf(moments, worlds, seed);
  const readings = agreementOf(momentReadings, worlds, seed);
  const byName = new Map(checks.each.map((one) => [one.name, one]));
  const most = readings.each.reduce((worst, one) => (one.p < worst.p ? one : worst));
  const flagged = (rate: number, which: readonly number[]): number => {
    const limit = limitOf(set, combined, rate);
    const values = moments.get(combined)!.flatMap((triple) => which.flatMap((one) => triple[one]!));
    return over(values, limit) / values.length;
  };
  return {
    rows: agreementRows(set, checks.each),
    rarest: most,
    ratios: {
      [`frames_agree_p_${key}_combined`]: byName.get(combined)!.p,
      [`frames_agree_p_${key}_least_of_checks`]: Math.min(...checks.each.map(({ p }) => p)),
      [`frames_agree_p_${key}_all_checks`]: checks.all,
      [`frames_agree_p_${key}_all_readings`]: readings.all,
      [`frames_readings_beyond_95pct_of_chance_${key}`]:
        readings.each.filter(({ difference, chance }) => difference > chance).length / readings.each.length,
      [`frames_largest_difference_${key}_combined`]: byName.get(combined)!.difference,
      [`frames_largest_difference_${key}_combined_low`]: byName.get(combined)!.low,
      [`frames_largest_difference_${key}_combined_high`]: byName.get(combined)!.high,
      [`frames_flagged_at_5pct_${key}`]: flagged(0.05, [1, 2]),
      [`frames_flagged_at_5pct_${key}_of_pool`]: flagged(0.05, [0]),
    },
  };
};

export const resultOf = (
  all: readonly SetRuns[],
  redraws: Redraws,
): Pick<BenchResult, 'note' | 'rows' | 'ratios'> => {
  const sets = all.map(judgeSet);
  const judges = Object.keys(sets[0]!.bad.numbers);
  const agreements = sets.map((set) => agreementAt(set, redraws));
  const runs = (pick: (set: SetRuns) => number): string =>
    all.reduce((sum, set) => sum + pick(set), 0).toLocaleString('en');
  const rarest = agreements
    .map(
      ({ rarest }, i) =>
        `${rarest.name} of ${sets[i]!.instrument} (${three(rarest.difference)}, p ${three(rarest.p)})`,
    )
    .join(', ');
  return {
    note:
      `All runs are simulated. ${runs(({ learn }) => learn.length)} good runs of one region each say what is usual, ` +
      `${runs(({ threshold }) => threshold.length)} more set thresholds. ${runs(({ bad }) => bad.length)} bad runs are judged, ` +
      `every kind of the catalogue at every strength, fixed beforehand, with ${runs(({ good }) => good.length)} good ones of ` +
      `regions beside a bad one and ${runs(({ judged }) => judged.length)} of regions that are all good. References are the ` +
      'last eight good runs of the region. A check is as rare as its rarest reading; beta-binomial has χ² and largest pull of ' +
      'every histogram. Limits are set on runs kept aside; in keys with `measured`, on the good runs that are judged, so that ' +
      'both flag exactly that share of them. Runs are made of simulated frames from a pool, none of a run in its references. ' +
      `At ${runs(({ moments }) => moments.length)} moments of all regions, runs of fresh frames in the same conditions ` +
      `(${runs(({ moments }) => moments.reduce((sum, { fresh }) => sum + fresh.flat().length, 0))} of one region each) are ` +
      'read beside that of the pool: the largest difference of the two distributions, 95 % of redrawn moments, and how often ' +
      `permuted ones differ as much. Of single readings, ${rarest} differ most. Intervals redraw whole runs.`,
    rows: [...checkRows(sets, judges, redraws), ...kindRows(sets), ...agreements.flatMap(({ rows }) => rows)],
    ratios: Object.assign(
      {},
      ...rates.map((rate) => ratiosAt(sets, rate, redraws)),
      ...agreements.map(({ ratios }) => ratios),
    ) as Record<string, number | null>,
  };
};
