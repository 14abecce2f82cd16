/**
 * The bicephalous autoencoders as contenders: their ONNX halves as `loadtest/rivals/bcae/to_onnx.py` writes them, in
 * the same ONNX Runtime, 32-bit, one wedge at a time, the code kept as 16-bit floats. Refuses to help or to hinder
 * them: an envelope is not counted, values are put back on what zero suppression allows.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { home } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { Contender } from './judge.ts';
import type { TestSet } from './sets.ts';

/** Rivals by the key their figures go under. */
export const bcaeNames = [
  { key: 'bcae2d', name: 'bcae-2d', title: 'BCAE-2D' },
  { key: 'bcaeht', name: 'bcae-ht', title: 'BCAE-HT' },
] as const;
export type BcaeName = (typeof bcaeNames)[number];

/** Where their models may lie: with the repository, or fresh from training. */
const folders = [join(home, 'loadtest/rivals/bcae/models'), join(home, '.tessera/rivals/models')];

/** What its card says of it; the published threshold where there is no card. */
interface BcaeCard {
  readonly threshold?: number;
  readonly trained?: { readonly cpu_minutes: number };
}

/** A network trained for less than this has learnt nothing worth judging: it is timed, which needs no training. */
const cpuMinutesMin = 10;

export interface Bcae {
  readonly name: BcaeName;
  readonly cpuMinutes: number;
  /** Dense input of a wedge, log2(ADC+1), time padded with zeros. */
  input(digits: Digits): Tensor;
  encode(input: Tensor): Promise<Tensor>;
  /** From the code, cut to 16-bit floats, to hits. */
  decode(code: Tensor): Promise<{ occupancy: Float32Array; value: Float32Array }>;
  hits(decoded: { occupancy: Float32Array; value: Float32Array }): Digits;
  close(): Promise<void>;
}

const paddedTimes = 256;

/** Null, and said so, where the models are not there. */
export const openBcae = async (
  set: TestSet,
  name: BcaeName,
  threads: number,
  absent: (what: string) => void,
): Promise<Bcae | null> => {
  const folder = folders.find((one) => existsSync(join(one, `${name.name}.encoder.onnx`)));
  if (folder === undefined) {
    absent(`${name.name}.encoder.onnx (loadtest/rivals/bcae/to_onnx.py makes it)`);
    return null;
  }
  const cardPath = join(folder, `${name.name}.json`);
  const card: BcaeCard = existsSync(cardPath) ? JSON.parse(readFileSync(cardPath, 'utf8')) : {};
  const threshold = card.threshold ?? 0.5;
  const options = { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1 };
  const [encoder, decoder] = await Promise.all(
    ['encoder', 'decoder'].map((half) =>
      InferenceSession.create(join(folder, `${name.name}.${half}.onnx`), options),
    ),
  );
  const { axes, adcBits, thresholdAdc } = set.cards.card;
  const [layers, pads, times] = axes.map(({ size }) => size) as [number, number, number];
  const rows = layers * pads;
  const shape = name.key === 'bcae2d' ? [1, layers, pads, paddedTimes] : [1, 1, layers, pads, paddedTimes];
  const adcMax = 2 ** adcBits - 1;
  const logOf = Float32Array.from({ length: adcMax + 1 }, (_, adc) => Math.log2(adc + 1));
  return {
    name,
    cpuMinutes: card.trained?.cpu_minutes ?? Number.NaN,
    input({ count, voxel, adc }) {
      const dense = new Float32Array(rows * paddedTimes);
      for (let i = 0; i < count; i++) {
        const row = Math.floor(voxel[i]! / times);
        dense[row * paddedTimes + (voxel[i]! - row * times)] = logOf[adc[i]!]!;
      }
      return new Tensor('float32', dense, shape);
    },
    encode: async (input) => (await encoder!.run({ log2_adc: input })).code as Tensor,
    async decode(code) {
      const kept = Float32Array.from(Float16Array.from(code.data as Float32Array));
      const decoded = await decoder!.run({ code: new Tensor('float32', kept, [...code.dims]) });
      return {
        occupancy: decoded.occupancy!.data as Float32Array,
        value: decoded.log2_adc!.data as Float32Array,
      };
    },
    hits({ occupancy, value }) {
      const voxel: number[] = [];
      const adc: number[] = [];
      for (let row = 0; row < rows; row++) {
        for (let time = 0; time < times; time++) {
          const at = row * paddedTimes + time;
          if (!(occupancy[at]! > threshold)) continue;
          voxel.push(row * times + time);
          adc.push(Math.max(thresholdAdc, Math.min(adcMax, Math.round(2 ** value[at]! - 1))));
        }
      }
      return { count: voxel.length, voxel: Uint32Array.from(voxel), adc: Uint16Array.from(adc) };
    },
    async close() {
      await Promise.all([encoder!.release(), decoder!.release()]);
    },
  };
};

/** A decoder takes the better part of a second a wedge, empty or full: all of Au+Au, some of the sets beside. */
const wedgesMaxOf = ({ isCommitted, name, wedges }: TestSet): number => {
  if (isCommitted === 'part') return 2;
  return name === 'auau_test' ? wedges.length : 40;
};

const evenlySpaced = (count: number, most: number): number[] =>
  Array.from({ length: Math.min(count, most) }, (_, n) => Math.floor((n * count) / Math.min(count, most)));

export const isWorthJudging = ({ cpuMinutes }: Bcae): boolean => !(cpuMinutes < cpuMinutesMin);

/** As a contender: its bytes are those of the code alone. */
export const bcaeRung = (set: TestSet, bcae: Bcae): Contender => ({
  key: bcae.name.key,
  name: `${bcae.name.title}, trained here for ${Math.round(bcae.cpuMinutes)} CPU minutes`,
  chosen: evenlySpaced(set.wedges.length, wedgesMaxOf(set)),
  async run(index) {
    const { digits } = set.wedges[index]!;
    const code = await bcae.encode(bcae.input(digits));
    return { bytes: 2 * code.size, digits: bcae.hits(await bcae.decode(code)) };
  },
  close: () => bcae.close(),
});
