/**
 * Is the byte budget held: frames along the drift through the whole lane, each with what every rung of it takes, spent by
 * a policy with a budget, by one without, and by grades that were right once and stand. Refuses to count what is not
 * a packet's.
 */

import { join } from 'node:path';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { emptySketch, sketchBuilder } from '../../../src/anomaly/calibration/sketch.ts';
import { firstBudget, openBudgeter } from '../../../src/anomaly/control/budget.ts';
import { decideFidelity, firstPolicy, rungsOf } from '../../../src/anomaly/fidelity.ts';
import { type Cards, loadCards } from '../../../src/assemble.ts';
import { limits } from '../../../src/domain/limits.ts';
import { FidelityReason } from '../../../src/domain/packet.ts';
import type { PolicySnapshot } from '../../../src/domain/policy.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { openLane } from '../../../src/lane.ts';
import type { LanePacket, LaneRunner } from '../../../src/ports/lane.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { say } from '../../drive.ts';
import {
  type DriftFrame,
  type DriftPoint,
  type DriftRun,
  type DriftStream,
  framesAt,
  nominal,
  openStream,
  path,
} from './drift.ts';
import type { Part, Row } from './part.ts';

const instrument = 'sphenix-tpc-pp';
/** Time frames of 24 frames: learnt from, and at each point of the path. */
const sizes = { learnt: 600, pool: 200, stepsApart: 40 };
const quickSizes = { learnt: 200, pool: 20, stepsApart: 10 };
/** Frames of a size before anything of it is judged. */
const warmupCount = 250;
/** A step of the budget, and the steps over which spending is judged. */
const [stepTimeFrames, windowSteps] = [20, 10];
/** Of what all frames take when they are kept to the last bit. */
const budgetShare = 0.5;
/** Partitions: the budget sees every fourth time frame. */
const partitions = 4;

interface SizedFrame extends DriftFrame {
  /** Of a packet with its tokens alone; and what a layer's head takes beside what is in it. */
  readonly tokenBytes: number;
  readonly layerHeadBytes: number;
  readonly rungBytes: Uint32Array;
}

const openLaneOf = ({ card, model, modelFolder, ladderTables, scoreTables }: Cards): Promise<LaneRunner> =>
  openLane(
    {
      instrument: card,
      model,
      encoderPath: join(modelFolder, model.encoder.file),
      provider: 'cpu',
      ladderTables,
      scoreTables,
    },
    createSystemClock(),
  );

/** Everything the lane makes of the frames at a point. */
const packetsAt = async (
  lane: LaneRunner,
  cards: Cards,
  point: DriftPoint,
  from: DriftRun,
  policies: readonly PolicySnapshot[],
  take: (...made: LanePacket[]) => void,
): Promise<void> => {
  let frames: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    const made: LanePacket[][] = [];
    for (const policy of policies) {
      const { results } = await lane.run({ frames, policy, pressure: 'none' });
      made.push(results.filter((result): result is LanePacket => result.end === 'kept'));
    }
    for (let i = 0; i < frames.length; i++) take(...made.map((packets) => packets[i]!));
    frames = [];
  };
  for (const { identity, digits } of framesAt(cards, point, from)) {
    frames.push(encodeFrame(identity, digits, cards.card));
    if (frames.length === limits.jobFramesMax) await flush();
  }
  await flush();
};

/** A snapshot that has learnt frames at the card's conditions. */
const learn = async (lane: LaneRunner, cards: Cards, from: DriftRun): Promise<PolicySnapshot> => {
  const builder = sketchBuilder(emptySketch(lane.scoreNames), warmupCount);
  let count = 0;
  await packetsAt(lane, cards, nominal, from, [firstPolicy()], (packet) => {
    builder.add(packet!);
    // As the calibrator does, when there is news.
    if (++count % warmupCount === 0) builder.snapshot();
  });
  return { ...firstPolicy(), warmupCount, prescale: 0, sketch: builder.snapshot() };
};

