/**
 * Where tracks truly crossed the layers of a region: the simulation's electrons gathered by track and layer, as the
 * places where the cluster finder ought to find one cluster. Refuses what is no single crossing: a looper's charge on
 * several turns, a track along the pads, and charge too small to be seen.
 */

import type { Detector } from '../../../src/sim/detector.ts';
import type { Reaching } from '../../../src/sim/world.ts';

/** Crossings of one frame as columns, in order of track, then layer. */
export interface Crossings {
  readonly count: number;
  /** Position in the frame's collisions · 65536 + track, as in the frame's truth. */
  readonly track: Uint32Array;
  readonly primary: Uint8Array;
  readonly layer: Uint16Array;
  /** Where its cluster's centroid is expected, pads and time bins. */
  readonly pad: Float32Array;
  readonly bin: Float32Array;
  /** ADC counts of an ideal pulse on a single pad. */
  readonly charge: Float32Array;
}

/**
 * Mean delay of a sample behind the electron: the CR-RC⁴ pulse t⁴e^{−4t/τ} is a gamma law of shape 5 and scale τ/4,
 * so its mean is 1.25 τ.
 */
const meanDelay = 1.25;
/** Widest electrons of one crossing, standard deviations in pads and bins: one straight step through a layer. */
const padSigmaMax = 1.5;
const binSigmaMax = 1.5;
/** In thresholds: on its highest pad a pulse keeps about half of its charge. */
const chargeMin = 2.5;

/** @param region position in the card's list */
export const crossingsOf = (reaching: readonly Reaching[], region: number, detector: Detector): Crossings => {
  const { layers, pads, bins, binNanos, thresholdAdc, conditions } = detector;
  const delay = (meanDelay * conditions.peakingNanos) / binNanos;
  const found: number[][] = [];
  reaching.forEach(({ collision, sinceFrameNanos }, index) => {
    const { deposits, primaryCount, trackCount } = collision;
    const shift = sinceFrameNanos / binNanos + delay;
    // [charge, pad, bin, pad², bin²] of each track in the layer at hand.
    const sums = new Float64Array(5 * trackCount);
    for (let layer = 0; layer < layers; layer++) {
      const cell = region * layers + layer;
      const touched: number[] = [];
      for (let i = deposits.starts[cell]!; i < deposits.starts[cell + 1]!; i++) {
        const track = deposits.track[i]!;
        const [charge, pad, bin] = [deposits.charge[i]!, deposits.pad[i]!, deposits.bin[i]! + shift];
        if (sums[5 * track] === 0) touched.push(track);
        [charge, charge * pad, charge * bin, charge * pad * pad, charge * bin * bin].forEach((term, k) => {
          sums[5 * track + k] = sums[5 * track + k]! + term;
        });
      }
      for (const track of touched) {
        const [charge, padSum, binSum, padSquares, binSquares] = sums.subarray(5 * track, 5 * track + 5);
        sums.fill(0, 5 * track, 5 * track + 5);
        const [pad, bin] = [padSum! / charge!, binSum! / charge!];
        const padSigma = Math.sqrt(Math.max(0, padSquares! / charge! - pad * pad));
        const binSigma = Math.sqrt(Math.max(0, binSquares! / charge! - bin * bin));
        const inside = pad >= 1 && pad <= pads - 2 && bin >= 2 && bin <= bins - 6;
        if (!inside || padSigma > padSigmaMax || binSigma > binSigmaMax) continue;
        if (charge! < chargeMin * thresholdAdc) continue;
        found.push([index * 65536 + track, track < primaryCount ? 1 : 0, layer, pad, bin, charge!]);
      }
    }
  });
  found.sort((a, b) => a[0]! - b[0]! || a[2]! - b[2]!);
  const column = (k: number): number[] => found.map((row) => row[k]!);
  return {
    count: found.length,
    track: Uint32Array.from(column(0)),
    primary: Uint8Array.from(column(1)),
    layer: Uint16Array.from(column(2)),
    pad: Float32Array.from(column(3)),
    bin: Float32Array.from(column(4)),
    charge: Float32Array.from(column(5)),
  };
};
