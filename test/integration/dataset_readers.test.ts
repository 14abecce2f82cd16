/**
 * A closed run opened by others as it is: pyarrow, DuckDB, awkward, Hugging Face `datasets`, mlcroissant; and the README's
 * first plot. Without their packages there is nothing to test: skipped, and said.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/adapters/files/store.ts';
import type { DatasetFacts } from '../../src/archive/view/facts.ts';
import { openArchive } from '../../src/services/dataset/archive.ts';
import { describeRun, exportRun } from '../../src/services/dataset/description/describe.ts';
import { archiveOfWedges, format } from '../services/dataset/archive_of_wedges.ts';

const python = process.env.TESSERA_TEST_PYTHON ?? join('.tessera', 'python', 'bin', 'python');
const script = join(import.meta.dirname, 'dataset_readers.py');
const modules = 'pyarrow, duckdb, datasets, mlcroissant, awkward, matplotlib';
const probe = spawnSync(python, ['-c', `import ${modules}`], { encoding: 'utf8', timeout: 60_000 });
const absent =
  probe.status === 0
    ? ''
    : `${python}: ${probe.error?.message ?? probe.stderr.trim().split('\n').at(-1)}; pip install -r deploy/python-requirements.txt into it, or name another in TESSERA_TEST_PYTHON`;
if (absent !== '') console.warn(`SKIPPED: outside readers of an archive are missing: ${absent}`);

describe.skipIf(absent !== '')(`a closed run read by others${absent && ` (skipped: ${absent})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-readers-'));
  const archive = join(folder, 'archive');
  const exported = join(folder, 'view');
  let facts: DatasetFacts;
  beforeAll(async () => {
    const store = createFileStore(archive);
    const order = { metadata: '{"simulated":true,"licence":"CC-BY-4.0"}' };
    await archiveOfWedges({ store, run: 7, regions: 3, timeFrames: 40, perSegment: 16, ...order });
    const run = await (await openArchive({ store, format })).run(7);
    const view = { shares: [0.6, 0.2, 0.2], guardFrames: 1 } as const;
    const parts = { store, format, version: '0.1.0', view };
    facts = (await describeRun(parts, run))!;
    await exportRun(parts, run, createFileStore(exported));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the same tokens to pyarrow, DuckDB, awkward, datasets and mlcroissant', () => {
    const ran = spawnSync(python, [script, join(archive, 'run=7'), exported], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(ran.stderr.includes('Traceback') ? ran.stderr : '').toBe('');
    const found = JSON.parse(ran.stdout.trim().split('\n').at(-1)!);
    const { rows } = facts.view!;
    const all = rows.train + rows.validation + rows.test;
    const { sum } = found.pyarrow;
    expect(found).toEqual({
      pyarrow: { rows: all, tokens: 'list<element: uint16 not null>', sum, packets: 120 },
      duckdb: { rows: all, sum, joined: 120 },
      awkward: { rows: all, sum, patches: true },
      datasets: { rows, sum, packets: 120, exported: rows },
      mlcroissant: Object.fromEntries(
        ['run', 'view'].map((name) => [
          name,
          { errors: [], warnings: [], rows: all, splits: ['test', 'train', 'validation'], sum },
        ]),
      ),
      messages: found.messages,
    });
    expect(sum).toBeGreaterThan(0);
    expect(found.messages.filter((one: string) => !one.includes('@context'))).toEqual([]);
  }, 150_000);

  it('shows a newcomer the first plot in the ten lines of the README', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const code = /```python\n(# first plot[\s\S]*?)```/.exec(readme)![1]!;
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(10);
    const ran = spawnSync(python, ['-c', code], {
      encoding: 'utf8',
      cwd: folder,
      timeout: 120_000,
      env: { ...process.env, MPLBACKEND: 'Agg' },
    });
    expect(ran.status === 0 ? '' : ran.stderr).toBe('');
    expect(existsSync(join(folder, 'first_plot.png'))).toBe(true);
  }, 150_000);
});
