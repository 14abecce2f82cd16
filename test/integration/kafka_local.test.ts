/**
 * The local broker as an owner meets it: another port when its own is taken, data that outlives it, one owner a
 * folder, and no process left behind even when the owner is killed.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaBus } from '../../src/adapters/kafka/bus.ts';
import { startLocalBroker } from '../../src/adapters/kafka/local_broker.ts';
import { kafkaMissing, keptLog } from './broker.ts';

const missing = await kafkaMissing();
const folder = fileURLToPath(new URL('../../.tessera/kafka', import.meta.url));
const moduleUrl = new URL('../../src/adapters/kafka/local_broker.ts', import.meta.url);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(missing !== null)('local broker', () => {
  let dataFolder: string;
  beforeAll(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'tessera-kafka-'));
  });
  afterAll(() => rm(dataFolder, { recursive: true, force: true }));

  it('takes another port when its own is taken, and finds its data again', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen({ host: '127.0.0.1', port: 0 }, done));
    const taken = (other.address() as { port: number }).port;
    const said: string[] = [];
    const progress = (line: string): void => void said.push(line);
    for (const round of [0, 1]) {
      const broker = await startLocalBroker({
        folder,
        dataFolder,
        port: taken,
        heapMegabytes: 384,
        progress,
      });
      expect(broker.port).not.toBe(taken);
      expect(said.join('\n')).toContain(`port ${taken} is taken`);
      const bus = createKafkaBus({ brokers: broker.brokers, log: keptLog() });
      await bus.ensureTopics([{ name: 'kept', partitions: 1, messageBytesMax: 1000 }]);
      expect((await bus.offsets('kept'))[0]!.high).toBe(BigInt(round));
      await bus.send([{ topic: 'kept', key: null, value: new Uint8Array(1) }]);
      await bus.close();
      await Promise.all([broker.stop(), broker.stop()]);
      expect(isAlive(broker.pid)).toBe(false);
    }
    other.close();
  });

  it('is gone when its owner is killed, and its folder is free again', async () => {
    const script = `
      import { startLocalBroker } from ${JSON.stringify(moduleUrl.href)};
      const { pid } = await startLocalBroker(${JSON.stringify({ folder, dataFolder, port: 0, heapMegabytes: 384 })});
      process.stdout.write(pid + '\\n');`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((done) =>
      owner.stdout.once('data', (chunk: Buffer) => done(Number(chunk.toString()))),
    );
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    // The watcher acts on the closing pipe; nothing of ours is told when it has.
    for (let waitedMs = 0; isAlive(pid) && waitedMs < 5000; waitedMs += 20) await delay(20);
    expect(isAlive(pid)).toBe(false);
    const broker = await startLocalBroker({ folder, dataFolder, port: 0, heapMegabytes: 384 });
    await expect(startLocalBroker({ folder, dataFolder, port: 0 })).rejects.toMatchObject({
      code: 'kafka-setup',
      detail: expect.stringContaining('another broker owns this folder'),
    });
    await broker.stop();
  });
});
