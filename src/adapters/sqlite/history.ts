/**
 * The history port in one SQLite file, by the library that Node brings. A file that is damaged or of another form is set aside
 * under another name and begun anew, and that is said; it refuses to throw away what it cannot read.
 */

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Fault } from '../../domain/fault.ts';
import type { Entry, History } from '../../ports/history.ts';

/** Of the table below; a file of another is of another build. */
const form = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at REAL NOT NULL,
    value BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS entry_key ON entry (kind, key);
  CREATE INDEX IF NOT EXISTS entry_at ON entry (kind, at);
`;

const faultOf = (path: string, cause: unknown): Fault => {
  const { message } = cause as Error;
  const code = /full/i.test(message) ? 'store-full' : 'store-failed';
  return new Fault(code, `${path}: ${message}`, { cause });
};

/** Why a file cannot be gone on with; null when it can. */
const wrongWith = (database: DatabaseSync): string | null => {
  const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
  if (check.quick_check !== 'ok') return `it is damaged (${check.quick_check})`;
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  return version === 0 || version === form ? null : `it is of form ${version}, this build writes ${form}`;
};

const open = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path);
  try {
    const wrong = wrongWith(database);
    if (wrong !== null) throw new Error(wrong);
    // A crash of the machine may cost the last moments, never the file.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA auto_vacuum = INCREMENTAL;',
    );
    database.exec(schema);
    database.exec(`PRAGMA user_version = ${form}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

const openOrSetAside = (
  path: string,
): { readonly database: DatabaseSync; readonly setAside: string | null } => {
  if (path === ':memory:') return { database: open(path), setAside: null };
  mkdirSync(dirname(path), { recursive: true });
  try {
    return { database: open(path), setAside: null };
  } catch (error) {
    if (!existsSync(path)) throw faultOf(path, error);
    const aside = `${path}.aside-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`;
    renameSync(path, aside);
    for (const tail of ['-wal', '-shm'])
      if (existsSync(path + tail)) renameSync(path + tail, `${aside}${tail}`);
    const setAside = `the history at ${path} was set aside as ${aside}, and begun anew: ${(error as Error).message}`;
    return { database: open(path), setAside };
  }
};

interface Row {
  readonly key: string;
  readonly at: number;
  readonly value: Uint8Array;
}

/** Larger values are packed: counts are mostly zeros. The first byte says whether. */
const packedFrom = 4096;
const packed = (value: Uint8Array): Uint8Array => {
  const pack = value.length >= packedFrom;
  const body = pack ? deflateRawSync(value, { level: 1 }) : value;
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = Number(pack);
  bytes.set(body, 1);
  return bytes;
};
const entryOf = ({ key, at, value }: Row): Entry => {
  const body = value.subarray(1);
  return { key, atMs: at, value: value[0] === 1 ? new Uint8Array(inflateRawSync(body)) : body.slice() };
};

/** @param path of the file; `:memory:` keeps nothing beyond this process */
export const openHistory = (path: string): History => {
  const { database, setAside } = openOrSetAside(path);
  const insert = database.prepare(
    'INSERT INTO entry (kind, key, at, value) VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT (kind, key) DO UPDATE SET at = excluded.at, value = excluded.value',
  );
  const count = database.prepare('SELECT COUNT(*) AS count FROM entry WHERE kind = ?');
  const trim = database.prepare(
    'DELETE FROM entry WHERE number IN (SELECT number FROM entry WHERE kind = ? ORDER BY at, number LIMIT ?)',
  );
  const counts = new Map<string, number>();
  const countOf = (kind: string): number => (count.get(kind) as { count: number }).count;
  const asked = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw faultOf(path, error);
    }
  };
  let closed = false;
  return {
    setAside,
    put: (kind, entries, entriesMax) =>
      asked(() => {
        database.exec('BEGIN');
        try {
          for (const { key, atMs, value } of entries) insert.run(kind, key, atMs, packed(value));
          // Counting reads an index: only when the bound may have been passed.
          const most = (counts.get(kind) ?? countOf(kind)) + entries.length;
          const held = most > entriesMax ? countOf(kind) : most;
          if (held > entriesMax) trim.run(kind, held - entriesMax);
          counts.set(kind, Math.min(held, entriesMax));
          database.exec('COMMIT');
        } catch (error) {
          database.exec('ROLLBACK');
          throw error;
        }
        database.exec('PRAGMA incremental_vacuum(64)');
      }),
    get: (kind, key) =>
      asked(() => {
        const row = database
          .prepare('SELECT key, at, value FROM entry WHERE kind = ? AND key = ?')
          .get(kind, key);
        return row === undefined ? null : entryOf(row as unknown as Row);
      }),
    remove: (kind, key) =>
      asked(() => {
        database.prepare('DELETE FROM entry WHERE kind = ? AND key = ?').run(kind, key);
      }),
    *list(kind, { fromMs, beforeMs, order = 'newest' } = {}) {
      const by = order === 'newest' ? 'DESC' : 'ASC';
      const rows = asked(() =>
        database
          .prepare(
            `SELECT key, at, value FROM entry WHERE kind = ? AND at >= ? AND at < ? ORDER BY at ${by}, number ${by}`,
          )
          .iterate(kind, fromMs ?? 0, beforeMs ?? Number.MAX_VALUE),
      );
      for (const row of rows) yield entryOf(row as unknown as Row);
    },
    close() {
      if (closed) return;
      closed = true;
      database.close();
    },
  };
};
