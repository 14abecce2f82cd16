import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDequantiserCard } from '../../../src/wire/cards/dequantiser.ts';

const json = readFileSync(new URL('../../../models/tpc-dequant/1/card.json', import.meta.url), 'utf8');
const changed = (change: Record<string, unknown>): string =>
  JSON.stringify({ ...JSON.parse(json), ...change });

describe('a dequantiser card', () => {
  it('is read, and named by a hash of all it says', () => {
    const card = parseDequantiserCard(json);
    expect(card).toMatchObject({ name: 'tpc-dequant', version: 1, axes: ['layer', 'azimuth', 'time'] });
    expect(card.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(parseDequantiserCard(changed({ adcMax: 1024 })).hash).not.toBe(card.hash);
  });

  it.each([
    ['a neighbour with a step too few', { neighbours: [[0, 1]] }, 'neighbours.0'],
    ['neighbours that do not fill the rows', { neighbours: [[0, 0, 1]] }, 'model.inputWidth'],
    ['a neighbour beyond reach', { neighbours: [[0, 0, 17]] }, 'neighbours.0.2'],
    [
      'levels that do not ascend',
      { planes: [{ levels: 2, lowestAdc: [64, 64], code: [1, 2] }] },
      'planes.0.lowestAdc',
    ],
    ['a level above the ADC', { planes: [{ levels: 1, lowestAdc: [1024], code: [1] }] }, 'planes.0'],
    ['a level without a code', { planes: [{ levels: 2, lowestAdc: [64, 65], code: [1] }] }, 'planes.0.code'],
    ['a code that means no hit', { planes: [{ levels: 1, lowestAdc: [64], code: [0] }] }, 'planes.0.code.0'],
    ['its own hash', { hash: '00' }, 'hash'],
    ['no planes', { planes: [] }, 'planes'],
  ])('is refused for %s', (_what, change, where) => {
    expect(() => parseDequantiserCard(changed(change))).toThrow(
      expect.objectContaining({ code: 'card-invalid', detail: expect.stringContaining(`${where}: `) }),
    );
  });

  it('is refused when two planes have as many levels, or all together more than a byte counts', () => {
    const plane = (levels: number, from: number) => ({
      levels,
      lowestAdc: Array.from({ length: levels }, (_, i) => from + i),
      code: new Array<number>(levels).fill(9),
    });
    for (const planes of [
      [plane(2, 64), plane(2, 65)],
      [plane(200, 64), plane(100, 64)],
    ]) {
      expect(() => parseDequantiserCard(changed({ planes }))).toThrow(
        expect.objectContaining({ code: 'card-invalid', detail: expect.stringContaining('planes: ') }),
      );
    }
  });
});
