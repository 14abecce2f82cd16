/** The store contract on an S3-compatible object store over HTTP; skipped, and said, where there is none. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { createS3Store } from '../../src/adapters/s3/store.ts';
import { storeContract } from '../ports/store.contract.ts';
import { access, type ObjectStore, objectStoreMissing, startObjectStore } from './object_store.ts';

const absent = objectStoreMissing();
if (absent !== '') console.warn(`SKIPPED: no object store to test against: ${absent}`);

describe.skipIf(absent !== '')(`an S3-compatible object store${absent && ` (skipped: ${absent})`}`, () => {
  let started: ObjectStore | null = null;
  afterAll(() => started?.stop());
  storeContract('S3', async () => {
    started = await startObjectStore();
    const { endpoint } = started;
    return {
      open: () => createS3Store({ ...access, endpoint, prefix: 'a folder/ü=1/' }),
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
    const store = createS3Store({ ...access, endpoint, prefix: '' });
    await expect(store.put('a', [Uint8Array.of(1)])).rejects.toMatchObject({ code, retryable: true });
    await expect(store.read('a')).rejects.toMatchObject({ code });
    await new Promise((resolve) => server.close(resolve));
    await expect(store.create('a', Uint8Array.of(1))).rejects.toMatchObject({
      code: 'store-failed',
      retryable: true,
    });
  });
});
