/**
 * What a region's objects read without any earlier run: against the shapes that are usual of the instrument, against the regions
 * beside it, and card against card. Every reading is a ratio or a share, which more hits make steadier and not larger, since
 * what is shipped fits no chamber to the last bit. Refuses what only the same detector's past can tell: single channels.
 */

import { binsOf, type ObjectLayout } from '../layout.ts';
import { totalOf } from './beta_binomial.ts';
import { medianOf } from './channels.ts';
import { divergence } from './comparators.ts';
import { impossibleReadings, movedAs, type Reading, worstBins } from './list.ts';
import { grouped, silentReadings } from './silent.ts';
import { stepOf, type TrendName, trendNames, trendsOf } from './trend.ts';

/** Objects whose shape is alike in all regions of an instrument. */
export const shapeNames = ['adc', 'time', 'pulse_length', 'symbols', 'digits'] as const;
export type ShapeName = (typeof shapeNames)[number];

export interface Shapes extends Readonly<Record<ShapeName, Float64Array>> {
  /** Share of each channel, in any unit. */
  readonly occupancy: Float64Array;
  readonly trends: Readonly<Record<TrendName, number>>;
}

/** Hits that a part is thought to have beside its own: what has few of them is not far from usual. */
const [cardKnownAs, chipKnownAs] = [100, 100];

/** The beam's rate is nobody's fault: hits a frame are compared with the regions beside alone. */
const ownTrends = trendNames.filter((name) => name !== 'hits');

export const ratioReading = (of: string, what: string, logs: Float64Array, sign: 1 | -1): Reading => {
  const bins = worstBins(logs, sign);
  return {
    check: 'channels',
    of: `${of}: unusually ${sign < 0 ? 'low' : 'high'} ${what}`,
    value: bins.length === 0 ? 0 : logs[bins[0]!]! * sign,
    bins,
  };
};

/** ln of what each part has over what it is expected to have, what is common to all taken out. */
export const logRatios = (now: Float64Array, usual: Float64Array, knownAs: number): Float64Array => {
  const scale = medianOf(
    [...now.keys()].flatMap((part) => (usual[part]! > 0 ? [now[part]! / usual[part]!] : [])),
  );
  return now.map((value, part) => Math.log((value + knownAs) / (usual[part]! * scale + knownAs)));
};

const partReadings = (layout: ObjectLayout, values: Float64Array, shapes: Shapes): Reading[] => {
  const { cardOf, cards, chipOf, chips } = layout;
  const hits = binsOf(layout, values, 'occupancy');
  const cardHits = grouped(hits, cardOf, cards);
  const cardLogs = logRatios(cardHits, grouped(shapes.occupancy, cardOf, cards), cardKnownAs);
  const chipLogs = logRatios(
    grouped(hits, chipOf, chips),
    grouped(shapes.occupancy, chipOf, chips),
    chipKnownAs,
  );
  /** Charge a hit of every card against the middle card's. */
  const charge = grouped(binsOf(layout, values, 'charge'), cardOf, cards);
  const mean = totalOf(charge) / Math.max(1, totalOf(cardHits));
  const gains = logRatios(
    charge.map((one, card) => (one + cardKnownAs * mean) / (cardHits[card]! + cardKnownAs)),
    new Float64Array(cards).fill(1),
    0,
  );
  const part = (name: 'alone' | 'pairs', of: string): Reading => {
    const shares = grouped(binsOf(layout, values, name), cardOf, cards);
    const all = totalOf(shares) / Math.max(1, totalOf(cardHits));
    const logs = shares.map((one, card) =>
      Math.log((one + cardKnownAs * all + 1) / (all * (cardHits[card]! + cardKnownAs) + 1)),
    );
    return ratioReading(of, 'card', logs, 1);
  };
  return [
    ratioReading('occupancy', 'card', cardLogs, -1),
    ratioReading('occupancy', 'card', cardLogs, 1),
    ratioReading('occupancy', 'chip', chipLogs, -1),
    ratioReading('occupancy', 'chip', chipLogs, 1),
    ratioReading('charge', 'card', gains, -1),
    ratioReading('charge', 'card', gains, 1),
    part('alone', 'lone hits'),
    part('pairs', 'pairs'),
    ...silentReadings(layout, values, shapes.occupancy).filter(({ of }) => /(card|chip)$/.test(of)),
  ];
};

