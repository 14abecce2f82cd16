/**
 * Is the rate held: streams of drifting scores, chunk by chunk, under the controller, under a fixed cut and under the
 * published proportional-derivative steps; judged by the share of all frames of that drift that the threshold lets
 * pass, not by the few that did. Refuses to let a chunk's threshold see the chunk.
 */

import { lotOf, prepareJudge } from '../../../src/anomaly/calibration/judge.ts';
import { emptySketch, sketchBuilder } from '../../../src/anomaly/calibration/sketch.ts';
import { firstControl, openController } from '../../../src/anomaly/control/controller.ts';
import type { Plot } from '../../../src/archive/report/plot.ts';
import { loadCards } from '../../../src/assemble.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { say } from '../../drive.ts';
import { type DriftStream, nominal, openStream, path, simulate } from './drift.ts';
import type { Part, Row } from './part.ts';
import { openScoring, type Scored } from './scoring.ts';

const instrument = 'sphenix-tpc-pp';
const target = 0.0025;
const chunkFrames = 20_000;
const chunksApart = 30;
/** Frames of a size before anything of it is judged. */
const warmupFrames = 1000;
/**
 * Time frames of 24 frames: learnt from, and at each point of the path, where so many make the true rate known to 3 %
 * (900 frames beyond the target): a smaller pool has a rate of its own, which swings by as much as the band is wide.
 */
const sizes = { learnt: 12_000, pool: 15_000, streams: 3 };
const quickSizes = { learnt: 400, pool: 200, streams: 1 };

/**
 * The self-driving trigger moves its cut after each chunk by Kp · error + Kd · (error − last error), errors in percent of
 * frames: Kp 30 and Kd 5 for its energy sum, 15 and 0 for its anomaly score, in units of that experiment's cuts. Units
 * are another's, so each stream is given the one that serves it best, in lengths over which its nominal tail falls by e.
 */
const publishedGains = [
  { proportional: 30, derivative: 5 },
  { proportional: 15, derivative: 0 },
];
const units = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128];

const openPublished = ({ proportional, derivative }: (typeof publishedGains)[number], unit: number) => {
  let [cut, last] = [-Math.log(target), 0];
  return {
    get pValue(): number {
      return Math.exp(-cut);
    },
    after(passRate: number): void {
      const error = 100 * (passRate - target);
      cut += unit * (proportional * error + derivative * (error - last));
      last = error;
    },
  };
};

interface Held {
  /** Of each chunk, in units of the target. */
  readonly ours: readonly number[];
  readonly raw: readonly number[];
  readonly fixed: readonly number[];
  /** Of each pair of gains and unit. */
  readonly published: readonly (readonly number[])[];
}

const holdStream = (stream: DriftStream, seed: number): Held => {
  const prng = createPrng(seed, 5);
  const controller = openController(firstControl(target), chunkFrames);
  const rivals = publishedGains.flatMap((gains) => units.map((unit) => openPublished(gains, unit)));
  const held = { ours: [], raw: [], fixed: [], published: rivals.map(() => []) } as {
    [key in 'ours' | 'raw' | 'fixed']: number[];
  } & { published: number[][] };
  const chunk = new Float64Array(chunkFrames);
  const passedOf = (cut: number): number =>
    chunk.reduce((sum, p) => sum + (p < cut ? 1 : 0), 0) / chunkFrames;
  for (let number = 0; number < stream.chunks; number++) {
    const rate = (cut: number): number => stream.truePassRate(number, cut) / target;
    const cut = controller.pValue;
    held.ours.push(rate(cut));
    held.fixed.push(rate(target));
    rivals.forEach((rival, i) => {
      held.published[i]!.push(rate(rival.pValue));
    });
    for (let i = 0; i < chunkFrames; i++) {
      const frame = stream.draw(number, prng);
      chunk[i] = frame.pValue;
      controller.observe(frame);
    }
    held.raw.push(passedOf(cut) / target);
    for (const rival of rivals) rival.after(passedOf(rival.pValue));
  }
  return held;
};

const inBand = (rates: readonly number[]): number =>
  rates.filter((rate) => rate >= 0.9 && rate <= 1.1).length / rates.length;

/** Share of the learnt frames that score as high or higher: the p-value of one raw score, blind to what drifts. */
const rankOf = (learnt: readonly Scored[], of: (frame: Scored) => number) => {
  const sorted = Float64Array.from(learnt, of).sort();
  return (frame: Scored): number => {
    const value = of(frame);
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return (sorted.length - low + 1) / (sorted.length + 1);
  };
};

/** The calibrated p-value of all scores together, learnt at the card's conditions and then let be. */
const judgeOf = (names: readonly string[], learnt: readonly Scored[]) => {
  const builder = sketchBuilder(emptySketch(names), warmupFrames);
  let next = warmupFrames;
  learnt.forEach((frame, i) => {
    builder.add(frame);
    // As the calibrator does: a snapshot when there is news of it.
    if (i < next) return;
    builder.snapshot();
    next += Math.ceil(i / 64);
  });
  const judge = prepareJudge(builder.snapshot(), warmupFrames);
  if (judge === null) throw new Error('no frame was learnt');
  let number = 0;
  return (frame: Scored): number => judge.judge(frame, lotOf(1, ++number, 0)).pValue;
};

interface Judged {
  readonly name: string;
  /** Whether the score itself drifts; the calibrated p-value is made not to. */
  readonly drifts: boolean;
  readonly stream: DriftStream;
  readonly helds: readonly Held[];
}

