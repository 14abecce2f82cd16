/**
 * Do p-values hold: scores of normal frames are learnt from one half of the collisions, and frames of the other half,
 * which nothing has seen, are judged. Refuses to count what was learnt from: learning stops before judging begins.
 */

import { type Judge, lotOf, prepareJudge } from '../../../src/anomaly/calibration/judge.ts';
import { emptySketch, sketchBuilder } from '../../../src/anomaly/calibration/sketch.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { encodePolicy } from '../../../src/wire/policy.ts';
import { say } from '../../drive.ts';
import { type FrameMaker, openFrameMaker } from './frames.ts';
import type { Part, Row } from './part.ts';
import type { Curve } from './plot.ts';
import { openScoring, type Scored, type Scoring } from './scoring.ts';

interface Case {
  readonly instrument: string;
  readonly learnt: number;
  readonly judged: number;
  /** Shares that so many frames can say something about. */
  readonly shares: readonly number[];
}
const cases: readonly Case[] = [
  { instrument: 'sphenix-tpc-pp', learnt: 1_000_000, judged: 320_000, shares: [1e-1, 1e-2, 1e-3, 1e-4] },
  { instrument: 'sphenix-tpc-auau', learnt: 9_600, judged: 4_800, shares: [1e-1, 1e-2, 1e-3] },
];
const quickShare = 1 / 400;
/** Frames of a size before anything of it is judged; fewer where few are learnt. */
const warmupFrames = 1000;

interface Judged {
  readonly hitCount: number;
  readonly totalCharge: number;
  readonly surprise: number;
  readonly pValue: number;
}

/** What makes and scores the frames of one instrument: opened once, so that both halves are scored by the same files. */
interface Desk {
  readonly maker: FrameMaker;
  readonly scoring: Scoring;
}

/** Normal frames of a split, cut at the ADC's limit as the detector does, with their scores. */
async function* scoredFrames(
  { maker, scoring }: Desk,
  split: 'train' | 'test',
  run: number,
  count: number,
): AsyncGenerator<Scored & { readonly lot: number }> {
  let made = 0;
  for (const frame of maker.frames(run, split, Number.MAX_SAFE_INTEGER)) {
    const { count: hits, voxel } = frame.digits;
    const adc = frame.digits.adc.map((value) => Math.min(value, maker.adcMax));
    const scored = await scoring.score({ ...frame, digits: { count: hits, voxel, adc } }, null);
    yield { ...scored, lot: lotOf(run, frame.timeFrame, frame.region) };
    made += 1;
    if (made % 100_000 === 0) say(`${maker.cards.card.id}: ${made} of ${count} ${split} frames`);
    if (made === count) break;
  }
}

const learn = async (
  one: Case,
  desk: Desk,
  seed: number,
): Promise<{ judge: Judge; snapshotBytes: number }> => {
  const warmupCount = Math.min(warmupFrames, Math.floor(one.learnt / 16));
  const builder = sketchBuilder(emptySketch(desk.scoring.scorers.names), warmupCount);
  let seen = 0;
  let next = warmupCount;
  for await (const frame of scoredFrames(desk, 'train', seed, one.learnt)) {
    builder.add(frame);
    seen += 1;
    // As the calibrator does: a snapshot when there is news of it.
    if (seen < next) continue;
    builder.snapshot();
    next += Math.ceil(seen / 64);
  }
  const sketch = builder.snapshot();
  const snapshotBytes = encodePolicy({ ...firstPolicy(), sketch }).length;
  return { judge: prepareJudge(sketch, warmupCount)!, snapshotBytes };
};

/** Ranks with ties sharing theirs. */
const ranksOf = (values: Float64Array): Float64Array => {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
};

/** Spearman's ρ: the correlation of ranks (Am. J. Psychol. 15, 1904). */
export const spearman = (a: Float64Array, b: Float64Array): number => {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const middle = (a.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - middle, y[i]! - middle];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
};

/** The smallest and largest counts a binomial has with 95 % when counted one by one from its middle. */
const binomialRange = (trials: number, share: number): { low: number; high: number } => {
  const mean = trials * share;
  if (mean > 200) {
    const half = 1.96 * Math.sqrt(mean * (1 - share));
    return { low: Math.ceil(mean - half), high: Math.floor(mean + half) };
  }
  let probability = (1 - share) ** trials;
  let sum = 0;
  let low = -1;
  for (let count = 0; ; count++) {
    sum += probability;
    if (low < 0 && sum > 0.025) low = count;
    if (sum >= 0.975) return { low, high: count };
    probability *= ((trials - count) / (count + 1)) * (share / (1 - share));
  }
};

const flatness = (judged: readonly Judged[], share: number): number[] => {
  const sorted = judged.toSorted((a, b) => a.hitCount - b.hitCount);
  return Array.from({ length: 10 }, (_, decile) => {
    const some = sorted.slice((decile * sorted.length) / 10, ((decile + 1) * sorted.length) / 10);
    return some.filter(({ pValue }) => pValue < share).length / some.length / share;
  });
};

