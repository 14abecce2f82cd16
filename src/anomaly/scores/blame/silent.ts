/**
 * Which channels drive silence: those that should have had hits and have none. Refuses to blame what is known to be silent.
 */

import { type SurveyGrid, side } from '../../../kernels/survey/survey.ts';
import { cardOf, channelsOf, chipOf, type Draw, sumsOf } from './groups.ts';

/**
 * Channels that should have had hits: as many as their neighbourhood has, and the holes they leave in it; more of
 * a card that has silent chips: what lies amid them has little around it.
 */
export const silent: Draw = ({ hits, holes }, { grid, tables }, region) => {
  const blame = channelsOf(grid);
  const known = new Set(tables.silent[region]);
  const { lanes, layers } = grid;
  const mean = hits.reduce((sum, one) => sum + one, 0) / grid.channels;
  const sums = runningSums(hits, grid);
  const chips = silentChips(hits, known, grid);
  for (let channel = 0; channel < grid.channels; channel++) {
    if (hits[channel]! > 0 || known.has(channel)) continue;
    const [layer, lane] = [Math.floor(channel / lanes), channel % lanes];
    const [from, to] = [Math.max(0, lane - side), Math.min(lanes, lane + side + 1)];
    let [sum, live] = [0, 0];
    for (let l = Math.max(0, layer - 1); l <= Math.min(layers - 1, layer + 1); l++) {
      const row = l * (lanes + 1);
      sum += sums.hits[row + to]! - sums.hits[row + from]!;
      live += sums.live[row + to]! - sums.live[row + from]!;
    }
    const alone = 4 * holes[channel]! + Math.max(mean, live === 0 ? 0 : sum / live);
    blame[channel] = alone * (1 + chips[cardOf(grid, channel)]!);
  }
  return blame;
};

/** Hits, and channels with hits, of a layer's lanes before each lane: [layer][lane, and the end]. */
const runningSums = (hits: Uint16Array, { lanes, layers }: SurveyGrid) => {
  const sums = { hits: new Float64Array(layers * (lanes + 1)), live: new Float64Array(layers * (lanes + 1)) };
  for (let layer = 0; layer < layers; layer++)
    for (let lane = 0; lane < lanes; lane++) {
      const at = layer * (lanes + 1) + lane;
      const own = hits[layer * lanes + lane]!;
      sums.hits[at + 1] = sums.hits[at]! + own;
      sums.live[at + 1] = sums.live[at]! + (own > 0 ? 1 : 0);
    }
  return sums;
};

/** By card, how many of its chips are silent altogether, beyond the one or two that few tracks leave so. */
const silentChips = (hits: Uint16Array, known: ReadonlySet<number>, grid: SurveyGrid): Float64Array => {
  const live = channelsOf(grid).map((_, channel) => (known.has(channel) ? 0 : 1));
  const hit = live.map((one, channel) => (one > 0 && hits[channel]! > 0 ? 1 : 0));
  const [liveOf, hitOf] = [sumsOf(live, grid, chipOf), sumsOf(hit, grid, chipOf)];
  const chips = new Float64Array(grid.cards);
  for (let channel = 0; channel < grid.channels; channel++) {
    if ((channel % grid.lanes) % grid.wiring.chipLanes > 0) continue;
    const chip = chipOf(grid, channel);
    if (liveOf[chip]! > 0 && hitOf[chip] === 0) chips[cardOf(grid, channel)]! += 1;
  }
  return chips.map((count) => Math.max(0, count - silentChipsUsual));
};
const silentChipsUsual = 2;
