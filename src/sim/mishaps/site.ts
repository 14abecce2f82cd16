/**
 * Where a mishap strikes: one region's frame before the ADC's upper limit, how its channels are wired, and what came
 * earlier from the same region. Refuses to know of strengths; the kinds of mishap do.
 */

import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { Prng } from '../../kernels/prng.ts';
import type { Detector } from '../detector.ts';
import type { Response } from '../response.ts';

/** Channels of one front-end card and of one of its chips, as layers × pads. */
export const wiring = { cardLayers: 4, cardPads: 64, chipPads: 32 } as const;

/** ADC bits a frame is simulated with before it is limited: so that what strikes before the limit is exact. */
export const wideBits = 14;

/** The card of a chamber whose ADC does not saturate, otherwise the same. */
export const wideCard = (card: InstrumentCard): InstrumentCard => ({ ...card, adcBits: wideBits });

export interface Site {
  readonly detector: Detector;
  readonly response: Response;
  readonly region: number;
  /** [layer][pad], 0 for a dead channel. */
  readonly gain: Float32Array;
  /** Before the limit of the ADC (`wideCard`). */
  readonly digits: Digits;
  /** What the same region read out in the time frame before. */
  readonly earlier: Digits;
  readonly prng: Prng;
  /** The ADC's upper limit, and the number of bits that make it. */
  readonly adcMax: number;
  /** Where a mishap that stands for more than a frame is; a busy channel of the frame where it is not said. */
  readonly channel?: number;
}

/** What a mishap made of a frame: within the ADC's limits, and the channels that were touched, ascending. */
export interface Harm {
  readonly digits: Digits;
  readonly channels: Uint32Array;
}

/** A frame as samples, [channel][bin], 0 where nothing is over threshold. */
export const samplesOf = ({ count, voxel, adc }: Digits, voxels: number): Uint16Array => {
  const samples = new Uint16Array(voxels);
  for (let hit = 0; hit < count; hit += 1) samples[voxel[hit]!] = adc[hit]!;
  return samples;
};

/** Hits of samples that are not 0, limited to `adcMax`. Whatever is below threshold stays: a fault may put it there. */
export const digitsOf = (samples: Uint16Array, adcMax: number): Digits => {
  // Two samples at a time: nearly all are nothing.
  const pairs = new Uint32Array(samples.buffer, samples.byteOffset, samples.length >>> 1);
  const voxel: number[] = [];
  const keep = (at: number): void => {
    if (samples[at]! > 0) voxel.push(at);
  };
  for (let pair = 0; pair < pairs.length; pair += 1) {
    if (pairs[pair] === 0) continue;
    keep(2 * pair);
    keep(2 * pair + 1);
  }
  if (samples.length % 2 === 1) keep(samples.length - 1);
  return {
    count: voxel.length,
    voxel: Uint32Array.from(voxel),
    adc: Uint16Array.from(voxel, (at) => Math.min(adcMax, samples[at]!)),
  };
};

/** A frame as the ADC gives it. */
export const limited = ({ count, voxel, adc }: Digits, adcMax: number): Digits => ({
  count,
  voxel,
  adc: adc.map((value) => Math.min(adcMax, value)),
});

export const voxelsOf = ({ layers, pads, bins }: Detector): number => layers * pads * bins;

/** A channel that has hits, more often one that has many: what strikes elsewhere nobody could see. */
export const busyChannel = ({ digits, detector, prng, channel }: Site): number =>
  channel !== undefined
    ? channel
    : digits.count === 0
      ? Math.floor(prng.uniform() * detector.layers * detector.pads)
      : Math.floor(digits.voxel[Math.floor(prng.uniform() * digits.count)]! / detector.bins);

/** Channels of the card a channel belongs to, chip after chip. */
export const cardOf = (channel: number, { layers, pads }: Detector): number[] => {
  const { cardLayers, cardPads, chipPads } = wiring;
  const firstLayer = Math.floor(channel / pads / cardLayers) * cardLayers;
  const firstPad = Math.floor((channel % pads) / cardPads) * cardPads;
  const channels: number[] = [];
  for (let pad = firstPad; pad < Math.min(pads, firstPad + cardPads); pad += chipPads)
    for (let layer = firstLayer; layer < Math.min(layers, firstLayer + cardLayers); layer += 1)
      for (let p = pad; p < Math.min(pads, pad + chipPads); p += 1) channels.push(layer * pads + p);
  return channels;
};

/** Channels of the chip a channel belongs to. */
export const chipOf = (channel: number, { pads }: Detector): number[] => {
  const layer = Math.floor(channel / pads);
  const first = Math.floor((channel % pads) / wiring.chipPads) * wiring.chipPads;
  return Array.from({ length: Math.min(wiring.chipPads, pads - first) }, (_, i) => layer * pads + first + i);
};

/** `count` neighbours in one layer, the given channel among them. */
export const rowOf = (channel: number, count: number, { pads }: Detector, prng: Prng): number[] => {
  const layer = Math.floor(channel / pads);
  const back = Math.floor(prng.uniform() * count);
  const first = Math.max(0, Math.min(pads - count, (channel % pads) - back));
  return Array.from({ length: Math.min(count, pads) }, (_, i) => layer * pads + first + i);
};

export const harmOf = (samples: Uint16Array, channels: Iterable<number>, adcMax: number): Harm => ({
  digits: digitsOf(samples, adcMax),
  channels: Uint32Array.from(new Set(channels)).sort(),
});
