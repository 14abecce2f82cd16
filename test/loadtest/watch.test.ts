/** The proof of the watch, small: a few good cycles of each instrument, and cards that die are named. */

import { expect, it } from 'vitest';
import { proveWatch } from '../../loadtest/prove/watch.ts';

it('proves good chambers and cards that die', async () => {
  const { result, faults } = await proveWatch(true, () => {});
  expect(faults).toEqual([]);
  const good = result.rows.filter((row) => 'good chambers' in row);
  expect(good.map(({ instrument }) => instrument)).toEqual([
    'sphenix-tpc-pp',
    'sphenix-tpc-auau',
    'l1-objects',
  ]);
  for (const row of good) expect(row['cells turned bad']).toBe(0);
  const dying = result.rows.filter((row) => 'cards that died' in row);
  expect(dying).toHaveLength(2);
  for (const row of dying) {
    expect(row['named rightly']).toBe(row['cards that died']);
    expect(row['max s']).toBeGreaterThan(0);
    expect(row['median s']).toBeLessThan(30);
  }
}, 240_000);
