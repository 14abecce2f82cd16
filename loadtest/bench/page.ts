/**
 * `tessera bench page`: what a browser measures of the page while unusual frames come in at 1,000 a second: first paint, the
 * intervals between frames of the screen beside those of an empty page in the same browser, and memory over half an hour. It
 * refuses a figure without that empty page: a machine that draws nothing smoothly draws no page smoothly.
 */

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { version } from '../../src/assemble.ts';
import { atEnd, freePort, root, say, sleep, stopAll } from '../drive.ts';
import type { BenchResult } from '../excerpts.ts';
import { median } from '../measure.ts';
import { machine, writeResult } from '../result.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    /** Of each view's frame intervals. */
    seconds: { type: 'string', default: '15' },
    /** Of the page's memory; 0: not measured. */
    minutes: { type: 'string', default: '30' },
    visits: { type: 'string', default: '15' },
    chromium: { type: 'string', default: process.env.TESSERA_TEST_CHROMIUM ?? '/usr/bin/chromium' },
  },
});
const feedPerSecond = 1_000;
const smoothMs = 17.5;
const readyPattern = /http:\/\/\S+/;

/** The made-up monitor, in a process of its own; resolves with its address. */
const startMonitor = async (feed: number): Promise<string> => {
  const script = join(root, 'test/browser/serve_world.ts');
  const args = [
    '--port',
    String(await freePort()),
    '--page',
    join(root, '.tessera/page'),
    '--feed',
    String(feed),
  ];
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  atEnd(() => void child.kill('SIGTERM'));
  let said = '';
  for await (const chunk of child.stderr) {
    said += chunk;
    const address = readyPattern.exec(said)?.[0];
    if (address !== undefined) {
      child.stderr.resume();
      return address;
    }
  }
  throw new Error(`the made-up monitor did not start:\n${said}`);
};

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Intervals between frames of the screen, ms, for so many seconds. */
const intervalsOf = async (page: Page, seconds: number): Promise<number[]> =>
  (await page.evaluate(`new Promise((done) => {
    const all = [];
    let last;
    const until = performance.now() + ${seconds * 1000};
    const step = (now) => {
      if (last !== undefined) all.push(now - last);
      last = now;
      if (now < until) requestAnimationFrame(step);
      else done(all);
    };
    requestAnimationFrame(step);
  })`)) as number[];

const intervalRow = (what: string, intervals: number[]): BenchResult['rows'][number] => {
  const sorted = intervals.sort((a, b) => a - b);
  const smooth = sorted.filter((ms) => ms <= smoothMs).length / sorted.length;
  return {
    'frame intervals': what,
    frames: sorted.length,
    '≤ 17.5 ms, %': rounded(smooth * 100, 2),
    'p95 ms': rounded(quantile(sorted, 0.95)),
    'p99 ms': rounded(quantile(sorted, 0.99)),
    'max ms': rounded(sorted.at(-1)!),
  };
};

const measureIntervals = async (
  browser: Browser,
  address: string,
): Promise<BenchResult['rows'][number][]> => {
  const seconds = Number(flags.seconds);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const rows: BenchResult['rows'][number][] = [];
  await page.goto('about:blank');
  rows.push(intervalRow('an empty page', await intervalsOf(page, seconds)));
  for (const [what, hash] of [
    ['anomalies, newest first', '#feed'],
    ['overview', '#overview'],
    ['pipeline', '#pipeline'],
  ] as const) {
    await page.goto(address + hash);
    await page.waitForSelector('body[data-fresh="fresh"]');
    await sleep(2_000);
    rows.push(intervalRow(what, await intervalsOf(page, seconds)));
  }
  await page.close();
  return rows;
};

