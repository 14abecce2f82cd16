/**
 * Finds channels, chips and front-end cards that stand out: residuals against what the references lead to expect, with what
 * all have in common taken out, so that neither beam nor gain of the whole region counts. Refuses to fit shapes.
 */

import type { ObjectLayout } from '../layout.ts';

/** Residuals in standard deviations, as if hits were independent: scaled alike, to be judged by thresholds. */
export interface Residuals {
  readonly channels: Float64Array;
  readonly chips: Float64Array;
  readonly cards: Float64Array;
  /** Of each channel against what the channels around it have of what is expected of them: tracks pass them all. */
  readonly local: Float64Array;
  /** The same summed along each border between two front-end cards, over the layers that a card reads. */
  readonly seams: Float64Array;
}

/** Sorts them. */
export const medianOf = (all: Float64Array | readonly number[]): number => {
  // Numbers in an array of their own kind are sorted several times faster.
  const values = (all instanceof Float64Array ? all : Float64Array.from(all)).sort();
  const middle = values.length >> 1;
  if (values.length === 0) return 0;
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
};

const grouped = (values: Float64Array, groupOf: Uint16Array, groups: number): Float64Array => {
  const sums = new Float64Array(groups);
  for (let i = 0; i < values.length; i++) sums[groupOf[i]!] = sums[groupOf[i]!]! + values[i]!;
  return sums;
};

/** Lanes on either side in a channel's own layer, and in the layers next to it, that are around it. */
const [lanesAround, lanesAcross] = [3, 1];

/** Sum of the channels around each, itself left out. */
const aroundOf = ({ layers, lanes }: ObjectLayout, values: Float64Array): Float64Array => {
  const sums = new Float64Array(values.length);
  for (let layer = 0; layer < layers; layer++)
    for (let lane = 0; lane < lanes; lane++) {
      let sum = -values[layer * lanes + lane]!;
      for (let row = Math.max(0, layer - 1); row <= Math.min(layers - 1, layer + 1); row++) {
        const reach = row === layer ? lanesAround : lanesAcross;
        const last = Math.min(lanes - 1, lane + reach);
        for (let at = Math.max(0, lane - reach); at <= last; at++) sum += values[row * lanes + at]!;
      }
      sums[layer * lanes + lane] = sum;
    }
  return sums;
};

const residualsOf = (
  layout: ObjectLayout,
  data: Float64Array,
  expected: Float64Array,
  variance: Float64Array,
): Residuals => {
  const over = (difference: Float64Array, square: Float64Array): Float64Array =>
    difference.map((value, i) => (square[i]! > 0 ? value / Math.sqrt(square[i]!) : 0));
  const { chipOf, cardOf, chips, cards, layers, lanes, wiring } = layout;
  const away = data.map((value, channel) => value - expected[channel]!);
  const [now, usual] = [aroundOf(layout, data), aroundOf(layout, expected)];
  const nearby = data.map((value, channel) =>
    usual[channel]! > 0 ? value - (expected[channel]! * now[channel]!) / usual[channel]! : 0,
  );
  const seamsAbreast = Math.max(0, Math.ceil(lanes / wiring.cardLanes) - 1);
  const bands = Math.ceil(layers / wiring.cardLayers);
  const [seams, seamSquares] = [
    new Float64Array(bands * seamsAbreast),
    new Float64Array(bands * seamsAbreast),
  ];
  for (let layer = 0; layer < layers; layer++)
    for (let seam = 0; seam < seamsAbreast; seam++) {
      const channel = layer * lanes + (seam + 1) * wiring.cardLanes - 1;
      const at = Math.floor(layer / wiring.cardLayers) * seamsAbreast + seam;
      seams[at] = seams[at]! + nearby[channel]!;
      seamSquares[at] = seamSquares[at]! + variance[channel]!;
    }
  return {
    channels: over(away, variance),
    chips: over(grouped(away, chipOf, chips), grouped(variance, chipOf, chips)),
    cards: over(grouped(away, cardOf, cards), grouped(variance, cardOf, cards)),
    local: over(nearby, variance),
    seams: over(seams, seamSquares),
  };
};

/** Median over the chips of each layer of data / reference: what a dead card of the layer does not move. */
const layerScales = (layout: ObjectLayout, data: Float64Array, reference: Float64Array): Float64Array => {
  const { chipOf, chips, layers } = layout;
  const [now, before] = [grouped(data, chipOf, chips), grouped(reference, chipOf, chips)];
  const abreast = chips / layers;
  return Float64Array.from({ length: layers }, (_, layer) =>
    medianOf(
      Array.from({ length: abreast }, (_, i) => layer * abreast + i)
        .filter((chip) => before[chip]! > 0)
        .map((chip) => now[chip]! / before[chip]!),
    ),
  );
};

/** Counts of channels against the references' counts, layer by layer. */
export const countResiduals = (
  layout: ObjectLayout,
  data: Float64Array,
  reference: Float64Array,
): Residuals => {
  const scales = layerScales(layout, data, reference);
  const usual = new Float64Array(layout.channels);
  const variance = new Float64Array(layout.channels);
  for (let channel = 0; channel < layout.channels; channel++) {
    const scale = scales[Math.floor(channel / layout.lanes)]!;
    usual[channel] = reference[channel]! * scale;
    variance[channel] = 1 + usual[channel]! * (1 + scale);
  }
  return residualsOf(layout, data, usual, variance);
};

/** What a channel has among `among` (the same channel's hits), against the same share in the references. */
export const shareResiduals = (
  layout: ObjectLayout,
  now: { readonly part: Float64Array; readonly among: Float64Array },
  before: { readonly part: Float64Array; readonly among: Float64Array },
  /** Mean square of what one hit adds, over the square of its mean; 1 of whole hits. */
  spread: number,
): Residuals => {
  const { channels, chipOf, chips } = layout;
  let [parts, all] = [0, 0];
  for (let channel = 0; channel < channels; channel++) {
    parts += before.part[channel]!;
    all += before.among[channel]!;
  }
  const usual = all > 0 ? parts / all : 0;
  // A channel that the references hardly know is expected to be like the others.
  const knownAs = 20;
  const expected = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel++)
    expected[channel] =
      (now.among[channel]! * (before.part[channel]! + knownAs * usual)) / (before.among[channel]! + knownAs);
  const [partOfChip, expectedOfChip] = [grouped(now.part, chipOf, chips), grouped(expected, chipOf, chips)];
  const common = medianOf(
    Array.from(expectedOfChip.keys())
      .filter((chip) => expectedOfChip[chip]! > 0)
      .map((chip) => partOfChip[chip]! / expectedOfChip[chip]!),
  );
  const variance = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const among = now.among[channel]!;
    if (among <= 0) continue;
    const own = expected[channel]! / among;
    // Shares move in odds: where nearly all hits of a noisy channel are lone, more of them cannot be.
    const odds = own * common;
    const share = spread === 1 ? odds / Math.max(1e-9, 1 - own + odds) : odds;
    const wanted = among * share;
    expected[channel] = wanted;
    const known = 1 + among / (before.among[channel]! + knownAs);
    const square = spread === 1 ? wanted * (1 - share) + 1 : spread * wanted * share;
    variance[channel] = square * known;
  }
  return residualsOf(layout, now.part, expected, variance);
};
