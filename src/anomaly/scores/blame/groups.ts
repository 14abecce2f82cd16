/**
 * Maps of blame, and the groups of channels that are wired together. Refuses nothing.
 */

import type { SurveyMaps } from '../../../kernels/survey/maps.ts';
import type { SurveyGrid } from '../../../kernels/survey/survey.ts';
import type { SurveySetup } from '../scorers.ts';

/** Blame of every channel (layer · lanes + lane), ≥ 0. */
export type Blame = Float64Array;

export type Draw = (maps: SurveyMaps, setup: SurveySetup, region: number) => Blame;

export const channelsOf = (grid: SurveyGrid): Blame => new Float64Array(grid.channels);

export const cardOf = ({ lanes, wiring, cardsAbreast }: SurveyGrid, channel: number): number =>
  Math.floor(Math.floor(channel / lanes) / wiring.cardLayers) * cardsAbreast +
  Math.floor((channel % lanes) / wiring.cardLanes);

export const chipOf = ({ lanes, wiring }: SurveyGrid, channel: number): number =>
  Math.floor(channel / lanes) * Math.ceil(lanes / wiring.chipLanes) +
  Math.floor((channel % lanes) / wiring.chipLanes);

/** Sums of a map over groups of channels. */
export const sumsOf = (values: ArrayLike<number>, grid: SurveyGrid, groupOf: typeof cardOf): Float64Array => {
  const sums = new Float64Array(grid.channels);
  for (let channel = 0; channel < grid.channels; channel++) sums[groupOf(grid, channel)]! += values[channel]!;
  return sums;
};
