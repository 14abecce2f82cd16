/**
 * The checks a region's objects go through, each a list of readings that are larger the worse things are. A check says
 * what it saw; `thresholds.ts` says what good runs read. Refuses to know which runs are good.
 */

import { limits } from '../../domain/limits.ts';
import { binsOf, type ObjectLayout, type ObjectName, objectNames } from '../layout.ts';
import { betaBinomial, relativeProbabilities, totalOf } from './beta_binomial.ts';
import { countResiduals, medianOf, type Residuals, shareResiduals } from './channels.ts';
import { chiSquare, differingBins, divergence, kolmogorov, meanDeviation } from './comparators.ts';
import { stepOf, type TrendName, trendNames, trendsOf } from './trend.ts';

/** One number of a check, larger when worse, and the bins that make it, worst first. */
export interface Reading {
  readonly check: string;
  /** Object, and what of it. */
  readonly of: string;
  readonly value: number;
  readonly bins: readonly number[];
}

/** What a check may look at: one region's objects now, what they were in up to eight good runs, and who is beside it. */
export interface Seen {
  readonly layout: ObjectLayout;
  readonly values: Float64Array;
  readonly references: readonly Float64Array[];
  /** Sum of the references, bin by bin. */
  readonly combined: Float64Array;
  /** The instrument's other regions, one by one, so that one of them that is bad moves nothing; null where there are none. */
  readonly beside: readonly Sibling[] | null;
}

/** Another region: what it holds now, what its references hold together, and its trends. */
export interface Sibling {
  readonly values: Float64Array;
  readonly combined: Float64Array;
  readonly trends: TrendsOfOne;
}

export interface TrendsOfOne {
  readonly now: Readonly<Record<TrendName, number>>;
  readonly before: readonly Readonly<Record<TrendName, number>>[];
}

export const sumOf = (all: readonly Float64Array[]): Float64Array => {
  const sum = new Float64Array(all[0]?.length ?? 0);
  for (const one of all) for (let bin = 0; bin < sum.length; bin++) sum[bin] = sum[bin]! + one[bin]!;
  return sum;
};

/** Histograms of whole counts: charge is a sum of ADC values. */
export const countedNames = objectNames.filter((name) => name !== 'charge');

/** AutoDQM's two numbers for every histogram, with 1, 4 and 8 references at once. */
export const autoDqmReadings = (
  { layout, values, references }: Pick<Seen, 'layout' | 'values' | 'references'>,
  counts: readonly number[],
): Map<number, Reading[]> => {
  const readings = new Map<number, Reading[]>(counts.map((count) => [count, []]));
  for (const of of countedNames) {
    const data = binsOf(layout, values, of);
    const bins = references.map((reference) => binsOf(layout, reference, of));
    const probabilities = bins.map((reference) => relativeProbabilities(data, reference));
    for (const count of counts) {
      const result = betaBinomial(data, bins.slice(-count), probabilities.slice(-count));
      const check = `beta-binomial, ${count} references`;
      readings
        .get(count)!
        .push(
          { check, of: `${of} χ²`, value: result?.chiSquare ?? 0, bins: [] },
          { check, of: `${of} pull`, value: result?.maxPull ?? 0, bins: [] },
        );
    }
  }
  return readings;
};

/** Bins of the largest values, worst first, down to half of the worst. */
export const worstBins = (values: Float64Array, sign: 1 | -1): number[] => {
  let most = 0;
  for (let bin = 0; bin < values.length; bin++) most = Math.max(most, values[bin]! * sign);
  if (most <= 0) return [];
  const worst: number[] = [];
  for (let bin = 0; bin < values.length; bin++) if (values[bin]! * sign >= most / 2) worst.push(bin);
  return worst.sort((a, b) => (values[b]! - values[a]!) * sign).slice(0, limits.dqmBinsNamedMax);
};

