/**
 * Part of `tessera bench anomaly`: the catalogue of injected mishaps, how many of each are found at each strength, and
 * what two baselines find: the number of hits, and the reconstruction error of the token model as an autoencoder. Refuses
 * to hide a kind it finds badly.
 */

import { lotOf } from '../../../src/anomaly/calibration/judge.ts';
import type { Plot } from '../../../src/archive/report/plot.ts';
import { catalogue as kinds, type MishapKind } from '../../../src/sim/mishaps/catalogue.ts';
import { limited } from '../../../src/sim/mishaps/site.ts';
import { say } from '../../drive.ts';
import { type Explained, openJury } from './explained.ts';
import { type FrameMaker, openFrameMaker, type WideFrame } from './frames.ts';
import { openLearner } from './learner.ts';
import { halfStrength, type Rarity, rarityOf, thresholdOf, wilson } from './nulls.ts';
import type { Part, PartQuestion, PartResult, Row } from './part.ts';
import { openScoring, type Scored, type Scoring } from './scoring.ts';

const sets = [
  {
    key: 'auau',
    instrument: 'sphenix-tpc-auau',
    normalTimeFrames: 480,
    errorFrames: 700,
    struck: 48,
    judged: 16,
  },
  {
    key: 'pp',
    instrument: 'sphenix-tpc-pp',
    // What is rarer than one in a thousand by any of a dozen scores, among frames of like size, takes some 10^5 to know.
    normalTimeFrames: 20_000,
    errorFrames: 8000,
    struck: 80,
    judged: 80,
  },
] as const;
type SetPlan = (typeof sets)[number];

const quickened = (set: SetPlan, quick: boolean) =>
  quick
    ? { ...set, normalTimeFrames: set.key === 'pp' ? 60 : 12, errorFrames: 200, struck: 12, judged: 6 }
    : set;

/** Runs of the one chamber: what is normal, and what is struck; both of collisions nobody trained on. */
const runs = { normal: 2, struck: 3 } as const;
const exceedances = [1e-2, 1e-3, 1e-4] as const;
/** A share is quoted where the sample that sets its threshold expects so many beyond it; under ten, by its tail. */
const beyondMin = 1;

/** Least scales of tails: scores are decades, hits whole numbers, errors codes. */
const scaleMin = { scores: 0.25, hits: 1, error: 1e-3 } as const;

/** One way to judge a frame: a reading, large when unusual, and what share of normal frames reads more. */
interface Judge {
  readonly name: 'scores' | 'hits' | 'reconstruction error';
  readonly thresholds: readonly (number | null)[];
}

/** What normal frames say: p-values by all of them; of baselines rarities from one third, thresholds from the rest. */
interface Normal {
  /** −log10 of the combined p-value, which score drives it, and how rare each is, for the explanation. */
  readonly readScores: (
    one: Scored,
    lot: number,
  ) => { readonly reading: number; readonly driver: number; readonly rarities: readonly number[] };
  readonly readHits: (hitCount: number) => number;
  readonly readError: Rarity;
  readonly judges: Readonly<Record<'scores' | 'hits' | 'error', Judge>>;
  readonly frames: number;
}

const thresholdsOf = (readings: readonly number[]): (number | null)[] =>
  exceedances.map((share) => (share * readings.length >= beyondMin ? thresholdOf(readings, share) : null));

const learnNormal = async (maker: FrameMaker, scoring: Scoring, plan: SetPlan): Promise<Normal> => {
  const scored: Scored[] = [];
  const errors: { hitCount: number; error: number }[] = [];
  const every = Math.max(1, Math.floor((plan.normalTimeFrames * 24) / plan.errorFrames));
  for (const wide of maker.frames(runs.normal, 'test', plan.normalTimeFrames)) {
    const frame = { ...wide, digits: limited(wide.digits, maker.adcMax) };
    if (scored.length % every === 0)
      errors.push({ hitCount: frame.digits.count, error: await scoring.reconstructionError(frame) });
    scored.push(await scoring.score(frame, null));
    if (scored.length % 24_000 === 0) say(`${scored.length} normal frames`);
  }
  const third = <One>(all: readonly One[]): readonly [readonly One[], readonly One[]] => {
    const at = Math.floor(all.length / 3);
    return [all.slice(0, at), all.slice(at)];
  };
  const [first, rest] = third(scored);
  const rarities = scoring.names.map((_, i) =>
    rarityOf(
      first.map(({ hitCount }) => hitCount),
      first.map(({ scores }) => scores[i]!),
      scaleMin.scores,
    ),
  );
  const learner = openLearner(scoring.names, scored.length);
  for (const one of scored) learner.add(one);
  const { judge } = learner.finish();
  const readScores: Normal['readScores'] = (one, lot) => {
    const { pValue, driver } = judge.judge(one, lot);
    return {
      reading: -Math.log10(pValue),
      driver,
      rarities: rarities.map((rarity, i) => rarity(one.hitCount, one.scores[i]!)),
    };
  };
  const counts = first.map(({ hitCount }) => hitCount);
  const [many, few] = [
    rarityOf(
      counts.map(() => 0),
      counts,
      scaleMin.hits,
    ),
    rarityOf(
      counts.map(() => 0),
      counts.map((n) => -n),
      scaleMin.hits,
    ),
  ];
  const readHits = (hitCount: number): number => Math.max(many(0, hitCount), few(0, -hitCount));
  const [firstErrors, restErrors] = third(errors);
  const readError = rarityOf(
    firstErrors.map(({ hitCount }) => hitCount),
    firstErrors.map(({ error }) => error),
    scaleMin.error,
  );
  return {
    readScores,
    readHits,
    readError,
    frames: scored.length,
    judges: {
      scores: {
        name: 'scores',
        thresholds: exceedances.map((share) =>
          share * scored.length >= beyondMin ? -Math.log10(share) : null,
        ),
      },
      hits: { name: 'hits', thresholds: thresholdsOf(rest.map(({ hitCount }) => readHits(hitCount))) },
      error: {
        name: 'reconstruction error',
        thresholds: thresholdsOf(restErrors.map(({ hitCount, error }) => readError(hitCount, error))),
      },
    },
  };
};

