/**
 * Which MonitorObjects a region has: histograms on named axes, end to end in one array, as its instrument's card and its
 * wiring ask for. Refuses cards whose frames are not hits on a grid of at least two axes.
 */

import { Fault } from '../domain/fault.ts';
import type { Axis, InstrumentCard } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import type { Wiring } from '../kernels/survey/survey.ts';

export const objectNames = [
  'occupancy',
  'charge',
  'alone',
  'pairs',
  'bits',
  'adc',
  'card_adc',
  'time',
  'card_time',
  'pulse_length',
  'hits',
  'symbols',
  'digits',
  'repeats',
] as const;
export type ObjectName = (typeof objectNames)[number];

export interface ObjectPlan<Name extends string = ObjectName> {
  readonly name: Name;
  readonly title: string;
  /** Outermost first, bins row-major. */
  readonly axes: readonly Axis[];
  /** Bins, and where the first lies in the region's array. */
  readonly size: number;
  readonly offset: number;
  /** What a bin counts. */
  readonly unit: string;
}

export interface ObjectLayout {
  readonly plans: Readonly<Record<ObjectName, ObjectPlan>>;
  /** Bins of all objects. */
  readonly size: number;
  /** The grid as channels (a channel is a row of it) of `samples` each, `lanes` of them in a layer. */
  readonly layers: number;
  readonly lanes: number;
  readonly samples: number;
  readonly channels: number;
  readonly adcBits: number;
  readonly thresholdAdc: number;
  readonly wiring: Wiring;
  /** Chip and front-end card of every channel. */
  readonly chipOf: Uint16Array;
  readonly cardOf: Uint16Array;
  readonly chips: number;
  readonly cards: number;
  /** Tokens: symbols a patch, values of a symbol, and the levels of each digit of a symbol. */
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  readonly levels: readonly number[];
  readonly symbolDigits: number;
}

export const adcBins = 64;
export const pulseBins = 32;
/** Quarter octaves of a frame's hits, and half octaves of the share that is repeated. */
export const hitBins = 80;
export const repeatBins = 24;
/** Time bins of a card's profile that are one. */
export const cardTimeStep = 8;

const counted = (name: string, size: number): Axis => ({ name, size, unit: '', origin: 0, step: 1 });

export const objectLayout = (
  card: Pick<InstrumentCard, 'id' | 'axes' | 'adcBits' | 'thresholdAdc' | 'kind'>,
  wiring: Wiring,
  model: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet' | 'levels' | 'symbolDigits'>,
): ObjectLayout => {
  if (card.kind !== 'digits' || card.axes.length < 2)
    throw new Fault(
      'card-invalid',
      `${card.id}: objects are watched of frames of hits with two axes or more`,
    );
  const sampleAxis = card.axes.at(-1)!;
  const laneAxis = card.axes.at(-2)!;
  const layers = card.axes.slice(0, -2).reduce((product, { size }) => product * size, 1);
  const [lanes, samples] = [laneAxis.size, sampleAxis.size];
  const channels = layers * lanes;
  const chipsAbreast = Math.ceil(lanes / wiring.chipLanes);
  const cardsAbreast = Math.ceil(lanes / wiring.cardLanes);
  const layerOf = (channel: number): number => Math.floor(channel / lanes);
  const chipOf = Uint16Array.from(
    { length: channels },
    (_, c) => layerOf(c) * chipsAbreast + Math.floor((c % lanes) / wiring.chipLanes),
  );
  const cardOf = Uint16Array.from(
    { length: channels },
    (_, c) =>
      Math.floor(layerOf(c) / wiring.cardLayers) * cardsAbreast + Math.floor((c % lanes) / wiring.cardLanes),
  );
  const cards = Math.ceil(layers / wiring.cardLayers) * cardsAbreast;
  const grid = [counted('layer', layers), laneAxis];
  const adc = { ...counted('adc', adcBins), unit: 'ADC', step: 2 ** card.adcBits / adcBins };
  const cardTime = {
    ...sampleAxis,
    size: Math.ceil(samples / cardTimeStep),
    step: sampleAxis.step * cardTimeStep,
  };
  const { symbolsPerPatch, alphabet, levels, symbolDigits } = model;
  const wanted: Record<ObjectName, readonly [string, readonly Axis[], string]> = {
    occupancy: ['Hits of each channel', grid, 'hits'],
    charge: ['Charge of each channel', grid, 'ADC'],
    alone: ['Hits without a neighbour in time', grid, 'hits'],
    pairs: ['Hits that the next lane has at the same time', grid, 'hits'],
    bits: ['Bits set in the ADC values of each channel', [...grid, counted('bit', card.adcBits)], 'hits'],
    adc: ['ADC values', [adc], 'hits'],
    card_adc: ['ADC values of each front-end card', [counted('card', cards), adc], 'hits'],
    time: ['Hits in time', [sampleAxis], 'hits'],
    card_time: ['Hits in time of each front-end card', [counted('card', cards), cardTime], 'hits'],
    pulse_length: ['Samples in a row over threshold', [counted('samples', pulseBins)], 'pulses'],
    hits: ['Hits of a frame, in quarter octaves', [counted('quarter octaves', hitBins)], 'frames'],
    symbols: [
      'Token use by position and symbol',
      [counted('position', symbolsPerPatch), counted('symbol', alphabet)],
      'patches',
    ],
    digits: [
      'Token use by digit of the codebook',
      [counted('digit', levels.length), counted('level', Math.max(...levels))],
      'patches',
    ],
    repeats: [
      'Share of a frame that is as it was a frame ago, in half octaves',
      [counted('half octaves', repeatBins)],
      'frames',
    ],
  };
  let size = 0;
  const plans = Object.fromEntries(
    objectNames.map((name) => {
      const [title, axes, unit] = wanted[name];
      const bins = axes.reduce((product, axis) => product * axis.size, 1);
      const plan: ObjectPlan = { name, title, axes, size: bins, offset: size, unit };
      size += bins;
      return [name, plan];
    }),
  ) as Record<ObjectName, ObjectPlan>;
  return {
    plans,
    size,
    layers,
    lanes,
    samples,
    channels,
    adcBits: card.adcBits,
    thresholdAdc: card.thresholdAdc,
    wiring,
    chipOf,
    cardOf,
    chips: layers * chipsAbreast,
    cards,
    symbolsPerPatch,
    alphabet,
    levels,
    symbolDigits,
  };
};

/** The bins of one object in a region's array; a view, not a copy. */
export const binsOf = <Bins extends Float64Array | Float32Array>(
  { plans }: Pick<ObjectLayout, 'plans'>,
  values: Bins,
  name: ObjectName,
): Bins => values.subarray(plans[name].offset, plans[name].offset + plans[name].size) as Bins;