/** @param near whether channels are also judged beside their neighbours: what tracks make is alike there, noise is not */
const extremes = (check: string, of: string, residuals: Residuals, near = true): Reading[] => {
  const reading = (what: string, values: Float64Array, sign: 1 | -1): Reading => {
    const bins = worstBins(values, sign);
    const value = bins.length === 0 ? 0 : values[bins[0]!]! * sign;
    return { check, of: `${of}: ${what}`, value, bins };
  };
  const { channels, chips, cards, local, seams } = residuals;
  const meanSquare = (values: Float64Array): number =>
    values.reduce((sum, z) => sum + z * z, 0) / Math.max(1, values.length);
  const all: Reading[] = [
    reading('low channel', channels, -1),
    reading('high channel', channels, 1),
    reading('low chip', chips, -1),
    reading('high chip', chips, 1),
    reading('low card', cards, -1),
    reading('high card', cards, 1),
    { check, of: `${of}: all channels`, value: meanSquare(channels), bins: [] },
  ];
  if (near)
    all.push(
      reading('low beside its neighbours', local, -1),
      reading('high beside its neighbours', local, 1),
      reading('low seam', seams, -1),
      reading('high seam', seams, 1),
      { check, of: `${of}: all beside their neighbours`, value: meanSquare(local), bins: [] },
    );
  return all;
};

const channelReadings = ({ layout, values, combined }: Seen, bits: boolean): Reading[] => {
  const of = (name: ObjectName) => ({
    now: binsOf(layout, values, name),
    before: binsOf(layout, combined, name),
  });
  const among = of('occupancy');
  const share = (name: ObjectName, spread: number): Residuals => {
    const part = of(name);
    return shareResiduals(
      layout,
      { part: part.now, among: among.now },
      { part: part.before, among: among.before },
      spread,
    );
  };
  return [
    ...extremes('channels', 'occupancy', countResiduals(layout, among.now, among.before)),
    ...extremes('channels', 'lone hits', share('alone', 1), false),
    ...extremes('channels', 'pairs', share('pairs', 1)),
    ...extremes('channels', 'charge', share('charge', 0.8)),
    ...(bits ? bitReadings(layout, values, combined) : []),
  ];
};

/** Bits of the ADC word, channel by channel: the worst of all bits. */
const bitReadings = (layout: ObjectLayout, values: Float64Array, combined: Float64Array): Reading[] => {
  const { channels, adcBits } = layout;
  const plane = (of: Float64Array, bit: number): Float64Array => {
    const bins = binsOf(layout, of, 'bits');
    return Float64Array.from({ length: channels }, (_, channel) => bins[channel * adcBits + bit]!);
  };
  const among = {
    now: binsOf(layout, values, 'occupancy'),
    before: binsOf(layout, combined, 'occupancy'),
  };
  const worst = new Map<string, Reading>();
  for (let bit = 0; bit < adcBits; bit++) {
    const residuals = shareResiduals(
      layout,
      { part: plane(values, bit), among: among.now },
      { part: plane(combined, bit), among: among.before },
      1,
    );
    // Of the few hits around a channel that set a bit, its share is anything: a single odd hit reads as the rarest of all.
    for (const reading of extremes('channels', 'bits', residuals, false))
      if (reading.value > (worst.get(reading.of)?.value ?? -1)) worst.set(reading.of, reading);
  }
  return [...worst.values()];
};

const shapes = ['adc', 'time', 'pulse_length', 'hits', 'repeats'] as const;
const differing = { share: 0.1, sigmas: 5 } as const;

const shapeReadings = ({ layout, values, combined, beside }: Seen): Reading[] =>
  [...shapes, 'symbols' as const, 'digits' as const].flatMap((of) => {
    const [data, reference] = [binsOf(layout, values, of), binsOf(layout, combined, of)];
    const bins = differingBins(data, reference, differing);
    const plain: Reading[] = [
      { check: 'Kolmogorov', of, value: kolmogorov(data, reference)?.distance ?? 0, bins: [] },
      { check: 'χ²', of, value: chiSquare(data, reference)?.distance ?? 0, bins: [] },
      { check: 'mean deviation', of, value: meanDeviation(data, reference) ?? 0, bins: [] },
      { check: 'bin by bin', of, value: bins.length, bins: bins.slice(0, limits.dqmBinsNamedMax) },
    ];
    if (of === 'symbols' || of === 'digits')
      plain.push({ check: 'token use', of, value: divergence(data, reference) ?? 0, bins: [] });
    if (beside === null) return plain;
    const expected = movedAs(
      reference,
      beside.map((one) => ({
        now: binsOf(layout, one.values, of),
        before: binsOf(layout, one.combined, of),
      })),
    );
    return [
      ...plain,
      { check: 'siblings', of: `${of} χ²`, value: chiSquare(data, expected)?.distance ?? 0, bins: [] },
      { check: 'siblings', of: `${of} divergence`, value: divergence(data, expected) ?? 0, bins: [] },
    ];
  });

