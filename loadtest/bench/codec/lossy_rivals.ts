/**
 * The error-bounded compressors as contenders, so that physics judges them like everyone else: their decoded wedges
 * come from `loadtest/rivals/decode_lossy.py`, with the bytes they took. Refuses decoded wedges of another set.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { home } from '../../../src/assemble.ts';
import { openNpz } from '../../../src/wire/files/npz.ts';
import { say } from '../../drive.ts';
import type { Contender } from './judge.ts';
import { rivalPython } from './rivals.ts';
import { setFile, type TestSet } from './sets.ts';

interface Index {
  readonly wedges_file: string;
  readonly chosen: readonly number[];
  readonly rivals: readonly { readonly name: string; readonly setting: string; readonly file: string }[];
}

const script = join(home, 'loadtest/rivals/decode_lossy.py');

const decodeAll = (set: TestSet, chosen: readonly number[], folder: string): boolean => {
  say(`${set.name}: coding with the error-bounded rivals …`);
  const args = [script, '--wedges', setFile(set.name), '--chosen', chosen.join(), '--out', folder];
  return spawnSync(rivalPython, args, { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
};

const contenderOf = (set: TestSet, index: Index, folder: string, at: number): Contender => {
  const { name, setting, file } = index.rivals[at]!;
  const npz = openNpz(readFileSync(join(folder, file)));
  const [hits, offsets, bytes] = ['hits', 'offsets', 'bytes'].map((one) => npz.read(one).values) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const { adcBits } = set.cards.card;
  return {
    key: `lossy${at}`,
    name: `${name}, ${setting}`,
    chosen: index.chosen,
    async run(wedge) {
      const n = index.chosen.indexOf(wedge);
      const own = hits.subarray(offsets[n], offsets[n + 1]);
      const digits = {
        count: own.length,
        voxel: own.map((hit) => hit >>> adcBits),
        adc: Uint16Array.from(own, (hit) => hit & (2 ** adcBits - 1)),
      };
      return { bytes: bytes[n]!, digits };
    },
  };
};

/** Contenders on the wedges that the lossless rivals coded; none, and said so, where Python is not there. */
export const lossyRivals = (
  set: TestSet,
  chosen: readonly number[],
  absent: (what: string) => void,
): readonly Contender[] => {
  const folder = join(home, '.tessera/bench/codec', `lossy_${set.name}`);
  const path = join(folder, 'index.json');
  const read = (): Index | null => {
    const index = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Index) : null;
    return index?.chosen.join() === chosen.join() ? index : null;
  };
  let index = read();
  if (index === null && existsSync(rivalPython) && decodeAll(set, chosen, folder)) index = read();
  if (index === null) {
    absent(`error-bounded rivals of ${set.name}`);
    return [];
  }
  const found = index;
  return found.rivals.map((_, at) => contenderOf(set, found, folder, at));
};
