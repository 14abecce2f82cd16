/**
 * Instruments and frames for the codec's tests: small grids of any number of axes and clustered hits from a seed.
 * Refuses nothing.
 */

import type { Digits } from '../../src/domain/frame.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { cardHash, durationNanos } from '../../src/domain/quantity.ts';

type DigitsCard = Extract<InstrumentCard, { readonly kind: 'digits' }>;

export const testCard = (sizes: readonly number[], more: Partial<DigitsCard> = {}): DigitsCard => ({
  id: 'test-grid',
  title: 'a grid for tests',
  kind: 'digits',
  axes: sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 })),
  adcBits: 10,
  thresholdAdc: 64,
  patch: sizes.map((size, i) => (i < sizes.length - 2 ? 1 : Math.min(8, size))),
  regions: ['test_0'],
  timeFrameNanos: durationNanos(13_197n),
  model: { name: 'test-fsq', version: 1 },
  conditions: {},
  hash: cardHash('0123456789abcdef'),
  ...more,
});

export const sphenix = testCard([16, 192, 249]);

export const digitsOf = (hits: readonly (readonly [number, number])[]): Digits => ({
  count: hits.length,
  voxel: Uint32Array.from(hits, ([voxel]) => voxel),
  adc: Uint16Array.from(hits, ([, adc]) => adc),
});

/** Digits without the room their arrays may have left. */
export const hitsOf = (digits: Digits): [number, number][] =>
  Array.from({ length: digits.count }, (_, i) => [digits.voxel[i]!, digits.adc[i]!]);

/** Pulses of several time bins on neighbouring rows, some of them going on in the next layer. */
export const clusteredFrame = (card: InstrumentCard, clusters: number, seed: number): Digits => {
  let state = seed >>> 0;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const sizes = card.axes.map((axis) => axis.size);
  const columns = sizes[sizes.length - 1]!;
  const plane = columns * (sizes[sizes.length - 2] ?? 1);
  const voxels = sizes.reduce((n, size) => n * size, 1);
  const top = 2 ** card.adcBits - 1;
  const hits = new Map<number, number>();
  for (let c = 0; c < clusters; c++) {
    const peak = 80 + draw(40) * draw(40);
    for (
      let layer = 0, at = draw(voxels);
      layer <= draw(4);
      layer++, at += plane + draw(3) * columns + draw(3)
    ) {
      for (let row = 0; row < 3; row++) {
        for (let bin = 0; bin < 6; bin++) {
          const adc = Math.round((peak * [2, 4, 2][row]! * [2, 5, 6, 5, 3, 1][bin]!) / 24 + draw(9));
          const voxel = at + row * columns + bin;
          if (adc >= card.thresholdAdc && voxel < voxels) hits.set(voxel, Math.min(top, adc));
        }
      }
    }
  }
  return digitsOf([...hits].sort(([a], [b]) => a - b));
};
