/** A service that still waits for a broker which never answers, when its parent dies: it ends soon all the same. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';

const main = join(import.meta.dirname, '../../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'tessera-orphan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a service whose parent dies while it starts', () => {
  it.each(['dqm', 'archive'])(
    '%s ends, and says what is not finished',
    async (command) => {
      const mute = createServer().listen(0, '127.0.0.1');
      await once(mute, 'listening');
      const asks = once(mute, 'connection');
      const { port } = mute.address() as AddressInfo;
      const child = fork(
        main,
        [
          ...[command, '--brokers', `127.0.0.1:${port}`, '--data-dir', folder],
          ...['--archive', join(folder, 'archive'), '--http-port', '0', '--status-port', '0'],
        ],
        { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
      );
      const said = text(child.stderr!);
      const exited = once(child, 'exit');
      await Promise.race([asks, exited]);
      child.disconnect();
      expect((await exited)[0], await said).toBe(3);
      expect(await said).toContain('not finished in time');
      mute.close();
    },
    30_000,
  );
});
