/**
 * From electrons at the pads to the zero-suppressed digits of a region: pulses are summed on one layer's grid at
 * a time (which stays in the cache), then gain, noise, saturation and threshold make hits. Refuses to keep a
 * sample below threshold or above the ADC's range.
 */

import type { Digits } from '../domain/frame.ts';
import { createPrng, type Prng } from '../kernels/prng.ts';
import type { Deposits } from './deposit.ts';
import type { Detector } from './detector.ts';
import type { Trouble } from './mishap.ts';
import { binReach, padReach, phases, type Response, sigmaBinClasses } from './response.ts';

/** Scratch space of one digitiser, reused for every region. */
export interface Digitiser {
  readonly detector: Detector;
  readonly response: Response;
  /** One layer, [pad][bin]. */
  readonly grid: Float32Array;
  /** Per pad: first touched bin and one past the last; empty when from ≥ to. */
  readonly touchedFrom: Int32Array;
  readonly touchedTo: Int32Array;
  voxel: Uint32Array;
  adc: Uint16Array;
}

export const createDigitiser = (detector: Detector, response: Response): Digitiser => ({
  detector,
  response,
  grid: new Float32Array(detector.pads * detector.bins),
  touchedFrom: new Int32Array(detector.pads).fill(detector.bins),
  touchedTo: new Int32Array(detector.pads),
  voxel: new Uint32Array(1 << 16),
  adc: new Uint16Array(1 << 16),
});

/** Deposits of one collision and where its time zero lies in the frame, in bins (negative: before it). */
export interface Shower {
  readonly deposits: Deposits;
  readonly startBins: number;
  /** Per track, the stamp of the last region it was seen in. */
  readonly stamps: Uint32Array;
  /** Bits above the track index in the truth. */
  readonly tag: number;
}

/** Channel state of one region: [layer][pad]. */
export interface RegionChannels {
  readonly gain: Float32Array;
  readonly extraNoise: Float32Array;
}

/** Digits of a region, in arrays of their own, and the tracks that left charge in it. */
export const digitiseRegion = (
  digitiser: Digitiser,
  region: number,
  stamp: number,
  showers: readonly Shower[],
  channels: RegionChannels,
  trouble: Trouble | null,
  prng: Prng,
): { digits: Digits; tracks: Uint32Array } => {
  const { layers, pads, bins } = digitiser.detector;
  const tracks: number[] = [];
  let count = 0;
  for (let layer = 0; layer < layers; layer += 1) {
    for (const shower of showers) addShower(digitiser, region * layers + layer, stamp, shower, tracks);
    // A layer holds at most every voxel: grow before, never inside, the scan.
    if (count + pads * bins > digitiser.voxel.length) grow(digitiser, count + pads * bins);
    count = suppress(digitiser, layer, count, channels, trouble, prng);
  }
  return {
    digits: { count, voxel: digitiser.voxel.slice(0, count), adc: digitiser.adc.slice(0, count) },
    tracks: Uint32Array.from(tracks),
  };
};

const grow = (digitiser: Digitiser, atLeast: number): void => {
  const size = Math.max(atLeast, digitiser.voxel.length * 2);
  const voxel = new Uint32Array(size);
  const adc = new Uint16Array(size);
  voxel.set(digitiser.voxel);
  adc.set(digitiser.adc);
  digitiser.voxel = voxel;
  digitiser.adc = adc;
};

/** Sums the pulses of one collision's packets in one (region, layer) onto the grid. */
const addShower = (
  digitiser: Digitiser,
  cell: number,
  stamp: number,
  shower: Shower,
  tracks: number[],
): void => {
  const { grid, touchedFrom, touchedTo, detector, response } = digitiser;
  const { pads, bins } = detector;
  const { padShare, pulse } = response;
  const { starts, pad, bin, charge, spread, track } = shower.deposits;
  const { startBins, stamps } = shower;
  const end = starts[cell + 1]!;
  for (let i = starts[cell]!; i < end; i += 1) {
    const time = bin[i]! + startBins;
    const firstBin = Math.floor(time);
    if (firstBin >= bins || firstBin + binReach <= 0) continue;
    if (stamps[track[i]!] !== stamp) {
      stamps[track[i]!] = stamp;
      tracks.push(shower.tag | track[i]!);
    }
    const binPhase = Math.floor((time - firstBin) * phases);
    const centre = Math.floor(pad[i]! + 0.5);
    const padPhase = Math.floor((pad[i]! + 0.5 - centre) * phases);
    const kind = spread[i]!;
    const driftClass = kind % sigmaBinClasses;
    const padAt = (((kind - driftClass) / sigmaBinClasses) * phases + padPhase) * padReach;
    const pulseAt = (driftClass * phases + binPhase) * binReach;
    const from = firstBin < 0 ? -firstBin : 0;
    const to = firstBin + binReach > bins ? bins - firstBin : binReach;
    for (let p = 0; p < padReach; p += 1) {
      const row = centre + p - 2;
      const height = charge[i]! * padShare[padAt + p]!;
      if (row < 0 || row >= pads || height < heightMin) continue;
      const at = row * bins + firstBin;
      if (to - from === binReach) addPulse(grid, at, pulse, pulseAt, height);
      else for (let b = from; b < to; b += 1) grid[at + b] = grid[at + b]! + height * pulse[pulseAt + b]!;
      if (firstBin + from < touchedFrom[row]!) touchedFrom[row] = firstBin + from;
      if (firstBin + to > touchedTo[row]!) touchedTo[row] = firstBin + to;
    }
  }
};

