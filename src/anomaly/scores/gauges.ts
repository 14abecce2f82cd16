/**
 * Gauges: plain numbers of one frame's survey, each large where one sort of trouble is. Pure; what a gauge usually reads at
 * a hit count is the score tables' affair. Tables are fitted with these, and wasm/ruler.as does the same quickly. Refuses nothing: a frame without hits reads 0 everywhere.
 */

import { cardRecord, type Survey, type SurveyGrid, tallyNames } from '../../kernels/survey/survey.ts';

/**
 * In order: most hole bins of one channel without hits, and of all of them · channels without hits, those in busy blocks
 * of eight, and those of one card beyond its share · most lone hits of
 * one channel, all, and the sum of their squares over channels · mean code, up and down · a card's mean code away from
 * the frame's · rows of eight channels of one card hit at once · pairs missing across a seam between cards, most between
 * two neighbours, and between all · hits below threshold and jumps · evidence of a stuck bit · most whole runs of one
 * channel, and all · share of saturated hits, up and down · saturated hits of one patch: the most, and what half and
 * seven eighths of the layers reach.
 */
export const gaugeNames = [
  'silent-most',
  'silent',
  'empty',
  'empty-busy',
  'card-empty',
  'alone-most',
  'alone',
  'alone-squares',
  'code-high',
  'code-low',
  'card-code',
  'row',
  'card-seam',
  'torn-most',
  'torn',
  'impossible',
  'stuck',
  'full-most',
  'full',
  'saturated-high',
  'saturated-low',
  'saturated-most',
  'saturated-half',
  'saturated-all',
] as const;
export type GaugeName = (typeof gaugeNames)[number];

const at = Object.fromEntries(gaugeNames.map((name, i) => [name, i])) as Record<GaugeName, number>;
const tallyAt = Object.fromEntries(tallyNames.map((name, i) => [name, i])) as Record<
  (typeof tallyNames)[number],
  number
>;

/** Frames with fewer hits say nothing of a seam: a dozen pairs cross one between cards. */
export const seamHitsMin = 2000;
/** A card with fewer hits has no mean worth comparing. */
export const cardHitsMin = 24;

/** What is the same for all frames of an instrument, with scratch: one per thread. */
export interface GaugeSetup {
  readonly grid: SurveyGrid;
  /** Channels of each card that are not known to be silent, by region. */
  readonly liveChannels: readonly Int32Array[];
  /** The kernel's weights of bits that are all 1, then all 0. */
  readonly bitWeights: Uint8Array;
  readonly adcMask: number;
  readonly layerOrder: Int32Array;
  readonly cardSeams: Float64Array;
}

export const putGauges = (
  setup: GaugeSetup,
  survey: Survey,
  region: number,
  hitCount: number,
  out: Float64Array,
  outAt: number,
): void => {
  const { tally } = survey;
  const put = (name: GaugeName, value: number): void => {
    out[outAt + at[name]] = value;
  };
  const perHit = hitCount === 0 ? 0 : 1 / hitCount;
  put('silent-most', tally[tallyAt.silentMost]!);
  put('silent', tally[tallyAt.silent]!);
  put('empty-busy', tally[tallyAt.emptyBusy]!);
  put('alone-most', tally[tallyAt.aloneMost]!);
  put('alone', tally[tallyAt.alone]!);
  put('alone-squares', tally[tallyAt.aloneSquares]! - tally[tallyAt.alone]!);
  put('code-high', tally[tallyAt.codes]! * perHit);
  put('code-low', -tally[tallyAt.codes]! * perHit);
  put('row', tally[tallyAt.rowMost]!);
  put('torn-most', tally[tallyAt.tornMost]!);
  put('torn', tally[tallyAt.torn]!);
  put('impossible', tally[tallyAt.bad]!);
  put('full-most', tally[tallyAt.fullMost]!);
  put('full', tally[tallyAt.full]!);
  put('saturated-high', tally[tallyAt.saturated]! * perHit);
  put('saturated-low', -tally[tallyAt.saturated]! * perHit);
  putCards(setup, survey, region, hitCount, out, outAt);
  put('card-seam', cardSeam(setup, survey, hitCount));
  putLayers(setup, survey.layers, out, outAt);
};

