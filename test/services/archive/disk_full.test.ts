/**
 * A disk that is really full (a small file system of its own, where that may be mounted): the archiver stops in the
 * middle of a file, says so, and goes on by itself when there is room.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const diskBytes = 1 << 20;
const inMount = (folder: string, command: string): readonly string[] => [
  ...['--user', '--map-root-user', '--mount', 'sh', '-c'],
  `mount -t tmpfs -o size=${diskBytes} tmpfs '${folder}' && ${command}`,
];

it('goes on by itself when a full disk has room again, with nothing lost', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-full-'));
  try {
    const tried = spawnSync('unshare', inMount(folder, 'true'), { encoding: 'utf8' });
    if (tried.status !== 0) {
      const why = tried.error?.message ?? tried.stderr.trim();
      process.stderr.write(`\nSKIPPED, no file system may be mounted here: ${why}\n`);
      context.skip(why);
    }
    const script = join(import.meta.dirname, 'disk_full.ts');
    const command = `exec '${process.execPath}' '${script}' '${folder}' ${diskBytes - 60_000}`;
    const seen = JSON.parse(execFileSync('unshare', inMount(folder, command), { encoding: 'utf8' }));
    expect(seen).toMatchObject({ left: [], events: 120, rows: 120, unsealed: [] });
    expect(seen.waited).toContain('store-full');
    expect(seen.waited).toContain('ENOSPC');
    expect(seen.before).toBeLessThan(120);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
