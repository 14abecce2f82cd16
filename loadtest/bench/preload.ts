/**
 * Fills a bus's frames topic from a pool of simulated time frames, replayed under new numbers: what a bench of
 * the processor alone starts from. Refuses nothing.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { home } from '../../src/assemble.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { feed } from '../../src/services/feeder.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { parseParticles } from '../../src/sim/particles.ts';
import { createReplayWorld, poolOf } from '../../src/sim/replay.ts';
import { createWorld } from '../../src/sim/world.ts';

/** @returns frames sent */
export const preload = async (
  bus: Bus,
  card: InstrumentCard,
  timeFrames: number,
  pool: number,
  partitions: number,
  seed: number,
): Promise<number> => {
  await bus.ensureTopics(topicSpecs(card, partitions, 16_000_000_000));
  const file = join(home, 'models/particles', `${String(card.conditions.particles)}.bin`);
  const clock = createSystemClock();
  const startNanos = clock.nowNanos();
  const world = createWorld(card, parseParticles(readFileSync(file)), {
    seed,
    run: 1,
    startNanos,
    split: 'test',
  });
  const source = createReplayWorld(poolOf(world, pool));
  const plan = { topic: topicsOf(card.id).frames, partitions, rate: 0, timeFrames, sendsInFlightMax: 4 };
  const { frames } = await feed({ bus, clock, card }, source, plan, new AbortController().signal, () => {});
  return frames;
};
