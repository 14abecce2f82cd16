/**
 * Starts and stops the processes a bench needs: a local broker of its own, tessera's processor and simulator as
 * children, and the Python rival. It refuses to leave one behind: `stopAll` ends whatever was started.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalBroker, prepareKafka, startLocalBroker } from '../src/adapters/kafka/local_broker.ts';
import type { StatusSnapshot } from '../src/domain/status.ts';

export const root = join(import.meta.dirname, '..');
export const say = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`);
};

const cleanups: (() => Promise<void> | void)[] = [];
/** Has `stopAll` do this too, before what was started earlier is stopped. */
export const atEnd = (cleanup: () => Promise<void> | void): void => void cleanups.push(cleanup);
export const stopAll = async (): Promise<void> => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
};

/**
 * Where a broker keeps its log: on the machine's disk, or in memory, so that a figure is not that of one machine's
 * disk (Kafka syncs each segment it closes, and who appends meanwhile waits).
 */
export type LogPlace = 'disk' | 'memory';
const memoryFolder = '/dev/shm';
/** A preloaded topic, its packets and what a minute of load leaves: some 4 GB. */
const memoryBytesMin = 8 * 2 ** 30;
const memoryHasRoom = (): boolean => {
  if (!existsSync(memoryFolder)) return false;
  const { bavail, bsize } = statfsSync(memoryFolder);
  return bavail * bsize >= memoryBytesMin && freemem() >= memoryBytesMin;
};

/** `memory` where there is no room for it is the disk, and said so. */
export const startBroker = async (place: LogPlace = 'disk'): Promise<LocalBroker> => {
  const folder = join(root, '.tessera/kafka');
  await prepareKafka({ folder, progress: say });
  const inMemory = place === 'memory' && memoryHasRoom();
  if (place === 'memory' && !inMemory) say(`${memoryFolder} has no room: the broker's log is on disk`);
  const dataFolder = mkdtempSync(join(inMemory ? memoryFolder : tmpdir(), 'tessera-bench-'));
  const broker = await startLocalBroker({ folder, dataFolder, port: 0, heapMegabytes: 768 });
  cleanups.push(async () => {
    await broker.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  });
  return broker;
};

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** A child that is certain to be gone when `stop` resolves: first asked, then told. */
export interface Child {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
  kill(): void;
}

const child = (command: string, args: readonly string[], quiet: boolean): Child => {
  const started = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let tail = '';
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-4000);
  };
  started.stdout!.on('data', keep);
  started.stderr!.on('data', keep);
  let asked = false;
  const exited = new Promise<number | null>((resolve) => started.once('exit', (code) => resolve(code)));
  void exited.then((code) => {
    if (!asked && code !== 0 && !quiet) say(`${command} ${args[1] ?? ''} ended with ${code}:\n${tail}`);
  });
  const handle: Child = {
    process: started,
    exited,
    kill() {
      asked = true;
      started.kill('SIGKILL');
    },
    async stop() {
      asked = true;
      if (started.exitCode !== null || started.signalCode !== null) return;
      started.kill('SIGTERM');
      const insist = setTimeout(() => started.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(insist);
    },
  };
  cleanups.push(() => handle.stop());
  return handle;
};

export interface ProcessorChild extends Child {
  status(): Promise<StatusSnapshot>;
  ready(withinMs?: number): Promise<void>;
}

export const startTessera = async (
  command: 'process' | 'assemble' | 'simulate' | 'archive' | 'up',
  flags: readonly string[],
): Promise<ProcessorChild> => {
  const port = await freePort();
  const main = join(root, 'src/main.ts');
  const http = command === 'simulate' ? [] : ['--status-port', String(port)];
  const started = child(process.execPath, [main, command, ...flags, ...http], false);
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  return {
    ...started,
    status: async () => (await (await get('/status.json')).json()) as StatusSnapshot,
    async ready(withinMs = 60_000) {
      let gone = false;
      void started.exited.then(() => {
        gone = true;
      });
      for (const deadlineMs = performance.now() + withinMs; performance.now() < deadlineMs; ) {
        if (gone) throw new Error(`tessera ${command} ended before it was ready`);
        const answer = await get('/readyz').catch(() => null);
        if (answer?.status === 200) return;
        await sleep(50);
      }
      throw new Error(`tessera ${command} was not ready within ${withinMs / 1000} s`);
    },
  };
};

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The Python that `npm test` prepares, or the one named; null where there is none. */
export const pythonPath = (): string | null => {
  const path = process.env.TESSERA_TEST_PYTHON ?? join(root, '.tessera/python/bin/python');
  return existsSync(path) ? path : null;
};

export const startRival = (python: string, flags: readonly string[]): Child =>
  child(python, [join(root, 'loadtest/rivals/python_consumer.py'), ...flags], false);
