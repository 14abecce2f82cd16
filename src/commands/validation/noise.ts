/**
 * Frames with the electronics' noise drawn once more upon them, for streams whose charge nobody can simulate again:
 * two such draws differ as two read-outs of the same charge do, but for samples that were below threshold at first.
 * Refuses instruments whose card names no noise, by null.
 */

import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { createPrng } from '../../kernels/prng.ts';
import { encodeFrame, openFrame, readDigits } from '../../wire/frame.ts';

/** Digits with noise of `sigma` ADC added; what falls below threshold is gone, what exceeds the ADC is its end. */
export const withNoise = (
  digits: Digits,
  sigma: number,
  { thresholdAdc, adcBits }: Pick<InstrumentCard, 'thresholdAdc' | 'adcBits'>,
  key: readonly number[],
): Digits => {
  const prng = createPrng(...key);
  const most = 2 ** adcBits - 1;
  const voxel = new Uint32Array(digits.count);
  const adc = new Uint16Array(digits.count);
  let count = 0;
  for (let i = 0; i < digits.count; i++) {
    const value = Math.min(most, Math.round(digits.adc[i]! + sigma * prng.gaussian()));
    if (value < thresholdAdc) continue;
    voxel[count] = digits.voxel[i]!;
    adc[count++] = value;
  }
  return { count, voxel: voxel.subarray(0, count), adc: adc.subarray(0, count) };
};

/** Noise of the instrument in ADC counts, or null where its card says none. */
export const noiseOf = ({ conditions }: InstrumentCard): number | null => {
  const { noiseAdc } = conditions;
  return typeof noiseAdc === 'number' && noiseAdc > 0 ? noiseAdc : null;
};

/** Two draws over one frame. `index` tells frames apart; the same index gives the same draws. */
export const drawnTwice = (
  frame: Uint8Array,
  card: InstrumentCard,
  sigma: number,
  index: number,
): readonly [Uint8Array, Uint8Array] => {
  const open = openFrame(frame, card);
  const hits = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
  const digits = { count: readDigits(open, card, hits), ...hits };
  const draw = (which: number): Uint8Array =>
    encodeFrame(open.identity, withNoise(digits, sigma, card, [which, index]), card);
  return [draw(1), draw(2)];
};
