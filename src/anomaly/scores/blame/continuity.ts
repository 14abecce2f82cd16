/**
 * Which channels drive torn continuity: where hits of neighbours are not side by side in time as tracks have them. Refuses
 * to blame a channel without hits: that is silent.
 */

import type { SurveyMaps } from '../../../kernels/survey/maps.ts';
import type { SurveyGrid } from '../../../kernels/survey/survey.ts';
import { cardOf, channelsOf, type Draw } from './groups.ts';

/**
 * Channels on both sides of missing pairs, those between two such places of a layer, and cards with torn seams; where no
 * card is torn, two groups in each other's place.
 */
export const continuity: Draw = ({ hits, pairs }, { grid }) => {
  const { lanes, layers, wiring } = grid;
  const blame = channelsOf(grid);
  const all = hits.reduce((sum, one) => sum + one, 0);
  const share = pairs.reduce((sum, one) => sum + one, 0) / Math.max(1, all);
  const cardBlame = new Float64Array(grid.cards);
  const cardExpected = new Float64Array(grid.cards);
  for (let layer = 0; layer < layers; layer++) {
    const tears: { lane: number; missing: number }[] = [];
    for (let lane = 0; lane + 1 < lanes; lane++) {
      const channel = layer * lanes + lane;
      const expected = (share * (hits[channel]! + hits[channel + 1]!)) / 2;
      const missing = Math.min(hits[channel]!, hits[channel + 1]!) - 2 * pairs[channel]!;
      if (missing > 0) tears.push({ lane, missing });
      // A channel without hits is silent: that tears nothing from the card beside it.
      const isSeam = (lane + 1) % wiring.cardLanes === 0;
      if (!isSeam || hits[channel] === 0 || hits[channel + 1] === 0) continue;
      for (const one of [channel, channel + 1]) {
        cardBlame[cardOf(grid, one)]! += expected - pairs[channel]!;
        cardExpected[cardOf(grid, one)]! += expected;
      }
    }
    for (const { lane, missing } of tears)
      for (const one of [lane, lane + 1]) blame[layer * lanes + one]! += missing ** 2;
    tears.forEach(({ lane, missing }, i) => {
      for (const other of tears.slice(i + 1)) {
        const within = Math.min(missing, other.missing) ** 2;
        for (let at = lane + 1; at <= Math.min(other.lane, lane + wiring.cardLanes); at++)
          blame[layer * lanes + at] = Math.max(blame[layer * lanes + at]!, within);
      }
    });
  }
  const torn = cardBlame.map((lost, card) => Math.max(0, lost) / Math.sqrt(cardExpected[card]! + 1));
  const cardBlames = torn.map((roots) => (roots > tornSeam ? roots ** 4 : 0));
  const leastTorn = cardBlames.reduce((least, one) => (one > 0 && one < least ? one : least), Infinity);
  const most = blame.reduce((top, one) => Math.max(top, one), 0);
  const ofGroups = Number.isFinite(leastTorn) ? leastTorn : most;
  for (let channel = 0; channel < grid.channels; channel++)
    blame[channel]! += cardBlames[cardOf(grid, channel)]!;
  for (const channel of exchanged({ hits, pairs }, grid, share))
    blame[channel] = Math.max(blame[channel]!, ofGroups / 2);
  return blame;
};
/** A seam that has lost as many roots of its pairs is more than a few channels. */
const tornSeam = 4;

/**
 * The channels of two groups that seem to be in each other's place: equally many side by side, torn from what is beside
 * them at both ends. An end of a layer is torn from nothing. Empty where no two groups are.
 */
const exchanged = (
  { hits, pairs }: Pick<SurveyMaps, 'hits' | 'pairs'>,
  { lanes, layers, wiring }: SurveyGrid,
  share: number,
): readonly number[] => {
  /** Deviations by which pairs are missing between a lane and the one before it; a layer's ends have none. */
  const torn = new Float64Array(layers * (lanes + 1));
  for (let layer = 0; layer < layers; layer++)
    for (let lane = 1; lane < lanes; lane++) {
      const channel = layer * lanes + lane;
      const expected = share * Math.min(hits[channel - 1]!, hits[channel]!);
      torn[layer * (lanes + 1) + lane] = (expected - pairs[channel - 1]!) / Math.sqrt(expected + 1);
    }
  // Two groups side by side share an end: no four are more than twice the two largest.
  const [second = 0, first = 0] = torn.slice().sort().slice(-2);
  if (2 * (first + second) <= exchangedMin) return [];
  let best = { torn: exchangedMin, width: 0, groups: [0, 0] };
  for (let width = 1; width <= wiring.cardLanes; width++) {
    const groups = [0, 0];
    const most = [0, 0];
    for (let layer = 0; layer < layers; layer++)
      for (let lane = 0; lane + width <= lanes; lane++) {
        const at = layer * (lanes + 1) + lane;
        const ends = torn[at]! + torn[at + width]!;
        const place = layer * lanes + lane;
        const beats = groups.findIndex((other, i) => most[i]! > 0 && Math.abs(other - place) < width);
        const to = beats >= 0 ? beats : most[0]! <= most[1]! ? 0 : 1;
        if (ends <= most[to]!) continue;
        most[to] = ends;
        groups[to] = place;
      }
    const sum = most[0]! + most[1]!;
    if (sum > best.torn) best = { torn: sum, width, groups };
  }
  return best.groups.flatMap((first) => Array.from({ length: best.width }, (_, i) => first + i));
};
/** Deviations that the four ends lack together: more than those of any two groups of a good frame do, as a rule. */
const exchangedMin = 11;
