/**
 * `tessera bench viewers`: what those who look cost those who work. Broker, processor, assembler, monitor and simulator run
 * as `tessera up` runs them; windows in which 199 clients follow the monitor's stream and a page stands open in a real Chromium
 * alternate with windows in which nobody looks. Refuses to tell a ratio where a client was dropped or heard nothing.
 *
 *   tessera bench viewers --json loadtest/results/viewers.json [--pairs 12] [--seconds 20] [--followers 199] [--no-page]
 */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { loadCards, openBus, openTelemetry, version } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import { createPrng } from '../../src/kernels/prng.ts';
import { topicsOf } from '../../src/services/topics.ts';
import { atEnd, freePort, say, sleep, startBroker, startTessera, stopAll } from '../drive.ts';
import { followLatency, type Latencies, median } from '../measure.ts';
import { temporaryFolder } from '../prove/world.ts';
import { machine, writeResult } from '../result.ts';
import { startFollowers } from './viewers/followers.ts';
import { type Pair, pairsMin, verdictOf } from './viewers/verdict.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    instrument: { type: 'string', default: 'sphenix-tpc-auau' },
    pairs: { type: 'string', default: '12' },
    /** Of one window, after it has settled. */
    seconds: { type: 'string', default: '20' },
    followers: { type: 'string', default: '199' },
    /** Time frames a second: what `tessera up` sends. */
    rate: { type: 'string', default: '2' },
    'no-page': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const seed = 1;
const pairsWanted = flags.quick ? 2 : Number(flags.pairs);
const windowSeconds = flags.quick ? 5 : Number(flags.seconds);
/** The beginning of a stream and of a page are over, caches are warm. */
const settleSeconds = flags.quick ? 2 : 5;
/** Calibration, pools and references: until the monitor judges and the processor is at its steady state. */
const warmupSeconds = flags.quick ? 20 : 60;
const followersWanted = Number(flags.followers);

const openChromium = async (): Promise<Browser | null> => {
  const executablePath = process.env.TESSERA_TEST_CHROMIUM ?? '/usr/bin/chromium';
  if (flags['no-page'] || !existsSync(executablePath)) {
    say('no page: clients alone');
    return null;
  }
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  atEnd(() => browser.close());
  return browser;
};

const cpuOf = async (metrics: string): Promise<number> => {
  const text = await (await fetch(metrics)).text();
  return Number(/^tessera_process_cpu_seconds_total(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1] ?? Number.NaN);
};

interface Window {
  readonly latency: Latencies;
  /** Cores that the monitor, and the clients' process, took. */
  readonly monitorCores: number;
  readonly clientCores: number;
  readonly bytesPerSecond: number;
}

