import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchResult } from '../../../loadtest/excerpts.ts';

const root = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-codec-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `tessera bench codec --quick`: one time frame of each set, everything once. */
describe('bench codec', () => {
  let result: BenchResult & { readonly absent: readonly string[] };
  let progress = '';
  beforeAll(() => {
    const file = join(folder, 'codec.json');
    const bench = join(root, 'loadtest/bench/codec.ts');
    const run = spawnSync(process.execPath, [bench, '--quick', '--json', file], { encoding: 'utf8' });
    progress = run.stderr;
    expect(run.status, run.stderr).toBe(0);
    result = JSON.parse(readFileSync(file, 'utf8'));
  }, 600_000);

  const contenders = (set: string) => result.rows.filter((row) => row.set === set && 'contender' in row);
  const ladder = (set: string) =>
    contenders(set).filter(({ contender }) => /^occupancy|^lossless/.test(String(contender)));

  it('judges every rung on every set: more bytes, less error, none at the end', () => {
    for (const set of ['auau_test', 'pp_test', 'narrow_test']) {
      const rungs = ladder(set);
      expect(rungs.length).toBeGreaterThanOrEqual(4);
      rungs.slice(1).forEach((rung, i) => {
        expect(Number(rung['× 16-bit dense'])).toBeLessThan(Number(rungs[i]!['× 16-bit dense']));
        expect(Number(rung['log-MAE'])).toBeLessThan(Number(rungs[i]!['log-MAE']));
      });
      for (const rung of rungs) expect([rung.precision, rung.recall]).toEqual([1, 1]);
      expect(rungs.at(-1)).toMatchObject({ 'log-MAE': 0, 'charge bias, %': 0 });
      const exact = result.rows.find(
        (row) => row.set === set && row['clusters of'] === rungs.at(-1)!.contender,
      );
      expect(exact).toMatchObject({ 'efficiency, %': 100, 'fakes, %': 0, 'centroid σ, pads': 0 });
    }
  });

  it('gives rates, and every key of what it measured', () => {
    const paths = result.rows.filter((row) => 'path' in row).map((row) => `${row.set} ${row.path}`);
    for (const path of ['tokens encode', 'near encode', 'near decode', 'lossless encode', 'lossless decode'])
      for (const set of ['auau_test', 'pp_test', 'narrow_test']) expect(paths).toContain(`${set} ${path}`);
    const { ratios } = result;
    for (const key of [
      'near_ratio',
      'near_mae',
      'plane1_ratio',
      'plane1_mae',
      'packet_ratio',
      'near_cluster_efficiency',
    ])
      expect(ratios[key], key).toBeGreaterThan(0);
    expect(ratios.near_cluster_efficiency).toBeLessThanOrEqual(1);
    expect(ratios.rans_excess).toBeLessThan(0.005);
    expect(ratios.pp_cost_per_hit).toBeGreaterThan(0);
  });

  it('says loudly what is absent, and makes up no figure for it', () => {
    expect(result.absent).toContain('classical rivals of a part of a set');
    expect(result.ratios).not.toHaveProperty('lossless_vs_best_general');
    for (const what of result.absent) expect(progress).toContain(`!!! ${what} is not there`);
    const has = (contender: string): boolean =>
      contenders('auau_test').some((row) => String(row.contender).startsWith(contender));
    expect('mae_vs_bcae2d' in result.ratios).toBe(has('BCAE-2D') && has('tokens, tpc-fsq-31'));
    expect('tokens62_mae' in result.ratios).toBe(has('tokens, tpc-fsq-62'));
    expect(result.rows[0]).toMatchObject({ set: 'auau_test', 'as committed': 'part' });
  });
});
