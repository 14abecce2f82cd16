/** Scores of objects: the numbers the training's own integers gave, whatever the order; bad tables refused by name. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openObjectJudge } from '../../../src/anomaly/scores/object_scores.ts';
import { parseObjectScoreTables } from '../../../src/anomaly/scores/object_tables.ts';
import { triggerCard } from '../../objects.ts';

const json = readFileSync(new URL('../../../instruments/scores/l1-objects.json', import.meta.url), 'utf8');
const file = JSON.parse(json) as {
  golden: { vectors: number[][]; latent: number[]; feature: number[] };
} & Record<string, unknown>;

describe('scores of objects', () => {
  it('are those of the training’s integers', () => {
    const judge = openObjectJudge(parseObjectScoreTables(json, triggerCard));
    const out = new Float64Array(4);
    file.golden.vectors.forEach((vector, n) => {
      const present = vector.flatMap((value, cell) => (value > 0 ? [[cell, value] as const] : []));
      const hits = {
        count: present.length,
        voxel: Uint32Array.from(present, ([cell]) => cell),
        adc: Uint16Array.from(present, ([, value]) => value),
      };
      judge(hits, out, 1);
      // The file prints six digits.
      expect(out[1]! / file.golden.latent[n]!).toBeCloseTo(1, 5);
      expect(out[2]! / file.golden.feature[n]!).toBeCloseTo(1, 5);
      expect([out[0], out[3]]).toEqual([0, 0]);
    });
  });

  it.each([
    ['{', /not JSON/],
    ['{}', /format/],
    [JSON.stringify({ ...file, instrument: 'other' }), /are of other/],
    [JSON.stringify({ ...file, offsets: [1] }), /each of 57/],
    [JSON.stringify({ ...file, nets: {} }), /no features/],
  ])('refuse %#', (text, message) => {
    expect(() => parseObjectScoreTables(text, triggerCard)).toThrow(message);
  });
});
