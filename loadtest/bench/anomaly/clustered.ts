/**
 * Intervals of efficiencies where events are drawn again and again from a list: events of one source rise and fall
 * together, so sources are resampled, not events (bootstrap by clusters, with Poisson weights), for the threshold and
 * for what is found alike. Refuses thresholds that its normal events do not reach.
 */

import { createPrng, type Prng } from '../../../src/kernels/prng.ts';

/** Readings of events, and which source each was made of; one below 0 is a source of its own. */
export interface Drawn {
  readonly values: Float64Array;
  readonly sources: Int32Array;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const repeats = 400;
/** Of the events beyond a threshold, how many are kept below it: a resampled threshold may lie so much lower. */
const [tailTimes, tailMore] = [8, 100];

/** Sources of a sample by number from 0 on, and how many there are. */
const numbered = (sources: Int32Array, order: readonly number[]) => {
  const known = new Map<number, number>();
  let count = 0;
  const of = order.map((event) => {
    const source = sources[event]!;
    if (source < 0) return count++;
    const number = known.get(source) ?? count++;
    known.set(source, number);
    return number;
  });
  return { of: Int32Array.from(of), count };
};

const drawWeights = (weights: Uint16Array, prng: Prng): void => {
  for (let i = 0; i < weights.length; i++) weights[i] = prng.poisson(1);
};

/** How many sources the events above a threshold were made of. */
export const sourcesBeyond = ({ values, sources }: Drawn, cut: number): number => {
  const order = Array.from(values.keys()).filter((event) => values[event]! > cut);
  return numbered(sources, order).count;
};

/** Draws thresholds and what they find anew; one object a signal, so that each is resampled in the same way. */
export const openResampling = (normal: Drawn, rates: readonly number[], seed: number) => {
  const wanted = rates.map((rate) => rate * normal.values.length);
  const kept = Math.min(normal.values.length, Math.ceil(tailTimes * Math.max(...wanted)) + tailMore);
  const tail = Array.from(normal.values.keys())
    .sort((a, b) => normal.values[b]! - normal.values[a]!)
    .slice(0, kept);
  const clusters = numbered(normal.sources, tail);
  const prng = createPrng(seed, 61);
  const weights = new Uint16Array(clusters.count);
  const cuts = Array.from({ length: repeats }, () => {
    drawWeights(weights, prng);
    return wanted.map((count) => {
      let sum = 0;
      for (let i = 0; i < tail.length; i++) {
        sum += weights[clusters.of[i]!]!;
        if (sum > count) return normal.values[tail[i]!]!;
      }
      return normal.values[tail.at(-1)!]!;
    });
  });
  return (signal: Drawn): readonly Interval[] => {
    const { of, count } = numbered(signal.sources, Array.from(signal.values.keys()));
    const drawn = new Uint16Array(count);
    const shares = rates.map(() => new Float64Array(repeats));
    cuts.forEach((cut, repeat) => {
      drawWeights(drawn, prng);
      const found = new Float64Array(rates.length);
      let all = 0;
      for (let i = 0; i < of.length; i++) {
        const weight = drawn[of[i]!]!;
        all += weight;
        for (let r = 0; r < rates.length; r++) if (signal.values[i]! > cut[r]!) found[r]! += weight;
      }
      rates.forEach((_, r) => {
        shares[r]![repeat] = found[r]! / Math.max(1, all);
      });
    });
    return shares.map((all) => {
      all.sort();
      return { low: all[Math.floor(0.025 * repeats)]!, high: all[Math.ceil(0.975 * repeats) - 1]! };
    });
  };
};
