/**
 * `tessera bench pipeline`: frames per second in process and through Kafka, where the milliseconds go, the rate
 * at which it breaks, latency at half of its rate, and the Python consumer doing the same tokenization on the same
 * broker in the same run. It refuses to quote a figure without its peer or its spread.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { home, loadCards, openBus, openTelemetry, runProcessor, version } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { topicsOf } from '../../src/services/topics.ts';
import {
  type LogPlace,
  pythonPath,
  say,
  sleep,
  startBroker,
  startRival,
  startTessera,
  stopAll,
} from '../drive.ts';
import { drainRate, followLatency, type Latencies, median } from '../measure.ts';
import { machine, writeResult } from '../result.ts';
import { preload } from './preload.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    /** Seconds of steady load for latency and memory. */
    steady: { type: 'string', default: '300' },
    quick: { type: 'boolean', default: false },
    /** Of the instruments only these; figures of the others stay as they stand in the file. */
    cases: { type: 'string', default: 'auau,pp' },
  },
});
const repeats = flags.quick ? 1 : Number(flags.repeats);
const steadySeconds = flags.quick ? 20 : Number(flags.steady);
const wanted = flags.cases.split(',');
const seed = 1;
const partitions = 4;

/**
 * What one instrument is measured with: enough time frames for some ten seconds of work, and a pool that shares no factor
 * with the partitions, so that the calibrating one sees all of it and calls as many frames rare as it should.
 */
interface Case {
  readonly key: 'auau' | 'pp';
  readonly instrument: string;
  readonly timeFrames: number;
  readonly memoryTimeFrames: number;
  readonly pool: number;
}
const cases: readonly Case[] = [
  { key: 'auau', instrument: 'sphenix-tpc-auau', timeFrames: 240, memoryTimeFrames: 60, pool: 47 },
  { key: 'pp', instrument: 'sphenix-tpc-pp', timeFrames: 16_000, memoryTimeFrames: 6_000, pool: 1001 },
].map((one) =>
  flags.quick ? { ...one, timeFrames: one.timeFrames / 4, memoryTimeFrames: one.memoryTimeFrames / 4 } : one,
) as Case[];

const quiet = { kind: 'json', write: () => {} } as const;
const clock = createSystemClock();

const configOf = (one: Case, overrides: Record<string, unknown>) =>
  readConfig(
    {
      instrument: one.instrument,
      partitions,
      overload: 'wait',
      httpPort: 0,
      statusPort: 0,
      grpcPort: 0,
      seed,
      ...overrides,
    },
    {},
  );

const simulateFlags = (one: Case, brokers: string, more: readonly string[]): string[] => [
  ...['--instrument', one.instrument, '--brokers', brokers, '--partitions', String(partitions)],
  ...[
    '--pool',
    String(one.pool),
    '--seed',
    String(seed),
    '--retention-bytes',
    '64000000000',
    '--quiet',
    ...more,
  ],
];

/** The processor over the memory bus in this process, on a preloaded topic. */
const inProcess = async (one: Case): Promise<number> => {
  const cards = loadCards(one.instrument);
  const config = configOf(one, { bus: 'memory', retentionBytes: 8_000_000_000 });
  const telemetry = openTelemetry(config, 'bench', quiet);
  const bus = openBus(config, clock, telemetry.telemetry.log);
  const frames = await preload(bus, cards.card, one.memoryTimeFrames, one.pool, partitions, seed);
  const running = await runProcessor(config, cards, telemetry, { simulated: true, bus });
  const rate = await drainRate(bus, config.group, topicsOf(one.instrument).frames, frames);
  await running.stop();
  telemetry.close();
  return rate;
};

const throughKafka = async (one: Case, brokers: string, bus: Bus, frames: number, group: string) => {
  const processor = await startTessera('process', [
    ...['--instrument', one.instrument, '--brokers', brokers, '--partitions', String(partitions)],
    ...['--group', group, '--overload', 'wait', '--retention-bytes', '64000000000'],
  ]);
  const rate = await drainRate(bus, group, topicsOf(one.instrument).frames, frames);
  const status = await processor.status();
  await processor.stop();
  return { rate, status };
};

const throughPython = async (
  one: Case,
  python: string,
  brokers: string,
  bus: Bus,
  frames: number,
  group: string,
) => {
  const { card, model, modelFolder } = loadCards(one.instrument);
  const rival = (): ReturnType<typeof startRival> =>
    startRival(python, [
      ...['--brokers', brokers, '--group', group, '--source', topicsOf(card.id).frames],
      ...['--target', `${card.id}_rival`, '--card', join(home, 'instruments', `${card.id}.json`)],
      ...['--model', join(modelFolder, model.encoder.file), '--model-card', join(modelFolder, 'card.json')],
      ...['--poll-frames', one.key === 'auau' ? '24' : '512'],
    ]);
  const both = [rival(), rival()];
  const rate = await drainRate(bus, group, topicsOf(one.instrument).frames, frames);
  await Promise.all(both.map((process) => process.stop()));
  return rate;
};