const sizedOf = (bare: LanePacket, whole: LanePacket): SizedFrame => {
  const rungs = whole.rungBytes.reduce((sum, bytes) => sum + bytes, 0);
  return {
    hitCount: whole.hitCount,
    totalCharge: whole.totalCharge,
    pValue: whole.pValue,
    tokenBytes: bare.packet.byteLength,
    layerHeadBytes: (whole.packet.byteLength - rungs - bare.packet.byteLength) / whole.rungBytes.length,
    rungBytes: whole.rungBytes,
  };
};

/** What of a frame's rungs a policy gives it, as the lane tells it. */
const givenOf = ({ rungBytes }: SizedFrame, rungs: ReturnType<typeof rungsOf>): number[] => {
  if (rungs === null) return [];
  const [occupancy = 0, remainder = 0, ...planes] = rungBytes;
  const exact = rungs.remainder && rungs.planes >= planes.length;
  return [occupancy, exact ? remainder : 0, ...planes.slice(0, rungs.planes)];
};

interface Spent {
  /** Of each step, bytes over the budget's. */
  readonly shares: readonly number[];
  /** Of frames: to the last bit, with planes, with tokens alone; and the first of the rarest hundredth. */
  readonly lossless: number;
  readonly planes: number;
  readonly tokens: number;
  readonly rarestLossless: number;
}

/** Fixed grades are those that the budget has come to at the beginning of the drift, or where it turns. */
type Budgeting = 'none' | 'held' | 'fixed' | 'fixed late';

const spend = (
  stream: DriftStream<SizedFrame>,
  seed: number,
  timeFrameSeconds: number,
  bytesPerSecond: number,
  budgeting: Budgeting,
): Spent => {
  const prng = createPrng(seed, 9);
  const budgeter = openBudgeter(firstBudget(bytesPerSecond), { sparePlanes: 0 }, 1 / partitions);
  let policy: PolicySnapshot = { ...firstPolicy(), rarePValue: 1 };
  const shares: number[] = [];
  const counts = { frames: 0, lossless: 0, planes: 0, rarest: 0, rarestLossless: 0 };
  const settling = 40;
  const settledAt = budgeting === 'fixed late' ? stream.chunks / 2 : 0;
  for (let step = -settling; step < stream.chunks; step++) {
    let spent = 0;
    for (let i = 0; i < stepTimeFrames; i++) {
      const timeFrame = (step + settling) * stepTimeFrames + i;
      for (let region = 0; region < 24; region++) {
        const frame = stream.draw(step < 0 ? settledAt : step, prng);
        const { pValue, hitCount } = frame;
        const reason = decideFidelity({ pValue, run: 1, timeFrame }, policy, 'none');
        const rungBytes = givenOf(frame, rungsOf(reason, pValue, policy));
        const rungs = rungBytes.reduce((sum, bytes) => sum + bytes, 0);
        const packetBytes = frame.tokenBytes + rungs + rungBytes.length * frame.layerHeadBytes;
        spent += packetBytes;
        const isControl = reason === FidelityReason.prescale;
        const timestampNanos = BigInt(Math.round((1 + timeFrame * timeFrameSeconds) * 1e9));
        if (timeFrame % partitions === 0)
          budgeter.observe({ hitCount, pValue, timestampNanos, packetBytes, rungBytes, isControl });
        if (step < 0) continue;
        const exact = (rungBytes[1] ?? 0) > 0;
        counts.frames += 1;
        if (exact) counts.lossless += 1;
        else if (rungBytes.length > 0) counts.planes += 1;
        if (pValue >= 0.01) continue;
        counts.rarest += 1;
        if (exact) counts.rarestLossless += 1;
      }
    }
    if (step >= 0) shares.push(spent / (stepTimeFrames * timeFrameSeconds * bytesPerSecond));
    if (budgeting === 'none' || (budgeting !== 'held' && step >= 0) || !budgeter.isDue) continue;
    budgeter.step(1);
    policy = { ...policy, grades: budgeter.grades(1) };
  }
  return {
    shares,
    lossless: counts.lossless / counts.frames,
    planes: counts.planes / counts.frames,
    tokens: 1 - (counts.lossless + counts.planes) / counts.frames,
    rarestLossless: counts.rarestLossless / counts.rarest,
  };
};

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;
/** Windows of steps, one after each step, of which no more was spent than the budget. */
const inBudget = (shares: readonly number[]): number => {
  const windows = shares.slice(windowSteps - 1).map((_, i) => meanOf(shares.slice(i, i + windowSteps)));
  return windows.filter((share) => share <= 1).length / windows.length;
};

