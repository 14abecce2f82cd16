/**
 * What the page shows when something is missing: nobody answers, news stops, the server goes and comes back, nothing has
 * happened yet, names are hostile. In a real Chromium; skipped, with the reason, without one.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BoardSnapshot, ServiceShown } from '../../src/dqm/board.ts';
import type { MonitorView } from '../../src/services/monitor/view.ts';
import {
  buildPage,
  chromiumInstalled,
  launch,
  lowContrast,
  pageFolder,
  serveWorld,
  visit,
} from './opened_page.ts';

/** gzipped, all files of the page together. */
const pageBytesMax = 400_000;
/** What a first visit loads before anything is drawn: no JSROOT, no uPlot. */
const firstBytesMax = 60_000;

describe.skipIf(!chromiumInstalled)('states of the page', () => {
  let browser: Browser;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    buildPage();
    browser = await launch();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  const serve = async (options: Parameters<typeof serveWorld>[0] = {}) => {
    const served = await serveWorld(options);
    closers.push(() => served.close());
    return served;
  };
  const open = async (address: string): Promise<{ page: Page; complaints: string[] }> => {
    const visited = await visit(browser, address);
    closers.push(() => visited.page.context().close());
    return visited;
  };
  /** A view with some of its parts changed, stream and all. */
  const changed = (
    change: (board: BoardSnapshot) => BoardSnapshot,
    view: MonitorView,
  ): Partial<MonitorView> => ({
    get board() {
      return change(view.board);
    },
    watch: (listener) =>
      view.watch((name, value) =>
        listener(name, (name === 'board' ? change(value as BoardSnapshot) : value) as never),
      ),
  });

  it('is small: all of it, and what a first visit loads', () => {
    const sizes = readdirSync(pageFolder)
      .filter((name) => !name.startsWith('.'))
      .map((name) => ({ name, size: gzipSync(readFileSync(join(pageFolder, name)), { level: 9 }).length }));
    const sum = (all: typeof sizes) => all.reduce((total, { size }) => total + size, 0);
    expect(sum(sizes)).toBeLessThan(pageBytesMax);
    const html = readFileSync(join(pageFolder, 'index.html'), 'utf8');
    const first = sizes.filter(({ name }) => name === 'index.html' || html.includes(name));
    expect(sum(first)).toBeLessThan(firstBytesMax);
  });

  it('turns grey when news stops though the connection stands, and recovers', async () => {
    const served = await serve();
    const context: BrowserContext = await browser.newContext();
    closers.push(() => context.close());
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(served.server.address);
    await page.waitForSelector('body[data-fresh="fresh"]');
    served.world.silence(true);
    // The last news may still be on its way, and makes the page fresh once more: time goes on until it stays stale.
    await expect
      .poll(
        async () => {
          const stayed = await page.getAttribute('body', 'data-fresh');
          await page.clock.fastForward(20_000);
          return stayed;
        },
        { interval: 400, timeout: 15_000 },
      )
      .toBe('stale');
    expect(await page.locator('.banner').textContent()).toMatch(
      /^What you see is .* old: the connection stands/,
    );
    await expect
      .poll(() => page.evaluate("getComputedStyle(document.querySelector('main')).filter"))
      .toBe('grayscale(1)');
    served.world.silence(false);
    await page.waitForSelector('body[data-fresh="fresh"]');
    expect(await page.locator('.banner').isVisible()).toBe(false);
  });

  it('says that the connection broke off, and comes back when the server does', async () => {
    const first = await serveWorld();
    const { page } = await open(first.server.address);
    await first.close();
    await page.waitForSelector('body[data-fresh="lost"]');
    expect(await page.locator('.banner').textContent()).toContain('broke off');
    const second = await serve({ port: first.server.port });
    expect(second.server.port).toBe(first.server.port);
    await page.waitForSelector('body[data-fresh="fresh"]');
    expect(await page.locator('.banner').isVisible()).toBe(false);
  });

  it('says what it waits for when nobody has said anything', async () => {
    const context = await browser.newContext();
    closers.push(() => context.close());
    const served = await serve();
    await context.route('**/events', (route) => route.abort());
    const page = await context.newPage();
    await page.clock.install();
    await page.addInitScript('delete globalThis.SharedWorker');
    await page.goto(served.server.address);
    await page.getByText('Connecting to the monitor …').waitFor();
    await page.clock.fastForward(10_000);
    await page.getByText('tessera dqm', { exact: true }).waitFor();
    expect(await lowContrast(page)).toEqual([]);
  });

  it('tells no data, old news and empty views in words', async () => {
    const world = (await serve()).world;
    const oldAndEmpty = changed(
      (board) => ({
        ...board,
        cells: board.cells.map((cell, i) => ({
          ...cell,
          ...(i === 0 && { atMs: board.atMs - 60_000 }),
          ...(i === 1 && { quality: 'null', reason: 'nothing to compare with' }),
        })),
      }),
      world.view,
    );
    const served = await serve({
      view: {
        ...oldAndEmpty,
        get feed() {
          return { items: [], total: 0, skipped: 0, causes: [] };
        },
        get alarms() {
          return { alarms: [], past: [] };
        },
        get runs() {
          return [];
        },
      },
    });
    const { page, complaints } = await open(served.server.address);
    await page.getByRole('button', { name: /^tpc_outer_n00, channels: Old/ }).waitFor();
    await page.getByRole('button', { name: /: No data\. nothing to compare with/ }).waitFor();
    await page.goto(`${served.server.address}#alarms`);
    await page.getByRole('heading', { name: 'No alarm is open' }).waitFor();
    expect(await lowContrast(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('says what could not be had, and tries again when told to', async () => {
    let broken = true;
    const served = await serve({
      view: {
        get objectTree() {
          if (broken) throw new Error('the disk is full');
          return [{ region: 'tpc_outer_n00', objects: ['adc'] }];
        },
      },
    });
    const { page } = await open(`${served.server.address}#plots`);
    await page.locator('[data-kind="fault"]').waitFor();
    expect(await page.locator('[data-kind="fault"]').textContent()).toContain('the disk is full');
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('.drawing .pad svg');
  });

  it('says that older frames could not be had though none is shown, and that none are when they could', async () => {
    let broken = true;
    const served = await serve({
      view: {
        async anomalies() {
          if (broken) throw new Error('the disk is full');
          return [];
        },
      },
    });
    const { page } = await open(`${served.server.address}#feed?region=nowhere`);
    await page.getByRole('heading', { name: 'Nothing unusual here' }).waitFor();
    await page.getByRole('button', { name: 'Older ones' }).click();
    await page.locator('[data-kind="fault"]', { hasText: 'the disk is full' }).waitFor();
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Nothing unusual here' }).waitFor();
    expect(await page.locator('[data-kind="fault"]').count()).toBe(0);
  });

  it('shows figures of the pipeline that move, and says in words what is wrong with it', async () => {
    const { world } = await serve();
    let received = 1_000;
    const services = (): readonly ServiceShown[] => {
      received += 24;
      const book = {
        service: 'processor',
        received,
        kept: received - 30,
        shed: 0,
        refused: 3,
        inFlight: 24,
        balanced: false,
      };
      const figures = {
        state: 'draining',
        waitingFor: ['the broker'],
        books: [book],
        flow: {
          lagFrames: 7,
          queuedBytes: 1e6,
          laneDepth: 1,
          partitions: 4,
          pausedPartitions: 2,
          pressure: 'shed-refinement',
        },
        latency: [{ stage: 'total', count: 9, p50Ms: 40, p99Ms: 412, budgetMs: 100 }],
        notes: [{ atMs: world.nowMs, level: 'error', text: 'a batch was lost', count: 3 }],
      };
      const nothing = {
        books: [],
        latency: [{ stage: 'total', count: 0, p50Ms: null, p99Ms: null, budgetMs: 100 }],
      };
      return [
        { serviceId: 'p', atMs: world.nowMs, silent: false, message: figures },
        { serviceId: 'archiver', atMs: world.nowMs - 90_000, silent: true, message: nothing },
      ];
    };
    const served = await serve({
      view: {
        get services() {
          return services();
        },
        watch: (listener) =>
          world.view.watch((name, value) =>
            listener(name, (name === 'services' ? services() : value) as never),
          ),
      },
    });
    const { page, complaints } = await open(`${served.server.address}#pipeline`);
    const seen = new Set<string | null>();
    const cell = page.locator('.books tbody td').first();
    await expect
      .poll(async () => seen.add(await cell.textContent()).size, { timeout: 15_000 })
      .toBeGreaterThan(2);
    const said = ((await page.locator('.pipeline').textContent()) ?? '').replaceAll(/\s+/g, ' ');
    expect(said).toContain('processordraining, waiting for the broker');
    expect(said).toMatch(/archiversilent for 1 min/);
    expect(said).toContain('does not balance');
    expect(said).toContain('pressure: shed-refinement');
    expect(said).toMatch(/Error: a batch was lost \(× 3\)/);
    expect(await page.locator('.figure output[data-judgement="bad"]').textContent()).toBe('412 ms');
    // What no heartbeat carries is a dash, not a zero.
    expect(await page.locator('section[aria-label="Compression"] output').textContent()).toBe('–');
    expect(await lowContrast(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('takes names from the wire as text', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const { world } = await serve();
    const served = await serve({
      view: changed(
        (board) => ({
          ...board,
          instrument: { ...board.instrument, title: evil },
          overall: { ...board.overall, reason: evil },
          cells: board.cells.map((cell) => ({ ...cell, reason: evil, where: [evil] })),
        }),
        world.view,
      ),
    });
    const { page, complaints } = await open(
      `${served.server.address}#overview?region=tpc_outer_n02&check=channels`,
    );
    await page.locator('.cell-panel .reason', { hasText: evil }).waitFor();
    expect(await page.locator('.sentence').textContent()).toBe(evil);
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
