/**
 * The live page in a real Chromium, fed by a real server: figures move, grey when they are old, the feed comes
 * back by itself, nothing overflows or is refused by the browser. Skipped, with the reason, without a Chromium.
 */

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../../src/adapters/http/server.ts';
import { createMetrics } from '../../src/adapters/telemetry/metrics.ts';
import type { StatusSnapshot } from '../../src/domain/status.ts';
import { createFedBook, exampleAlarms } from './fed_book.ts';

const executablePath = process.env.TESSERA_TEST_CHROMIUM ?? '/usr/bin/chromium';
const installed = existsSync(executablePath);
if (!installed)
  console.warn(`SKIPPED browser tests: no Chromium at ${executablePath} (apt-get install chromium)`);

const pageFolder = fileURLToPath(new URL('../../src/web/page', import.meta.url));
const contrastScript = readFileSync(new URL('./low_contrast.js', import.meta.url), 'utf8');
/** What runs in the page is text: there is no DOM on this side to check it against. */
const paintedAs = "getComputedStyle(document.querySelector('main')).filter";
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A relay that can fall silent without closing anything: what a stalled server or a dead link looks like. */
const startRelay = async (port: number) => {
  const sockets = new Set<Socket>();
  let silent = false;
  const relay: Server = createServer((near) => {
    if (silent) {
      // Taken and never answered, until the relay speaks again.
      sockets.add(near);
      near.on('error', () => {});
      near.on('close', () => sockets.delete(near));
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port: relayPort } = relay.address() as { port: number };
  return {
    address: `http://127.0.0.1:${relayPort}/`,
    silence: () => {
      silent = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    speak: () => {
      silent = false;
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
};

describe.skipIf(!installed)('live page', () => {
  let browser: Browser;
  const closers: (() => Promise<void> | void)[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const serve = async (port = 0, change = (now: StatusSnapshot): StatusSnapshot => now) => {
    const fed = createFedBook(11);
    await fed.run(40);
    const server: HttpServer = await startHttpServer({
      port,
      snapshot: () => change(fed.book.snapshot()),
      metrics: createMetrics(),
      pageFolder,
      eventIntervalMs: 50,
    });
    closers.push(() => server.close());
    return { fed, server };
  };

  /** Opens the page and collects what the browser complains of. */
  const visit = async (address: string, options: Parameters<Browser['newPage']>[0] = {}) => {
    const page = await browser.newPage(options);
    closers.push(() => page.close());
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await page.goto(address);
    await page.waitForSelector('body[data-fresh="fresh"]');
    return { page, complaints };
  };
  const textOf = async (page: Page, id: string) => (await page.locator(`#${id}`).textContent()) ?? '';

  it('shows figures that move', async () => {
    const { fed, server } = await serve();
    const { page, complaints } = await visit(server.address);
    const seen = new Set<string>();
    for (let i = 0; i < 5; i++) {
      await fed.run(8);
      const { received } = fed.book.snapshot().books[0]!;
      const expected = received.toLocaleString('en-US');
      await page.getByRole('cell', { name: expected, exact: true }).first().waitFor();
      seen.add(await textOf(page, 'in-frames'));
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(await textOf(page, 'simulated')).toContain('simulated');
    expect(await textOf(page, 'stages')).toContain('tokenize');
    expect(await page.locator('#rare li svg rect').count()).toBeGreaterThan(0);
    expect(await page.locator('#in-chart').getAttribute('aria-label')).toMatch(/frames in.*now .* frames\/s/);
    expect(complaints).toEqual([]);
  });

  it('turns grey when snapshots stop coming, though the connection stands, and recovers', async () => {
    const { server } = await serve();
    const relay = await startRelay(server.port);
    closers.push(relay.close);
    const { page } = await visit(relay.address);
    // Colour glides in when a page opens.
    await expect.poll(() => page.evaluate(paintedAs), { timeout: 15_000 }).toBe('none');
    relay.silence();
    await page.waitForSelector('body[data-fresh="stale"]');
    expect(await textOf(page, 'stamp')).toMatch(/^old: no figures for \d+ s/);
    await expect.poll(() => page.evaluate(paintedAs), { timeout: 15_000 }).toBe('grayscale(1)');
    relay.speak();
    await page.waitForSelector('body[data-fresh="fresh"]');
    expect(await textOf(page, 'stamp')).toBe('live');
  });

  it('comes back when the server does', async () => {
    const first = await serve();
    const { page } = await visit(first.server.address);
    await first.server.close();
    await page.waitForSelector('body[data-fresh="stale"]');
    expect(await textOf(page, 'stamp')).toContain('reconnecting');
    const second = await serve(first.server.port);
    expect(second.server.moved).toBe(false);
    await page.waitForSelector('body[data-fresh="fresh"]');
    await second.fed.run(400);
    const { received } = second.fed.book.snapshot().books[0]!;
    await page
      .getByRole('cell', { name: received.toLocaleString('en-US'), exact: true })
      .first()
      .waitFor();
  });

  it('says what is wrong in words, not only in colour', async () => {
    const { server } = await serve(0, (now) => ({
      ...now,
      state: 'draining',
      waitingFor: ['the broker'],
      books: now.books.map((book) => ({ ...book, balanced: false })),
      flow: { ...now.flow, pressure: 'shed-refinement', pausedPartitions: 2 },
      notes: [{ atMs: now.atMs, level: 'error', text: 'a batch was lost', count: 3 }],
    }));
    const { page, complaints } = await visit(server.address);
    expect(await textOf(page, 'state')).toBe('draining');
    expect(await textOf(page, 'waiting')).toBe('Waiting for the broker.');
    expect(await textOf(page, 'books')).toContain('does not balance');
    expect(await textOf(page, 'lag-more')).toContain('pressure: shed-refinement');
    expect(await textOf(page, 'notes')).toMatch(/^Error: a batch was lost \(× 3\)/);
    expect(complaints).toEqual([]);
  });

  it('shows alarms with their severity as a word, and who looks after them', async () => {
    let alarmed = false;
    const { server } = await serve(0, (now) => ({ ...now, alarms: alarmed ? exampleAlarms(now.atMs) : [] }));
    const { page, complaints } = await visit(server.address);
    expect(await page.locator('#alarms-card').isVisible()).toBe(false);
    expect(await textOf(page, 'how')).toContain('alarmsnone');
    alarmed = true;
    await page.locator('#alarms li').first().waitFor();
    const rows = (await page.locator('#alarms li').allTextContents()).map((row) =>
      row.replaceAll(/\s+/g, ' '),
    );
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^MAJORframes-refusedframes are refused.*10,000 frames in 2 min 1[45] s$/);
    expect(rows[1]).toMatch(/^MINORlatency-budget.*acknowledged by ana: disk/);
    expect(rows[2]).toMatch(/^MINORlag.*shelved for 59 min 00 s more by ana: same disk$/);
    expect(rows[3]).toMatch(/^no alarminput-silentshelved for 2 h 00 min more/);
    expect(await textOf(page, 'how')).toContain('alarms2 open, 2 shelved');
    for (const width of [320, 700, 1600])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${width} px`).toBeLessThanOrEqual(0);
        expect(await lowContrast(page), `${width} px ${colorScheme}`).toEqual([]);
      }
    alarmed = false;
    await page.locator('#alarms-card').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  it('takes names from the wire as text', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const { server } = await serve(0, (now) => ({
      ...now,
      rare: now.rare.map((frame) => ({ ...frame, sourceName: evil, scoreName: evil })),
      notes: [{ atMs: now.atMs, level: 'warn', text: evil, count: 1 }],
      alarms: exampleAlarms(now.atMs).map((alarm) => ({
        ...alarm,
        message: evil,
        acknowledged: { who: evil, why: evil, atMs: 0 },
      })),
    }));
    const { page, complaints } = await visit(server.address);
    expect(await textOf(page, 'rare')).toContain(evil);
    expect(await textOf(page, 'alarms')).toContain(`acknowledged by ${evil}`);
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('starts empty: nothing measured yet is a dash, not a zero', async () => {
    const { server } = await serve(0, (now) => ({
      ...now,
      ratio: { recent: { dense: null, raw: null }, overall: { dense: null, raw: null } },
      latency: now.latency.map((stage) => ({ ...stage, count: 0, p50Ms: null, p99Ms: null })),
      rare: [],
      refused: [],
      history: {
        ...now.history,
        framesIn: [],
        framesOut: [],
        totalMsP50: [],
        totalMsP99: [],
        ratioDense: [],
        lagFrames: [],
      },
    }));
    const { page, complaints } = await visit(server.address);
    expect(await textOf(page, 'p99')).toBe('–');
    expect(await textOf(page, 'ratio-dense')).toBe('–');
    expect(await textOf(page, 'rare')).toBe('none so far');
    expect(complaints).toEqual([]);
  });

  it('fits a phone and a wall, dark and light, with text that can be read', async () => {
    const { server } = await serve();
    for (const width of [320, 400, 700, 1000, 1180, 1600, 2560])
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await visit(server.address, { viewport: { width, height: 900 }, colorScheme });
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${width} px`).toBeLessThanOrEqual(0);
        expect(await lowContrast(page), `${width} px ${colorScheme}`).toEqual([]);
        await page.close();
      }
  });
});

/** Texts that are hard to read on what is painted behind them. */
const lowContrast = (page: Page): Promise<unknown> => page.evaluate(contrastScript);
