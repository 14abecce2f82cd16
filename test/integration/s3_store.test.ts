/**
 * The store contract on an S3-compatible object store over HTTP: `moto`, which checks names, ranges and conditions as
 * the service does. Without that Python package there is nothing to test: skipped, and said.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createS3Store } from '../../src/adapters/s3/store.ts';
import { storeContract } from '../ports/store.contract.ts';

const python = process.env.TESSERA_TEST_PYTHON ?? join('.tessera', 'python', 'bin', 'python');
const found = spawnSync(python, ['-c', 'import moto.server, flask_cors'], { encoding: 'utf8' });
const absent =
  found.status === 0 ? '' : `${python}: ${found.error?.message ?? found.stderr.trim().split('\n').at(-1)}`;
if (absent !== '') console.warn(`SKIPPED: no object store to test against: ${absent}`);

const freePort = async (): Promise<number> => {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

let child: ChildProcess | null = null;
const startStore = async (): Promise<string> => {
  const port = await freePort();
  const code = `import moto.server; moto.server.main(['-H', '127.0.0.1', '-p', '${port}'])`;
  child = spawn(python, ['-c', code], { stdio: ['ignore', 'ignore', 'pipe'] });
  // It says so on stderr once it listens.
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child!.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Running on')) resolve();
    });
    child!.once('exit', () => reject(new Error(`moto ended: ${said}`)));
  });
  return `http://127.0.0.1:${port}`;
};
const common = { region: 'us-east-1', keyId: 'key', secret: 'secret', bucket: 'archive' };

describe.skipIf(absent !== '')(`an S3-compatible object store${absent && ` (skipped: ${absent})`}`, () => {
  afterAll(() => child?.kill());
  storeContract('S3', async () => {
    const endpoint = await startStore();
    const made = await fetch(`${endpoint}/archive`, {
      method: 'PUT',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request' },
    });
    expect(made.status).toBe(200);
    return {
      open: () => createS3Store({ ...common, endpoint, prefix: 'a folder/ü=1/' }),
      close: async () => {},
    };
  });
});

describe('an object store that does not do as asked', () => {
  it.each([
    [507, '<Error><Code>InsufficientStorage</Code></Error>', 'store-full'],
    [403, '<Error><Code>QuotaExceeded</Code></Error>', 'store-full'],
    [403, '<Error><Code>AccessDenied</Code></Error>', 'store-failed'],
    [503, '<Error><Code>SlowDown</Code></Error>', 'store-failed'],
  ])('by %i %s is told apart', async (status, body, code) => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end(body));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const store = createS3Store({ ...common, endpoint, prefix: '' });
    await expect(store.put('a', [Uint8Array.of(1)])).rejects.toMatchObject({ code, retryable: true });
    await expect(store.read('a')).rejects.toMatchObject({ code });
    await new Promise((resolve) => server.close(resolve));
    await expect(store.create('a', Uint8Array.of(1))).rejects.toMatchObject({
      code: 'store-failed',
      retryable: true,
    });
  });
});
