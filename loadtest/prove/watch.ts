/**
 * The proof of the watch: hours of good cycles beside a good run before them, where every cell that is not good is a false alarm,
 * and front-end cards that die, one a run, with how long it takes until the right one is named. Frames are those of the simulator,
 * a chamber a seed, at the rate that a monitor sees by default. Refuses to know of tokens: no model runs.
 */

import { version } from '../../src/assemble.ts';
import type { Quality } from '../../src/dqm/quality.ts';
import type { BenchResult } from '../excerpts.ts';
import { median } from '../measure.ts';
import { machine } from '../result.ts';
import { openWatchedRun, type RunPlan } from '../watched_runs.ts';

/** A cycle's time frames, all looked into: two a second; crossings of a trigger by the hundreds. */
interface WatchPlan {
  readonly instrument: RunPlan['instrument'];
  readonly timeFramesPerCycle: number;
  /** Chambers, and cycles of each that are judged. */
  readonly good: { readonly seeds: number; readonly cycles: number; readonly before: number };
  /** Runs in which a card dies. */
  readonly dying: number;
}

const watchPlans = (quick: boolean): readonly WatchPlan[] => [
  {
    instrument: 'sphenix-tpc-pp',
    timeFramesPerCycle: 10,
    good: quick ? { seeds: 1, cycles: 12, before: 12 } : { seeds: 8, cycles: 300, before: 30 },
    dying: quick ? 3 : 60,
  },
  {
    instrument: 'sphenix-tpc-auau',
    timeFramesPerCycle: 10,
    good: quick ? { seeds: 1, cycles: 2, before: 2 } : { seeds: 3, cycles: 30, before: 12 },
    dying: quick ? 1 : 12,
  },
  {
    instrument: 'l1-objects',
    timeFramesPerCycle: 1500,
    good: quick ? { seeds: 1, cycles: 4, before: 4 } : { seeds: 3, cycles: 60, before: 20 },
    dying: 0,
  },
];

const cycleSeconds = 5;
/** An alarm stands this long after its fault at most. */
const barSeconds = 15;
/** Others than those that anything shipped is made from. */
const firstSeed = 301;
const cards = 12;
const regions = 24;

/** A signal to stop is heard between cycles. */
const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface FalseAlarm {
  readonly quality: Quality['name'];
  readonly words: string;
}

/** Cells that turn other than good in one chamber's good cycles. */
const falseAlarms = async (
  { instrument, timeFramesPerCycle, good }: WatchPlan,
  seed: number,
): Promise<FalseAlarm[]> => {
  const plan = { instrument, timeFramesPerCycle, seed };
  const before = openWatchedRun({ ...plan, run: 2 });
  for (let cycle = 0; cycle < good.before; cycle++) before.cycle();
  const run = openWatchedRun({
    ...plan,
    references: [before.soFar()],
  });
  const found: FalseAlarm[] = [];
  let standing = new Set<string>();
  for (let cycle = 0; cycle < good.cycles; cycle++) {
    await othersTurn();
    const now = new Set<string>();
    for (const words of run.cycle()) {
      // `bad: region, check: reason`
      const [quality, cell] = words.split(': ') as [Quality['name'], string];
      now.add(`${quality} ${cell}`);
      if (!standing.has(`${quality} ${cell}`)) found.push({ quality, words });
    }
    standing = now;
  }
  return found;
};

/** Seconds from a card's death until a cell is bad, and names it; null where that took a minute, or another was named. */
const secondsToName = async (
  { instrument, timeFramesPerCycle }: WatchPlan,
  i: number,
): Promise<number | null> => {
  const [card, region, afterMs] = [(5 * i + 2) % cards, (7 * i) % regions, 10_000 + ((1300 * i) % 5000)];
  const cycles = 15;
  const run = openWatchedRun({
    ...{ instrument, timeFramesPerCycle, seed: firstSeed + 600 + i },
    mishap: `dead-card:region=${region},card=${card},after=${afterMs}ms`,
  });
  for (let cycle = 0; cycle < cycles && run.badMs === null; cycle++) {
    await othersTurn();
    run.cycle();
  }
  const named = run.cell(region, 'channels').where[0]?.startsWith(`front-end card ${card} `) ?? false;
  return run.badMs === null || run.badMs < afterMs || !named ? null : (run.badMs - afterMs) / 1000;
};

const rounded = (value: number): number => Math.round(100 * value) / 100;

export const proveWatch = async (
  quick: boolean,
  say: (text: string) => void,
): Promise<{ readonly result: BenchResult; readonly faults: readonly string[] }> => {
  const [goodRows, dyingRows]: Record<string, string | number | null>[][] = [[], []];
  const ratios: Record<string, number> = {};
  const faults: string[] = [];
  for (const plan of watchPlans(quick)) {
    const { instrument, good, dying } = plan;
    const alarms: FalseAlarm[] = [];
    for (let seed = firstSeed; seed < firstSeed + good.seeds; seed++) {
      alarms.push(...(await falseAlarms(plan, seed)));
      say(`${instrument}: chamber ${seed} is good, ${alarms.length} cells of all were not`);
    }
    for (const { quality, words } of alarms) {
      say(`${instrument}: ${words}`);
      if (quality === 'bad') faults.push(`${instrument}: ${words}`);
    }
    const count = (of: Quality['name']): number => alarms.filter(({ quality }) => quality === of).length;
    const hours = (good.seeds * good.cycles * cycleSeconds) / 3600;
    goodRows!.push({
      instrument,
      'good chambers': good.seeds,
      'cycles beside a good run': good.seeds * good.cycles,
      hours: rounded(hours),
      'cells turned medium': count('medium'),
      'cells turned bad': count('bad'),
    });
    ratios[`false_mediums_an_hour_${instrument}`] = rounded(count('medium') / hours);
    ratios[`false_bads_${instrument}`] = count('bad');
    if (dying === 0) continue;
    const seconds: (number | null)[] = [];
    for (let i = 0; i < dying; i++) seconds.push(await secondsToName(plan, i));
    const named = seconds.filter((one) => one !== null).sort((a, b) => a - b);
    say(`${instrument}: ${named.length} of ${dying} dead cards named`);
    if (named.length < dying)
      faults.push(`${instrument}: ${dying - named.length} dead cards not named in a minute`);
    const within = named.filter((one) => one <= barSeconds).length;
    dyingRows!.push({
      instrument,
      'cards that died': dying,
      'named rightly': named.length,
      'median s': rounded(median(named)),
      '9 in 10 within s': rounded(named[Math.ceil(0.9 * named.length) - 1] ?? 0),
      'max s': rounded(named.at(-1) ?? 0),
      'within 15 s': within,
    });
    ratios[`dead_card_median_s_${instrument}`] = rounded(median(named));
    ratios[`dead_card_within_15s_${instrument}`] = rounded(within / dying);
  }
  const result: BenchResult = {
    bench: 'prove_watch',
    machine,
    version,
    seed: firstSeed,
    note:
      'Frames are simulated, two time frames a second, all of them looked into; 1,500 crossings a cycle. Each chamber is judged ' +
      'beside one good run of its own, by all checks but those of tokens: every cell that turns other than good is a false alarm, ' +
      'of which the bars allow two mediums an hour, one of them of what falls silent, and one bad in ten days. A card dies 10 to ' +
      '15 s after a run’s start, every place of a card in turn; seconds are of the stream, until its cell is bad and names it.',
    rows: [...goodRows!, ...dyingRows!],
    ratios,
  };
  return { result, faults };
};