/** A reference moved as others moved since: bin by bin, the median of the ratios of their shapes now and before. */
export const movedAs = (
  reference: Float64Array,
  others: readonly { readonly now: Float64Array; readonly before: Float64Array }[],
): Float64Array => {
  // Bins that others hardly fill tell little of how shapes moved: they are taken as they were.
  const knownAs = 20;
  const totals = others.map(({ now, before }) => ({
    now: Math.max(1, totalOf(now)),
    before: Math.max(1, totalOf(before)),
  }));
  const ratios = new Float64Array(others.length);
  return reference.map((value, bin) => {
    if (value === 0) return 0;
    for (let i = 0; i < others.length; i++) {
      const { now, before } = others[i]!;
      const all = totals[i]!;
      const prior = knownAs / all.now;
      ratios[i] = (now[bin]! / all.now + prior) / (before[bin]! / all.before + prior);
    }
    return value * medianOf(ratios);
  });
};

/** Each card's ADC values and times against the region's own shape now: what moved alike in all cards is not its fault. */
const cardReadings = ({ layout, values, combined }: Seen): Reading[] =>
  (['card_adc', 'card_time'] as const).map((of) => {
    const { cards } = layout;
    const [data, reference] = [binsOf(layout, values, of), binsOf(layout, combined, of)];
    const width = data.length / cards;
    const row = (all: Float64Array, card: number) => all.subarray(card * width, (card + 1) * width);
    const whole = (all: Float64Array) =>
      sumOf(Array.from({ length: cards }, (_, card) => row(all, card) as Float64Array));
    const [now, before] = [whole(data), whole(reference)];
    const distances = Array.from({ length: cards }, (_, card) => {
      const expected = movedAs(row(reference, card), [{ now, before }]);
      return chiSquare(row(data, card), expected)?.distance ?? 0;
    });
    const worst = Float64Array.from(distances);
    const bins = worstBins(worst, 1);
    return { check: 'cards', of, value: distances[bins[0] ?? 0] ?? 0, bins: bins.slice(0, 1) };
  });

/** Hits whose value no sound front-end gives: below the threshold of its zero suppression. */
export const impossibleReadings = ({ layout, values }: Pick<Seen, 'layout' | 'values'>): Reading[] => {
  const { step } = layout.plans.adc.axes[0]!;
  const below = Math.floor(layout.thresholdAdc / step);
  const bins = binsOf(layout, values, 'adc').subarray(0, below);
  return [{ check: 'impossible values', of: 'adc', value: Math.log2(1 + totalOf(bins)), bins: [] }];
};

const trendReadings = ({ layout, values, references, beside }: Seen): Reading[] => {
  const now = trendsOf(layout, values);
  const before = references.map((reference) => trendsOf(layout, reference));
  return trendNames.flatMap((name) => {
    const own = stepOf(
      now[name],
      before.map((one) => one[name]),
    );
    const steps: Reading[] = [{ check: 'trend', of: name, value: Math.abs(own), bins: [] }];
    if (beside === null || beside.length === 0) return steps;
    const usual = medianOf(
      beside.map(({ trends }) =>
        stepOf(
          trends.now[name],
          trends.before.map((one) => one[name]),
        ),
      ),
    );
    return [...steps, { check: 'siblings', of: `trend of ${name}`, value: Math.abs(own - usual), bins: [] }];
  });
};

/**
 * All readings but AutoDQM's, always the same ones in the same order.
 * @param bits whether the bits of every channel are among them: they cost as much as all the others
 */
export const readingsOf = (seen: Seen, bits = true): Reading[] => [
  ...channelReadings(seen, bits),
  ...cardReadings(seen),
  ...shapeReadings(seen),
  ...impossibleReadings(seen),
  ...trendReadings(seen),
];