/** Share of each bit among a card's hits against the middle card's: a bit that is stuck is stuck on one of them. */
const bitReading = (
  { plans, channels, adcBits, cards, cardOf }: ObjectLayout,
  values: Float64Array,
): Reading => {
  const hits = new Float64Array(cards);
  const set = new Float64Array(cards * adcBits);
  for (let channel = 0; channel < channels; channel++) {
    const card = cardOf[channel]!;
    hits[card] = hits[card]! + values[plans.occupancy.offset + channel]!;
    for (let bit = 0; bit < adcBits; bit++)
      set[card * adcBits + bit] =
        set[card * adcBits + bit]! + values[plans.bits.offset + channel * adcBits + bit]!;
  }
  const away = new Float64Array(cards);
  for (let bit = 0; bit < adcBits; bit++) {
    const shares = hits.map((all, card) => (set[card * adcBits + bit]! + 1) / (all + 2));
    const middle = medianOf(shares.slice());
    for (let card = 0; card < cards; card++)
      // A card that gives next to nothing says nothing of its bits.
      if (hits[card]! > cardKnownAs) away[card] = Math.max(away[card]!, Math.abs(shares[card]! - middle));
  }
  const bins = worstBins(away, 1);
  return {
    check: 'channels',
    of: 'bits: unusually set card',
    value: away[bins[0] ?? 0] ?? 0,
    bins: bins.slice(0, 1),
  };
};

/** Distances of two shapes, none of which grows with the hits. @param tokens whether they are uses of tokens */
export const distanceReadings = (
  of: string,
  data: Float64Array,
  usual: Float64Array,
  tokens: boolean,
): Reading[] => {
  const [n, m] = [totalOf(data), totalOf(usual)];
  let [a, b, distance, apart, square] = [0, 0, 0, 0, 0];
  for (let bin = 0; bin < data.length && n > 0 && m > 0; bin++) {
    const [p, q] = [data[bin]! / n, usual[bin]! / m];
    a += p;
    b += q;
    distance = Math.max(distance, Math.abs(a - b));
    apart += Math.abs(p - q) / 2;
    square += p + q > 0 ? (p - q) ** 2 / (p + q) : 0;
  }
  const readings: Reading[] = [
    { check: 'Kolmogorov', of, value: distance, bins: [] },
    { check: 'χ²', of, value: square, bins: [] },
    { check: 'mean deviation', of, value: apart, bins: [] },
  ];
  if (tokens) readings.push({ check: 'token use', of, value: divergence(data, usual) ?? 0, bins: [] });
  return readings;
};

/**
 * Readings of one region, always the same ones in the same order; of a region on its own none beside others.
 * @param beside the other regions' objects
 */
export const usualReadings = (
  layout: ObjectLayout,
  values: Float64Array,
  shapes: Shapes,
  beside: readonly Float64Array[],
): Reading[] => {
  const now = trendsOf(layout, values);
  const readings = [
    ...partReadings(layout, values, shapes),
    bitReading(layout, values),
    ...shapeNames.flatMap((of) =>
      distanceReadings(of, binsOf(layout, values, of), shapes[of], of === 'symbols' || of === 'digits'),
    ),
    ...impossibleReadings({ layout, values }),
    ...ownTrends.map(
      (name): Reading => ({
        check: 'trend',
        of: name,
        value: Math.abs(stepOf(now[name], [shapes.trends[name]])),
        bins: [],
      }),
    ),
  ];
  if (beside.length === 0) return readings;
  const trends = beside.map((one) => trendsOf(layout, one));
  for (const of of shapeNames) {
    const expected = movedAs(
      shapes[of],
      beside.map((one) => ({ now: binsOf(layout, one, of), before: shapes[of] })),
    );
    readings.push({
      check: 'siblings',
      of: `${of} divergence`,
      value: divergence(binsOf(layout, values, of), expected) ?? 0,
      bins: [],
    });
  }
  for (const name of trendNames) {
    const middle = medianOf(trends.map((one) => one[name]));
    readings.push({
      check: 'siblings',
      of: `trend of ${name}`,
      value: Math.abs(stepOf(now[name], [middle])),
      bins: [],
    });
  }
  return readings;
};
