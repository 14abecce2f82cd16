/**
 * The store contract, as one suite that every adapter must pass: whole files or none, one winner of a name, pieces,
 * order and endings. Refuses to know which store it runs on.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';

export interface StoreHarness {
  /** The same place each time, through a store of its own. */
  open(): Store;
  close(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const namesIn = async (store: Store, prefix: string): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
};

export function storeContract(name: string, start: () => Promise<StoreHarness>): void {
  describe(`store contract: ${name}`, () => {
    let harness: StoreHarness;
    let store: Store;
    beforeAll(async () => {
      harness = await start();
      store = harness.open();
    });
    afterAll(async () => {
      await harness?.close();
    });

    it('keeps what it was given, whole and in pieces, also for another reader', async () => {
      await store.put('a/one.bin', [bytesOf('mosaic '), new Uint8Array(0), bytesOf('of tiles')]);
      const other = harness.open();
      expect(textOf(await other.read('a/one.bin'))).toBe('mosaic of tiles');
      expect(textOf(await other.read('a/one.bin', { from: 7, to: 9 }))).toBe('of');
      expect(await other.size('a/one.bin')).toBe(15);
    });

    it('keeps a file of no bytes and one of some megabytes', async () => {
      await store.put('a/none.bin', []);
      expect(await store.size('a/none.bin')).toBe(0);
      const large = new Uint8Array(3_000_000).map((_, i) => (i * 7) & 255);
      await store.put('a/large.bin', [large.subarray(0, 1_000_001), large.subarray(1_000_001)]);
      expect(Buffer.compare(await store.read('a/large.bin'), large)).toBe(0);
      const end = await store.read('a/large.bin', { from: 2_999_990, to: 3_000_000 });
      expect(end).toEqual(large.subarray(2_999_990));
    });

    it('replaces a file by another whole one', async () => {
      await store.put('a/two.bin', [bytesOf('the first, which is longer')]);
      await store.put('a/two.bin', [bytesOf('the second')]);
      expect(textOf(await store.read('a/two.bin'))).toBe('the second');
    });

    it('gives a name to exactly one of all that create it at once', async () => {
      const stores = Array.from({ length: 8 }, () => harness.open());
      const told = await Promise.all(
        stores.map((one, i) => one.create('seals/s.json', bytesOf(`owner ${i}`))),
      );
      expect(told.filter(Boolean)).toHaveLength(1);
      expect(textOf(await store.read('seals/s.json'))).toBe(`owner ${told.indexOf(true)}`);
      expect(await store.create('seals/s.json', bytesOf('late'))).toBe(false);
      expect(textOf(await store.read('seals/s.json'))).toBe(`owner ${told.indexOf(true)}`);
    });

    it('says of a file that is not there that it is not', async () => {
      expect(await store.size('a/nothing.bin')).toBeNull();
      expect(await store.size('a')).toBeNull();
      await expect(store.read('a/nothing.bin')).rejects.toMatchObject({ code: 'file-invalid' });
      await store.remove('a/nothing.bin');
    });

    it('lists by prefix, in order, in any depth', async () => {
      for (const file of ['l/run=2/b', 'l/run=10/a', 'l/run=2/a', 'l/run=2/c/d', 'l/x'])
        await store.put(file, [bytesOf('.')]);
      expect(await namesIn(store, 'l/')).toEqual([
        'l/run=10/a',
        'l/run=2/a',
        'l/run=2/b',
        'l/run=2/c/d',
        'l/x',
      ]);
      expect(await namesIn(store, 'l/run=2/')).toEqual(['l/run=2/a', 'l/run=2/b', 'l/run=2/c/d']);
      expect(await namesIn(store, 'l/run=2/b')).toEqual(['l/run=2/b']);
      expect(await namesIn(store, 'm/')).toEqual([]);
      expect(await store.folder('l/')).toEqual(['run=10/', 'run=2/', 'x']);
      expect(await store.folder('l/run=2/')).toEqual(['a', 'b', 'c/']);
      expect(await store.folder('m/')).toEqual([]);
    });

    it('forgets what is removed', async () => {
      await store.put('r/one', [bytesOf('1')]);
      await store.remove('r/one');
      expect(await store.size('r/one')).toBeNull();
      expect(await namesIn(store, 'r/')).toEqual([]);
      expect(await store.create('r/one', bytesOf('anew'))).toBe(true);
    });
  });
}
