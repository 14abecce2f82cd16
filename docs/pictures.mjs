// Takes docs/terminal.png, docs/page.png and docs/page_frame.png from a tessera that really runs, with a front-end card that
// dies halfway: `node docs/pictures.mjs [seconds] [flags of tessera up]`. It refuses to draw anything itself: what tmux and
// Chromium show is what is kept. Needs tmux and Chromium; look at the pictures before they go anywhere.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { prepareChromium } from '../deploy/chromium.mjs';
import { ensurePage } from '../deploy/page.mjs';
import { nodeFlags, pinnedNode, root, say } from '../deploy/setup.mjs';

const columns = 104;
const rows = 38;
const [seconds = '240', ...flags] = process.argv.slice(2);
const mishap = [
  '--mishap',
  `dead-card:region=tpc_outer_n03,card=5,after=${Math.round(Number(seconds) / 2)}s`,
];
const tmux = (...args) => execFileSync('tmux', ['-L', 'tessera-pictures', ...args], { encoding: 'utf8' });

/** The sixteen colours of a dark terminal, as far as the live view uses them. */
const palette = { 31: '#ff7b72', 32: '#56d364', 33: '#e3b341', 35: '#d2a8ff', 36: '#56d4dd' };

/** ANSI text as HTML of the same look. */
const toHtml = (text) => {
  let style = {};
  const plain = (part) => part.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const css = () =>
    [style.colour && `color:${style.colour}`, style.bold && 'font-weight:700', style.faint && 'opacity:.6']
      .filter(Boolean)
      .join(';');
  const apply = (code) => {
    if (code === 0) style = {};
    else if (code === 1) style.bold = true;
    else if (code === 2) style.faint = true;
    else if (code === 39) style.colour = undefined;
    else if (palette[code] !== undefined) style.colour = palette[code];
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read
  const parts = text.split(/(\x1b\[[0-9;]*m)/);
  const pieces = parts.map((part) => {
    if (!part.startsWith('\x1b[')) return part === '' ? '' : `<span style="${css()}">${plain(part)}</span>`;
    for (const code of (part.slice(2, -1) || '0').split(';')) apply(Number(code));
    return '';
  });
  return pieces.join('');
};

const terminalPage = (text) => `<body style="margin:0;background:#0d1117"><pre id="screen" style="margin:0;
  padding:14px 16px;display:inline-block;width:${columns}ch;color:#e6edf3;background:#0d1117;
  font:13px/17px 'DejaVu Sans Mono',monospace">${toHtml(text.replace(/\s+$/, ''))}</pre></body>`;

const browserPath = prepareChromium(say);
if (browserPath.skipped) throw new Error(browserPath.skipped);
ensurePage();

const command = [pinnedNode, ...nodeFlags, join(root, 'src/main.ts'), 'up', ...mishap, ...flags].join(' ');
tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), `trap : INT; ${command}; read -r _`);
try {
  say(`tessera is running; pictures in ${seconds} s …`);
  await pause(Number(seconds) * 1000);
  const shown = tmux('capture-pane', '-e', '-p');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
  const address = /http:\/\/\S+/.exec(shown.replaceAll(/\x1b\[[0-9;]*m/g, ''))?.[0];
  if (address === undefined) throw new Error(`no address in the live view:\n${shown}`);
  const browser = await chromium.launch({
    executablePath: browserPath.path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(address);
  await page.waitForSelector('.matrix button.cell');
  await page.locator('button.cell[data-tone="bad"]').first().click();
  await page.waitForSelector('.cell-panel .drawing svg');
  await pause(1_500);
  writeFileSync(join(root, 'docs/page.png'), await page.screenshot());
  await page.goto(`${address}#feed?order=unusual`);
  await page.locator('a.feed-row').first().click();
  await page.waitForSelector('.frame-panel canvas');
  await page.mouse.move(0, 0);
  await pause(1_500);
  writeFileSync(join(root, 'docs/page_frame.png'), await page.screenshot());
  const terminal = await browser.newPage({ viewport: { width: 400, height: 300 }, deviceScaleFactor: 2 });
  await terminal.setContent(terminalPage(shown));
  writeFileSync(join(root, 'docs/terminal.png'), await terminal.locator('#screen').screenshot());
  await browser.close();
  say('docs/terminal.png, docs/page.png and docs/page_frame.png are written');
} finally {
  tmux('send-keys', 'C-c');
  await pause(15_000);
  process.stdout.write(`${tmux('capture-pane', '-p').trim()}\n`);
  tmux('kill-server');
}
