/**
 * Quality in the field's words: Good, Medium, Bad, or Null where nothing can be said; with the reason and the bins, and
 * many of them as one. Refuses to call old news good: what is stale is grey, whatever it was.
 */

import { decadesOf, thresholdFor, type Usual, usualOf } from './thresholds.ts';

/** Numbers as ALICE's quality control has them. */
export const qualityNumbers = { good: 1, medium: 2, bad: 3, null: 10 } as const;
export type QualityName = keyof typeof qualityNumbers;

export interface Quality {
  readonly name: QualityName;
  /** One sentence: what was read, and how rare it is in good runs. */
  readonly reason: string;
  /** Bins of the object that made it so, worst first; none where all is well. */
  readonly bins: readonly number[];
}

/** What a check says of one region, or an aggregator of many. */
export interface Standing {
  readonly quality: Quality;
  /** ms since the epoch. */
  readonly atMs: number;
}

/** What good runs read in each reading of a check, and the check's limits for stated rates of false alarms. */
export interface Limits {
  readonly usual: ReadonlyMap<string, Usual>;
  /** Decades above which a run is medium, and bad. */
  readonly mediumDecades: number;
  readonly badDecades: number;
  readonly mediumRate: number;
  readonly badRate: number;
}

export interface NamedReading {
  readonly of: string;
  readonly value: number;
  readonly bins: readonly number[];
}

/** The rarest of a check's readings, in decades; those nobody knows from good runs say nothing. */
export const rarestOf = (
  usual: ReadonlyMap<string, Usual>,
  readings: readonly NamedReading[],
): { readonly reading: NamedReading; readonly decades: number } | null => {
  let rarest: { reading: NamedReading; decades: number } | null = null;
  for (const reading of readings) {
    const known = usual.get(reading.of);
    if (known === undefined || !Number.isFinite(reading.value)) continue;
    const decades = decadesOf(known, reading.value);
    if (rarest === null || decades > rarest.decades) rarest = { reading, decades };
  }
  return rarest;
};

/**
 * Limits of one check from good runs: `learn` say what is usual, `held` (others) where the limits lie.
 * @throws Fault `config-invalid` where there are too few of either
 */
export const limitsOf = (
  learn: readonly (readonly NamedReading[])[],
  held: readonly (readonly NamedReading[])[],
  rates: { readonly medium: number; readonly bad: number },
): Limits => {
  const names = (learn[0] ?? []).map(({ of }) => of);
  const usual = new Map(names.map((of, i) => [of, usualOf(learn.map((run) => run[i]!.value))] as const));
  const decades = held.map((run) => rarestOf(usual, run)?.decades ?? 0);
  return {
    usual,
    mediumDecades: thresholdFor(decades, rates.medium),
    badDecades: thresholdFor(decades, rates.bad),
    mediumRate: rates.medium,
    badRate: rates.bad,
  };
};

const rounded = (value: number): string => Number(value.toPrecision(3)).toString();

/** What a check's readings are worth. Null where none of them is known from good runs. */
export const judge = (limits: Limits, readings: readonly NamedReading[]): Quality => {
  const rarest = rarestOf(limits.usual, readings);
  if (rarest === null) return { name: 'null', reason: 'nothing to compare with', bins: [] };
  const { reading, decades } = rarest;
  const said = `${reading.of} reads ${rounded(reading.value)}, as 1 in ${rounded(10 ** Math.min(decades, 12))} good runs do or rarer`;
  if (decades > limits.badDecades) return { name: 'bad', reason: said, bins: reading.bins };
  if (decades > limits.mediumDecades) return { name: 'medium', reason: said, bins: reading.bins };
  return { name: 'good', reason: said, bins: [] };
};

/** How bad: null is what nobody looked at, which is worse than good and better than what is known to be wrong. */
const order: Readonly<Record<QualityName, number>> = { good: 0, null: 1, medium: 2, bad: 3 };

/** The worst of the worst; null of nothing at all. */
export const worstOf = (qualities: readonly Quality[]): Quality =>
  qualities.reduce(
    (worst, one) => (order[one.name] > order[worst.name] ? one : worst),
    qualities[0] ?? {
      name: 'null',
      reason: 'nothing is checked here',
      bins: [],
    },
  );

export const colours = ['green', 'orange', 'red', 'magenta', 'grey'] as const;
export type Colour = (typeof colours)[number];

/** As on ALICE's big screen; grey where it is missing or older than `staleMs`. */
export const colourOf = (standing: Standing | null, nowMs: number, staleMs: number): Colour => {
  if (standing === null || nowMs - standing.atMs > staleMs) return 'grey';
  return ({ good: 'green', medium: 'orange', bad: 'red', null: 'magenta' } as const)[standing.quality.name];
};