const shareOf = (judged: readonly Judged[], of: (held: Held, judged: Judged) => readonly number[]): number =>
  inBand(judged.flatMap((one) => one.helds.flatMap((held) => of(held, one))));

/** The pair of gains and unit that serve this stream best. */
const bestPublished = ({ helds }: Judged): number => {
  const shares = helds[0]!.published.map((_, i) => inBand(helds.flatMap((held) => held.published[i]!)));
  return shares.indexOf(Math.max(...shares));
};

const plotOf = (judged: Judged): Plot => {
  const [held] = judged.helds as [Held];
  const curve = (name: string, rates: readonly number[], dashed = false) => ({
    name,
    dashed,
    points: rates.map((rate, x) => ({ x, y: rate })),
  });
  return {
    title: `${judged.name}: true pass rate`,
    x: { title: `chunk of ${chunkFrames} frames` },
    y: { title: 'rate / target', from: 0, to: 2 },
    levels: [0.9, 1.1],
    curves: [
      curve('controller', held.ours),
      curve('fixed cut', held.fixed),
      curve('published steps, best unit', held.published[bestPublished(judged)]!, true),
    ],
  };
};

const driftPlot = (stream: DriftStream): Plot => ({
  title: 'The drift',
  x: { title: `chunk of ${chunkFrames} frames` },
  y: { title: 'multiple of the card' },
  curves: (['occupancy', 'gain', 'noise'] as const).map((name) => ({
    name,
    points: Array.from({ length: stream.chunks }, (_, x) => {
      const at = stream.at(x);
      const low = Math.min(path.length - 2, Math.floor(at));
      return { x, y: path[low]![name] + (at - low) * (path[low + 1]![name] - path[low]![name]) };
    }),
  })),
});

export const control: Part = {
  name: 'control',
  title: 'The rate that is held',
  async measure({ quick, seed }) {
    const { learnt: learntFrames, pool, streams } = quick ? quickSizes : sizes;
    const cards = loadCards(instrument);
    const scoring = await openScoring(cards);
    say(`${instrument}: frames along the drift`);
    const learnt = await simulate(cards, scoring, nominal, {
      run: seed + 20,
      split: 'train',
      timeFrames: learntFrames,
    });
    const pools: Scored[][] = [];
    for (const [i, point] of path.entries())
      pools.push(
        await simulate(cards, scoring, point, { run: seed + 30 + i, split: 'test', timeFrames: pool }),
      );
    await scoring.close();
    const scoreAt = (name: string) => {
      const at = scoring.names.indexOf(name);
      return (frame: Scored): number => frame.scores[at]!;
    };
    const judged = [
      { name: 'total charge', drifts: true, pValueOf: rankOf(learnt, ({ totalCharge }) => totalCharge) },
      { name: 'gain', drifts: true, pValueOf: rankOf(learnt, scoreAt('gain')) },
      { name: 'ionisation', drifts: true, pValueOf: rankOf(learnt, scoreAt('ionisation')) },
      { name: 'calibrated p-value', drifts: false, pValueOf: judgeOf(scoring.scorers.names, learnt) },
    ].map(({ name, drifts, pValueOf }): Judged => {
      say(`${instrument}: the rate of ${name}`);
      const stream = openStream(
        pools.map((frames) =>
          frames.map((frame) => ({
            hitCount: frame.hitCount,
            totalCharge: frame.totalCharge,
            pValue: pValueOf(frame),
          })),
        ),
        chunksApart,
      );
      const helds = Array.from({ length: streams }, (_, i) => holdStream(stream, seed + i));
      return { name, drifts, stream, helds };
    });
    const rows = judged.map((one): Row => {
      const best = bestPublished(one);
      const gains = publishedGains[Math.floor(best / units.length)]!;
      const published = (held: Held) => held.published[best]!;
      return {
        part: 'control',
        instrument,
        score: one.name,
        chunks: one.stream.chunks * streams,
        'in band, controller': shareOf([one], (held) => held.ours),
        'fixed cut': shareOf([one], (held) => held.fixed),
        'published steps': shareOf([one], published),
        'their Kp, Kd, unit': `${gains.proportional}, ${gains.derivative}, ${units[best % units.length]}`,
        'raw counts in band': shareOf([one], (held) => held.raw),
      };
    });
    const drifting = judged.filter(({ drifts }) => drifts);
    const calibrated = judged.filter(({ drifts }) => !drifts);
    return {
      rows,
      ratios: {
        in_band_share: shareOf(drifting, (held) => held.ours),
        in_band_share_fixed: shareOf(drifting, (held) => held.fixed),
        in_band_share_published_pd: shareOf(drifting, (held, one) => held.published[bestPublished(one)]!),
        in_band_share_raw: shareOf(drifting, (held) => held.raw),
        in_band_share_calibrated: shareOf(calibrated, (held) => held.ours),
        in_band_share_calibrated_fixed: shareOf(calibrated, (held) => held.fixed),
      },
      plots: [...judged.map(plotOf), driftPlot(judged[0]!.stream)],
      note:
        `Rate: frames simulated at ${path.length} points of a drift of collision rate, gain and noise, between which frames ` +
        'are drawn from both neighbours; a chunk is in band when the share of all frames of that mixture beyond its ' +
        'threshold is within 10 % of 0.25 %. The drifting scores are raw ones; the row of the ' +
        'calibrated p-value is reported on its own. Start-up counts.',
    };
  },
};
