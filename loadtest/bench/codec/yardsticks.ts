/**
 * Contenders that are no codecs, to read the others by: what the electronics' own noise does to clusters, and what
 * cutting log2(ADC) into equal steps does. Refuses to claim bytes.
 */

import { createPrng } from '../../../src/kernels/prng.ts';
import type { Contender } from './judge.ts';
import type { TestSet } from './sets.ts';

/** The same wedge with electronic noise drawn once more on every hit: what no reader of clusters can do without. */
export const noiseAgain = (set: TestSet): Contender => {
  const { card } = set.cards;
  const sigma = Number(card.conditions.noiseAdc);
  const most = 2 ** card.adcBits - 1;
  return {
    key: 'noise',
    name: 'raw, noise drawn again',
    async run(index) {
      const { digits } = set.wedges[index]!;
      const prng = createPrng(7, index);
      const adc = digits.adc.map((value) =>
        Math.max(card.thresholdAdc, Math.min(most, Math.round(value + sigma * prng.gaussian()))),
      );
      return { bytes: null, digits: { ...digits, adc } };
    },
  };
};
