/**
 * The processor alone over the memory bus: the packets the archive's bench writes, how many a second it makes, and what
 * processor time each takes. Refuses to count its beginning, which compiles code.
 */

import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { loadCards, openBus, openTelemetry, runProcessor } from '../../../src/assemble.ts';
import { readConfig } from '../../../src/config.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { sleep } from '../../drive.ts';
import { drainRate } from '../../measure.ts';
import { preload } from '../preload.ts';
import { packetsOn } from './events.ts';

export const seed = 1;
export const partitions = 4;
export const clock = createSystemClock();

export interface Case {
  readonly key: 'auau' | 'pp';
  readonly title: string;
  readonly instrument: string;
  readonly timeFrames: number;
  readonly pool: number;
  /** How often what was made is archived, so that a start and an end are a small part of what is timed. */
  readonly copies: number;
}

/** Processor time of all threads since `used`, µs. */
export const cpuMicros = (used: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(used);
  return user + system;
};

/** The processor over the memory bus: its packets, frames a second, and processor time a frame. */
export const produce = async (one: Case) => {
  const cards = loadCards(one.instrument);
  const settings = {
    instrument: one.instrument,
    partitions,
    overload: 'wait',
    httpPort: 0,
    statusPort: 0,
    bus: 'memory',
    seed,
  };
  const config = readConfig({ ...settings, retentionBytes: 8_000_000_000 }, {});
  const telemetry = openTelemetry(config, 'bench', { kind: 'json', write: () => {} });
  const bus = openBus(config, clock, telemetry.telemetry.log);
  const frames = await preload(bus, cards.card, one.timeFrames, one.pool, partitions, seed);
  const running = await runProcessor(config, cards, telemetry, { simulated: true, bus });
  const topics = topicsOf(one.instrument);
  const rating = drainRate(bus, config.group, topics.frames, frames);
  // Its processor time is counted over the middle of the work: beginnings compile code.
  const madeCount = async (): Promise<number> =>
    (await bus.offsets(topics.tokens)).reduce((sum, { high }) => sum + Number(high), 0);
  while ((await madeCount()) < frames * 0.3) await sleep(5);
  const [from, used] = [await madeCount(), process.cpuUsage()];
  while ((await madeCount()) < frames * 0.9) await sleep(5);
  const microseconds = cpuMicros(used) / ((await madeCount()) - from);
  const rate = await rating;
  while ((await madeCount()) < frames) await sleep(50);
  const made = await packetsOn(bus, topics.tokens, cards.card);
  await running.stop();
  telemetry.close();
  return { rate, microseconds, made, card: cards.card };
};
