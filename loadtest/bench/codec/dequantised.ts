/**
 * What the learnt dequantiser gives back, plane by plane, through the path a reader takes: levels to rows, rows
 * through the model, positions to ADC. Refuses a frame whose hits leave their intervals: that would be no error of
 * fidelity but a bug.
 *
 *     node loadtest/bench/codec/dequantised.ts FRAMES.npz [instrument] [frames]
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import {
  type Dequantiser,
  dequantise,
  prepareDequantiser,
  type RunRows,
} from '../../../src/codec/dequantise.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../../../src/domain/instrument.ts';
import { parseInstrumentCard } from '../../../src/wire/card.ts';
import { parseDequantiserCard } from '../../../src/wire/cards/dequantiser.ts';
import { openNpz } from '../../../src/wire/files/npz.ts';

/** Sums over frames, at the end of one plane; errors in log2(ADC + 1), the plain ones of the intervals' middles. */
export interface DequantiserTally {
  voxels: number;
  hits: number;
  learntError: number;
  plainError: number;
  rawCharge: number;
  learntCharge: number;
  plainCharge: number;
}
export const openDequantiserTally = (): DequantiserTally => ({
  voxels: 0,
  hits: 0,
  learntError: 0,
  plainError: 0,
  rawCharge: 0,
  learntCharge: 0,
  plainCharge: 0,
});

/** ADC → level of a plane given by the lowest ADC of its levels. */
export const levelTable = (lowest: readonly number[], adcEnd: number): Uint8Array => {
  const table = new Uint8Array(adcEnd);
  lowest.forEach((low, level) => {
    table.fill(level, low);
  });
  return table;
};

/** Adds what the dequantiser made of one frame. */
export const tallyDequantised = (
  raw: Digits,
  found: Digits,
  lowest: readonly number[],
  instrument: InstrumentCard,
  tally: DequantiserTally,
): void => {
  const adcEnd = 2 ** instrument.adcBits;
  const levelOf = levelTable(lowest, adcEnd);
  const middle = lowest.map((low, level) =>
    Math.round(Math.sqrt((low + 1) * (lowest[level + 1] ?? adcEnd)) - 1),
  );
  for (let i = 0; i < raw.count; i++) {
    const [truth, learnt] = [raw.adc[i]!, found.adc[i]!];
    const level = levelOf[truth]!;
    if (levelOf[learnt] !== level) throw new Error(`hit ${i} left its interval: ${truth} became ${learnt}`);
    const log = Math.log2(truth + 1);
    tally.learntError += Math.abs(Math.log2(learnt + 1) - log);
    tally.plainError += Math.abs(Math.log2(middle[level]! + 1) - log);
    tally.rawCharge += truth;
    tally.learntCharge += learnt;
    tally.plainCharge += middle[level]!;
  }
  tally.hits += raw.count;
  tally.voxels += voxelCount(instrument);
};

/** Frames of an npz as `collectWedges` lays them out. */
export const framesOf = function* (path: string, adcBits: number): Generator<Digits> {
  const npz = openNpz(readFileSync(path));
  const hits = npz.read('hits').values as Uint32Array;
  const offsets = npz.read('offsets').values as Uint32Array;
  for (let frame = 0; frame + 1 < offsets.length; frame++) {
    const packed = hits.subarray(offsets[frame], offsets[frame + 1]);
    yield {
      count: packed.length,
      voxel: packed.map((hit) => hit >>> adcBits),
      adc: Uint16Array.from(packed, (hit) => hit & (2 ** adcBits - 1)),
    };
  }
};

const main = async (file: string, instrumentId: string, frameCount: number): Promise<void> => {
  const home = join(import.meta.dirname, '..', '..', '..');
  const folder = join(home, 'models/tpc-dequant/1');
  const instrument = parseInstrumentCard(
    readFileSync(join(home, `instruments/${instrumentId}.json`), 'utf8'),
  );
  const card = parseDequantiserCard(readFileSync(join(folder, 'card.json'), 'utf8'));
  const planes = card.planes.map(({ lowestAdc }) => lowestAdc);
  const dequantiser: Dequantiser = prepareDequantiser(card, instrument, planes);
  const model = await openModel({ path: join(folder, card.model.file), file: card.model, provider: 'cpu' });
  const clock = createSystemClock();
  let modelMs = 0;
  const run: RunRows = async (input, rowCount, output) => {
    const start = clock.nowMs();
    await model.run(input, rowCount, output);
    modelMs += clock.nowMs() - start;
  };
  const tallies = planes.map(openDequantiserTally);
  const times: number[] = [];
  let [frames, inModel, inAll] = [0, 0, 0];
  for (const raw of framesOf(file, instrument.adcBits)) {
    if (frames++ === frameCount) break;
    for (const [plane, lowest] of planes.entries()) {
      const levelOf = levelTable(lowest, 2 ** instrument.adcBits);
      const level = Uint8Array.from(raw.adc.subarray(0, raw.count), (adc) => levelOf[adc]!);
      modelMs = 0;
      const start = clock.nowMs();
      const found = await dequantise(dequantiser, { count: raw.count, voxel: raw.voxel, level }, plane, run);
      const ms = clock.nowMs() - start;
      times.push(ms / raw.count);
      inModel += modelMs;
      inAll += ms;
      tallyDequantised(raw, found, lowest, instrument, tallies[plane]!);
    }
  }
  await model.close();
  const nsPerHit = 1e6 * times.sort((a, b) => a - b)[times.length >>> 1]!;
  const rows = tallies.map((tally, plane) => ({
    levels: planes[plane]!.length,
    hits: tally.hits,
    logMaePlain: tally.plainError / tally.voxels,
    logMaeLearnt: tally.learntError / tally.voxels,
    chargeBiasPlain: tally.plainCharge / tally.rawCharge - 1,
    chargeBiasLearnt: tally.learntCharge / tally.rawCharge - 1,
  }));
  process.stdout.write(
    `${JSON.stringify({ rows, nsPerHitMedian: nsPerHit, shareInModel: inModel / inAll })}\n`,
  );
};

if (import.meta.main)
  await main(process.argv[2]!, process.argv[3] ?? 'sphenix-tpc-auau', Number(process.argv[4] ?? 1e9));
