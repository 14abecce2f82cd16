/**
 * What goes wrong in the electronics, done to the samples of one frame. Each is given its strength and touches channels
 * it can name. Refuses to move what the chamber itself did: gains and noise of sound channels stay.
 */

import {
  busyChannel,
  cardOf,
  chipOf,
  digitsOf,
  type Harm,
  harmOf,
  rowOf,
  type Site,
  samplesOf,
  voxelsOf,
} from './site.ts';

type Strike = (site: Site, strength: number) => Harm;

const silence = (samples: Uint16Array, channel: number, bins: number): void => {
  samples.fill(0, channel * bins, (channel + 1) * bins);
};

/** `strength` channels that were alive, anywhere, give nothing. */
export const deadChannels: Strike = (site, strength) => {
  const { detector, gain, prng, digits } = site;
  const samples = samplesOf(digits, voxelsOf(detector));
  const dead = new Set<number>();
  while (dead.size < strength) {
    const channel = Math.floor(prng.uniform() * gain.length);
    if (gain[channel]! > 0) dead.add(channel);
  }
  for (const channel of dead) silence(samples, channel, detector.bins);
  return harmOf(samples, dead, site.adcMax);
};

/** The first `strength` channels of a card give nothing, chip after chip. */
export const deadCard: Strike = (site, strength) => {
  const { detector, gain, digits } = site;
  const samples = samplesOf(digits, voxelsOf(detector));
  const dead = cardOf(busyChannel(site), detector).slice(0, strength);
  for (const channel of dead) silence(samples, channel, detector.bins);
  return harmOf(
    samples,
    dead.filter((channel) => gain[channel]! > 0),
    site.adcMax,
  );
};

/** ADC counts: one sample in 60 is over a threshold of 64, four in a frame of 249. */
const hotNoiseAdc = 30;

/** `strength` channels anywhere have twelve times the usual noise. */
export const hotChannels: Strike = (site, strength) => {
  const { detector, gain, prng, digits, adcMax } = site;
  const { bins, thresholdAdc } = detector;
  const samples = samplesOf(digits, voxelsOf(detector));
  const hot = new Set<number>();
  while (hot.size < strength) {
    const channel = Math.floor(prng.uniform() * gain.length);
    if (gain[channel]! > 0) hot.add(channel);
  }
  for (const channel of hot)
    for (let bin = 0; bin < bins; bin += 1) {
      const at = channel * bins + bin;
      const value = Math.round(samples[at]! + hotNoiseAdc * prng.gaussian());
      samples[at] = value < thresholdAdc ? 0 : value;
    }
  return harmOf(samples, hot, adcMax);
};

const scaled = (samples: Uint16Array, channels: Iterable<number>, gain: number, site: Site): void => {
  const { bins, thresholdAdc } = site.detector;
  for (const channel of channels)
    for (let at = channel * bins; at < (channel + 1) * bins; at += 1) {
      const value = Math.round(samples[at]! * gain);
      samples[at] = value < thresholdAdc ? 0 : value;
    }
};

/** Every pulse of the region is smaller by the share `strength`. */
export const gainDrop: Strike = (site, strength) => {
  const samples = samplesOf(site.digits, voxelsOf(site.detector));
  const channels = site.gain.keys();
  scaled(samples, channels, 1 - strength, site);
  return harmOf(samples, [], site.adcMax);
};

/** The same of one front-end card. */
export const cardGain: Strike = (site, strength) => {
  const samples = samplesOf(site.digits, voxelsOf(site.detector));
  const channels = cardOf(busyChannel(site), site.detector);
  scaled(samples, channels, 1 - strength, site);
  return harmOf(samples, channels, site.adcMax);
};

const burstAdc = 90;
const burstBins = 3;

/** Coherent pick-up of 90 ADC counts for three time bins on `strength` channels of a card, chip after chip. */
export const noiseBurst: Strike = (site, strength) => {
  const { detector, gain, prng, digits, adcMax } = site;
  const { bins, thresholdAdc, conditions } = detector;
  const samples = samplesOf(digits, voxelsOf(detector));
  const from = Math.floor(prng.uniform() * (bins - burstBins));
  const channels = cardOf(busyChannel(site), detector)
    .slice(0, strength)
    .filter((channel) => gain[channel]! > 0);
  for (const channel of channels)
    for (let bin = from; bin < from + burstBins; bin += 1) {
      const at = channel * bins + bin;
      const value = Math.round(samples[at]! + burstAdc + conditions.noiseAdc * prng.gaussian());
      samples[at] = value < thresholdAdc ? 0 : value;
    }
  return harmOf(samples, channels, adcMax);
};

