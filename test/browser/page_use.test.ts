/**
 * The page as a shifter uses it, in a real Chromium: acts on alarms, references, layouts, keys, tabs that share one stream.
 * Skipped, with the reason, without a Chromium.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPage, chromiumInstalled, launch, type ServedWorld, serveWorld, visit } from './opened_page.ts';

describe.skipIf(!chromiumInstalled)('the page in use', () => {
  let browser: Browser;
  let served: ServedWorld;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    buildPage();
    served = await serveWorld();
    served.world.killCard({ region: 'tpc_outer_n02', card: 4 });
    served.world.advance(11_000);
    browser = await launch();
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  const open = async (hash: string): Promise<Page> => {
    const { page } = await visit(browser, served.server.address + hash);
    contexts.push(page.context());
    return page;
  };
  const answer = async (page: Page, submit: string, why: string, label: string): Promise<void> => {
    await page.getByLabel('your name').fill('ana');
    await page.getByLabel(label, { exact: true }).fill(why);
    await page.locator('dialog').getByRole('button', { name: submit, exact: true }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
  };

  it('acknowledges, comments on, shelves and unshelves an alarm, with a name', async () => {
    const page = await open('#alarms');
    const alarm = page.locator('li.alarm').first();
    await alarm.getByRole('button', { name: 'Acknowledge' }).click();
    await answer(page, 'Acknowledge', 'card 4 is looked at', 'what you do about it');
    await alarm.locator('.who', { hasText: 'acknowledged by ana: card 4 is looked at' }).waitFor();
    await alarm.getByRole('button', { name: 'Comment' }).click();
    // The name is remembered.
    expect(await page.getByLabel('your name').inputValue()).toBe('ana');
    await answer(page, 'Comment', 'power is off', 'comment');
    await alarm.locator('.comments li', { hasText: 'power is off' }).waitFor();
    await alarm.getByRole('button', { name: 'Shelve' }).click();
    await answer(page, 'Shelve', 'until access', 'why it may be silent');
    await alarm.locator('.who', { hasText: /shelved for .* more by ana: until access/ }).waitFor();
    await alarm.getByRole('button', { name: 'Unshelve' }).click();
    await answer(page, 'Unshelve', '', 'why');
    await alarm.getByRole('button', { name: 'Shelve' }).waitFor();
  });

  it('pins references and releases them', async () => {
    const page = await open('#references');
    await page.getByRole('button', { name: '70095' }).click();
    await page.getByRole('button', { name: '70101' }).click();
    expect(page.url()).toContain('runs=70095%2C70101');
    await page.getByRole('button', { name: 'Pin these …' }).click();
    await answer(page, 'Pin', 'same gas', 'why');
    await expect.poll(() => served.world.view.references.choice).toBe('pinned');
    await page.locator('.history li', { hasText: 'ana' }).first().waitFor();
    await page.getByRole('button', { name: 'Release …' }).click();
    await answer(page, 'Release', '', 'why');
    await expect.poll(() => served.world.view.references.choice).toBe('latest');
  });

  it('keeps a layout on the server, restores it by its address, carries it as JSON', async () => {
    const page = await open('#layouts');
    const addTile = async (kind: string, region?: string): Promise<void> => {
      await page.getByRole('button', { name: 'Add tile …' }).click();
      await page.locator('dialog select[name=kind]').selectOption(kind);
      if (region !== undefined) await page.locator('dialog select[name=region]').selectOption(region);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
    };
    await addTile('plot', 'tpc_outer_n02');
    await addTile('trend');
    await addTile('qualities');
    const kinds = (on: Page) =>
      on.locator('.tile').evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute('data-kind')));
    expect(await kinds(page)).toEqual(['plot', 'trend', 'qualities']);
    // By mouse, and by button.
    await page.locator('.tile-head').nth(2).dragTo(page.locator('.tile').nth(0));
    expect(await kinds(page)).toEqual(['qualities', 'plot', 'trend']);
    await page.locator('.tile').nth(0).getByRole('button', { name: 'Move on' }).click();
    expect(await kinds(page)).toEqual(['plot', 'qualities', 'trend']);
    await page.locator('#layout-columns').selectOption('3');
    await page.getByRole('button', { name: 'Save as …' }).click();
    await page.locator('dialog input').fill('night shift');
    await page.getByRole('button', { name: 'Done' }).click();
    await expect.poll(() => page.url()).toContain('layout=night+shift');

    const again = await open('#layouts?layout=night+shift');
    await again.waitForSelector('.tile .drawing svg');
    expect(await kinds(again)).toEqual(['plot', 'qualities', 'trend']);
    expect(await again.locator('#layout-columns').inputValue()).toBe('3');
    const [file] = await Promise.all([
      again.waitForEvent('download'),
      again.getByRole('button', { name: 'Export' }).click(),
    ]);
    const text = readFileSync((await file.path())!, 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse((await served.world.view.layouts())['night shift']!));

    const path = join(tmpdir(), `tessera-layout-${process.pid}.json`);
    writeFileSync(path, text);
    const fresh = await open('#layouts');
    await fresh.locator('input[type=file]').setInputFiles(path);
    await expect.poll(() => kinds(fresh)).toEqual(['plot', 'qualities', 'trend']);
    writeFileSync(path, '{"schema":1,"tabs":[{"title":"x","columns":9,"tiles":[]}]}');
    await fresh.locator('input[type=file]').setInputFiles(path);
    await fresh.getByText('layout.tabs[0].columns: a whole number from 1 to 4 is wanted').waitFor();
    expect(await kinds(fresh)).toEqual(['plot', 'qualities', 'trend']);
  });

  it('is moved about by keys alone', async () => {
    const page = await open('#overview');
    await page.waitForSelector('.matrix button.cell');
    await page.keyboard.press('n');
    await page.locator('.cell-panel', { hasText: 'tpc_outer_n02: channels' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.recent').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    const focused = 'document.activeElement.getAttribute("aria-label") ?? ""';
    expect(await page.evaluate(focused)).toContain('tpc_outer_n01, beta');
    await page.keyboard.press('Enter');
    await page.locator('.cell-panel', { hasText: 'tpc_outer_n01: beta' }).waitFor();
    await page.keyboard.press('?');
    await page.locator('dialog.help').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('2');
    await page.waitForSelector('a.feed-row');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.frame-panel canvas');
    await page.keyboard.press('3');
    await page.waitForSelector('.drawing .pad svg');
    await page.keyboard.press('l');
    await expect.poll(() => page.url()).toContain('log=1');
    await page.keyboard.press('b');
    await page.waitForSelector('.wall');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.overview');
    await page.keyboard.press('t');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    await page.keyboard.press('t');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    await page.reload();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  });

  it('cycles through the big screen by itself, the worst plot among it', async () => {
    const page = await open('#wall?every=2');
    const slide = () => page.locator('.wall').getAttribute('data-slide');
    const seen = new Set<string | null>();
    await expect
      .poll(
        async () => {
          seen.add(await slide());
          return [...seen];
        },
        { timeout: 20_000 },
      )
      .toEqual(expect.arrayContaining(['overview', 'plots', 'alarms']));
    expect(await page.locator('nav').isVisible()).toBe(false);
  });

  it('has one event stream for all tabs of a browser', async () => {
    const context = await browser.newContext();
    contexts.push(context);
    for (let tab = 0; tab < 4; tab++) {
      const page = await context.newPage();
      await page.goto(`${served.server.address}#overview`);
      await page.waitForSelector('body[data-fresh="fresh"]');
      await page.waitForSelector('.matrix button.cell');
    }
    // The tabs of the tests before may take a moment to go.
    await expect.poll(() => served.server.followers).toBe(1);
    for (const page of context.pages().slice(1)) await page.close();
    // The tab that is left goes on being told.
    const [left] = context.pages();
    const cycle = served.world.view.board.cycle.number;
    await expect.poll(() => served.world.view.board.cycle.number, { timeout: 15_000 }).toBeGreaterThan(cycle);
    expect(await left!.getAttribute('body', 'data-fresh')).toBe('fresh');
  });

  it('opens a stream of its own where a browser has no shared workers', async () => {
    const context = await browser.newContext();
    contexts.push(context);
    await context.addInitScript('delete globalThis.SharedWorker');
    const page = await context.newPage();
    await page.goto(`${served.server.address}#overview`);
    await page.waitForSelector('.matrix button.cell');
    expect(await page.getAttribute('body', 'data-fresh')).toBe('fresh');
  });
});