const names: Readonly<Record<Budgeting, string>> = {
  none: 'everything to the last bit',
  fixed: 'grades right at the beginning',
  'fixed late': 'grades right where it turns',
  held: 'byte budget',
};

export const bytes: Part = {
  name: 'bytes',
  title: 'The bytes that are held',
  async measure({ quick, seed }) {
    const { learnt, pool, stepsApart } = quick ? quickSizes : sizes;
    const cards = loadCards(instrument);
    const lane = await openLaneOf(cards);
    say(`${instrument}: bytes of frames along the drift`);
    const policy = await learn(lane, cards, { run: seed + 60, split: 'train', timeFrames: learnt });
    const pools: SizedFrame[][] = [];
    for (const [i, point] of path.entries()) {
      const frames: SizedFrame[] = [];
      const from = { run: seed + 70 + i, split: 'test', timeFrames: pool } as const;
      await packetsAt(lane, cards, point, from, [policy, { ...policy, prescale: 1 }], (bare, whole) => {
        frames.push(sizedOf(bare!, whole!));
      });
      pools.push(frames);
    }
    await lane.close();
    const stream = openStream(pools, stepsApart);
    const timeFrameSeconds = Number(cards.card.timeFrameNanos) / 1e9;
    const run = (bytesPerSecond: number, budgeting: Budgeting) =>
      spend(stream, seed, timeFrameSeconds, bytesPerSecond, budgeting);
    const whole = meanOf(run(1, 'none').shares);
    const made = (['none', 'fixed', 'fixed late', 'held'] as const).map((budgeting) => ({
      budgeting,
      spent: run(budgetShare * whole, budgeting),
    }));
    const rows = made.map(
      ({ budgeting, spent }): Row => ({
        part: 'bytes',
        instrument,
        policy: names[budgeting],
        'time in budget': inBudget(spent.shares),
        'spent over budget': meanOf(spent.shares),
        'most in a window': Math.max(
          ...spent.shares
            .slice(windowSteps - 1)
            .map((_, i) => meanOf(spent.shares.slice(i, i + windowSteps))),
        ),
        lossless: spent.lossless,
        'planes only': spent.planes,
        'tokens only': spent.tokens,
        'lossless of the rarest hundredth': spent.rarestLossless,
      }),
    );
    const shareOf = (wanted: Budgeting): number =>
      inBudget(made.find(({ budgeting }) => budgeting === wanted)!.spent.shares);
    return {
      rows,
      ratios: {
        in_budget_share: shareOf('held'),
        in_budget_share_fixed: shareOf('fixed'),
        in_budget_share_fixed_late: shareOf('fixed late'),
        in_budget_share_none: shareOf('none'),
      },
      plots: [
        {
          title: 'Bytes spent',
          x: { title: `step of ${stepTimeFrames} time frames` },
          y: { title: 'spent / budget', from: 0, to: 3 },
          levels: [1],
          curves: made.map(({ budgeting, spent }) => ({
            name: names[budgeting],
            points: spent.shares.map((y, x) => ({ x, y })),
          })),
        },
      ],
      note:
        `Bytes: the budget is half of what all frames along the same drift take to the last bit; a policy that asks for all ` +
        `of them keeps within it when the mean of ${windowSteps} steps does. The fixed grades are those that the budget had ` +
        'come to before the drift began.',
    };
  },
};
