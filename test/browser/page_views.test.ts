/**
 * Every view of the page in a real Chromium: opens without a complaint, fits a phone and a wall, is readable dark and light,
 * and an address restores it. Skipped, with the reason, without a Chromium.
 */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildPage,
  chromiumInstalled,
  launch,
  lowContrast,
  overflow,
  runningOver,
  type ServedWorld,
  serveWorld,
  visit,
} from './opened_page.ts';

const views = {
  overview: '#overview',
  cell: '#overview?region=tpc_outer_n02&check=channels',
  feed: '#feed',
  causes: '#feed?order=cause',
  plot: '#plots?region=tpc_outer_n02&object=adc',
  map: '#plots?region=tpc_outer_n02&object=occupancy&compare=ratio',
  trends: '#trends?region=tpc_outer_n02',
  pipeline: '#pipeline',
  alarms: '#alarms',
  runs: '#runs',
  references: '#references?runs=70101',
  layouts: '#layouts',
  wall: '#wall',
} as const;

/** What stands in a view when all of it has come. */
const there: Readonly<Record<keyof typeof views, string>> = {
  overview: '.matrix button.cell',
  cell: '.cell-panel .places li',
  feed: 'a.feed-row',
  causes: '.causes section li',
  plot: '.drawing .pad svg',
  map: '.drawing .lower svg',
  trends: '.trend canvas',
  pipeline: '.services li',
  alarms: 'li.alarm',
  runs: 'table.runs tbody tr',
  references: '.chips button[aria-pressed="true"]',
  layouts: '.state h2',
  wall: '.wall .matrix button.cell',
};

describe.skipIf(!chromiumInstalled)('views of the page', () => {
  let browser: Browser;
  let served: ServedWorld;
  beforeAll(async () => {
    buildPage();
    served = await serveWorld({ feedPerSecond: 2 });
    served.world.killCard({ region: 'tpc_outer_n02', card: 4 });
    served.world.advance(11_000);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  it.each(['light', 'dark'] as const)('open, fit and are readable, %s', async (colorScheme) => {
    const { page, complaints } = await visit(browser, served.server.address, { colorScheme });
    for (const [name, hash] of Object.entries(views) as [keyof typeof views, string][]) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(served.server.address + hash);
      await page.waitForSelector(there[name], { timeout: 15_000 });
      for (const width of [1280, 360, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await overflow(page), `${name} at ${width} px`).toBe(0);
        expect(await runningOver(page), `${name} at ${width} px`).toEqual([]);
        expect(await lowContrast(page), `${name} at ${width} px, ${colorScheme}`).toEqual([]);
      }
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('names the channels of a dead front-end card in its Bad cell, with its plot and the handbook', async () => {
    const { page } = await visit(browser, served.server.address);
    const cell = page.getByRole('button', { name: /^tpc_outer_n02, channels: Bad/ });
    await cell.click();
    expect(page.url()).toContain('#overview?region=tpc_outer_n02&check=channels');
    expect(await page.locator('.cell-panel .places').textContent()).toContain('front-end card 4');
    await page.waitForSelector('.cell-panel .drawing svg');
    await page.getByRole('link', { name: 'Open the plot' }).click();
    await page.waitForSelector('.drawing .lower svg');
    expect(await page.locator('#plot-object').inputValue()).toBe('occupancy');
    await page.goto(`${served.server.address}#alarms?cause=detector-quality`);
    const handbook = page.getByRole('link', { name: 'Handbook' }).first();
    const answer = await fetch(new URL((await handbook.getAttribute('href'))!, served.server.address));
    expect(answer.status).toBe(200);
    await page.close();
  });

  it('is restored by its address, and by the way back', async () => {
    const first = await visit(browser, `${served.server.address}${views.map}&span=run&log=1`);
    await first.page.waitForSelector('.drawing .lower svg');
    const chosen = () =>
      Promise.all(
        ['region', 'object', 'span', 'compare'].map((name) =>
          first.page.locator(`#plot-${name}`).inputValue(),
        ),
      );
    expect(await chosen()).toEqual(['tpc_outer_n02', 'occupancy', 'run', 'ratio']);
    await first.page.locator('#plot-object').selectOption('adc');
    await expect.poll(() => first.page.url()).toContain('object=adc');
    await first.page.goBack();
    await expect.poll(chosen).toEqual(['tpc_outer_n02', 'occupancy', 'run', 'ratio']);
    await first.page.close();

    const item = served.world.view.feed.items[0]!;
    const address = `${served.server.address}#feed?id=${item.id}&region=${item.region}`;
    const { page } = await visit(browser, address);
    await page.waitForSelector('.frame-panel canvas');
    expect(await page.locator('#feed-region').inputValue()).toBe(item.region);
    expect(await page.locator('.frame-panel').textContent()).toContain(`time frame ${item.timeFrame}`);
    await page.close();
  });

  it('opens a frame: its hits beside what its tokens tell, the blame, the p-value in words', async () => {
    const { page } = await visit(browser, `${served.server.address}#feed`);
    await page.locator('a.feed-row').first().click();
    await page.waitForSelector('.frame-panel canvas');
    const panel = (await page.locator('.frame-panel').textContent()) ?? '';
    expect(panel).toMatch(/normal frame/);
    expect(panel).toContain('Blame by channel');
    expect(panel).toContain('Tokens, layer on azimuth');
    await page.getByRole('button', { name: 'Label it …' }).click();
    await page.getByLabel('it is').fill('noise');
    await page.getByLabel('your name').fill('ana');
    await page.getByRole('button', { name: 'Label', exact: true }).click();
    await page.locator('.labels li', { hasText: 'noise' }).waitFor();
    expect((await served.world.view.labels()).at(-1)).toMatchObject({ label: 'noise', who: 'ana' });
    await page.close();
  });

  it('gives a plot as ROOT JSON and as a picture', async () => {
    const { page } = await visit(browser, `${served.server.address}${views.plot}`);
    await page.waitForSelector('.drawing .pad svg');
    const [json] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save ROOT JSON' }).click(),
    ]);
    expect(json.suggestedFilename()).toBe('tpc_outer_n02_adc.json');
    const [picture] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save PNG' }).click(),
    ]);
    expect(picture.suggestedFilename()).toBe('tpc_outer_n02_adc.png');
    await page.close();
  });
});
