/** The store contract in memory and in a folder. */

import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { createMemoryStore } from '../../src/adapters/memory/store.ts';
import { storeContract } from './store.contract.ts';

storeContract('memory', async () => {
  const store = createMemoryStore();
  return { open: () => store, close: async () => {} };
});

storeContract('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-store-'));
  return {
    open: () => createFileStore(folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

it('a folder shows nothing of what a killed writer left, and no name leads out of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-store-'));
  const store = createFileStore(folder);
  await store.put('data/a', [Uint8Array.of(1)]);
  await writeFile(join(folder, 'data', 'b.0000.part'), 'half');
  expect(await store.folder('data/')).toEqual(['a']);
  expect(await readdir(join(folder, 'data'))).toHaveLength(2);
  // Its writer may be alive yet; half a minute later it is not.
  await store.clear('data/');
  expect(await readdir(join(folder, 'data'))).toHaveLength(2);
  await utimes(join(folder, 'data', 'b.0000.part'), new Date(), new Date(Date.now() - 40_000));
  await store.clear('data/');
  await store.clear('nowhere/');
  expect(await readdir(join(folder, 'data'))).toEqual(['a']);
  await expect(async () => store.put('../out', [])).rejects.toMatchObject({ code: 'request-invalid' });
  await rm(folder, { recursive: true });
});
