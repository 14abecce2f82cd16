/**
 * Things that go wrong in a chamber, injected on purpose and recorded in the truth: what anomaly scores are
 * judged against. Refuses to be subtle about time: a mishap holds for whole time frames.
 */

import { createPrng } from '../kernels/prng.ts';
import type { Detector } from './detector.ts';

/** One mishap of one region from time frame `from` up to, but not including, `to`. */
export type Mishap = {
  readonly region: number;
  readonly from: number;
  readonly to: number;
} & (
  | { readonly kind: 'dead-region' }
  /** `channels` further channels with `noiseAdc` of noise each. */
  | { readonly kind: 'hot-channels'; readonly channels: number; readonly noiseAdc: number }
  /** Coherent pick-up of `heightAdc` on all channels for `bins` time bins at a random place. */
  | { readonly kind: 'noise-burst'; readonly bins: number; readonly heightAdc: number }
  /** Every pulse times `gain`. */
  | { readonly kind: 'gain-drop'; readonly gain: number }
);

export const mishapKinds = ['dead-region', 'hot-channels', 'noise-burst', 'gain-drop'] as const;

/** What the mishaps of a region and time frame do to its digitisation. */
export interface Trouble {
  readonly dead: boolean;
  readonly gain: number;
  /** [layer][pad] extra noise, or null. */
  readonly extraNoise: Float32Array | null;
  readonly burst: { readonly from: number; readonly to: number; readonly heightAdc: number } | null;
}

const mishapStream = 4;
const planStream = 5;

export const mishapsOf = (mishaps: readonly Mishap[], region: number, timeFrame: number): readonly Mishap[] =>
  mishaps.filter((one) => one.region === region && timeFrame >= one.from && timeFrame < one.to);

/** Joins active mishaps; the channels and the place of a burst come from the key, so they replay. */
export const troubleOf = (
  active: readonly Mishap[],
  timeFrame: number,
  detector: Detector,
  key: readonly number[],
): Trouble | null => {
  if (active.length === 0) return null;
  let dead = false;
  let gain = 1;
  let extraNoise: Float32Array | null = null;
  let burst: Trouble['burst'] = null;
  for (const one of active) {
    if (one.kind === 'dead-region') dead = true;
    else if (one.kind === 'gain-drop') gain *= one.gain;
    else if (one.kind === 'hot-channels') {
      // The same channels for as long as the mishap lasts.
      const prng = createPrng(...key, mishapStream, one.region, one.from);
      extraNoise ??= new Float32Array(detector.layers * detector.pads);
      for (let n = 0; n < one.channels; n += 1) {
        extraNoise[Math.floor(prng.uniform() * extraNoise.length)] = one.noiseAdc;
      }
    } else {
      // Another place in every time frame.
      const prng = createPrng(...key, mishapStream, one.region, one.from, timeFrame);
      const from = Math.floor(prng.uniform() * Math.max(1, detector.bins - one.bins));
      burst = { from, to: Math.min(detector.bins, from + one.bins), heightAdc: one.heightAdc };
    }
  }
  return { dead, gain, extraNoise, burst };
};

/** Scatters mishaps of all kinds over a stretch of time frames: on average `ratePerTimeFrame` beginnings. */
export const scatterMishaps = (plan: {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly ratePerTimeFrame: number;
  readonly regionCount: number;
  /** Mean length in time frames, at least 1. */
  readonly lengthMean?: number;
}): readonly Mishap[] => {
  const prng = createPrng(plan.seed, planStream);
  const mishaps: Mishap[] = [];
  const step = () => Math.ceil(prng.exponential() / plan.ratePerTimeFrame);
  for (let at = plan.from + step() - 1; at < plan.to; at += step()) {
    const length = Math.max(1, Math.round(prng.exponential() * (plan.lengthMean ?? 4)));
    const place = { region: Math.floor(prng.uniform() * plan.regionCount), from: at, to: at + length };
    const kind = mishapKinds[Math.floor(prng.uniform() * mishapKinds.length)]!;
    if (kind === 'dead-region') mishaps.push({ ...place, kind });
    else if (kind === 'gain-drop') mishaps.push({ ...place, kind, gain: 0.5 + 0.2 * prng.uniform() });
    else if (kind === 'hot-channels') {
      mishaps.push({ ...place, kind, channels: 8 + Math.floor(prng.uniform() * 25), noiseAdc: 60 });
    } else mishaps.push({ ...place, kind, bins: 2 + Math.floor(prng.uniform() * 5), heightAdc: 90 });
  }
  return mishaps;
};
