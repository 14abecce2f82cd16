/**
 * A store in a folder of this machine. A file is written beside its place under a name nobody reads, forced to disk,
 * and only then given its name, in one step. Refuses names that lead out of the folder.
 */

import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../domain/fault.ts';
import type { Store, StoredFile } from '../../ports/store.ts';

/** Ends the names of files that are being written; one that a killed writer left is never read. */
const unfinished = '.part';
/** One that has not grown for so long has no writer any more; one that has, all the same, writes it anew. */
const unfinishedMsMax = 30_000;

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? '';
const isMissing = (cause: unknown): boolean => codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
const noRoom = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const toFault = (cause: unknown, what: string): Fault => {
  if (cause instanceof Fault) return cause;
  const { message } = cause as Error;
  return noRoom.has(codeOf(cause))
    ? new Fault('store-full', `${what}: ${message}; make room, and it goes on by itself`, {
        cause,
        retryable: true,
      })
    : new Fault('store-failed', `${what}: ${message}`, { cause, retryable: true });
};

/** A name in a folder is on disk once the folder is. */
const settleFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeWhole = async (path: string, chunks: readonly Uint8Array[]): Promise<void> => {
  const handle = await open(path, 'wx');
  try {
    for (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export const createFileStore = (root: string): Store => {
  const pathOf = (name: string): string => {
    if (name.startsWith('/') || name.split('/').includes('..'))
      throw new Fault('request-invalid', `the name '${name}' leads out of the archive`);
    return join(root, name);
  };
  /** Writes beside `name` and lets `place` give it its name; nothing is left where that fails. */
  const written = async <Result>(
    name: string,
    chunks: readonly Uint8Array[],
    place: (part: string, path: string) => Promise<Result>,
  ): Promise<Result> => {
    const path = pathOf(name);
    const part = `${path}.${randomUUID()}${unfinished}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeWhole(part, chunks);
      const result = await place(part, path);
      await settleFolder(dirname(path));
      return result;
    } catch (cause) {
      await rm(part, { force: true }).catch(() => {});
      throw toFault(cause, `writing ${path}`);
    }
  };
  /** Whether the file has this name now; false where another had it. */
  const linked = async (part: string, path: string): Promise<boolean> => {
    try {
      await link(part, path);
      return true;
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') return false;
      throw cause;
    } finally {
      await unlink(part);
    }
  };
  /** @param head what a name must begin with */
  const entriesOf = async (folder: string, head = '') => {
    try {
      const entries = await readdir(join(root, folder), { withFileTypes: true });
      const named = entries
        .filter((entry) => entry.name.startsWith(head) && !entry.name.endsWith(unfinished))
        .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
      return named.sort((a, b) => (a < b ? -1 : 1));
    } catch (cause) {
      if (isMissing(cause)) return [];
      throw toFault(cause, `listing ${join(root, folder)}`);
    }
  };
  const sizeOf = async (name: string): Promise<number | null> => {
    try {
      const found = await stat(pathOf(name));
      return found.isFile() ? found.size : null;
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw toFault(cause, `looking at ${pathOf(name)}`);
    }
  };
  async function* filesUnder(folder: string, prefix: string): AsyncIterable<StoredFile> {
    for (const entry of await entriesOf(folder, prefix.slice(folder.length))) {
      const name = folder + entry;
      if (entry.endsWith('/')) {
        yield* filesUnder(name, prefix);
        continue;
      }
      const byteCount = await sizeOf(name);
      if (byteCount !== null) yield { name, byteCount };
    }
  }
  return {
    place: root,
    put: (name, chunks) => written(name, chunks, rename),
    create: (name, bytes) => written(name, [bytes], linked),
    size: sizeOf,
    async read(name, range) {
      const path = pathOf(name);
      try {
        const handle = await open(path, 'r');
        try {
          const { from, to } = range ?? { from: 0, to: (await handle.stat()).size };
          const bytes = new Uint8Array(to - from);
          let filled = 0;
          while (filled < bytes.length) {
            const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return bytes.subarray(0, filled);
        } finally {
          await handle.close();
        }
      } catch (cause) {
        if (isMissing(cause)) throw new Fault('file-invalid', `${path} is not there`);
        throw toFault(cause, `reading ${path}`);
      }
    },
    list: (prefix) => filesUnder(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix),
    folder: (name) => entriesOf(name),
    async clear(folder) {
      try {
        for (const name of await readdir(join(root, folder))) {
          if (!name.endsWith(unfinished)) continue;
          const path = join(root, folder, name);
          const found = await stat(path).catch(() => null);
          if (found !== null && Date.now() - found.mtimeMs > unfinishedMsMax) await rm(path, { force: true });
        }
      } catch (cause) {
        if (!isMissing(cause)) throw toFault(cause, `clearing ${join(root, folder)}`);
      }
    },
    async remove(name) {
      try {
        await rm(pathOf(name), { force: true });
      } catch (cause) {
        throw toFault(cause, `removing ${pathOf(name)}`);
      }
    },
  };
};