/** A share of a packet below this many ADC counts is lost in the noise. */
const heightMin = 0.25;

/** A whole pulse (binReach samples), written out: this is where a simulation spends its time. */
const addPulse = (
  grid: Float32Array,
  at: number,
  pulse: Float32Array,
  from: number,
  height: number,
): void => {
  grid[at] = grid[at]! + height * pulse[from]!;
  grid[at + 1] = grid[at + 1]! + height * pulse[from + 1]!;
  grid[at + 2] = grid[at + 2]! + height * pulse[from + 2]!;
  grid[at + 3] = grid[at + 3]! + height * pulse[from + 3]!;
  grid[at + 4] = grid[at + 4]! + height * pulse[from + 4]!;
  grid[at + 5] = grid[at + 5]! + height * pulse[from + 5]!;
  grid[at + 6] = grid[at + 6]! + height * pulse[from + 6]!;
};

/**
 * 65,536 standard normals; each channel of each frame reads them from a place of its own. A draw for every sample
 * would cost more than the rest of the scan, and no channel reads enough of the ring to see it again.
 */
const ringMask = 0xffff;
const noiseRing = (() => {
  const prng = createPrng(0x6e6f6973);
  return Float32Array.from({ length: ringMask + 1 }, () => prng.gaussian());
})();

/** Makes hits of the grid's samples from `count` on, clears the grid, and returns the new count. */
const suppress = (
  digitiser: Digitiser,
  layer: number,
  count: number,
  channels: RegionChannels,
  trouble: Trouble | null,
  prng: Prng,
): number => {
  const { detector, grid, touchedFrom, touchedTo, voxel, adc } = digitiser;
  const { pads, bins, thresholdAdc, adcMax, conditions } = detector;
  const burst = trouble?.burst ?? null;
  let n = count;
  for (let pad = 0; pad < pads; pad += 1) {
    const channel = layer * pads + pad;
    const gain = channels.gain[channel]! * (trouble?.gain ?? 1);
    const extra = Math.max(channels.extraNoise[channel]!, trouble?.extraNoise?.[channel] ?? 0);
    const dead = gain === 0 || trouble?.dead === true;
    const whole = !dead && (extra > 0 || burst !== null);
    const from = whole ? 0 : touchedFrom[pad]!;
    const to = whole ? bins : touchedTo[pad]!;
    if (!dead) {
      const noise = Math.sqrt(conditions.noiseAdc ** 2 + extra * extra);
      const ringAt = prng.uint32() & ringMask;
      const base = pad * bins;
      const voxelBase = channel * bins;
      // What five standard deviations of noise cannot lift over the threshold is not looked at.
      const worth = whole ? Number.NEGATIVE_INFINITY : (thresholdAdc - 0.5 - 5 * noise) / gain;
      for (let bin = from; bin < to; bin += 1) {
        const signal = grid[base + bin]!;
        if (signal < worth) continue;
        let value = signal * gain + noise * noiseRing[(ringAt + bin) & ringMask]!;
        if (burst !== null && bin >= burst.from && bin < burst.to) value += burst.heightAdc;
        const sample = value >= adcMax ? adcMax : Math.floor(value + 0.5);
        if (sample >= thresholdAdc) {
          voxel[n] = voxelBase + bin;
          adc[n] = sample;
          n += 1;
        }
      }
    }
    if (touchedFrom[pad]! < touchedTo[pad]!) {
      grid.fill(0, pad * bins + touchedFrom[pad]!, pad * bins + touchedTo[pad]!);
    }
    touchedFrom[pad] = bins;
    touchedTo[pad] = 0;
  }
  return n;
};