type Row = Record<string, string | number | null>;

interface Steady {
  readonly latency: Latencies;
  readonly loopDelayMsP99: number;
  readonly rssFirstMb: number;
  readonly rssLastMb: number;
  readonly stages: readonly {
    readonly stage: string;
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
  }[];
}

/** Open-loop load at `framesPerSecond`, all regions of a time frame together, for some seconds after a warm-up. */
const steadyLoad = async (
  one: Case,
  framesPerSecond: number,
  seconds: number,
  warmupSeconds: number,
  log: LogPlace = 'memory',
): Promise<Steady> => {
  const broker = await startBroker(log);
  const brokers = broker.brokers.join(',');
  const telemetry = openTelemetry(configOf(one, {}), 'bench', quiet);
  const bus = openBus(configOf(one, { brokers }), clock, telemetry.telemetry.log);
  const { card } = loadCards(one.instrument);
  const processor = await startTessera('process', [
    ...['--instrument', one.instrument, '--brokers', brokers, '--partitions', String(partitions)],
  ]);
  await processor.ready();
  const latencies = followLatency(bus, topicsOf(card.id).tokens);
  const rate = framesPerSecond / card.regions.length;
  const simulator = await startTessera('simulate', [
    ...['--instrument', one.instrument, '--brokers', brokers, '--partitions', String(partitions)],
    ...['--pool', String(one.pool), '--seed', String(seed), '--rate', String(rate), '--quiet'],
  ]);
  // Warm from the first frame on: the simulator first makes its pool.
  await latencies.started;
  await sleep(warmupSeconds * 1000);
  const sinceMs = performance.timeOrigin + performance.now();
  const rss: number[] = [];
  const loopDelays: number[] = [];
  for (let second = 0; second < seconds; second += 5) {
    await sleep(5000);
    const { process } = await processor.status();
    rss.push(process.rssBytes / 1e6);
    loopDelays.push(process.loopDelayMsP99);
  }
  const { latency: stages } = await processor.status();
  await simulator.stop();
  const latency = latencies.since(sinceMs);
  await latencies.stop();
  await processor.stop();
  await bus.close();
  telemetry.close();
  await broker.stop();
  const third = Math.max(1, Math.floor(rss.length / 3));
  return {
    latency,
    loopDelayMsP99: median(loopDelays),
    rssFirstMb: median(rss.slice(0, third)),
    rssLastMb: median(rss.slice(-third)),
    stages,
  };
};

type Figures = { readonly rows: readonly Row[]; readonly ratios: Readonly<Record<string, number | null>> };

/** What is measured now, and beside it what the file says of instruments that were not asked for. */
const keepOthers = (rows: readonly Row[], ratios: Figures['ratios']): Figures => {
  if (flags.json === undefined || !existsSync(flags.json)) return { rows, ratios };
  const before = JSON.parse(readFileSync(flags.json, 'utf8')) as Figures;
  const measured = new Set(rows.map(({ instrument }) => instrument));
  return {
    rows: [...before.rows.filter(({ instrument }) => !measured.has(instrument!)), ...rows],
    ratios: { ...before.ratios, ...ratios },
  };
};