interface Outcome {
  readonly kind: MishapKind;
  readonly rows: readonly Row[];
  readonly half: Readonly<Record<'scores' | 'hits' | 'error', number | null>>;
  readonly explained: Explained;
  readonly plot: Plot;
}

/** All strengths of one kind, on the same frames. */
const judgeKind = async (
  kind: MishapKind,
  pool: readonly WideFrame[],
  { maker, scoring, normal, plan, seed }: Bench,
): Promise<Outcome> => {
  const jury = openJury(maker.cards, scoring.scorers);
  const regions = maker.cards.card.regions.length;
  const rows: Row[] = [];
  const efficiencies: Record<'scores' | 'hits' | 'error', number[]> = { scores: [], hits: [], error: [] };
  for (const strength of kind.strengths) {
    const readings: Record<'scores' | 'hits' | 'error', number[]> = { scores: [], hits: [], error: [] };
    const by = new Map<string, number>();
    for (let i = 0; i < plan.struck; i++) {
      const at = regions + ((i * 7) % (pool.length - regions));
      const [wide, earlier] = [pool[at]!, pool[at - regions]!];
      const harm = kind.strike(maker.siteOf(wide, earlier, [seed, i, kinds.indexOf(kind)]), strength);
      const frame = { region: wide.region, timeFrame: wide.timeFrame, digits: harm.digits };
      const before = { ...earlier, digits: limited(earlier.digits, maker.adcMax) };
      const one = await scoring.score(frame, before);
      const lot = lotOf(runs.struck, wide.timeFrame, wide.region);
      const { reading, driver, rarities } = normal.readScores(one, lot);
      readings.scores.push(reading);
      readings.hits.push(normal.readHits(one.hitCount));
      if (i < plan.judged)
        readings.error.push(normal.readError(one.hitCount, await scoring.reconstructionError(frame)));
      const threshold = normal.judges.scores.thresholds[1] ?? normal.judges.scores.thresholds[0]!;
      if (reading <= threshold) continue;
      const name = scoring.names[driver]!;
      by.set(name, (by.get(name) ?? 0) + 1);
      if (kind.touchesChannels) jury.judge(frame, harm.channels, rarities);
    }
    for (const key of ['scores', 'hits', 'error'] as const) {
      const judge = normal.judges[key];
      const found = (share: number): number | null => {
        const threshold = judge.thresholds[exceedances.indexOf(share as 1e-2)];
        return threshold === null || threshold === undefined
          ? null
          : readings[key].filter((one) => one > threshold).length;
      };
      const count = readings[key].length;
      const at = found(1e-3) ?? found(1e-2) ?? 0;
      efficiencies[key].push(at / count);
      const { low, high } = wilson(at, count);
      rows.push({
        part: 'catalogue',
        instrument: plan.instrument,
        kind: kind.name,
        strength,
        unit: kind.unit,
        judge: judge.name,
        frames: count,
        'found at 1e-2': share(found(1e-2), count),
        'found at 1e-3': share(found(1e-3), count),
        'found at 1e-4': share(found(1e-4), count),
        'from (95 %)': low,
        'to (95 %)': high,
        'driven by': key === 'scores' ? ([...by.entries()].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '') : '',
      });
    }
  }
  const half = {
    scores: halfStrength(kind.strengths, efficiencies.scores),
    hits: halfStrength(kind.strengths, efficiencies.hits),
    error: halfStrength(kind.strengths, efficiencies.error),
  };
  return { kind, rows, half, explained: jury.verdict(), plot: plotOf(kind, plan, efficiencies) };
};

const share = (found: number | null, count: number): number | null => (found === null ? null : found / count);

