import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dequantise, type LevelHits, prepareDequantiser, type RunRows } from '../../src/codec/dequantise.ts';
import type { DequantiserCard } from '../../src/domain/dequantiser.ts';
import { cardHash } from '../../src/domain/quantity.ts';
import { slowNeighbours } from '../kernels/neighbourhood.slow.ts';

const axes = ['layer', 'azimuth', 'time'].map((name, i) => ({
  name,
  size: [3, 20, 40][i]!,
  unit: '',
  origin: 0,
  step: 1,
}));
const instrument = { id: 'toy', axes, adcBits: 10 };
const card: DequantiserCard = {
  name: 'toy-dequant',
  version: 1,
  instruments: ['toy'],
  axes: ['layer', 'azimuth', 'time'],
  neighbours: [
    [-1, 0, 0],
    [0, -1, 2],
    [0, 0, 1],
  ],
  planes: [
    { levels: 2, lowestAdc: [64, 257], code: [60, 200] },
    { levels: 4, lowestAdc: [64, 129, 257, 513], code: [40, 100, 160, 220] },
  ],
  adcMax: 1023,
  model: { file: 'model.onnx', sha256: '0'.repeat(64), inputWidth: 4, outputWidth: 1 },
  metrics: {},
  provenance: {},
  hash: cardHash('0011223344556677'),
};
const planes = card.planes.map(({ lowestAdc }) => lowestAdc);
const lastAdc = (plane: number, level: number): number => (planes[plane]![level + 1] ?? 1024) - 1;

const hitsOf = (voxels: readonly number[], level: (i: number) => number): LevelHits => ({
  count: voxels.length,
  voxel: Uint32Array.from(voxels),
  level: Uint8Array.from(voxels, (_, i) => level(i)),
});
const everyVoxel = Array.from({ length: 2400 }, (_, voxel) => voxel);

/** A model that answers with one position for all. */
const always =
  (position: number): RunRows =>
  async (_rows, rowCount, output) => {
    output.fill(position, 0, rowCount);
  };

describe('dequantise', () => {
  it('keeps every hit in its own interval, whatever the model says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 1 }),
        fc.uniqueArray(fc.nat({ max: 2399 }), { maxLength: 60 }),
        fc.infiniteStream(fc.nat({ max: 255 })),
        async (plane, voxels, dice) => {
          const levels = planes[plane]!.length;
          const hits = hitsOf(
            voxels.sort((a, b) => a - b),
            () => dice.next().value % levels,
          );
          const positions: number[] = [];
          const digits = await dequantise(
            prepareDequantiser(card, instrument, planes),
            hits,
            plane,
            async (_rows, rowCount, output) => {
              for (let row = 0; row < rowCount; row++) output[row] = dice.next().value;
              positions.push(...output.subarray(0, rowCount));
            },
          );
          expect(Array.from(digits.voxel)).toEqual(voxels);
          voxels.forEach((_, i) => {
            const level = hits.level[i]!;
            const [low, high] = [planes[plane]![level]!, lastAdc(plane, level)];
            expect(digits.adc[i]).toBe(low + Math.floor(((positions[i]! + 0.5) / 256) * (high - low + 1)));
            expect(digits.adc[i]).toBeGreaterThanOrEqual(low);
            expect(digits.adc[i]).toBeLessThanOrEqual(high);
          });
        },
      ),
    );
  });

  it('shows the model each hit with its interval and its neighbours, in slabs', async () => {
    const hits = hitsOf(everyVoxel, (i) => (i * 7) % 4);
    const wide = { ...card, neighbours: Array.from({ length: 3 }, (_, i) => [0, 0, i - 1]) };
    const ready = prepareDequantiser(wide, instrument, planes);
    const seen: number[][] = [];
    const run: RunRows = async (rows, rowCount, output) => {
      expect([rows.length, output.length]).toEqual([rowCount * 4, rowCount]);
      for (let row = 0; row < rowCount; row++) seen.push(Array.from(rows.subarray(row * 4, row * 4 + 4)));
    };
    await dequantise(ready, hits, 1, run);
    const slow = everyVoxel.map((voxel, i) => ({
      voxel,
      own: 2 + hits.level[i]!,
      code: card.planes[1]!.code[hits.level[i]!]!,
    }));
    expect(seen).toEqual(slowNeighbours(slow, [3, 20, 40], wide.neighbours));
  });

  it('reaches both ends of an interval, and is at home in an empty frame', async () => {
    const ready = prepareDequantiser(card, instrument, planes);
    const hits = hitsOf([5, 6], (i) => i);
    expect(Array.from((await dequantise(ready, hits, 0, always(0))).adc)).toEqual([64, 258]);
    expect(Array.from((await dequantise(ready, hits, 0, always(255))).adc)).toEqual([256, 1022]);
    expect(
      (
        await dequantise(
          ready,
          hitsOf([], () => 0),
          0,
          always(9),
        )
      ).count,
    ).toBe(0);
  });

  it('refuses a model for other planes, another instrument or other axes, by name', () => {
    const other = { ...instrument, id: 'other' };
    const turned = { ...instrument, axes: [axes[1]!, axes[0]!, axes[2]!] };
    const refused = expect.objectContaining({
      code: 'packet-model',
      detail: expect.stringContaining('toy-dequant/1'),
    });
    expect(() => prepareDequantiser(card, instrument, [[64, 258]])).toThrow(refused);
    expect(() => prepareDequantiser(card, instrument, [[64, 257], [64]])).toThrow(refused);
    expect(() => prepareDequantiser(card, other, planes)).toThrow(refused);
    expect(() => prepareDequantiser(card, turned, planes)).toThrow(refused);
    expect(() => prepareDequantiser(card, { ...instrument, adcBits: 12 }, planes)).toThrow(refused);
  });

  it('refuses a level the plane has not, and serves the next frame', async () => {
    const ready = prepareDequantiser(card, instrument, planes);
    const bad = hitsOf([1, 2, 3], (i) => i);
    await expect(dequantise(ready, bad, 0, always(1))).rejects.toThrow(
      expect.objectContaining({ code: 'packet-layer' }),
    );
    expect(ready.grid.cell.every((code) => code === 0)).toBe(true);
    expect((await dequantise(ready, bad, 1, always(128))).adc.length).toBe(3);
  });

  it('leaves nothing of a frame behind when the model fails', async () => {
    const ready = prepareDequantiser(card, instrument, planes);
    const hits = hitsOf([0, 41, 900], () => 1);
    const failing: RunRows = () => Promise.reject(new Error('no model'));
    await expect(dequantise(ready, hits, 1, failing)).rejects.toThrow('no model');
    expect(ready.grid.cell.every((code) => code === 0)).toBe(true);
    expect(Array.from((await dequantise(ready, hits, 1, always(0))).adc)).toEqual([129, 129, 129]);
  });
});
