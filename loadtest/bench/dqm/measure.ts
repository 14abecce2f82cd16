/**
 * One set of runs, in turns, so that all see the same drift: good ones that say what is usual, good ones that set
 * thresholds, those that are judged; and, at some moments, runs of fresh frames beside that of the pool, which show whether the two are alike. Refuses to keep
 * objects: readings are kept.
 */

import { newDeck } from './deck.ts';
import {
  badRuns,
  drift,
  freshMoments,
  goodPerBad,
  goodRuns,
  poolUnits,
  regions,
  type SetPlan,
  unitsPerRun,
} from './grid.ts';
import { openBench } from './pool.ts';
import { emptyShelf, filled, makeRun, readRegions, shelve, walkOf } from './runs.ts';

/** What all checks read of one run, in the order of `SetRuns.names`. */
export type Row = Float64Array;

export interface BadRow {
  readonly kind: string;
  readonly strength: number;
  readonly unit: string;
  readonly readings: Row;
}

/** One moment's rows of every region: of the pool, and twice of fresh frames, against the same references. */
export interface Moment {
  readonly pool: readonly Row[];
  readonly fresh: readonly (readonly Row[])[];
}

export interface SetRuns {
  readonly plan: SetPlan;
  readonly names: readonly { readonly check: string; readonly of: string }[];
  /** Good runs: the rows of all regions of one run lie one after the other. */
  readonly learn: readonly Row[];
  readonly threshold: readonly Row[];
  readonly judged: readonly Row[];
  /** Good regions beside a bad one, `goodPerBad` of each bad run. */
  readonly good: readonly Row[];
  readonly bad: readonly BadRow[];
  readonly moments: readonly Moment[];
}

const everyRegion = [...regions.keys()];

export type Turn = 'learn' | 'threshold' | 'judged' | 'bad';

/**
 * Whose turn it is, run after run: each as often as it asks for, spread evenly. One after the other, thresholds would be of
 * a stretch of the drift that the judged runs never saw, three or four of its excursions apart.
 */
export const turnsOf = (wanted: Readonly<Record<Turn, number>>): Turn[] => {
  const kinds = (Object.keys(wanted) as Turn[]).filter((kind) => wanted[kind] > 0);
  const all = kinds.reduce((sum, kind) => sum + wanted[kind], 0);
  const had: Record<Turn, number> = { learn: 0, threshold: 0, judged: 0, bad: 0 };
  return Array.from({ length: all }, (_, i) => {
    const behind = (kind: Turn): number => (wanted[kind] * (i + 1)) / all - had[kind];
    const next = kinds.reduce((most, kind) => (behind(kind) > behind(most) ? kind : most));
    had[next] += 1;
    return next;
  });
};

export const measureSet = async (
  plan: SetPlan,
  seed: number,
  quick: boolean,
  say: (text: string) => void,
): Promise<SetRuns> => {
  const units = quick ? 24 : poolUnits[plan.key];
  const bench = await openBench(plan, units, seed, say);
  // A limit at 1 % takes a hundred, in every redrawn world too.
  const count = (runs: number): number => Math.ceil((quick ? 160 : runs) / regions.length);
  const [learnRuns, thresholdRuns, judgedRuns] = [
    count(goodRuns.learn),
    count(goodRuns.threshold),
    count(goodRuns.judge[plan.key]),
  ];
  const all = badRuns(plan);
  const bads = quick ? all.filter((_, i) => i % 8 === 3) : all;
  const moments = quick ? 2 : freshMoments[plan.key];
  const warm = 8;
  const walk = walkOf(seed, warm + learnRuns + thresholdRuns + judgedRuns + bads.length);
  const shelf = emptyShelf();
  const deck = newDeck(drift.rate.steps.length, units);
  let names: SetRuns['names'] = [];
  const read = (values: readonly Float64Array[], wanted: readonly number[]): Row[] =>
    [...readRegions(bench, shelf, values, wanted).values()].map((readings) => {
      names = readings.map(({ check, of }) => ({ check, of }));
      return Float64Array.from(readings, ({ value }) => value);
    });
  const rows = {
    learn: [] as Row[],
    threshold: [] as Row[],
    judged: [] as Row[],
    good: [] as Row[],
    bad: [] as BadRow[],
    moments: [] as Moment[],
  };
  let index = 0;
  const keep = (values: readonly Float64Array[], but: number | null): void => {
    for (const [region, one] of values.entries()) if (region !== but) shelve(shelf, region, index, one);
  };

  /** Two runs of fresh frames in the conditions of a run, whose frames are no neighbours. */
  const freshRows = async (): Promise<Row[][]> => {
    const { gain, rate } = walk[index]!;
    const made = bench.fresh(1_000 + index, gain, rate, 2 * unitsPerRun);
    const pair: Row[][] = [];
    for (const parity of [0, 1]) {
      const values: Float64Array[] = [];
      for (const [region, of] of made.entries())
        values.push(
          await filled(
            bench,
            region,
            of.filter((_, unit) => unit % 2 === parity),
            1,
          ),
        );
      pair.push(read(values, everyRegion));
    }
    return pair;
  };

  const good = async (into: Row[] | null, fresh = false): Promise<void> => {
    const values = await makeRun(bench, deck, seed, index, walk[index]!, null);
    const own = into === null ? [] : read(values, everyRegion);
    into?.push(...own);
    if (fresh) rows.moments.push({ pool: own, fresh: await freshRows() });
    keep(values, null);
    if (index % 25 === 0) say(`${plan.instrument}: ${index} runs of ${regions.length} regions`);
    index += 1;
  };

  const judge = async (i: number): Promise<void> => {
    const { kind, strength, habit } = bads[i]!;
    const region = i % regions.length;
    const values = await makeRun(bench, deck, seed, index, walk[index]!, { region, kind, strength, habit });
    const others = Array.from({ length: goodPerBad }, (_, n) => (region + 2 + 3 * n) % regions.length);
    const [one, ...rest] = read(values, [region, ...others]);
    rows.bad.push({ kind: kind.name, strength, unit: kind.unit, readings: one! });
    rows.good.push(...rest);
    keep(values, region);
    index += 1;
  };

  const turns = turnsOf({ learn: learnRuns, threshold: thresholdRuns, judged: judgedRuns, bad: bads.length });
  let held = 0;
  const play: Record<Turn, () => Promise<void>> = {
    learn: () => good(rows.learn),
    threshold: () => {
      held += 1;
      return good(rows.threshold, rows.moments.length < Math.floor((held * moments) / thresholdRuns));
    },
    judged: () => good(rows.judged),
    bad: () => judge(rows.bad.length),
  };
  try {
    for (let i = 0; i < warm; i++) await good(null);
    for (const turn of turns) await play[turn]();
    return { plan, names, ...rows };
  } finally {
    await bench.close();
  }
};
