/** `tessera up --bus memory`: without a broker the same services run in one process, page and simulator among them. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../../loadtest/drive.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'tessera-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('tessera up --bus memory', () => {
  it('carries frames, shows them on its page, and ends with balanced books', async () => {
    const [http, status, grpc] = [await freePort(), await freePort(), await freePort()];
    const flags = {
      bus: 'memory',
      instrument: 'sphenix-tpc-pp',
      rate: '4',
      pool: '3',
      workers: '1',
      'http-port': String(http),
      'status-port': String(status),
      'grpc-port': String(grpc),
      'data-dir': folder,
    };
    const options = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const up = spawn(process.execPath, [join(root, 'src/main.ts'), 'up', '--json', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => up.once('exit', (code) => resolve(code)));
    const [stdout, stderr] = [text(up.stdout), text(up.stderr)];
    try {
      type Board = { instrument: { regions: string[] }; activity: { run: number } | null };
      let board: Board | null = null;
      // Until the monitor has seen a frame of a run; whoever ends before has said why.
      while (board?.activity == null && up.exitCode === null) {
        await delay(100);
        const answer = await fetch(`http://127.0.0.1:${http}/api/v1/board`).catch(() => null);
        board = answer?.ok === true ? ((await answer.json()) as Board) : null;
      }
      expect(board?.instrument.regions).toHaveLength(24);
      up.kill('SIGTERM');
      expect(await ended, await stderr).toBe(0);
      const summary = JSON.parse(await stdout);
      expect(summary.received).toBeGreaterThan(0);
      expect(summary).toMatchObject({ balanced: true, inFlight: 0, refused: 0 });
    } finally {
      up.kill('SIGKILL');
    }
  }, 60_000);
});