const main = async (): Promise<void> => {
  const python = pythonPath();
  if (python === null) say('no Python environment (npm test makes one): the rival is left out');
  const rows: Row[] = [];
  const latencyRows: Row[] = [];
  const ratios: Record<string, number | null> = {};
  for (const one of cases) {
    if (!wanted.includes(one.key)) continue;
    say(`${one.instrument}: in process …`);
    const memory: number[] = [];
    for (let i = 0; i < repeats; i += 1) memory.push(await inProcess(one));

    say(`${one.instrument}: preloading ${one.timeFrames} time frames …`);
    const broker = await startBroker('memory');
    const brokers = broker.brokers.join(',');
    const config = configOf(one, { brokers });
    const telemetry = openTelemetry(config, 'bench', quiet);
    const bus = openBus(config, clock, telemetry.telemetry.log);
    const loader = await startTessera(
      'simulate',
      simulateFlags(one, brokers, ['--rate', '0', '--time-frames', String(one.timeFrames)]),
    );
    await loader.exited;
    const rivalTopic = { name: `${one.instrument}_rival`, partitions, messageBytesMax: 8_000_000 };
    await bus.ensureTopics([rivalTopic]);
    const frames = one.timeFrames * loadCards(one.instrument).card.regions.length;

    const kafka: number[] = [];
    const rival: number[] = [];
    for (let i = 0; i < repeats; i += 1) {
      const { rate } = await throughKafka(one, brokers, bus, frames, `bench-${i}`);
      kafka.push(rate);
      if (python !== null) rival.push(await throughPython(one, python, brokers, bus, frames, `rival-${i}`));
      say(`${one.key}: tessera ${rate.toFixed(0)}/s, Python ${rival.at(-1)?.toFixed(0) ?? '–'}/s`);
    }
    const paired = rival.map((rate, i) => kafka[i]! / rate);
    const spread = (values: readonly number[]): string =>
      values.length === 0 ? '–' : `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
    rows.push({
      instrument: one.instrument,
      'in process, frames/s': Math.round(median(memory)),
      'through Kafka, exactly once, frames/s': Math.round(median(kafka)),
      spread: spread(kafka),
      'two Python processes, frames/s': rival.length > 0 ? Math.round(median(rival)) : null,
      'Python spread': spread(rival),
    });
    ratios[`kafka_over_memory_${one.key}`] = median(kafka) / median(memory);
    ratios[`${one.key}_vs_python`] = paired.length > 0 ? median(paired) : null;

    await bus.close();
    telemetry.close();
    // An idle broker takes a tenth of a core: it must not sit beside what comes next.
    await broker.stop();
    // Open loop, the simulator beside on the same cores, each on a broker without a past: the last rate tried at
    // which p99 stayed under a second.
    const drained = median(kafka);
    let holds = 0;
    let breaks: number | null = null;
    for (const share of [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9]) {
      const rate = drained * share;
      const { latency } = await steadyLoad(one, rate, flags.quick ? 5 : 10, 8);
      say(
        `${one.key}: at ${rate.toFixed(0)} frames/s p50 ${latency.p50Ms.toFixed(0)}, p99 ${latency.p99Ms.toFixed(0)} ms`,
      );
      if (!(latency.p99Ms < 1000)) {
        breaks = rate;
        break;
      }
      holds = rate;
    }
    const half = (breaks ?? holds) / 2;
    const seconds = one.key === 'auau' ? steadySeconds : Math.min(60, steadySeconds);
    say(
      `${one.key}: latency at ${half.toFixed(0)} frames/s, half the rate at which it breaks, for ${seconds} s …`,
    );
    // A minute: pools of buffers and the memories of contents fill to their bounds meanwhile.
    const steady = await steadyLoad(one, half, seconds, flags.quick ? 8 : 60);
    say(`${one.key}: the same with the broker's log on disk …`);
    const onDisk = await steadyLoad(one, half, flags.quick ? 5 : 60, flags.quick ? 8 : 40, 'disk');
    latencyRows.push({
      instrument: one.instrument,
      'frames/s offered': Math.round(half),
      'holds at, frames/s': Math.round(holds),
      'breaks at, frames/s': breaks === null ? null : Math.round(breaks),
      'p50 ms': steady.latency.p50Ms,
      'p99 ms': steady.latency.p99Ms,
      'p50 / p99 ms, log on disk': `${onDisk.latency.p50Ms.toFixed(0)} / ${onDisk.latency.p99Ms.toFixed(0)}`,
      'loop delay p99 ms': steady.loopDelayMsP99,
      'RSS MB, first → last third': `${steady.rssFirstMb.toFixed(0)} → ${steady.rssLastMb.toFixed(0)}`,
      ...Object.fromEntries(
        steady.stages.map(({ stage, p50Ms, p99Ms }) => [
          `${stage} p50 / p99 ms`,
          `${p50Ms?.toFixed(1) ?? '–'} / ${p99Ms?.toFixed(1) ?? '–'}`,
        ]),
      ),
    });
    ratios[`breaks_at_${one.key}_frames_per_second`] = breaks === null ? null : Math.round(breaks);
    ratios[`p99_ms_half_load_${one.key}`] = steady.latency.p99Ms;
    ratios[`p99_ms_half_load_${one.key}_log_on_disk`] = onDisk.latency.p99Ms;
    if (one.key === 'auau') {
      ratios.p99_ms_half_load = steady.latency.p99Ms;
      ratios.loop_delay_p99_ms = steady.loopDelayMsP99;
      ratios.rss_last_over_first = steady.rssLastMb / steady.rssFirstMb;
    }
  }
  const result = {
    bench: 'pipeline',
    machine: `${machine}, broker, simulator and clients beside`,
    version,
    seed,
    note:
      'Frames are simulated. Rates are medians on a preloaded topic, from the offsets each group commits; tessera commits ' +
      'exactly once and scores, the Python consumer commits at least once and does not. Latency is from intended send time ' +
      'to a read_committed reader, all regions of a time frame sent together, at half the first rate tried at which p99 passes 1 s. ' +
      'The broker keeps its log in memory (tmpfs), but where disk is said.',
    ...keepOthers([...rows, ...latencyRows], ratios),
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
