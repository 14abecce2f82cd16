/**
 * The page in a real Chromium, served by a real server over a made-up monitor: what the browser tests share. Refuses to
 * hide what the browser complains of.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type MonitorServer, startMonitorServer } from '../../src/adapters/http/monitor/server.ts';
import { createMetrics } from '../../src/adapters/telemetry/metrics.ts';
import type { MonitorView } from '../../src/services/monitor/view.ts';
import { createMonitorWorld, type MonitorWorld } from './monitor_world.ts';

const executablePath = process.env.TESSERA_TEST_CHROMIUM ?? '/usr/bin/chromium';
export const chromiumInstalled = existsSync(executablePath);
if (!chromiumInstalled)
  console.warn(`SKIPPED browser tests: no Chromium at ${executablePath} (apt-get install chromium)`);

const root = fileURLToPath(new URL('../..', import.meta.url));
export const pageFolder = `${root}.tessera/page`;
const contrastScript = readFileSync(new URL('./low_contrast.js', import.meta.url), 'utf8');
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Builds the page where it is missing or old; a moment where it is not. */
export const buildPage = (): void => {
  const built = spawnSync(process.execPath, [`${root}deploy/page.mjs`], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
};

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });

export interface ServedWorld {
  readonly world: MonitorWorld;
  readonly server: MonitorServer;
  close(): Promise<void>;
}

/** A world whose time goes `speed` times as fast as ours. */
export const serveWorld = async (
  options: {
    readonly port?: number;
    readonly feedPerSecond?: number;
    readonly speed?: number;
    readonly view?: Partial<MonitorView>;
  } = {},
): Promise<ServedWorld> => {
  const world = createMonitorWorld({
    seed: 5,
    startMs: Date.now(),
    ...(options.feedPerSecond !== undefined && { feedPerSecond: options.feedPerSecond }),
  });
  world.advance(12_000);
  const view = Object.create(world.view, Object.getOwnPropertyDescriptors(options.view ?? {})) as MonitorView;
  const server = await startMonitorServer({
    port: options.port ?? 0,
    view,
    version: '1.2.3',
    waitingFor: () => [],
    metrics: createMetrics(),
    pageFolder,
    handbookFolder: `${root}deploy/handbook`,
  });
  let lastMs = Date.now();
  const timer = setInterval(() => {
    const nowMs = Date.now();
    world.advance((nowMs - lastMs) * (options.speed ?? 1));
    lastMs = nowMs;
  }, 100);
  return {
    world,
    server,
    async close() {
      clearInterval(timer);
      await server.close();
    },
  };
};

export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the browser, its console and its network. */
  readonly complaints: string[];
}

export const visit = async (
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Visit> => {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${why}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(address);
  await page.waitForSelector('body[data-fresh="fresh"]');
  return { page, complaints };
};

/** Texts that are hard to read on what is painted behind them. */
export const lowContrast = (page: Page): Promise<unknown> => page.evaluate(contrastScript);
/** Texts that run out of their place, and so into what stands beside them. */
export const runningOver = (page: Page): Promise<unknown> =>
  page.evaluate(
    `[...document.querySelectorAll('main :is(span,b,p,h1,h2,h3,a,button,td,th,li,dd,dt)')]
      .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
      .filter((one) => one.clientWidth > 1 && getComputedStyle(one).overflowX === 'visible')
      .filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => one.textContent)`,
  );
/** Pixels by which the page is wider than its window. */
export const overflow = (page: Page): Promise<unknown> =>
  page.evaluate('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
