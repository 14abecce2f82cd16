/**
 * What scores add to a frame's way from its bytes to its packet of tokens, in the lane itself: a lane with all scores
 * against one with token surprise alone, whose own stage is timed. Both take the same jobs in turns, in one run, and the
 * least time of each job counts. Refuses to time anything but whole lanes.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { type Cards, home } from '../../../src/assemble.ts';
import { openLane } from '../../../src/lane.ts';
import type { LaneRunner } from '../../../src/ports/lane.ts';
import { limited } from '../../../src/sim/mishaps/site.ts';
import { identitiesOf } from '../../../src/sim/world.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { openFrameMaker } from './frames.ts';
import type { Row } from './part.ts';

const plans = [
  { key: 'auau', instrument: 'sphenix-tpc-auau', timeFrames: 2, perJob: 4 },
  { key: 'pp', instrument: 'sphenix-tpc-pp', timeFrames: 20, perJob: 120 },
] as const;

/** Tokens of every frame and nothing else. */
const tokensOnly = { ...firstPolicy(), rarePValue: 0, prescale: 0 };
const clock = createSystemClock();

/** Milliseconds of each job. */
interface Spent {
  readonly whole: Float64Array;
  readonly score: Float64Array;
}

const openSpent = (jobs: number): Spent => ({
  whole: new Float64Array(jobs).fill(Number.POSITIVE_INFINITY),
  score: new Float64Array(jobs).fill(Number.POSITIVE_INFINITY),
});

/** Runs all jobs once and keeps the least of each job: what else the machine does only ever adds. */
const runOnce = async (lane: LaneRunner, frames: readonly Uint8Array[], perJob: number, least: Spent) => {
  for (let job = 0; job * perJob < frames.length; job++) {
    const part = frames.slice(job * perJob, (job + 1) * perJob);
    const beganMs = clock.nowMs();
    const { instants } = await lane.run({ frames: part, policy: tokensOnly, pressure: 'none' });
    least.whole[job] = Math.min(least.whole[job]!, clock.nowMs() - beganMs);
    const scoreMs = Number(instants.scoreNanos - instants.tokenizeNanos) / 1e6;
    least.score[job] = Math.min(least.score[job]!, scoreMs);
  }
};

const sum = (values: Float64Array): number => values.reduce((total, one) => total + one, 0);

const openBoth = async ({ card, model, modelFolder, ladderTables }: Cards) => {
  const setup = { instrument: card, model, encoderPath: join(modelFolder, model.encoder.file), ladderTables };
  const scoreTables = readFileSync(join(home, 'instruments/scores', `${card.id}.json`), 'utf8');
  return {
    all: await openLane({ ...setup, provider: 'cpu', scoreTables }, clock),
    one: await openLane({ ...setup, provider: 'cpu', scoreTables: null }, clock),
  };
};

/** What scores add to whole lanes over the same frames, ms: least of `repeats` for each job. */
export const addedCost = async (
  cards: Cards,
  frames: readonly Uint8Array[],
  perJob: number,
  repeats: number,
): Promise<{ readonly bareMs: number; readonly addedMs: number }> => {
  const lanes = await openBoth(cards);
  const jobs = Math.ceil(frames.length / perJob);
  const [one, all] = [openSpent(jobs), openSpent(jobs)];
  try {
    for (let repeat = 0; repeat < repeats; repeat++) {
      await runOnce(lanes.one, frames, perJob, one);
      await runOnce(lanes.all, frames, perJob, all);
    }
  } finally {
    await lanes.all.close();
    await lanes.one.close();
  }
  const bareMs = sum(one.whole) - sum(one.score);
  return { bareMs, addedMs: sum(all.whole) - bareMs };
};

export const measureCost = async (
  quick: boolean,
): Promise<{ rows: readonly Row[]; ratios: Readonly<Record<string, number>> }> => {
  const rows: Row[] = [];
  const ratios: Record<string, number> = {};
  for (const { key, instrument, timeFrames, perJob } of plans) {
    const maker = openFrameMaker(instrument);
    const { cards, adcMax } = maker;
    const identify = identitiesOf(cards.card, { run: 1, startNanos: 0n });
    const frames = [...maker.frames(4, 'test', timeFrames)].map(({ region, timeFrame, digits }) =>
      encodeFrame(identify(region, timeFrame), limited(digits, adcMax), cards.card),
    );
    const repeats = quick ? 3 : 40;
    const { bareMs, addedMs } = await addedCost(cards, frames, perJob, repeats);
    ratios[`added_cost_share_${key}`] = addedMs / bareMs;
    rows.push({
      part: 'catalogue, cost',
      instrument,
      frames: frames.length,
      repeats,
      'µs a frame, bytes to packet of tokens': (1000 * bareMs) / frames.length,
      'µs all scores add': (1000 * addedMs) / frames.length,
      'added share': addedMs / bareMs,
    });
  }
  return { rows, ratios: { ...ratios, added_cost_share: Math.max(...Object.values(ratios)) } };
};
