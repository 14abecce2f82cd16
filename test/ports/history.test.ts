/** The history contract in a file of SQLite and in memory; what is damaged or of another build is set aside. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openHistory } from '../../src/adapters/sqlite/history.ts';
import { historyContract } from './history.contract.ts';

const inFolder = (): { folder: string; path: string; end: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-history-'));
  return {
    folder,
    path: join(folder, 'deep', 'history.sqlite'),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
};

historyContract('memory', () => ({ history: openHistory(':memory:'), end: () => {} }));
historyContract('a file', () => {
  const { path, end } = inFolder();
  return { history: openHistory(path), end };
});

describe('a history in a file', () => {
  it('is there again after it was closed, and after nobody closed it', () => {
    const { path, end } = inFolder();
    const first = openHistory(path);
    first.put('kind', [{ key: 'a', atMs: 1, value: Uint8Array.of(4) }], 2);
    // As after a kill: the next one opens beside it.
    const second = openHistory(path);
    expect(second.get('kind', 'a')?.value).toEqual(Uint8Array.of(4));
    expect(second.setAside).toBeNull();
    first.close();
    second.close();
    second.close();
    end();
  });

  it('that is damaged, or of another build, is set aside with a sentence and begun anew', () => {
    const { path, end } = inFolder();
    openHistory(path).close();
    writeFileSync(
      path,
      'no database at all, and longer than a header of one, which is a hundred bytes'.repeat(9),
    );
    const anew = openHistory(path);
    expect(anew.setAside).toContain('was set aside as');
    expect(Array.from(anew.list('kind'))).toEqual([]);
    anew.close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 77');
    database.close();
    const third = openHistory(path);
    expect(third.setAside).toContain('it is of form 77');
    third.put('kind', [{ key: 'a', atMs: 1, value: Uint8Array.of(4) }], 2);
    third.close();
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('.aside-')).length).toBeGreaterThan(
      0,
    );
    end();
  });
});