const putCards = (
  { grid, liveChannels, bitWeights, adcMask }: GaugeSetup,
  { tally, cards }: Survey,
  region: number,
  hitCount: number,
  out: Float64Array,
  outAt: number,
): void => {
  const liveOf = liveChannels[region]!;
  const mean = hitCount === 0 ? 0 : tally[tallyAt.codes]! / hitCount;
  let live = 0;
  let liveMost = 0;
  for (let card = 0; card < grid.cards; card++) {
    live += cards[card * cardRecord.size + cardRecord.live]!;
    liveMost += liveOf[card]!;
  }
  const emptyShare = 1 - live / liveMost;
  let empty = 0;
  let contrast = 0;
  let stuck = tally[tallyAt.stuck]!;
  for (let card = 0; card < grid.cards; card++) {
    const record = card * cardRecord.size;
    const expected = liveOf[card]! * emptyShare;
    const beyond = liveOf[card]! - cards[record + cardRecord.live]! - expected;
    empty = Math.max(empty, beyond / Math.sqrt(expected + 1));
    const hits = cards[record + cardRecord.hits]!;
    if (hits < cardHitsMin) continue;
    const away = Math.abs(cards[record + cardRecord.codes]! / hits - mean) * Math.sqrt(hits);
    if (away > contrast) contrast = away;
    const one = bitWeights[~cards[record + cardRecord.zeros]! & adcMask]!;
    const zero = bitWeights[adcMask + 1 + (~cards[record + cardRecord.ones]! & adcMask)]!;
    stuck = Math.max(stuck, hits * Math.max(one, zero));
  }
  out[outAt + at.empty] = liveMost - live;
  out[outAt + at['card-empty']] = empty;
  out[outAt + at['card-code']] = contrast;
  out[outAt + at.stuck] = stuck;
};

/** Pairs missing across a seam between two cards of one row, in their root; the most of any seam. */
const cardSeam = ({ grid, cardSeams }: GaugeSetup, { tally, seams }: Survey, hitCount: number): number => {
  if (hitCount < seamHitsMin) return 0;
  const share = tally[tallyAt.pairs]! / hitCount;
  const { seamsAbreast, wiring } = grid;
  cardSeams.fill(0);
  for (let layer = 0; layer < grid.layers; layer++) {
    const group = 2 * seamsAbreast * Math.floor(layer / wiring.cardLayers);
    for (let seam = 0; seam < seamsAbreast; seam++) {
      const from = 2 * (layer * seamsAbreast + seam);
      const expected = (share * seams[from]!) / 2;
      cardSeams[group + 2 * seam]! += expected;
      cardSeams[group + 2 * seam + 1]! += expected - seams[from + 1]!;
    }
  }
  let most = 0;
  for (let i = 0; i < cardSeams.length; i += 2)
    most = Math.max(most, cardSeams[i + 1]! / Math.sqrt(cardSeams[i]! + 1));
  return most;
};

const putLayers = (
  { layerOrder }: GaugeSetup,
  layers: Int32Array,
  out: Float64Array,
  outAt: number,
): void => {
  // By insertion: there are few layers, and most of a sparse frame's have none.
  for (let layer = 0; layer < layers.length; layer++) {
    const value = layers[layer]!;
    let place = layer;
    for (; place > 0 && layerOrder[place - 1]! > value; place--) layerOrder[place] = layerOrder[place - 1]!;
    layerOrder[place] = value;
  }
  out[outAt + at['saturated-most']] = layerOrder[layerOrder.length - 1]!;
  out[outAt + at['saturated-half']] = layerOrder[layerOrder.length >>> 1]!;
  out[outAt + at['saturated-all']] = layerOrder[layerOrder.length >>> 3]!;
};
