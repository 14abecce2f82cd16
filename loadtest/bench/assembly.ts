/**
 * `tessera bench assembly`: packets a second that one assembler makes into partial events through Kafka, beside the frames
 * a second that one processor makes into those packets on the same broker in the same run. It refuses a figure alone.
 */

import { parseArgs } from 'node:util';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { loadCards, openBus, openTelemetry, version } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { topicsOf } from '../../src/services/topics.ts';
import { say, startBroker, startTessera, stopAll } from '../drive.ts';
import type { BenchResult } from '../excerpts.ts';
import { drainRate, median } from '../measure.ts';
import { machine, writeResult } from '../result.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    cases: { type: 'string', default: 'auau,pp' },
  },
});
const repeats = flags.quick ? 1 : Number(flags.repeats);
const wanted = flags.cases.split(',');
const partitions = 4;
const seed = 1;

interface Case {
  readonly key: 'auau' | 'pp';
  readonly instrument: string;
  readonly timeFrames: number;
  readonly pool: number;
}
const cases: readonly Case[] = [
  { key: 'auau', instrument: 'sphenix-tpc-auau', timeFrames: flags.quick ? 60 : 240, pool: 23 },
  { key: 'pp', instrument: 'sphenix-tpc-pp', timeFrames: flags.quick ? 2000 : 8000, pool: 199 },
];

/** Records of a topic, all its partitions. */
const recordsOf = async (bus: Bus, topic: string): Promise<number> =>
  (await bus.offsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);

const measure = async (one: Case): Promise<{ readonly processor: number; readonly assembler: number[] }> => {
  const broker = await startBroker('memory');
  const brokers = broker.brokers.join(',');
  const config = readConfig({ instrument: one.instrument, partitions, brokers }, {});
  const telemetry = openTelemetry(config, 'bench', { kind: 'json', write: () => {} });
  const bus = openBus(config, createSystemClock(), telemetry.telemetry.log);
  const { card } = loadCards(one.instrument);
  const topics = topicsOf(card.id);
  const shared = [
    ...['--instrument', one.instrument, '--brokers', brokers, '--partitions', String(partitions)],
    ...['--retention-bytes', '64000000000'],
  ];
  const loader = await startTessera('simulate', [
    ...[...shared, '--rate', '0', '--time-frames', String(one.timeFrames), '--pool', String(one.pool)],
    ...['--seed', String(seed), '--quiet'],
  ]);
  await loader.exited;
  const maker = await startTessera('process', [...shared, '--group', 'maker', '--overload', 'wait']);
  const frames = one.timeFrames * card.regions.length;
  const processor = await drainRate(bus, 'maker', topics.frames, frames);
  await maker.stop();
  const packets = await recordsOf(bus, topics.tokens);
  const assembler: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const group = `bench-${repeat}`;
    const joiner = await startTessera('assemble', [...shared, '--group', group]);
    assembler.push(await drainRate(bus, `${group}-assembly`, topics.tokens, packets));
    await joiner.stop();
    say(`${one.key}: processor ${processor.toFixed(0)}/s, assembler ${assembler.at(-1)!.toFixed(0)}/s`);
  }
  await bus.close();
  telemetry.close();
  await broker.stop();
  return { processor, assembler };
};

const main = async (): Promise<void> => {
  const rows: Record<string, string | number>[] = [];
  const ratios: Record<string, number> = {};
  for (const one of cases.filter(({ key }) => wanted.includes(key))) {
    const { processor, assembler } = await measure(one);
    const rate = median(assembler);
    rows.push({
      instrument: one.instrument,
      'processor, frames/s': Math.round(processor),
      'assembler, packets/s': Math.round(rate),
      spread: `${Math.min(...assembler).toFixed(0)}–${Math.max(...assembler).toFixed(0)}`,
    });
    ratios[`assembler_over_processor_${one.key}`] = rate / processor;
  }
  const result: BenchResult = {
    bench: 'assembly',
    machine: `${machine}, broker beside`,
    version,
    seed,
    note:
      'Frames are simulated. One processor makes packets of a preloaded topic, then one assembler makes partial events of ' +
      'those packets, both exactly once through Kafka; rates are from the offsets each group commits.',
    rows,
    ratios,
  };
  writeResult(result, flags.json);
};

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
try {
  await main();
} finally {
  await stopAll();
}
