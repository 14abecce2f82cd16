/**
 * Holds the dequantiser to what it is for, on wedges simulated here: from a plane's levels to ADC through the
 * committed ONNX file, every value inside its interval, clearly nearer than the middle of the interval, and right
 * in charge. It refuses to judge the figures on the test wedges; the card has those.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../src/adapters/onnx/model.ts';
import { type Dequantiser, dequantise, prepareDequantiser } from '../../src/codec/dequantise.ts';
import { levelBoundsOf } from '../../src/codec/ladder/tables.ts';
import { parseTables } from '../../src/codec/ladder/tables_file.ts';
import type { Digits } from '../../src/domain/frame.ts';
import { voxelCount } from '../../src/domain/instrument.ts';
import type { Model } from '../../src/ports/model.ts';
import { parseDequantiserCard } from '../../src/wire/cards/dequantiser.ts';
import { cardOf, worldOf } from '../sim/example.ts';

const folder = fileURLToPath(new URL('../../models/tpc-dequant/1/', import.meta.url));
const card = parseDequantiserCard(readFileSync(`${folder}card.json`, 'utf8'));
const path = `${folder}${card.model.file}`;
const planes = card.planes.map(({ lowestAdc }) => lowestAdc);
const instrument = cardOf('auau');

let model: Model;
let dequantiser: Dequantiser;
beforeAll(async () => {
  model = await openModel({ path, file: card.model, provider: 'cpu' });
  dequantiser = prepareDequantiser(card, instrument, planes);
});
afterAll(() => model.close());

/** Two wedges of one time frame from events nothing was trained on, at different places of the detector. */
const wedges = ((): (() => readonly Digits[]) => {
  let made: readonly Digits[] | null = null;
  return () => {
    if (made === null) {
      const frames = worldOf('auau', { seed: 907, split: 'test' }).timeFrame(5);
      made = [frames[1]!.digits, frames[14]!.digits];
    }
    return made;
  };
})();

const levelOf = (lowest: readonly number[], adc: number): number => {
  let level = 0;
  while (level + 1 < lowest.length && lowest[level + 1]! <= adc) level++;
  return level;
};
const log = (adc: number): number => Math.log2(adc + 1);

interface Errors {
  readonly learnt: number;
  readonly scalar: number;
  readonly chargeBias: number;
  readonly outside: number;
}

/** Errors of one wedge known to the end of a plane: log-MAE over all voxels, charge, hits out of their interval. */
const errorsOf = async (digits: Digits, plane: number): Promise<Errors> => {
  const lowest = planes[plane]!;
  const { count, voxel, adc } = digits;
  const level = Uint8Array.from(adc.subarray(0, count), (value) => levelOf(lowest, value));
  const run = model.run.bind(model);
  const found = await dequantise(dequantiser, { count, voxel, level }, plane, run);
  let [learnt, scalar, outside, raw, decoded] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [low, end] = [lowest[level[i]!]!, lowest[level[i]! + 1] ?? card.adcMax + 1];
    learnt += Math.abs(log(found.adc[i]!) - log(adc[i]!));
    scalar += Math.abs((log(low) + log(end - 1)) / 2 - log(adc[i]!));
    if (found.adc[i]! < low || found.adc[i]! >= end) outside++;
    raw += adc[i]!;
    decoded += found.adc[i]!;
  }
  const voxels = voxelCount(instrument);
  return { learnt: learnt / voxels, scalar: scalar / voxels, chargeBias: decoded / raw - 1, outside };
};

describe('the card of tpc-dequant', () => {
  it('names its file by its hash, and where it comes from', () => {
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(card.model.sha256);
    expect(card.provenance).toMatchObject({
      licence: 'Apache-2.0',
      seed: expect.any(Number),
      data: expect.anything(),
    });
  });

  it.each(['auau', 'pp'] as const)('fits the ladder of %s: its tables have the same levels', (beam) => {
    const { tables, ...rest } = cardOf(beam);
    const file = new URL(`../../instruments/${tables!.file}`, import.meta.url);
    const ladder = parseTables(readFileSync(file, 'utf8'), rest);
    const known = card.planes.map((_, i) => levelBoundsOf(ladder, i + 1).lowest);
    expect(prepareDequantiser(card, rest, known).planes.length).toBe(ladder.scale.planes);
  });

  it('says figures that keep the promises: fidelity and charge on the Au+Au test wedges', () => {
    const figures = card.metrics.auau as { levels: number; log_mae: number; charge_bias: number }[];
    expect(figures.map(({ levels }) => levels)).toEqual(planes.map((lowest) => lowest.length));
    const of = (levels: number) => figures.find((plane) => plane.levels === levels)!;
    expect(of(8).log_mae).toBeLessThanOrEqual(0.012);
    expect(of(4).log_mae).toBeLessThanOrEqual(0.02);
    for (const levels of [4, 8]) expect(Math.abs(of(levels).charge_bias)).toBeLessThanOrEqual(0.002);
  });
});

describe('tpc-dequant', () => {
  it.each(card.planes.map(({ levels }, plane) => [levels, plane] as const))(
    'is nearer than the middle of the interval with %i levels, stays inside, and keeps the charge',
    async (levels, plane) => {
      for (const digits of wedges()) {
        const { learnt, scalar, chargeBias, outside } = await errorsOf(digits, plane);
        expect(outside).toBe(0);
        // The card has about 0.7 of the middle's error at every plane; one wedge hardly strays from it.
        expect(learnt).toBeLessThan(0.8 * scalar);
        // One wedge of 80,000 hits; the card gives the mean over many.
        expect(Math.abs(chargeBias)).toBeLessThan(levels === 2 ? 0.02 : 0.005);
      }
    },
  );

  it('takes any bytes without failing, in any number of rows', async () => {
    const rows = Uint8Array.from(
      { length: 1500 * card.model.inputWidth },
      (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24,
    );
    const positions = new Uint8Array(1500);
    await model.run(rows, 1500, positions);
    const alone = new Uint8Array(1);
    await model.run(rows.slice(0, card.model.inputWidth), 1, alone);
    // Floating point may differ with the number of rows, by one part in 256 at a border.
    expect(Math.abs(alone[0]! - positions[0]!)).toBeLessThanOrEqual(1);
  });
});
