// Takes pictures of the page of a tessera that runs: those of README.md into docs/, and of every view, light, dark and on a
// phone, into a folder to be looked at. It refuses to draw: what Chromium shows is what is kept, in 256 colours.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { smallPng } from './small_png.mjs';

const desk = { width: 1440, height: 900 };
const phone = { width: 360, height: 800 };
/** All of tessera runs beside the browser, on a few cores; the first frames of a run are what the others are compared with. */
const patienceMs = 300_000;
/** Plots are painted in steps after their data have come. */
const settleMs = 1_500;

/** The most unusual frame, opened: no address is known beforehand. */
const openFrame = async (page) => {
  await page.locator('a.feed-row').first().click();
  await page.waitForSelector('.frame-panel canvas');
};
const openHelp = async (page) => {
  await page.keyboard.press('?');
  await page.waitForSelector('dialog.help');
};

/** Name of a view: its address, what stands in it when all has come, and what is done then. */
const viewsOf = (region) => ({
  overview: ['#overview', '.matrix button.cell'],
  cell: [`#overview?region=${region}&check=channels`, '.cell-panel .drawing svg'],
  feed: ['#feed', 'a.feed-row'],
  causes: ['#feed?order=cause', '.causes section h2'],
  frame: ['#feed?order=unusual', 'a.feed-row', openFrame],
  plot: [`#plots?region=${region}&object=adc&compare=pulls`, '.drawing .pad svg'],
  ratio: [`#plots?region=${region}&object=adc&compare=ratio&log=1&stats=1`, '.drawing .pad svg'],
  map: [`#plots?region=${region}&object=occupancy&compare=pulls`, '.drawing .pad svg'],
  trends: [`#trends?region=${region}`, '.trend canvas'],
  pipeline: ['#pipeline', '.services li'],
  alarms: ['#alarms', 'li.alarm, .state'],
  runs: ['#runs', 'table.runs tbody tr'],
  references: ['#references', '.stack h2'],
  layouts: ['#layouts', '.state h2'],
  wall: ['#wall?every=60', '.wall .matrix button.cell'],
  help: ['#overview', '.matrix button.cell', openHelp],
});

/** The pixels of a PNG, by the browser that made it. */
const inFewColours = async (blank, png) => {
  const { data, width, height } = await blank.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const all = canvas.getImageData(0, 0, image.width, image.height).data;
    let text = '';
    for (let at = 0; at < all.length; at += 30_000)
      text += String.fromCharCode(...all.subarray(at, at + 30_000));
    return { data: btoa(text), width: image.width, height: image.height };
  }, png.toString('base64'));
  return smallPng(Buffer.from(data, 'base64'), width, height);
};

/** A picture with few colours, for any page of the browser. */
export const savePicture = async (browser, path, png) => {
  const blank = await browser.newPage();
  writeFileSync(path, await inFewColours(blank, png));
  await blank.close();
};

/** A page of the running tessera that shows one view after the other. */
const visit = async (browser, address, colorScheme, viewport) => {
  const page = await browser.newPage({ colorScheme, viewport, reducedMotion: 'reduce' });
  page.setDefaultTimeout(patienceMs);
  await page.goto(address);
  await page.waitForSelector('body[data-fresh="fresh"]');
  return {
    async show([hash, there, then]) {
      await page.keyboard.press('Escape');
      await page.goto(address + hash);
      await page.waitForSelector(there);
      await then?.(page);
      await page.mouse.move(0, 0);
      await page.waitForTimeout(settleMs);
      return page.screenshot();
    },
    whole: () => page.screenshot({ fullPage: true }),
    close: () => page.close(),
  };
};

/** Several phones side by side. */
const inARow = async (browser, pngs) => {
  const page = await browser.newPage({
    viewport: { width: pngs.length * (phone.width + 24), height: phone.height + 24 },
  });
  const images = pngs.map((png) => `<img src="data:image/png;base64,${png.toString('base64')}">`).join('');
  await page.setContent(`<style>body { display: flex; gap: 24px; margin: 12px; background: #c9d1cd }
    img { border-radius: 12px }</style>${images}`);
  const png = await page.screenshot();
  await page.close();
  return png;
};

/** The pictures of README.md, as files in `folder`; the one that is a bad cell's waits until there is one. */
export const photographPage = async (browser, address, region, folder) => {
  const views = viewsOf(region);
  const save = (name, png) => savePicture(browser, join(folder, name), png);
  const light = await visit(browser, address, 'light', desk);
  await light.show(['#overview', 'button.cell[data-tone="bad"]']);
  await save('page.png', await light.show(views.cell));
  await save('page_frame.png', await light.show(views.frame));
  await save('page_plot.png', await light.show(views.map));
  await light.close();
  const dark = await visit(browser, address, 'dark', desk);
  await save('page_dark.png', await dark.show(views.overview));
  await dark.close();
  const small = await visit(browser, address, 'light', phone);
  const phones = [];
  for (const name of ['overview', 'alarms', 'plot']) phones.push(await small.show(views[name]));
  await save('page_phone.png', await inARow(browser, phones));
  await small.close();
};

/** Every view in every look, as `overview-dark-1440.png`, to be looked at. */
export const photographEverything = async (browser, address, region, folder) => {
  mkdirSync(folder, { recursive: true });
  for (const [look, size] of [
    ['light', desk],
    ['dark', desk],
    ['light', phone],
    ['dark', phone],
  ]) {
    const page = await visit(browser, address, look, size);
    for (const [name, view] of Object.entries(viewsOf(region))) {
      const png = await page.show(view);
      const isLong = size === phone && name !== 'help';
      writeFileSync(join(folder, `${name}-${look}-${size.width}.png`), isLong ? await page.whole() : png);
    }
    await page.close();
  }
};
