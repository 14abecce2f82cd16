/**
 * An S3-compatible object store for tests: `moto` over HTTP, which checks names, ranges and conditions as the service does.
 * Without that Python package there is none, and why is said.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';

const python = process.env.TESSERA_TEST_PYTHON ?? join('.tessera', 'python', 'bin', 'python');

/** Why there is none; '' where there is one. */
export const objectStoreMissing = (): string => {
  const found = spawnSync(python, ['-c', 'import moto.server, flask_cors'], { encoding: 'utf8' });
  return found.status === 0
    ? ''
    : `${python}: ${found.error?.message ?? found.stderr.trim().split('\n').at(-1)}`;
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export const access = { region: 'us-east-1', keyId: 'key', secret: 'secret', bucket: 'archive' } as const;

export interface ObjectStore {
  readonly endpoint: string;
  stop(): void;
}

/** Starts one with the bucket of `access` in it. */
export const startObjectStore = async (): Promise<ObjectStore> => {
  const port = await freePort();
  const code = `import moto.server; moto.server.main(['-H', '127.0.0.1', '-p', '${port}'])`;
  const child: ChildProcess = spawn(python, ['-c', code], { stdio: ['ignore', 'ignore', 'pipe'] });
  // It says so on stderr once it listens.
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Running on')) resolve();
    });
    child.once('exit', () => reject(new Error(`moto ended: ${said}`)));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const credential = `Credential=${access.keyId}/20260101/${access.region}/s3/aws4_request`;
  const headers = { authorization: `AWS4-HMAC-SHA256 ${credential}` };
  const made = await fetch(`${endpoint}/${access.bucket}`, { method: 'PUT', headers });
  if (made.status !== 200) throw new Error(`the bucket was not made: ${made.status}`);
  return { endpoint, stop: () => void child.kill() };
};
