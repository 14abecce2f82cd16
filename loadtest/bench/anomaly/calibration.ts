/**
 * Do p-values hold: scores of normal frames are learnt from one half of the collisions, and frames of the other half,
 * which nothing has seen, are judged. Refuses to count what was learnt from: learning stops before judging begins.
 */

import type { Judge } from '../../../src/anomaly/calibration/judge.ts';
import type { Curve } from '../../../src/archive/report/plot.ts';
import { say } from '../../drive.ts';
import { type Desk, openDesk } from './desks.ts';
import type { Apart } from './frames.ts';
import { openLearner } from './learner.ts';
import type { Part, Row } from './part.ts';
import { binomialRange, clustering, spearman } from './ranks.ts';

interface Case {
  readonly instrument: string;
  /** What is learnt from; what is judged is always of the test split. */
  readonly learntSplit: 'train' | 'test';
  readonly learnt: number;
  readonly judged: number;
  /** How frames are taken; absent: every region of every time frame. */
  readonly apart?: { readonly learnt: Apart; readonly judged: Apart };
  /** Shares that so many frames can say something about. */
  readonly shares: readonly number[];
}
const cases: readonly Case[] = [
  {
    instrument: 'sphenix-tpc-pp',
    learntSplit: 'train',
    learnt: 1_000_000,
    judged: 320_000,
    shares: [1e-1, 1e-2, 1e-3, 1e-4],
  },
  {
    instrument: 'sphenix-tpc-auau',
    learntSplit: 'train',
    learnt: 24_000,
    judged: 12_000,
    // All regions see the same eight or so collisions, for three time frames: taken whole, exceedances of 0.1 varied 8.5
    // times as much as the binomials they are held against.
    apart: { learnt: { timeFrames: 3, regions: 24 }, judged: { timeFrames: 3, regions: 4 } },
    shares: [1e-1, 1e-2, 1e-3],
  },
  // Networks score the events they were trained on lower than any others, which is not how the trigger's will be.
  {
    instrument: 'l1-objects',
    learntSplit: 'test',
    learnt: 1_000_000,
    judged: 320_000,
    shares: [1e-1, 1e-2, 1e-3, 1e-4],
  },
];
const quickShare = 1 / 400;
interface Judged {
  readonly timeFrame: number;
  readonly hitCount: number;
  readonly totalCharge: number;
  readonly surprise: number;
  readonly pValue: number;
}

const learn = async (one: Case, desk: Desk, run: number) => {
  const learner = openLearner(desk.names, one.learnt);
  let seen = 0;
  for await (const frame of desk.frames(one.learntSplit, run, one.learnt, one.apart?.learnt)) {
    learner.add(frame);
    seen += 1;
    if (seen % 100_000 === 0) say(`${one.instrument}: ${seen} of ${one.learnt} frames learnt`);
  }
  return learner.finish();
};

const judgeAll = async (one: Case, desk: Desk, judge: Judge, run: number): Promise<Judged[]> => {
  const judged: Judged[] = [];
  for await (const frame of desk.frames('test', run, one.judged, one.apart?.judged)) {
    const { timeFrame, hitCount, totalCharge, scores, lot } = frame;
    judged.push({ timeFrame, hitCount, totalCharge, surprise: scores[0]!, ...judge.judge(frame, lot) });
    if (judged.length % 100_000 === 0)
      say(`${one.instrument}: ${judged.length} of ${one.judged} frames judged`);
  }
  return judged;
};

/** Pass rate by decile of occupancy, in units of the share. */
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
  const desk = await openDesk(one.instrument);
  const { judge, snapshotBytes } = await learn(one, desk, seed);
  const judged = await judgeAll(one, desk, judge, seed + 1);
  await desk.close();
  const rows: Row[] = one.shares.map((share) => {
    const beyond = judged.filter(({ pValue }) => pValue < share);
    const found = beyond.length;
    const { low, high } = binomialRange(judged.length, share);
    return {
      part: 'calibration',
      instrument: one.instrument,
      'events of the list': desk.events,
      'frames learnt': one.learnt,
      'frames judged': judged.length,
      'p-value': share,
      'frames expected': Math.round(share * judged.length * 10) / 10,
      'frames found': found,
      '95 % of binomials': `${low}–${high}`,
      inside: found >= low && found <= high ? 'yes' : 'no',
      'found / expected': found / (share * judged.length),
      'variance by time frame / binomial': clustering(beyond.map(({ timeFrame }) => timeFrame)),
    };
  });
  const occupancy = column(judged, ({ hitCount }) => hitCount);
  const charge = column(judged, ({ totalCharge }) => totalCharge);
  const rarity = column(judged, ({ pValue }) => -Math.log(pValue));
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
        'test collisions (objects: of other draws of test collisions, with other pile-up); collisions are turned, ' +
        'mirrored, moved and ionise anew each time they are drawn. A point is inside when its count lies in the ' +
        'central 95 % of the binomial; regions of one time frame share collisions, by which it varies more, as said (Au+Au is judged by four regions of every third time frame, which share few).',
    };
  },
};