/** From the address to the first pixels, and to the first qualities; each visit with an empty cache. */
const measurePaint = async (browser: Browser, address: string): Promise<BenchResult['rows'][number][]> => {
  const paints: number[] = [];
  const cells: number[] = [];
  for (let visit = 0; visit < Number(flags.visits); visit++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${address}#overview`, { waitUntil: 'commit' });
    const at = (await page.evaluate(`new Promise((done) => {
      const look = () => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        if (paint !== undefined && document.querySelector('.matrix button.cell') !== null)
          requestAnimationFrame(() => done([paint.startTime, performance.now()]));
        else setTimeout(look, 5);
      };
      look();
    })`)) as [number, number];
    paints.push(at[0]);
    cells.push(at[1]);
    await context.close();
  }
  return [
    ['first paint', paints],
    ['first qualities', cells],
  ].map(([what, all]) => ({
    visit: what as string,
    visits: Number(flags.visits),
    'median ms': rounded(median(all as number[]), 0),
    'max ms': rounded(Math.max(...(all as number[])), 0),
  }));
};

const heapOf = async (session: CDPSession): Promise<{ megabytes: number; nodes: number }> => {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  return { megabytes: of('JSHeapUsedSize') / 1e6, nodes: of('Nodes') };
};

const measureMemory = async (
  browser: Browser,
  address: string,
  minutes: number,
): Promise<BenchResult['rows'][number][]> => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await page.goto(`${address}#feed`);
  await page.waitForSelector('body[data-fresh="fresh"]');
  const rows: BenchResult['rows'][number][] = [];
  // The first two minutes fill what is bounded: points of trends, beats, rows.
  for (let minute = 0; minute <= minutes; minute++) {
    if (minute > 0) await sleep(60_000);
    // Looked at as a shifter does: from view to view, and back.
    await page.goto(`${address}${['#feed', '#overview', '#pipeline', '#trends', '#plots'][minute % 5]}`);
    await sleep(3_000);
    await page.goto(`${address}#feed`);
    await sleep(1_000);
    const { megabytes, nodes } = await heapOf(session);
    say(`memory, minute ${minute}: ${megabytes.toFixed(1)} MB, ${nodes} nodes`);
    if (minute % 5 === 0 || minute === minutes)
      rows.push({ 'memory after, min': minute, 'heap, MB': rounded(megabytes), 'DOM nodes': nodes });
  }
  await page.close();
  return rows;
};

const main = async (): Promise<void> => {
  const built = spawnSync(process.execPath, [join(root, 'deploy/page.mjs')], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the page could not be built');
  const browser = await chromium.launch({
    executablePath: flags.chromium,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--enable-precise-memory-info',
    ],
  });
  atEnd(() => browser.close());
  const address = await startMonitor(feedPerSecond);
  // A minute's worth of frames stands when the first visitor comes.
  await sleep(3_000);
  const paint = await measurePaint(browser, address);
  const intervals = await measureIntervals(browser, address);
  const minutes = Number(flags.minutes);
  const memory = minutes > 0 ? await measureMemory(browser, address, minutes) : [];
  const smoothOf = (what: string): number =>
    Number(intervals.find((row) => row['frame intervals'] === what)?.['≤ 17.5 ms, %']);
  const settled = memory.filter((row) => Number(row['memory after, min']) >= 5);
  const result: BenchResult = {
    bench: 'page',
    machine: `${machine}, Chromium ${browser.version()} without a graphics card`,
    version,
    seed: 1,
    note: `A made-up monitor sends ${feedPerSecond.toLocaleString('en-US')} unusual frames a second; browser and monitor share the machine. Visits begin with an empty cache. Memory is the page's heap after its garbage is collected, with a walk through five views every minute.`,
    rows: [...paint, ...intervals, ...memory],
    ratios: {
      first_paint_ms: Number(paint[0]!['median ms']),
      first_qualities_ms: Number(paint[1]!['median ms']),
      smooth_share_worst_view:
        Math.min(...intervals.slice(1).map((row) => Number(row['≤ 17.5 ms, %']))) / 100,
      smooth_share_empty_page: smoothOf('an empty page') / 100,
      memory_last_over_fifth_minute:
        settled.length < 2
          ? null
          : rounded(Number(settled.at(-1)!['heap, MB']) / Number(settled[0]!['heap, MB']), 3),
    },
  };
  writeResult(result, flags.json);
};

try {
  await main();
} finally {
  await stopAll();
}
