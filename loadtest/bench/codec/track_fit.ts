/**
 * Fits of true tracks through the clusters found on them: azimuth against radius by a parabola (a helix of large
 * radius seen from near its axis), time against radius by a straight line (which a helix is), and the residuals that
 * tell how well the clusters lie. Refuses to find tracks: the simulation says which crossings belong together, and
 * the same crossings are asked of the raw and of the decoded frame.
 */

import type { Detector } from '../../../src/sim/detector.ts';
import { type ClusterIndex, nearestCluster } from './cluster_tally.ts';
import type { Crossings } from './crossings.ts';
import { openSpread, type Spread } from './spread.ts';

export interface TrackTally {
  /** Tracks with crossings in `layersMin` layers or more, and those of them with as many clusters. */
  tracks: number;
  fitted: number;
  /** Cluster − fit, in pads and time bins. */
  readonly pad: Spread;
  readonly bin: Spread;
  /** Fitted azimuth at the middle radius − the true crossings' fitted in the same layers, pads. */
  readonly place: Spread;
}

/** Three quarters of the layers: 12 of 16. */
const layersShareMin = 0.75;
/** A cluster this near to where the track crossed is taken for the track's, pads and bins. */
const assignDistanceMax = 1.5;

export const openTrackTally = (): TrackTally => ({
  tracks: 0,
  fitted: 0,
  pad: openSpread(2),
  bin: openSpread(2),
  place: openSpread(2),
});

/**
 * Least squares of y = c₀ + c₁x + … over `count` points, by the normal equations (x is scaled to −1 … 1 by the caller,
 * which keeps them well conditioned). Returns the coefficients, lowest power first.
 */
export const fitPolynomial = (
  x: readonly number[],
  y: readonly number[],
  degree: number,
): readonly number[] => {
  const size = degree + 1;
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) => x.reduce((sum, at) => sum + at ** (i + j), 0)),
    x.reduce((sum, at, k) => sum + at ** i * y[k]!, 0),
  ]);
  for (let i = 0; i < size; i++) {
    // Positive definite: no pivoting is needed.
    for (let k = i + 1; k < size; k++) {
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= size; j++) rows[k]![j] = rows[k]![j]! - factor * rows[i]![j]!;
    }
  }
  const found = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let rest = rows[i]![size]!;
    for (let j = i + 1; j < size; j++) rest -= rows[i]![j]! * found[j]!;
    found[i] = rest / rows[i]![i]!;
  }
  return found;
};

const valueAt = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

/** Adds the primary tracks of one frame, with the clusters of its raw or its decoded digits. */
export const tallyTracks = (
  crossings: Crossings,
  clusters: ClusterIndex,
  detector: Detector,
  tally: TrackTally,
): void => {
  const layersMin = Math.ceil(detector.layers * layersShareMin);
  const radius = Array.from(
    { length: detector.layers },
    (_, layer) => (2 * layer) / (detector.layers - 1) - 1,
  );
  for (let from = 0; from < crossings.count; ) {
    let to = from;
    while (to < crossings.count && crossings.track[to] === crossings.track[from]) to++;
    if (crossings.primary[from] === 1 && to - from >= layersMin)
      tallyTrack(crossings, from, to, clusters, radius, layersMin, tally);
    from = to;
  }
};

const tallyTrack = (
  crossings: Crossings,
  from: number,
  to: number,
  { clusters, ...index }: ClusterIndex,
  radius: readonly number[],
  layersMin: number,
  tally: TrackTally,
): void => {
  tally.tracks += 1;
  const [x, pad, bin, truePad]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let i = from; i < to; i++) {
    const layer = crossings.layer[i]!;
    const found = nearestCluster(
      { clusters, ...index },
      layer,
      crossings.pad[i]!,
      crossings.bin[i]!,
      assignDistanceMax,
    );
    if (found < 0) continue;
    x.push(radius[layer]!);
    pad.push(clusters.pad[found]!);
    bin.push(clusters.bin[found]!);
    truePad.push(crossings.pad[i]!);
  }
  if (x.length < layersMin) return;
  tally.fitted += 1;
  const azimuth = fitPolynomial(x, pad, 2);
  const time = fitPolynomial(x, bin, 1);
  x.forEach((at, i) => {
    tally.pad.add(pad[i]! - valueAt(azimuth, at));
    tally.bin.add(bin[i]! - valueAt(time, at));
  });
  tally.place.add(azimuth[0]! - fitPolynomial(x, truePad, 2)[0]!);
};
