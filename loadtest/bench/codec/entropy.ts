/**
 * The entropy stage on its own: what rANS adds to the model's cross-entropy, and how fast it goes against a bare loop
 * that reads the same symbols and looks up their table entries. Refuses to time the modelling: one table, one core.
 */

import { frequencyBits, normalizeFrequencies } from '../../../src/kernels/frequencies.ts';
import {
  closeRans,
  openRans,
  ransBytesMax,
  ransEncode,
  readSymbol,
  symbolTable,
} from '../../../src/kernels/rans.ts';
import { median } from '../../measure.ts';
import type { TestSet } from './sets.ts';

/** Sixteen equal steps of log2(ADC): the alphabet of the finest plane. */
const levels = 16;

export interface EntropyFigures {
  readonly symbols: number;
  /** Coded bits over the table's cross-entropy, less 1; each wedge closed on its own. */
  readonly excess: number;
  /** Symbols a second: coded (steps collected and coded), read back, and only looked up. */
  readonly encodeRate: number;
  readonly decodeRate: number;
  readonly lookupRate: number;
}

const levelsOf = (set: TestSet): Uint8Array[] => {
  const { thresholdAdc, adcBits } = set.cards.card;
  const octaves = adcBits - Math.log2(thresholdAdc);
  const levelOf = Uint8Array.from({ length: 2 ** adcBits }, (_, adc) =>
    adc < thresholdAdc
      ? 0
      : Math.min(levels - 1, Math.floor((Math.log2(adc / thresholdAdc) / octaves) * levels)),
  );
  return set.wedges.map(({ digits }) => Uint8Array.from(digits.adc, (adc) => levelOf[adc]!));
};

const seconds = (act: () => void): number => {
  const start = performance.now();
  act();
  return (performance.now() - start) / 1000;
};

export const measureEntropy = (set: TestSet, repeats: number): EntropyFigures => {
  const wedges = levelsOf(set);
  const counts = new Array<number>(levels).fill(1);
  for (const wedge of wedges) for (const level of wedge) counts[level] = counts[level]! + 1;
  const table = symbolTable(normalizeFrequencies(counts), frequencyBits);
  const most = Math.max(...wedges.map((wedge) => wedge.length));
  const steps = new Uint32Array(most);
  const out = new Uint8Array(ransBytesMax(most));
  const coded: Uint8Array[] = [];
  const encodeAll = (keep: boolean): void => {
    for (const wedge of wedges) {
      for (let i = 0; i < wedge.length; i++) steps[i] = table.step[wedge[i]!]!;
      const begin = ransEncode(steps, wedge.length, frequencyBits, out);
      if (keep) coded.push(out.slice(begin));
    }
  };
  let checked = 0;
  const decodeAll = (): void => {
    for (let w = 0; w < wedges.length; w++) {
      const reader = openRans(coded[w]!, 0, coded[w]!.length, frequencyBits);
      let sum = 0;
      for (let i = 0; i < wedges[w]!.length; i++) sum += readSymbol(reader, table);
      closeRans(reader);
      checked = (checked + sum) | 0;
    }
  };
  const lookUpAll = (): void => {
    for (const wedge of wedges) {
      let sum = 0;
      for (let i = 0; i < wedge.length; i++) sum = (sum + table.step[wedge[i]!]!) | 0;
      checked = (checked + sum) | 0;
    }
  };
  encodeAll(true);
  const symbols = wedges.reduce((sum, wedge) => sum + wedge.length, 0);
  const timings = Array.from({ length: repeats + 1 }, () => [
    seconds(() => encodeAll(false)),
    seconds(decodeAll),
    seconds(lookUpAll),
  ]).slice(1); // the first warms the code
  const rate = (column: number): number => symbols / median(timings.map((timing) => timing[column]!));
  const bits = counts.reduce(
    (sum, count, level) => sum + (count - 1) * (frequencyBits - Math.log2(table.freq[level]!)),
    0,
  );
  if (!Number.isFinite(checked)) throw new Error('the loops were not run');
  return {
    symbols,
    excess: (8 * coded.reduce((sum, bytes) => sum + bytes.length, 0)) / bits - 1,
    encodeRate: rate(0),
    decodeRate: rate(1),
    lookupRate: rate(2),
  };
};
