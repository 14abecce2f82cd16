/**
 * `tessera bench codec`: the ladder's rungs and their rivals on the same fixed wedges in the same run: ratio against
 * error, physics after decoding, the entropy stage, and rates from frame bytes to packet bytes. It refuses to quote
 * what it did not measure: where a piece is absent it says so, and the key stays out.
 */

import { parseArgs } from 'node:util';
import { version } from '../../src/assemble.ts';
import { say } from '../drive.ts';
import { machine, writeResult } from '../result.ts';
import { openContenders } from './codec/contenders.ts';
import { openCourses } from './codec/courses.ts';
import { type EntropyFigures, measureEntropy } from './codec/entropy.ts';
import {
  type Bench,
  type Contender,
  judge,
  openBench,
  physicsRow,
  type Row,
  rawRow,
  sizeRow,
  type Verdict,
} from './codec/judge.ts';
import { lossyRivals } from './codec/lossy_rivals.ts';
import { workers } from './codec/packets.ts';
import { measureProgressive, type ProgressiveFigures } from './codec/progressive.ts';
import { type Rate, raceRates, rateRow } from './codec/rates.ts';
import { codecRatios } from './codec/ratios.ts';
import { type Classical, classicalRivals, rivalRow } from './codec/rivals.ts';
import { separationRow } from './codec/separation.ts';
import { openSet, type TestSet } from './codec/sets.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    repeats: { type: 'string', default: '5' },
    /** One time frame of each set, one round: shows that it runs, says little. */
    quick: { type: 'boolean', default: false },
    /** `judge`: sizes, errors and physics, the same on any machine; `rates`: what wants an idle one. */
    parts: { type: 'string', default: 'judge,rates' },
  },
});
const parts = flags.parts.split(',');
const repeats = flags.quick ? 1 : Number(flags.repeats);
const timeFramesMax = flags.quick ? 1 : undefined;
/** Time frames whose tracks are known: some 1,700 tracks of Au+Au, which is enough for a width to three digits. */
const truthTimeFrames = flags.quick ? 1 : 24;

const absences = new Set<string>();
const absent = (what: string): void => {
  if (!absences.has(what)) say(`!!! ${what} is not there: its figures are left out`);
  absences.add(what);
};

interface Judged {
  readonly sizes: Row[];
  readonly physics: Row[];
  readonly separation: Row[];
  readonly verdicts: Verdict[];
}

/** Judges the contenders one by one, into rows, and closes them. */
const judgeThem = async (bench: Bench, contenders: readonly Contender[], into: Judged): Promise<void> => {
  const { name } = bench.set;
  for (const contender of contenders) {
    const verdict = await judge(bench, contender);
    const ratio = verdict.ratioDense?.toFixed(1) ?? '–';
    say(`${name}: ${verdict.name}: ${ratio}× at log-MAE ${verdict.logMae.toFixed(4)}`);
    into.verdicts.push(verdict);
    into.sizes.push(sizeRow(name, verdict));
    into.physics.push(physicsRow(name, verdict));
    into.separation.push(separationRow(name, verdict.name, verdict.separation));
  }
  for (const { close } of contenders) await close?.();
};

const judgeSet = async (set: TestSet): Promise<Judged & { readonly classical: Classical | null }> => {
  const bench = openBench(set, truthTimeFrames);
  const judged: Judged = {
    sizes: [],
    physics: [rawRow(set.name, bench)],
    separation: [separationRow(set.name, 'raw wedges', bench.rawSeparation)],
    verdicts: [],
  };
  await judgeThem(bench, await openContenders(set, absent), judged);
  const classical = classicalRivals(set, absent);
  if (classical !== null) {
    // Lossy ones are judged like everyone else; their own script's rows would say the same twice.
    const lossless = classical.rows.filter(({ log_mae }) => log_mae === 0);
    judged.sizes.push(...lossless.map((row) => rivalRow(set.name, row)));
    await judgeThem(bench, lossyRivals(set, classical.chosen, absent), judged);
  }
  return { ...judged, classical };
};

const measureRates = async (sets: readonly TestSet[]): Promise<Rate[]> => {
  const courses = await openCourses(sets, absent);
  try {
    return await raceRates(courses.contestants, repeats, say);
  } finally {
    await courses.close();
  }
};

const setRow = (set: TestSet): Row => ({
  set: set.name,
  instrument: set.cards.card.id,
  wedges: set.wedges.length,
  'hits a wedge': set.hits / set.wedges.length,
  'occupancy, %': (100 * set.hits) / set.wedges.length / set.voxels,
  'as committed': set.isCommitted,
});

const entropyRow = (entropy: EntropyFigures): Row => ({
  'entropy stage, symbols': entropy.symbols,
  'coded, M/s': entropy.encodeRate / 1e6,
  'read, M/s': entropy.decodeRate / 1e6,
  'only looked up, M/s': entropy.lookupRate / 1e6,
  'over cross-entropy, %': 100 * entropy.excess,
});

const progressiveRow = (progressive: ProgressiveFigures): Row => ({
  'price of being progressive, wedges': progressive.wedges,
  'planes, bits a hit': progressive.planesBits,
  'their levels at once, bits a hit': progressive.atOnceBits,
  'excess, %': 100 * progressive.excess,
});

/** Sizes, errors and physics of every set, and what is found out on Au+Au alone. */
const judgeAll = async (sets: readonly TestSet[]) => {
  const judged: Awaited<ReturnType<typeof judgeSet>>[] = [];
  for (const set of sets) judged.push(await judgeSet(set));
  const progressive = await measureProgressive(sets[0]!, flags.quick ? 2 : 24);
  return {
    rows: [
      ...judged.flatMap(({ sizes }) => sizes),
      ...judged.flatMap(({ physics }) => physics),
      ...judged.flatMap(({ separation }) => separation),
      progressiveRow(progressive),
    ],
    verdicts: new Map(sets.map((set, i) => [set.name, judged[i]!.verdicts])),
    classical: judged[0]!.classical,
    progressive,
  };
};

const timeAll = async (sets: readonly TestSet[]) => {
  const rates = await measureRates(sets);
  const entropy = measureEntropy(sets[0]!, repeats);
  return { rows: [...rates.map(rateRow), entropyRow(entropy)], rates, entropy };
};

const main = async (): Promise<void> => {
  const sets = ['auau_test', 'pp_test', 'narrow_test'].map((name) => openSet(name, timeFramesMax));
  const judged = parts.includes('judge') ? await judgeAll(sets) : null;
  const timed = parts.includes('rates') ? await timeAll(sets) : null;
  const result = {
    bench: 'codec',
    machine,
    version,
    seed: sets[0]!.planned.seed,
    note:
      'Wedges are simulated, none was trained or fitted on. Ratios count whole tk00 messages. Errors are mean ' +
      '|Δ log2(ADC+1)| over all voxels. Clusters are matched one to one within a cluster width, raw against decoded; ' +
      'residuals of tracks are 68 % half-widths. “Noise drawn again” is no codec: it is what clusters do by ' +
      `themselves. Rates are medians of ${repeats} rounds on ${workers} threads, all contestants in each round.`,
    rows: [...sets.map(setRow), ...(judged?.rows ?? []), ...(timed?.rows ?? [])],
    ratios: codecRatios({ ...judged, ...timed }),
    absent: [...absences],
  };
  writeResult(result, flags.json);
};

await main();
// Model sessions and worker threads have been closed; nothing may keep a finished bench alive.
process.exit(0);
