/**
 * The classical rivals' figures on a set's own wedges, from `loadtest/rivals/codec_rivals.py`, which takes long and
 * gives the same bytes every time: what it found is kept beside the set's file. Refuses figures of other wedges.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { home } from '../../../src/assemble.ts';
import { say } from '../../drive.ts';
import type { Row } from './judge.ts';
import { setFile, type TestSet } from './sets.ts';

interface RivalRow {
  readonly name: string;
  readonly setting: string;
  readonly wedges: number;
  readonly hits: number;
  readonly bits_per_hit: number;
  readonly ratio_dense: number;
  readonly ratio_sparse_list: number;
  readonly log_mae: number;
  readonly precision: number;
  readonly recall: number;
  readonly charge_bias: number;
}

export interface Classical {
  readonly rows: readonly RivalRow[];
  /** Wedges of the set that were coded, and their hits. */
  readonly chosen: readonly number[];
  readonly hits: number;
  /** Bits a hit: the best of zstd-19, LZMA and Blosc2 on any form of the list; the strongest context mixing. */
  readonly bestGeneralBits: number | null;
  readonly boundBits: number | null;
}

export const rivalPython = join(home, '.tessera/rivals/venv/bin/python');
const script = join(home, 'loadtest/rivals/codec_rivals.py');
/** Where `tessera simulate --to npz --plan models/train/wedges.json` put what the bound learns from. */
const trainingOf = (set: TestSet): string =>
  join(home, '.tessera/train/data', `${set.name.replace('_test', '_train')}.npz`);

/** Where the script's answer is kept, and where whoever ran it by hand may have put it. */
const answersOf = (set: TestSet): readonly [string, string] => [
  join(home, '.tessera/bench/codec', `rivals_${set.name}.json`),
  join(home, '.tessera/rivals/out', `${set.name.replace('_test', '')}.json`),
];

interface Answer {
  readonly rows: readonly RivalRow[];
  readonly chosen: readonly number[];
  readonly skipped: readonly string[];
}

const hitsOf = (set: TestSet, chosen: readonly number[]): number =>
  chosen.reduce((sum, wedge) => sum + (set.wedges[wedge]?.digits.count ?? Number.NaN), 0);

/** An answer about this set's wedges: the hits of those it chose are as many. */
const readAnswer = (path: string, set: TestSet): Answer | null => {
  if (!existsSync(path)) return null;
  const answer = JSON.parse(readFileSync(path, 'utf8')) as Answer;
  return answer.rows[0]?.hits === hitsOf(set, answer.chosen) ? answer : null;
};

const least = (rows: readonly RivalRow[], belongs: (row: RivalRow) => boolean): number | null => {
  const bits = rows.filter(belongs).map((row) => row.bits_per_hit);
  return bits.length === 0 ? null : Math.min(...bits);
};

const runRivals = (set: TestSet, to: string, absent: (what: string) => void): Answer | null => {
  if (!existsSync(rivalPython) || !existsSync(script)) {
    absent('the classical rivals’ Python (.tessera/rivals/venv, loadtest/rivals/requirements.txt)');
    return null;
  }
  say(`${set.name}: running the classical rivals, which takes many minutes …`);
  const training = trainingOf(set);
  const args = [script, '--wedges', setFile(set.name), '--json', to];
  if (existsSync(training)) args.push('--training', training);
  else absent(`${training}: the context-mixing bound`);
  const ended = spawnSync(rivalPython, args, { cwd: home, stdio: ['ignore', 'inherit', 'inherit'] });
  const answer = ended.status === 0 ? readAnswer(to, set) : null;
  if (answer === null) absent(`classical rivals of ${set.name}: the script failed`);
  return answer;
};

/** Null, and said so, where they cannot be had. */
export const classicalRivals = (set: TestSet, absent: (what: string) => void): Classical | null => {
  if (set.isCommitted === 'part') {
    absent('classical rivals of a part of a set');
    return null;
  }
  const [own, foreign] = answersOf(set);
  const answer = readAnswer(own, set) ?? readAnswer(foreign, set) ?? runRivals(set, own, absent);
  if (answer === null) return null;
  const { rows, chosen, skipped } = answer;
  for (const what of skipped) absent(what);
  // Several wedges in one go are no packet, and other wedges no comparison.
  const single = rows.filter(({ wedges, setting }) => wedges === chosen.length && !/in one go/.test(setting));
  return {
    rows,
    chosen,
    hits: hitsOf(set, chosen),
    bestGeneralBits: least(
      single,
      ({ name, log_mae }) => /^(zstd|xz|lzma|blosc2)/i.test(name) && log_mae === 0,
    ),
    boundBits: least(single, ({ name }) => /context mixing|zpaq/.test(name)),
  };
};

export const rivalRow = (set: string, row: RivalRow): Row => ({
  set,
  contender: `${row.name}, ${row.setting}`,
  wedges: row.wedges,
  '× 16-bit dense': row.ratio_dense,
  '× packed list': row.ratio_sparse_list,
  'bits a hit': row.bits_per_hit,
  'log-MAE': row.log_mae,
  precision: row.precision,
  recall: row.recall,
  'charge bias, %': 100 * row.charge_bias,
});
