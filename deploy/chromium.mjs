// Finds or installs the Chromium that the browser tests drive. It refuses to install anywhere but on Debian as
// root, by the system's own package manager; elsewhere it says what is missing. Runs on Node 20.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './setup.mjs';

const stamp = join(root, '.tessera', 'chromium.stamp');
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const runnable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** A browser that is there but does not start (a stub that wants a snap, missing libraries) is none. */
const starts = (path) => {
  const result = spawnSync(path, ['--version'], { timeout: 20_000, encoding: 'utf8' });
  return result.status === 0 && /\d+\.\d+/.test(result.stdout ?? '');
};

const isDebian = () => {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
};

const apt = (...args) =>
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });

const find = () => {
  for (const path of places) if (runnable(path) && starts(path)) return path;
};

const remember = (path) => {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, path);
  return { path };
};

/**
 * @param {(line: string) => void} say told of what takes long
 * @returns {{path: string} | {skipped: string}}
 */
export function prepareChromium(say) {
  try {
    const known = readFileSync(stamp, 'utf8');
    if (runnable(known)) return { path: known };
  } catch {
    // No stamp yet: the first run on this clone.
  }
  const found = find();
  if (found !== undefined) return remember(found);
  if (!isDebian())
    return { skipped: `no Chromium at ${places.join(', ')}; install one to run the browser tests` };
  if (process.getuid?.() !== 0)
    return { skipped: 'no Chromium, and only root may install it: sudo apt-get install chromium' };
  say('installing Chromium for the browser tests (apt-get install chromium, about a minute) …');
  const install = () => apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
  let result = install();
  if (result.status !== 0) {
    // A fresh container has no package lists.
    apt('update');
    result = install();
  }
  const installed = find();
  if (installed !== undefined) return remember(installed);
  const reason = (result.stderr ?? '').trim().split('\n').at(-1) ?? '';
  return {
    skipped: `apt-get install chromium failed: ${reason || result.error?.message || 'no reason given'}`,
  };
}
