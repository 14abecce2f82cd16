/**
 * What scores add to a frame's way from its bytes to its packet of tokens, in the lane itself: a lane with all scores
 * against one with token surprise alone, whose own stage is timed. Both take the same jobs in turns, in one run, and the
 * least time of each job counts. Refuses to time anything but whole lanes.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { type Cards, home, loadCards } from '../../../src/assemble.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import type { PolicySnapshot } from '../../../src/domain/policy.ts';
import { openLane } from '../../../src/lane.ts';
import type { LaneRunner } from '../../../src/ports/lane.ts';
import { limited } from '../../../src/sim/mishaps/site.ts';
import { readLists } from '../../../src/sim/objects/lists.ts';
import { openObjectStream } from '../../../src/sim/objects/stream.ts';
import { identitiesOf } from '../../../src/sim/world.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { digitsOfRecords, recordLayout } from '../../../src/wire/frames/records.ts';
import { openFrameMaker } from './frames.ts';
import type { Part, Row } from './part.ts';

/** Time frames measured, and frames of a job, as a batch of them may have. */
const plans = [
  { key: 'auau', instrument: 'sphenix-tpc-auau', timeFrames: 2, perJob: 4 },
  { key: 'pp', instrument: 'sphenix-tpc-pp', timeFrames: 20, perJob: 120 },
  { key: 'objects', instrument: 'l1-objects', timeFrames: 4_000, perJob: 500 },
] as const;

const identified = (card: InstrumentCard) => identitiesOf(card, { run: 1, startNanos: 0n });

/** Frames of test collisions, as bytes. */
const framesOf = (instrument: string, timeFrames: number): Uint8Array[] => {
  const { card } = loadCards(instrument);
  const identify = identified(card);
  if (card.kind !== 'objects') {
    const maker = openFrameMaker(instrument);
    return [...maker.frames(4, 'test', timeFrames)].map(({ region, timeFrame, digits }) =>
      encodeFrame(identify(region, timeFrame), limited(digits, maker.adcMax), card),
    );
  }
  const lists = readLists((name) => readFileSync(join(home, 'models/particles', `${name}.bin`)));
  const stream = openObjectStream(card, lists, { seed: 4, split: 'test' });
  const layout = recordLayout(card);
  return Array.from({ length: timeFrames }, (_, n) =>
    encodeFrame(identify(0, n), digitsOfRecords(stream.normal(n).records, layout), card),
  );
};

/** Share of frames that the first policy refines: the rare and the prescaled. */
const { rarePValue, prescale } = firstPolicy();
const refinedShare = rarePValue + 1 / prescale;

/** Every frame kept to the last bit, none for being rare. */
const refinedAll = { ...firstPolicy(), rarePValue: 0, prescale: 1 };
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
const runOnce = async (
  lane: LaneRunner,
  frames: readonly Uint8Array[],
  perJob: number,
  least: Spent,
  policy: PolicySnapshot = tokensOnly,
) => {
  for (let job = 0; job * perJob < frames.length; job++) {
    const part = frames.slice(job * perJob, (job + 1) * perJob);
    const beganMs = clock.nowMs();
    const { instants } = await lane.run({ frames: part, policy, pressure: 'none' });
    least.whole[job] = Math.min(least.whole[job]!, clock.nowMs() - beganMs);
    const scoreMs = Number(instants.scoreNanos - instants.tokenizeNanos) / 1e6;
    least.score[job] = Math.min(least.score[job]!, scoreMs);
  }
};

const sum = (values: Float64Array): number => values.reduce((total, one) => total + one, 0);

const openLanes = async ({ card, model, modelFolder, ladderTables }: Cards) => {
  const setup = { instrument: card, model, encoderPath: join(modelFolder, model.encoder.file), ladderTables };
  // As the command line opens its lanes: objects are not decoded.
  const decoderPath = card.kind === 'objects' ? null : join(modelFolder, model.decoder.file);
  const scoreTables = readFileSync(join(home, 'instruments/scores', `${card.id}.json`), 'utf8');
  return {
    all: await openLane({ ...setup, provider: 'cpu', scoreTables }, clock),
    one: await openLane({ ...setup, provider: 'cpu', scoreTables: null }, clock),
    decoding: await openLane({ ...setup, provider: 'cpu', decoderPath }, clock),
  };
};

/**
 * What scores add to whole lanes over the same frames, ms: least of `repeats` for each job. `lateMs`: late ones, as many
 * frames as the first policy refines; coder surprise costs nothing beside, so it is the decoder.
 */
const addedCost = async (
  cards: Cards,
  frames: readonly Uint8Array[],
  perJob: number,
  repeats: number,
): Promise<{ readonly bareMs: number; readonly addedMs: number; readonly lateMs: number }> => {
  const lanes = await openLanes(cards);
  const jobs = Math.ceil(frames.length / perJob);
  const [one, all, refined, decoding] = [openSpent(jobs), openSpent(jobs), openSpent(jobs), openSpent(jobs)];
  try {
    for (let repeat = 0; repeat < repeats; repeat++) {
      await runOnce(lanes.one, frames, perJob, one);
      await runOnce(lanes.all, frames, perJob, all);
    }
    // Every job is refined whole, and costs many times as much: fewer turns.
    for (let repeat = 0; repeat < Math.ceil(repeats / 8); repeat++) {
      await runOnce(lanes.one, frames, perJob, refined, refinedAll);
      await runOnce(lanes.decoding, frames, perJob, decoding, refinedAll);
    }
  } finally {
    await lanes.all.close();
    await lanes.one.close();
    await lanes.decoding.close();
  }
  const bareMs = sum(one.whole) - sum(one.score);
  const lateMs = refinedShare * Math.max(0, sum(decoding.whole) - sum(refined.whole));
  return { bareMs, addedMs: sum(all.whole) - bareMs, lateMs };
};

export const cost: Part = {
  name: 'cost',
  title: 'What scores add to a lane',
  async measure({ quick }) {
    const rows: Row[] = [];
    const ratios: Record<string, number> = {};
    // As many as it takes for the least of a job to stand still: with 40 the share of Au+Au lay between .10 and .13.
    const repeats = quick ? 3 : 160;
    for (const { key, instrument, timeFrames, perJob } of plans) {
      const frames = framesOf(instrument, timeFrames);
      const { bareMs, addedMs, lateMs } = await addedCost(loadCards(instrument), frames, perJob, repeats);
      ratios[`added_cost_share_${key}`] = (addedMs + lateMs) / bareMs;
      rows.push({
        part: 'cost',
        instrument,
        frames: frames.length,
        repeats,
        'µs a frame, bytes to packet of tokens': (1000 * bareMs) / frames.length,
        'µs all scores add': (1000 * addedMs) / frames.length,
        'µs late scores add, by the share of frames that have them': (1000 * lateMs) / frames.length,
        'added share': (addedMs + lateMs) / bareMs,
      });
    }
    return {
      rows,
      ratios: { ...ratios, added_cost_share: Math.max(...Object.values(ratios)) },
      note: 'Costs: whole lanes with all scores against lanes with token surprise alone, less the time of its stage; the least of the repeats of each job, in turns.',
    };
  },
};