const plotOf = (
  kind: MishapKind,
  plan: SetPlan,
  efficiencies: Readonly<Record<'scores' | 'hits' | 'error', readonly number[]>>,
): Plot => ({
  title: `${kind.name} (${plan.key})`,
  x: { title: kind.unit, log: true },
  y: { title: 'found at p = 1e-3', from: 0, to: 1 },
  levels: [0.5],
  curves: (['scores', 'hits', 'error'] as const).map((key) => ({
    name: key === 'error' ? 'reconstruction error' : key,
    dashed: key !== 'scores',
    points: kind.strengths.map((x, i) => {
      const y = efficiencies[key][i]!;
      const count = key === 'error' ? plan.judged : plan.struck;
      return { x, y, ...wilson(Math.round(y * count), count) };
    }),
  })),
});

interface Bench {
  readonly maker: FrameMaker;
  readonly scoring: Scoring;
  readonly normal: Normal;
  readonly plan: SetPlan;
  readonly seed: number;
}

/** Found at a lower strength than by both baselines; what reaches half nowhere wins nothing. */
const wins = ({ half }: Outcome): boolean =>
  half.scores !== null && [half.hits, half.error].every((other) => other === null || half.scores! < other);

const measureSet = async (plan: SetPlan, seed: number): Promise<{ outcomes: Outcome[]; normal: Normal }> => {
  const maker = openFrameMaker(plan.instrument, 'longest');
  const scoring = await openScoring(maker.cards);
  try {
    say(`${plan.instrument}: normal frames …`);
    const normal = await learnNormal(maker, scoring, plan);
    const timeFrames = Math.ceil((7 * plan.struck) / 24 / (plan.key === 'pp' ? 1 : 4)) + 2;
    const pool = [...maker.frames(runs.struck, 'test', timeFrames)];
    const outcomes: Outcome[] = [];
    for (const kind of kinds) {
      outcomes.push(await judgeKind(kind, pool, { maker, scoring, normal, plan, seed }));
      const { half, explained } = outcomes.at(-1)!;
      const told = (value: number | null) => value?.toPrecision(3) ?? 'never';
      say(
        `${plan.key} ${kind.name}: half found at ${told(half.scores)} ${kind.unit}; hits ${told(half.hits)}, error ${told(half.error)}; explained ${explained.good}/${explained.judged}`,
      );
    }
    return { outcomes, normal };
  } finally {
    await scoring.close();
  }
};

const measure = async ({ quick, seed }: PartQuestion): Promise<PartResult> => {
  const rows: Row[] = [];
  const plots: Plot[] = [];
  const ratios: Record<string, number | null> = { kinds: kinds.length };
  const first: Outcome[] = [];
  for (const set of sets) {
    const plan = quickened(set, quick) as SetPlan;
    const { outcomes, normal } = await measureSet(plan, seed);
    for (const outcome of outcomes) {
      const { kind, half, explained } = outcome;
      rows.push(...outcome.rows);
      rows.push({
        part: 'catalogue, half found',
        instrument: plan.instrument,
        kind: kind.name,
        unit: kind.unit,
        'judged first here': kind.amid === plan.key ? 'yes' : 'no',
        'by scores': half.scores,
        'by hits': half.hits,
        'by reconstruction error': half.error,
        wins: wins(outcome) ? 'yes' : 'no',
        'found frames judged': explained.judged,
        'explained, share': explained.judged === 0 ? null : explained.good / explained.judged,
        'explained, faults within 5 % of channels':
          explained.judgedSmall === 0 ? null : explained.goodSmall / explained.judgedSmall,
      });
      plots.push(outcome.plot);
      if (kind.amid === plan.key) first.push(outcome);
    }
    ratios[`wins_at_1e-3_${plan.key}`] = outcomes.filter(wins).length;
    ratios[`normal_frames_${plan.key}`] = normal.frames;
  }
  ratios['wins_at_1e-3'] = first.filter(wins).length;
  const sum = (key: keyof Explained): number =>
    first.reduce((total, { explained }) => total + explained[key], 0);
  ratios.explained_share = sum('judged') === 0 ? null : sum('good') / sum('judged');
  ratios.explained_share_small = sum('judgedSmall') === 0 ? null : sum('goodSmall') / sum('judgedSmall');
  return { rows, ratios, plots, note };
};

const note =
  'Mishaps are put into frames of PYTHIA events nobody trained on; each kind is judged first amid the collisions where it means most (wins_at_1e-3), and on both instruments. Frames are judged by the combined p-value as a lane tells it, calibrated on normal frames of the same chamber (with the memory of repeats as one more score); rarities by which the baselines judge come from one third of these, thresholds from the rest. An explanation is good when 90 % of the touched channels are among the top 5 % of its map, or, for a fault that touches more than 5 %, among as many of the top as it touches.';

export const catalogue: Part = {
  name: 'catalogue',
  title: 'Injected mishaps found, by kind and strength',
  measure,
};