/** One card is late by `strength` time bins: its frame begins with the end of the time frame before. */
export const timeShift: Strike = (site, strength) => {
  const { detector, digits, earlier, adcMax } = site;
  const { bins } = detector;
  const voxels = voxelsOf(detector);
  const samples = samplesOf(digits, voxels);
  const before = samplesOf(earlier, voxels);
  const channels = cardOf(busyChannel(site), detector);
  for (const channel of channels) {
    const [from, to] = [channel * bins, (channel + 1) * bins];
    samples.copyWithin(from + strength, from, to - strength);
    samples.set(before.subarray(to - strength, to), from);
  }
  return harmOf(samples, channels, adcMax);
};

/** One bit, any, of each word of a chip is flipped with probability `strength`; a word of 0 is no hit. */
export const bitFlips: Strike = (site, strength) => {
  const { detector, digits, prng, adcMax } = site;
  const samples = samplesOf(digits, voxelsOf(detector));
  const chip = chipOf(busyChannel(site), detector);
  const bits = Math.log2(adcMax + 1);
  const flipped: number[] = [];
  for (const channel of chip)
    for (let at = channel * detector.bins; at < (channel + 1) * detector.bins; at += 1) {
      if (samples[at] === 0) continue;
      samples[at] = Math.min(samples[at]!, adcMax);
      if (prng.uniform() >= strength) continue;
      samples[at] = samples[at]! ^ (1 << Math.floor(prng.uniform() * bits));
      flipped.push(channel);
    }
  return harmOf(samples, flipped, adcMax);
};

/** One bit, any, reads 1 (or 0, as often) on `strength` channels side by side. */
export const stuckBit: Strike = (site, strength) => {
  const { detector, digits, prng, adcMax } = site;
  const samples = samplesOf(digits, voxelsOf(detector));
  const channels = rowOf(busyChannel(site), strength, detector, prng);
  const bit = 1 << Math.floor(prng.uniform() * Math.log2(adcMax + 1));
  const reads = prng.uniform() < 0.5;
  const touched: number[] = [];
  for (const channel of channels)
    for (let at = channel * detector.bins; at < (channel + 1) * detector.bins; at += 1) {
      if (samples[at] === 0) continue;
      const value = Math.min(samples[at]!, adcMax);
      samples[at] = reads ? value | bit : value & ~bit;
      if (samples[at] !== value) touched.push(channel);
    }
  return harmOf(samples, touched, adcMax);
};

/** Two groups of `strength` channels side by side are plugged into each other's place. */
export const wrongGeometry: Strike = (site, strength) => {
  const { detector, digits, prng, adcMax } = site;
  const { bins, pads, layers } = detector;
  const before = samplesOf(digits, voxelsOf(detector));
  const samples = before.slice();
  const one = rowOf(busyChannel(site), strength, detector, prng);
  let other = one;
  while (other.some((channel) => one.includes(channel))) {
    const channel = Math.floor(prng.uniform() * layers * pads);
    other = rowOf(channel, strength, detector, prng);
  }
  one.forEach((channel, i) => {
    const partner = other[i]!;
    samples.set(before.subarray(partner * bins, (partner + 1) * bins), channel * bins);
    samples.set(before.subarray(channel * bins, (channel + 1) * bins), partner * bins);
  });
  return harmOf(samples, [...one, ...other], adcMax);
};

/** The share `strength` of the channels, in a row of their readout, holds what an earlier frame had there. */
export const repeatedFrame: Strike = (site, strength) => {
  const { detector, digits, earlier, prng, adcMax } = site;
  const { bins, layers, pads } = detector;
  const voxels = voxelsOf(detector);
  const samples = samplesOf(digits, voxels);
  const length = Math.max(1, Math.round(strength * layers * pads));
  const from = Math.floor(prng.uniform() * (layers * pads - length + 1)) * bins;
  samples.set(samplesOf(earlier, voxels).subarray(from, from + length * bins), from);
  return { digits: digitsOf(samples, adcMax), channels: new Uint32Array(0) };
};