const main = async (): Promise<void> => {
  const broker = await startBroker('memory');
  const brokers = broker.brokers.join(',');
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const config = readConfig({ instrument: flags.instrument, brokers }, {});
  const telemetry = openTelemetry(config, 'bench', { kind: 'json', write: () => {} });
  const bus = openBus(config, createSystemClock(), telemetry.telemetry.log);
  atEnd(async () => {
    await bus.close();
    telemetry.close();
  });
  const { card } = loadCards(flags.instrument);
  const up = await startTessera('up', [
    ...['--instrument', flags.instrument, '--brokers', brokers, '--rate', flags.rate, '--seed', String(seed)],
    ...['--http-port', String(httpPort), '--grpc-port', String(grpcPort), '--data-dir', temporaryFolder()],
  ]);
  await up.ready();
  const latencies = followLatency(bus, topicsOf(card.id).tokens);
  atEnd(() => latencies.stop());
  await latencies.started;
  const address = `http://127.0.0.1:${httpPort}/`;
  say(`${flags.instrument} at ${flags.rate} time frames/s; warming up for ${warmupSeconds} s …`);
  await sleep(warmupSeconds * 1000);
  const browser = await openChromium();
  if (browser !== null && (await fetch(address)).status !== 200)
    throw new Error('no page to open: npm run page');
  const page: Page | null = (await browser?.newPage({ viewport: { width: 1440, height: 900 } })) ?? null;
  const followers = await startFollowers(httpPort);
  atEnd(() => followers.stop());

  const measure = async (watched: boolean): Promise<Window> => {
    const { standing } = await followers.follow(watched ? followersWanted : 0);
    if (watched && standing !== followersWanted) throw new Error(`only ${standing} clients follow`);
    await page?.goto(watched ? address : 'about:blank');
    await sleep(settleSeconds * 1000);
    const [before, cpuBefore] = [await followers.now(), await cpuOf(`${address}metrics`)];
    const sinceMs = performance.timeOrigin + performance.now();
    await sleep(windowSeconds * 1000);
    const latency = latencies.since(sinceMs);
    const [after, cpuAfter] = [await followers.now(), await cpuOf(`${address}metrics`)];
    if (after.dropped > 0) throw new Error(`${after.dropped} clients were dropped`);
    if (watched && after.bytesMin <= 0) throw new Error('a client heard nothing');
    return {
      latency,
      monitorCores: (cpuAfter - cpuBefore) / windowSeconds,
      clientCores: (after.cpuSeconds - before.cpuSeconds) / windowSeconds,
      bytesPerSecond: (after.bytes - before.bytes) / windowSeconds,
    };
  };

  const prng = createPrng(seed, 5);
  const windows: { alone: Window; watched: Window }[] = [];
  for (let i = 0; i < pairsWanted; i++) {
    // Which comes first is drawn, so that what drifts meets both alike.
    const first = prng.uniform() < 0.5;
    const [one, other] = [await measure(first), await measure(!first)];
    const pair = first ? { alone: other, watched: one } : { alone: one, watched: other };
    windows.push(pair);
    const ms = ({ latency }: Window): string =>
      `${latency.p50Ms.toFixed(0)} / ${latency.p99Ms.toFixed(0)} ms`;
    say(`pair ${i + 1}: p50 / p99 alone ${ms(pair.alone)}, watched ${ms(pair.watched)}`);
  }
  const pairs: Pair[] = windows.map(({ alone, watched }) => ({
    alone: alone.latency,
    watched: watched.latency,
  }));
  const verdict = verdictOf(pairs, seed);
  if (pairs.length < pairsMin)
    say(`${pairs.length} pairs are too few to judge by: ${pairsMin} are asked for`);
  const rowOf = (who: string, of: (pair: (typeof windows)[number]) => Window) => {
    const all = windows.map(of);
    const middle = (read: (window: Window) => number): number => median(all.map(read));
    return {
      'who looks': who,
      windows: all.length,
      frames: all.reduce((sum, { latency }) => sum + latency.count, 0),
      'p50 ms': middle(({ latency }) => latency.p50Ms),
      'p99 ms': middle(({ latency }) => latency.p99Ms),
      'monitor, cores': middle(({ monitorCores }) => monitorCores),
      'clients, cores': middle(({ clientCores }) => clientCores),
      'to clients, MB/s': middle(({ bytesPerSecond }) => bytesPerSecond / 1e6),
    };
  };
  const looking = `${followersWanted} clients${page === null ? '' : ' and a page'}`;
  const result = {
    bench: 'viewers',
    machine: `${machine}, broker, simulator, clients and browser beside`,
    version,
    seed,
    note:
      'Frames are simulated. All of `tessera up` runs, and with it whoever looks, on the same cores: clients of the event stream that read and ' +
      `keep nothing, and a page in Chromium. Windows of ${windowSeconds} s, watched and not, in pairs whose order is drawn; latency is from intended send time ` +
      'to a read_committed reader; figures are medians of windows, the ratio is the median of the pairs’ ratios of p99, its interval (95 %) from pairs drawn again.',
    rows: [rowOf('nobody', ({ alone }) => alone), rowOf(looking, ({ watched }) => watched)],
    ratios: {
      p99_watched_over_alone: verdict.ratio,
      p99_watched_over_alone_low: verdict.ratioLow,
      p99_watched_over_alone_high: verdict.ratioHigh,
      pairs: pairs.length,
      followers: followersWanted,
      pages: page === null ? 0 : 1,
    },
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
