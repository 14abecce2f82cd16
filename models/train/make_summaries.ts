/**
 * Writes the summaries that event models are trained and judged on, one NumPy array an instrument and split: float32
 * [time frames, regions, 5] of hits, token bytes, token symbols, surprise and p-value, from packets of whole simulated
 * time frames. p-values come from a calibration of the training frames. Refuses nothing; the same files come out each
 * time.
 *
 *     node models/train/make_summaries.ts FOLDER [INSTRUMENT…]
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { emptySketch, sketchBuilder } from '../../src/anomaly/calibration/sketch.ts';
import { firstPolicy } from '../../src/anomaly/fidelity.ts';
import { type Cards, home, loadCards } from '../../src/assemble.ts';
import { summaryOf } from '../../src/codec/event_tokens.ts';
import type { PolicySnapshot } from '../../src/domain/policy.ts';
import { openLane } from '../../src/lane.ts';
import { encodeNpy } from '../../src/sim/export.ts';
import { parseParticles } from '../../src/sim/particles.ts';
import { createWorld } from '../../src/sim/world.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { decodePacket } from '../../src/wire/packet.ts';

/** The chamber whose channels the score tables know is the one of seed 1. */
const seed = 1;
/** Time frames of each split, the training frames calibrated on first; runs share nothing but the chamber. */
const plans = [
  { instrument: 'sphenix-tpc-auau', train: 240, test: 80 },
  { instrument: 'sphenix-tpc-pp', train: 4000, test: 1000 },
] as const;
const warmupCount = 200;
const startNanos = 1_767_225_600_000_000_000n;
const fields = 5;

const openRunner = async (cards: Cards) => {
  const { card, model, modelFolder, ladderTables } = cards;
  const lane = await openLane(
    {
      instrument: card,
      model,
      encoderPath: join(modelFolder, model.encoder.file),
      provider: 'cpu',
      ladderTables,
      scoreTables: readFileSync(join(home, 'instruments', card.scores!.file), 'utf8'),
    },
    createSystemClock(),
  );
  const particles = parseParticles(
    readFileSync(join(home, 'models/particles', `${String(card.conditions.particles)}.bin`)),
  );
  /** Results of every region of each time frame of a split, in order. */
  const each = async function* (split: 'train' | 'test', timeFrames: number, policy: PolicySnapshot) {
    const run = split === 'train' ? 1 : 2;
    const world = createWorld(card, particles, { seed, run, startNanos, split });
    for (let number = 0; number < timeFrames; number++) {
      const frames = world
        .timeFrame(number)
        .map(({ identity, digits }) => encodeFrame(identity, digits, card));
      yield (await lane.run({ frames, policy, pressure: 'none' })).results;
      if (number % 20 === 0) process.stderr.write(`${card.id} ${split}: ${number} of ${timeFrames}\n`);
    }
  };
  return { lane, each };
};

const writeInstrument = async (folder: string, { instrument, ...counts }: (typeof plans)[number]) => {
  const cards = loadCards(instrument);
  const { lane, each } = await openRunner(cards);
  const first: PolicySnapshot = { ...firstPolicy(), rarePValue: 0, prescale: 0, warmupCount };
  const builder = sketchBuilder(emptySketch(lane.scoreNames), warmupCount);
  let calibrated = 0;
  for await (const results of each('train', counts.train, first)) {
    for (const result of results) if (result.end === 'kept') builder.add(result);
    // Combined scores are counted by a yardstick, which the first snapshot makes.
    if (++calibrated === counts.train >> 2) builder.snapshot();
  }
  const policy = { ...first, sketch: builder.snapshot() };
  for (const split of ['train', 'test'] as const) {
    const regions = cards.card.regions.length;
    const data = new Float32Array(counts[split] * regions * fields);
    let at = 0;
    for await (const results of each(split, counts[split], policy))
      for (const result of results) {
        if (result.end === 'refused') throw new Error(`a simulated frame was refused: ${result.detail}`);
        const summary = summaryOf(result.region, decodePacket(result.packet));
        const { hitCount, tokenBytes, symbolCount, surprise, pValue } = summary;
        data.set([hitCount, tokenBytes, symbolCount, surprise, pValue], at);
        at += fields;
      }
    const npy = encodeNpy({ data, shape: [counts[split], regions, fields] });
    writeFileSync(join(folder, `${instrument}_${split}.npy`), npy);
  }
  await lane.close();
};

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder to write the npy files into');
mkdirSync(folder, { recursive: true });
for (const plan of plans)
  if (wanted.length === 0 || wanted.includes(plan.instrument)) await writeInstrument(folder, plan);
