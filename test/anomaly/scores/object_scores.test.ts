/** Scores of objects: the numbers the training's own integers gave, whatever the order; bad tables refused by name. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logSteps, openObjectJudge } from '../../../src/anomaly/scores/object_scores.ts';
import { parseObjectScoreTables } from '../../../src/anomaly/scores/object_tables.ts';
import { triggerCard } from '../../objects.ts';

const json = readFileSync(new URL('../../../instruments/scores/l1-objects.json', import.meta.url), 'utf8');
const file = JSON.parse(json) as {
  nets: Record<
    'latent' | 'feature',
    { offsets: number[]; layers: { weights: number[][]; bias: number[] }[] }
  >;
  golden: { vectors: number[][]; latent: number[]; feature: number[] };
} & Record<string, unknown>;

const { layers } = file.nets.latent;
/** Sums of its last layer can leave 32 bits. */
const heavy = {
  ...file.nets.latent,
  layers: [
    ...layers.slice(0, -1),
    { ...layers.at(-1)!, weights: layers.at(-1)!.weights.map((row) => row.map(() => 32767)) },
  ],
};

describe('scores of objects', () => {
  it('have a logarithmic scale: 64 an octave, in order, absent stays absent', () => {
    expect([0, 1, 2, 3, 4, 6, 4096].map(logSteps)).toEqual([0, 1, 65, 97, 129, 161, 769]);
    for (let cell = 1; cell < 4096; cell++) expect(logSteps(cell + 1)).toBeGreaterThanOrEqual(logSteps(cell));
  });

  it('are those of the training’s integers', () => {
    const judge = openObjectJudge(parseObjectScoreTables(json, triggerCard), triggerCard);
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
    [JSON.stringify({ ...file, nets: {} }), /latent need a whole number for each of 57/],
    [
      JSON.stringify({ ...file, nets: { ...file.nets, feature: { ...file.nets.feature, layers: [] } } }),
      /layer of feature/,
    ],
    [JSON.stringify({ ...file, nets: { ...file.nets, latent: heavy } }), /can leave 32 bits/],
  ])('refuse %#', (text, message) => {
    expect(() => parseObjectScoreTables(text, triggerCard)).toThrow(message);
  });
});