const column = (judged: readonly Judged[], of: (one: Judged) => number): Float64Array =>
  Float64Array.from(judged, of);

const judgeCase = async (one: Case, seed: number) => {
  const maker = openFrameMaker(one.instrument);
  const desk: Desk = { maker, scoring: await openScoring(maker.cards) };
  const { judge, snapshotBytes } = await learn(one, desk, seed);
  const judged: Judged[] = [];
  const chance = createPrng(seed, one.judged);
  for await (const frame of scoredFrames(desk, 'test', seed + 1, one.judged)) {
    const { hitCount, totalCharge, scores, lot } = frame;
    judged.push({ hitCount, totalCharge, surprise: scores[0]!, pValue: judge.judge(frame, lot).pValue });
  }
  await desk.scoring.close();
  const rows: Row[] = one.shares.map((share) => {
    const found = judged.filter(({ pValue }) => pValue < share).length;
    const { low, high } = binomialRange(judged.length, share);
    return {
      part: 'calibration',
      instrument: one.instrument,
      'frames learnt': one.learnt,
      'frames judged': judged.length,
      'p-value': share,
      'frames expected': Math.round(share * judged.length * 10) / 10,
      'frames found': found,
      '95 % of binomials': `${low}–${high}`,
      inside: found >= low && found <= high ? 'yes' : 'no',
      'found / expected': found / (share * judged.length),
    };
  });
  const occupancy = column(judged, ({ hitCount }) => hitCount);
  const charge = column(judged, ({ totalCharge }) => totalCharge);
  // Frames that score alike have p-values that differ by nothing physical: chance orders them.
  const rarity = column(judged, ({ pValue }) => -Math.log(pValue) + 1e-9 * chance.uniform());
  const surprise = column(judged, (frame) => frame.surprise);
  const deciles = flatness(judged, 0.01);
  rows.push({
    part: 'decorrelation',
    instrument: one.instrument,
    'token surprise with occupancy, ρ': spearman(surprise, occupancy),
    'with charge, ρ': spearman(surprise, charge),
    'decorrelated with occupancy, ρ': spearman(rarity, occupancy),
    'decorrelated with charge, ρ': spearman(rarity, charge),
    'pass rate by decile of occupancy at 1e-2': deciles.map((rate) => rate.toFixed(2)).join(' '),
    'snapshot, kB': Math.round(snapshotBytes / 1000),
  });
  const curve: Curve = {
    name: one.instrument,
    points: Array.from({ length: 33 }, (_, i) => 10 ** (-i / 8)).flatMap((share) => {
      const expected = share * judged.length;
      if (expected < 4) return [];
      const found = judged.filter(({ pValue }) => pValue < share).length;
      const half = 1.96 * Math.sqrt(found);
      const at = (count: number): number => count / expected;
      return [{ x: share, y: at(found), low: at(Math.max(0, found - half)), high: at(found + half) }];
    }),
  };
  return { rows, deciles, curve };
};

export const calibration: Part = {
  name: 'calibration',
  title: 'P-values of frames nobody has seen',
  async measure({ quick, seed }) {
    const scale = quick ? quickShare : 1;
    const results = [];
    for (const one of cases) {
      say(`${one.instrument}: p-values`);
      const many = (count: number): number => Math.max(quick ? 600 : 0, Math.round(count * scale));
      results.push(await judgeCase({ ...one, learnt: many(one.learnt), judged: many(one.judged) }, seed));
    }
    const rows = results.flatMap((result) => result.rows);
    const largest = (key: string): number =>
      Math.max(...rows.map((row) => Math.abs(typeof row[key] === 'number' ? row[key] : 0)));
    const points = rows.filter((row) => row.part === 'calibration' && row['p-value'] !== 0.1);
    return {
      rows,
      ratios: {
        calibrated_points: points.length,
        calibrated_points_inside: points.filter((row) => row.inside === 'yes').length,
        spearman_occupancy: largest('decorrelated with occupancy, ρ'),
        spearman_charge: largest('decorrelated with charge, ρ'),
        pass_rate_decile_worst: Math.max(
          ...results.flatMap(({ deciles }) => deciles.map((rate) => Math.abs(rate - 1))),
        ),
      },
      plots: [
        {
          title: 'Frames found rarer than p, over those expected',
          x: { title: 'p-value', log: true },
          y: { title: 'found / expected', from: 0, to: 2 },
          curves: results.map(({ curve }) => curve),
          levels: [1],
        },
        {
          title: 'Pass rate at 1e-2 by decile of occupancy',
          x: { title: 'decile of occupancy', from: 0, to: 11 },
          y: { title: 'rate / 1e-2', from: 0, to: 2 },
          curves: results.map(({ deciles, curve }) => ({
            name: curve.name,
            points: deciles.map((rate, i) => ({ x: i + 1, y: rate })),
          })),
          levels: [0.8, 1, 1.2],
        },
      ],
      note:
        'P-values: all scores of a lane together, learnt from frames of training collisions and judged on frames of ' +
        'test collisions; a point is inside when its count lies in the central 95 % of the binomial.',
    };
  },
};
