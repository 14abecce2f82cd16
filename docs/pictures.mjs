// Takes the pictures of README.md from a tessera that really runs, with a front-end card that dies halfway:
// `node docs/pictures.mjs [--every FOLDER] [seconds] [flags of tessera up]`. A short run before is the reference; `--every`
// also puts every view of the page, light, dark and on a phone, into a folder. It refuses to draw anything itself: what tmux
// and Chromium show is what is kept. Needs tmux and Chromium; look at the pictures before they go anywhere.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { prepareChromium } from '../deploy/chromium.mjs';
import { ensurePage } from '../deploy/page.mjs';
import { nodeFlags, pinnedNode, root, say } from '../deploy/setup.mjs';
import { photographEverything, photographPage, savePicture } from './page_pictures.mjs';

const columns = 104;
const rows = 38;
const given = process.argv.slice(2);
const folder = given[0] === '--every' ? given.splice(0, 2)[1] : undefined;
const [seconds = '240', ...flags] = given;
/** A run of a minute and more that ends well becomes the reference of the next; it begins when all have started. */
const referenceSeconds = 180;
const region = 'tpc_outer_n03';
const mishap = ['--mishap', `dead-card:region=${region},card=5,after=${Math.round(Number(seconds) / 2)}s`];
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
const withoutStyle = (text) => text.replaceAll(/\x1b\[[0-9;]*m/g, '');

const terminalPage = (text) => `<body style="margin:0;background:#0d1117"><pre id="screen" style="margin:0;
  padding:14px 16px;display:inline-block;width:${columns}ch;color:#e6edf3;background:#0d1117;
  font:13px/17px 'DejaVu Sans Mono',monospace">${toHtml(text.replace(/\s+$/, ''))}</pre></body>`;

const browserPath = prepareChromium(say);
if (browserPath.skipped) throw new Error(browserPath.skipped);
ensurePage();

const data = mkdtempSync(join(tmpdir(), 'tessera-pictures-'));
const up = [pinnedNode, ...nodeFlags, join(root, 'src/main.ts'), 'up', '--data-dir', data, ...flags];
say(`a run of ${referenceSeconds} s to compare with …`);
spawnSync(up[0], [...up.slice(1), '--for', `${referenceSeconds}s`], { stdio: 'ignore' });
const command = [...up, ...mishap].join(' ');
tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), `trap : INT; ${command}; read -r _`);
try {
  say(`tessera is running; pictures in ${seconds} s …`);
  await pause(Number(seconds) * 1000);
  const shown = tmux('capture-pane', '-e', '-p');
  // The last one: above the live view stands what the services said when they started, with addresses of their own.
  const address = withoutStyle(shown)
    .match(/http:\/\/\S+/g)
    ?.at(-1);
  if (address === undefined) throw new Error(`no address in the live view:\n${shown}`);
  const browser = await chromium.launch({
    executablePath: browserPath.path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  await photographPage(browser, address, region, join(root, 'docs'));
  const terminal = await browser.newPage({ viewport: { width: 400, height: 300 }, deviceScaleFactor: 2 });
  await terminal.setContent(terminalPage(shown));
  await savePicture(browser, join(root, 'docs/terminal.png'), await terminal.locator('#screen').screenshot());
  if (folder !== undefined) await photographEverything(browser, address, region, folder);
  await browser.close();
  say('the pictures of README.md are in docs/');
} finally {
  tmux('send-keys', 'C-c');
  await pause(15_000);
  process.stdout.write(`${tmux('capture-pane', '-p').trim()}\n`);
  tmux('kill-server');
  rmSync(data, { recursive: true, force: true });
}
