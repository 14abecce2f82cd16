/**
 * How rare a reading is among normal frames of like hit count, from a sample: counted where the sample reaches, with an
 * exponential tail beyond it. Refuses to pretend that a share smaller than the sample resolves was counted.
 */

import { wilson as wilsonEnd } from '../../../src/anomaly/calibration/strata.ts';

/** −log10 of the share of normal frames of like hit count that read as much. */
export type Rarity = (hitCount: number, value: number) => number;

/** Bands of equally many frames; a tail of so many of the highest carries what lies beyond. */
const [bandsWanted, bandFramesMin, tailCount] = [16, 500, 20];

interface Band {
  readonly from: number;
  readonly sorted: Float64Array;
  readonly tailFrom: number;
  readonly tailScale: number;
}

const bandOf = (from: number, values: readonly number[], scaleMin: number): Band => {
  const sorted = Float64Array.from(values).sort();
  const tail = sorted.subarray(Math.max(0, sorted.length - tailCount));
  const tailFrom = tail[0]!;
  const excess = tail.reduce((sum, value) => sum + value - tailFrom, 0) / tail.length;
  return { from, sorted, tailFrom, tailScale: Math.max(excess, scaleMin) };
};

/** @param scaleMin least scale of a tail: what hardly varies, or in whole numbers, has none of its own */
export const rarityOf = (
  hitCounts: readonly number[],
  values: readonly number[],
  scaleMin: number,
): Rarity => {
  const order = hitCounts.map((_, i) => i).sort((a, b) => hitCounts[a]! - hitCounts[b]!);
  const size = Math.max(bandFramesMin, Math.ceil(order.length / bandsWanted));
  const bands: Band[] = [];
  for (let at = 0; at < order.length; ) {
    let end = order.length - at < 1.5 * size ? order.length : at + size;
    // Frames with as many hits stay together.
    while (end < order.length && hitCounts[order[end]!] === hitCounts[order[end - 1]!]) end++;
    bands.push(
      bandOf(
        hitCounts[order[at]!]!,
        order.slice(at, end).map((i) => values[i]!),
        scaleMin,
      ),
    );
    at = end;
  }
  return (hitCount, value) => {
    let index = bands.length - 1;
    while (index > 0 && bands[index]!.from > hitCount) index--;
    const { sorted, tailFrom, tailScale } = bands[index]!;
    if (value > tailFrom) {
      const tail = Math.min(tailCount, sorted.length) / (sorted.length + 1);
      return -Math.log10(tail) + (value - tailFrom) / tailScale / Math.LN10;
    }
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return -Math.log10((1 + sorted.length - low) / (1 + sorted.length));
  };
};

/** The reading that the share `share` of a sample exceeds: counted where ten do, else from its exponential tail. */
export const thresholdOf = (values: readonly number[], share: number): number => {
  const sorted = Float64Array.from(values).sort();
  const beyond = share * sorted.length;
  if (beyond >= 10) return sorted[Math.max(0, sorted.length - 1 - Math.floor(beyond))]!;
  const { tailFrom, tailScale } = bandOf(0, values, 1e-6);
  return tailFrom + tailScale * Math.log(Math.min(tailCount, sorted.length) / beyond);
};

/** Wilson's interval at 95 % (J. Am. Stat. Assoc. 22, 1927) for `found` of `count`. */
export const wilson = (found: number, count: number): { low: number; high: number } => ({
  low: wilsonEnd(found, count, -1),
  high: wilsonEnd(found, count, 1),
});

/** Strength at which half are found, interpolated in its logarithm; null where the grid does not reach half. */
export const halfStrength = (
  strengths: readonly number[],
  efficiencies: readonly number[],
): number | null => {
  for (let i = 0; i < strengths.length; i++) {
    if (efficiencies[i]! < 0.5) continue;
    if (i === 0) return strengths[0]!;
    const share = (0.5 - efficiencies[i - 1]!) / (efficiencies[i]! - efficiencies[i - 1]!);
    return Math.exp(Math.log(strengths[i - 1]!) * (1 - share) + Math.log(strengths[i]!) * share);
  }
  return null;
};
