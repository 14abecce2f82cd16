/**
 * A store in this process: the same contract as a folder, for tests and the simulated world. It survives nothing.
 */

import { Fault } from '../../domain/fault.ts';
import type { Store } from '../../ports/store.ts';

const joined = (chunks: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(chunks));

export interface MemoryStore extends Store {
  /** From now on each call that would change something throws this; null: it works again. */
  fail(fault: Fault | null): void;
}

export const createMemoryStore = (): MemoryStore => {
  const files = new Map<string, Uint8Array>();
  let failure: Fault | null = null;
  const named = (prefix: string): string[] =>
    [...files.keys()].filter((name) => name.startsWith(prefix)).sort((a, b) => (a < b ? -1 : 1));
  const check = (): void => {
    if (failure !== null) throw failure;
  };
  const at = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new Fault('file-invalid', `${name} is not in memory`);
    return bytes;
  };
  return {
    place: 'memory (survives nothing)',
    fail(fault) {
      failure = fault;
    },
    async put(name, chunks) {
      check();
      files.set(name, joined(chunks));
    },
    async create(name, bytes) {
      check();
      if (files.has(name)) return false;
      files.set(name, bytes.slice());
      return true;
    },
    async size(name) {
      return files.get(name)?.length ?? null;
    },
    async read(name, range) {
      const bytes = at(name);
      return range === undefined ? bytes.slice() : bytes.slice(range.from, range.to);
    },
    async *list(prefix) {
      for (const name of named(prefix)) yield { name, byteCount: at(name).length };
    },
    async folder(name) {
      const parts = named(name).map((file) => /^[^/]*\/?/.exec(file.slice(name.length))![0]);
      return [...new Set(parts)];
    },
    async clear() {
      // A file is there whole, or not at all.
    },
    async remove(name) {
      check();
      files.delete(name);
    },
  };
};
