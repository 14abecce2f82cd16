/**
 * From readings to one number a run and judge: each reading by how rare it is among good runs, each check by its rarest
 * reading. Refuses to choose checks by the outcome.
 */

import { rarestOf } from '../../../src/dqm/quality.ts';
import { usualOf } from '../../../src/dqm/thresholds.ts';
import type { Triple } from './agreement.ts';
import { goodPerBad, regions } from './grid.ts';
import type { Row, SetRuns } from './measure.ts';

export const auto = (count: number): string => `beta-binomial, ${count} references`;
export const combined = 'combination';

/** One number a run of every judge: larger is worse. */
export type Numbers = Readonly<Record<string, Float64Array>>;

/** Runs that share conditions and collisions are a cluster: whoever redraws them redraws them together. */
export interface Sample {
  readonly numbers: Numbers;
  readonly clusters: readonly (readonly number[])[];
}

export interface Judged {
  readonly key: SetRuns['plan']['key'];
  readonly instrument: string;
  readonly threshold: Sample;
  /** Every good run that is judged: those of all regions, and those beside a bad region. */
  readonly good: Sample;
  readonly beside: Sample;
  readonly bad: Sample;
  readonly kinds: readonly { readonly kind: string; readonly strength: number; readonly unit: string }[];
  /** By judge, and by reading. */
  readonly moments: ReadonlyMap<string, readonly Triple[]>;
  readonly momentReadings: ReadonlyMap<string, readonly Triple[]>;
}

const clustersOf = (count: number, each: number, from = 0): number[][] =>
  Array.from({ length: Math.ceil(count / each) }, (_, cluster) =>
    Array.from({ length: Math.min(each, count - cluster * each) }, (_, i) => from + cluster * each + i),
  );

export const judgeSet = (set: SetRuns): Judged => {
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
  const decadesOfRow = (row: Row, of: readonly number[]): number => {
    const readings = of.map((i) => ({ of: named[i]!, value: row[i]!, bins: [] }));
    return rarestOf(usual, readings)?.decades ?? 0;
  };
  const sample = (rows: readonly Row[], clusters: number[][]): Sample => ({
    numbers: Object.fromEntries(
      [...members].map(([name, of]) => [name, Float64Array.from(rows, (row) => decadesOfRow(row, of))]),
    ),
    clusters,
  });
  const triples = (numberOf: (row: Row) => number): Triple[] =>
    set.moments.map(({ pool, fresh }) => {
      const [pools, one, other] = [pool, fresh[0]!, fresh[1]!].map((rows) => rows.map(numberOf));
      return [pools!, one!, other!];
    });
  const { threshold, judged, good, bad } = set;
  return {
    key: set.plan.key,
    instrument: set.plan.instrument,
    threshold: sample(threshold, clustersOf(threshold.length, regions.length)),
    good: sample(
      [...judged, ...good],
      [...clustersOf(judged.length, regions.length), ...clustersOf(good.length, goodPerBad, judged.length)],
    ),
    beside: sample(good, clustersOf(good.length, goodPerBad)),
    bad: sample(
      bad.map(({ readings }) => readings),
      clustersOf(bad.length, 1),
    ),
    kinds: bad,
    moments: new Map([...members].map(([name, of]) => [name, triples((row) => decadesOfRow(row, of))])),
    momentReadings: new Map(named.map((name, i) => [name, triples((row) => row[i]!)])),
  };
};
