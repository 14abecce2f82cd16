// Installs what package-lock.json names when it is not yet there, and finds the pinned Node. It refuses to
// guess: what cannot be installed ends with one sentence and the mend. Runs on Node 20, before anything else.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.tessera-installed');
/** The Node 24 that the npm package `node` brings; every command of tessera runs on it. */
export const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

export const say = (line) => process.stderr.write(`tessera setup: ${line}\n`);

/** Node's flags: the cgroup's memory, not this machine's whole, bounds a heap; type stripping is stable in 24. */
export const nodeFlags = ['--disable-warning=ExperimentalWarning'];

export function ensureDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (installed === lock && existsSync(pinnedNode)) return;
  say('installing the packages of package-lock.json (npm ci, about half a minute) …');
  const started = Date.now();
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // What a command prints is its result: what npm says goes beside it.
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0 || !existsSync(pinnedNode)) {
    say('npm ci failed: check that the npm registry can be reached, then run the same command again.');
    process.exit(3);
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, lock);
  say(`packages installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** Runs a program to its end with this terminal, passing signals on; resolves with its exit code. */
export function runToEnd(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    const pass = (signal) => child.kill(signal);
    // A terminal's ctrl-C reaches the child by itself; the child takes a second one within a second as the same.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
    child.on('error', (error) => {
      say(`${command} could not be started: ${error.message}`);
      resolve(3);
    });
    child.on('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
