// Builds the page (src/web) into .tessera/page when it is missing or older than its sources. It refuses to build what is
// there already: sources and the lock file are hashed, and the same hash is the same page. Runs on Node 20.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, pinnedNode, root, say } from './setup.mjs';

export const pageFolder = join(root, '.tessera', 'page');
const stamp = join(pageFolder, '.made-of');
const configuration = join(root, 'deploy/vite.config.mjs');
const vite = join(root, 'node_modules/vite/bin/vite.js');

/** Everything the page is made of: of the server it shares types, which leave no trace. */
const sources = () => [
  ...readdirSync(join(root, 'src/web'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort(),
  configuration,
  join(root, 'package-lock.json'),
];

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
};

/**
 * @param {(line: string) => void} tell told of what takes long
 * @returns {boolean} whether it had to be built
 * @throws Error when the build fails, with Vite's own words
 */
export function ensurePage(tell = say) {
  const made = hashOf(sources());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return false;
  tell('building the page (vite, a few seconds) …');
  const built = spawnSync(pinnedNode, [vite, 'build', '--config', configuration], {
    cwd: root,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`the page could not be built:\n${built.stdout}${built.stderr}`);
  writeFileSync(stamp, made);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(vite)) ensureDependencies();
  say(ensurePage() ? 'the page is built in .tessera/page' : 'the page in .tessera/page is up to date');
}
