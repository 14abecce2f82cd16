/**
 * One set of runs: good ones that say what is usual, good ones that set thresholds, then those that are judged, and good
 * ones of fresh frames, which show whether sums of units are like frames. Refuses to keep objects: readings are kept.
 */

import { badRuns, goodPerBad, goodRuns, poolUnits, regions, type SetPlan, unitsPerRun } from './grid.ts';
import { openBench } from './pool.ts';
import { emptyShelf, makeRun, readRegions, shelve, walkOf } from './runs.ts';

/** What all checks read of one run, in the order of `SetRuns.names`. */
export type Row = Float64Array;

export interface BadRow {
  readonly kind: string;
  readonly strength: number;
  readonly unit: string;
  readonly readings: Row;
}

export interface SetRuns {
  readonly plan: SetPlan;
  readonly names: readonly { readonly check: string; readonly of: string }[];
  readonly learn: readonly Row[];
  readonly threshold: readonly Row[];
  readonly good: readonly Row[];
  readonly bad: readonly BadRow[];
  /** Good runs of fresh frames, filled frame by frame. */
  readonly fresh: readonly Row[];
}

const freshRuns = 3;
const everyRegion = [...regions.keys()];

export const measureSet = async (
  plan: SetPlan,
  seed: number,
  quick: boolean,
  say: (text: string) => void,
): Promise<SetRuns> => {
  const bench = await openBench(plan, quick ? 6 : poolUnits, say);
  const count = (runs: number): number => Math.ceil((quick ? 200 : runs) / regions.length);
  const [learnRuns, thresholdRuns] = [count(goodRuns.learn), count(goodRuns.threshold)];
  const all = badRuns(plan);
  const bads = quick ? all.filter((_, i) => i % 8 === 3) : all;
  const warm = 8;
  const walk = walkOf(seed, warm + learnRuns + thresholdRuns + freshRuns + bads.length);
  const shelf = emptyShelf();
  let names: SetRuns['names'] = [];
  const read = (values: readonly Float64Array[], wanted: readonly number[]): Row[] =>
    [...readRegions(bench, shelf, values, wanted).values()].map((readings) => {
      names = readings.map(({ check, of }) => ({ check, of }));
      return Float64Array.from(readings, ({ value }) => value);
    });
  let index = 0;
  const keep = (values: readonly Float64Array[], but: number | null): void => {
    for (const [region, one] of values.entries()) if (region !== but) shelve(shelf, region, index, one);
  };
  try {
    const good = async (runs: number, readThem: boolean): Promise<Row[]> => {
      const rows: Row[] = [];
      for (const last = index + runs; index < last; index++) {
        const values = await makeRun(bench, seed, index, walk[index]!, null);
        if (readThem) rows.push(...read(values, everyRegion));
        keep(values, null);
        if (index % 25 === 0) say(`${plan.instrument}: ${index} good runs of ${regions.length} regions`);
      }
      return rows;
    };
    await good(warm, false);
    const learn = await good(learnRuns, true);
    const threshold = await good(thresholdRuns, true);
    const fresh: Row[] = [];
    for (const last = index + (quick ? 1 : freshRuns); index < last; index++) {
      const { gain, rate } = walk[index]!;
      const values: Float64Array[] = [];
      for (const { frames, before } of bench.fresh(1_000 + index, gain, rate, unitsPerRun)) {
        const into = new Float64Array(bench.layout.size);
        for (const [i, frame] of frames.entries()) await bench.addRaw(frame, before[i]!, into);
        values.push(into);
      }
      fresh.push(...read(values, everyRegion));
      keep(await makeRun(bench, seed, index, walk[index]!, null), null);
    }
    say(`${plan.instrument}: ${fresh.length} runs of fresh frames`);
    const [judged, bad]: [Row[], BadRow[]] = [[], []];
    for (const [i, { kind, strength, habit }] of bads.entries()) {
      const region = i % regions.length;
      const values = await makeRun(bench, seed, index, walk[index]!, { region, kind, strength, habit });
      const others = Array.from({ length: goodPerBad }, (_, n) => (region + 2 + 3 * n) % regions.length);
      const [one, ...rest] = read(values, [region, ...others]);
      bad.push({ kind: kind.name, strength, unit: kind.unit, readings: one! });
      judged.push(...rest);
      keep(values, region);
      index += 1;
    }
    return { plan, names, learn, threshold, good: judged, bad, fresh };
  } finally {
    await bench.close();
  }
};
