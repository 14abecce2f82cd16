// Makes the Python environment of the outside clients that tests and benches use, under .tessera/python, with
// the exact packages of python-requirements.txt. It refuses to touch any other Python. Runs on Node 20.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const folder = join(root, '.tessera', 'python');
const python = join(folder, 'bin', 'python');
const stamp = join(folder, '.tessera-installed');
const requirements = join(root, 'deploy', 'python-requirements.txt');

const run = (command, args, timeoutMs) =>
  spawnSync(command, args, { encoding: 'utf8', timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] });

const reasonOf = (result) => {
  const lines = `${result.stderr ?? ''}\n${result.stdout ?? ''}`.trim().split('\n');
  const telling = lines.filter((line) => /error|no module|not available/i.test(line)).at(-1);
  return (telling ?? lines.at(-1) ?? '').trim() || result.error?.message || 'no reason given';
};

/** Debian keeps the part of Python that makes environments in a package of its own. */
const makeEnvironment = () => {
  rmSync(folder, { recursive: true, force: true });
  const made = run('python3', ['-m', 'venv', folder], 120_000);
  if (made.status === 0) return made;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return made;
  const packages = ['install', '-y', '--no-install-recommends', 'python3-venv'];
  if (run('apt-get', packages, 300_000).status !== 0) {
    run('apt-get', ['update'], 120_000);
    run('apt-get', packages, 300_000);
  }
  rmSync(folder, { recursive: true, force: true });
  return run('python3', ['-m', 'venv', folder], 120_000);
};

/**
 * @param {(line: string) => void} say told of what takes long
 * @returns {{path: string} | {skipped: string}}
 */
export function preparePython(say) {
  const version = run('python3', ['--version'], 20_000);
  if (version.status !== 0) return { skipped: 'there is no python3; install Python 3.10 or newer' };
  const wanted = createHash('sha256')
    .update(readFileSync(requirements))
    .update(version.stdout.trim())
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(python))
    return { path: python };
  say(`making the Python environment of the outside clients (${version.stdout.trim()}, about a minute) …`);
  const made = makeEnvironment();
  if (made.status !== 0) return { skipped: `python3 -m venv failed: ${reasonOf(made)}` };
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  const installed = run(python, [...install, '-r', requirements], 600_000);
  if (installed.status !== 0) return { skipped: `pip install failed: ${reasonOf(installed)}` };
  writeFileSync(stamp, wanted);
  return { path: python };
}
