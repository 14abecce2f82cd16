/**
 * What scores add to a frame's way from its bytes to its packet of tokens, in the lane itself: a lane with all scores
 * against one with token surprise alone, whose own stage is timed. Both take the same frames in turns, in one run.
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
  { key: 'auau', instrument: 'sphenix-tpc-auau', timeFrames: 3, perJob: 12 },
  { key: 'pp', instrument: 'sphenix-tpc-pp', timeFrames: 40, perJob: 240 },
] as const;

/** Tokens of every frame and nothing else. */
const tokensOnly = { ...firstPolicy(), rarePValue: 0, prescale: 0 };
const clock = createSystemClock();

interface Spent {
  readonly wholeMs: number;
  readonly scoreMs: number;
}

const runOnce = async (lane: LaneRunner, frames: readonly Uint8Array[], perJob: number): Promise<Spent> => {
  let [wholeMs, scoreMs] = [0, 0];
  for (let from = 0; from < frames.length; from += perJob) {
    const beganMs = clock.nowMs();
    const job = { frames: frames.slice(from, from + perJob), policy: tokensOnly, pressure: 'none' } as const;
    const { instants } = await lane.run(job);
    wholeMs += clock.nowMs() - beganMs;
    scoreMs += Number(instants.scoreNanos - instants.tokenizeNanos) / 1e6;
  }
  return { wholeMs, scoreMs };
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >>> 1]!;
};

const openBoth = async ({ card, model, modelFolder, ladderTables }: Cards) => {
  const setup = { instrument: card, model, encoderPath: join(modelFolder, model.encoder.file), ladderTables };
  const scoreTables = readFileSync(join(home, 'instruments/scores', `${card.id}.json`), 'utf8');
  return {
    all: await openLane({ ...setup, provider: 'cpu', scoreTables }, clock),
    one: await openLane({ ...setup, provider: 'cpu', scoreTables: null }, clock),
  };
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
    const lanes = await openBoth(cards);
    const shares: number[] = [];
    const [microseconds, added]: [number[], number[]] = [[], []];
    const repeats = quick ? 3 : 15;
    try {
      for (let repeat = -2; repeat < repeats; repeat++) {
        const one = await runOnce(lanes.one, frames, perJob);
        const all = await runOnce(lanes.all, frames, perJob);
        if (repeat < 0) continue;
        const bareMs = one.wholeMs - one.scoreMs;
        shares.push((all.wholeMs - bareMs) / bareMs);
        microseconds.push((1000 * bareMs) / frames.length);
        added.push((1000 * (all.wholeMs - bareMs)) / frames.length);
      }
    } finally {
      await lanes.all.close();
      await lanes.one.close();
    }
    ratios[`added_cost_share_${key}`] = median(shares);
    rows.push({
      part: 'catalogue, cost',
      instrument,
      frames: frames.length,
      repeats,
      'µs a frame, bytes to packet of tokens': median(microseconds),
      'µs all scores add': median(added),
      'added share': median(shares),
      'least and most': `${Math.min(...shares).toFixed(3)}–${Math.max(...shares).toFixed(3)}`,
    });
  }
  return { rows, ratios: { ...ratios, added_cost_share: Math.max(...Object.values(ratios)) } };
};
