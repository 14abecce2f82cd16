/**
 * A learnt dequantiser as data: what its card says. It guesses where in its own interval of ADC values a hit
 * lies, from its neighbours' levels. Refuses nothing; `wire/cards/dequantiser.ts` checks the JSON.
 */

import type { ModelFile } from './model.ts';
import type { CardHash } from './quantity.ts';

/** One plane of the ladder: level i holds the ADC values from lowestAdc[i] to below lowestAdc[i + 1]. */
export interface DequantiserPlane {
  readonly levels: number;
  readonly lowestAdc: readonly number[];
  /** What a neighbour in this level is told as: 1 … 255, on one scale for all planes. */
  readonly code: readonly number[];
}

/**
 * A model's row is one hit: first the number of its own interval, counted through all planes (plane after plane,
 * level after level), then one code for each of `neighbours`, 0 where there is no hit. It gives one byte, the
 * position in the interval: ADC = lowest + floor((2 · position + 1) · size / 512).
 */
export interface DequantiserCard {
  readonly name: string;
  readonly version: number;
  readonly instruments: readonly string[];
  /** Names of the instrument's axes, in the order of the steps below. */
  readonly axes: readonly string[];
  /** Steps along the axes to each neighbour that a row holds. */
  readonly neighbours: readonly (readonly number[])[];
  readonly planes: readonly DequantiserPlane[];
  /** Largest ADC value: where the last level of every plane ends. */
  readonly adcMax: number;
  readonly model: ModelFile;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly hash: CardHash;
}
