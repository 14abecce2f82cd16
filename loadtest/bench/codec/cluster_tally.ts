/**
 * Clusters of a raw frame against those of the same frame decoded: which are found again, which are fakes, and how
 * far centroid, width and charge of those found again have moved. Refuses to match loosely: a pair is the nearest
 * both ways, in the same layer, and no further apart than one cluster width.
 */

import type { Clusters } from '../../../src/kernels/clusters/clusters.ts';
import { openSpread, type Spread } from './spread.ts';

/**
 * Pads or time bins, as a distance in both: a cluster’s standard deviation is 0.93 pads and 0.95 bins on the Au+Au
 * test wedges, so beyond this it is another cluster.
 */
export const matchDistanceMax = 1;

/** No other raw cluster within this many widths: what is judged there is the codec, not how crowds are cut up. */
const isolationMin = 4;

export interface ClusterTally {
  raw: number;
  decoded: number;
  matched: number;
  /** Of the raw clusters those that stand alone, and those of them that are matched. */
  alone: number;
  aloneMatched: number;
  /** Centroid of those, decoded − raw, pads. */
  readonly alonePad: Spread;
  /** Decoded − raw of matched pairs: pads, time bins, widths in those, and relative charge. */
  readonly pad: Spread;
  readonly bin: Spread;
  readonly padWidth: Spread;
  readonly binWidth: Spread;
  readonly charge: Spread;
}

export const openClusterTally = (): ClusterTally => ({
  raw: 0,
  decoded: 0,
  matched: 0,
  alone: 0,
  aloneMatched: 0,
  alonePad: openSpread(1),
  pad: openSpread(1),
  bin: openSpread(1),
  padWidth: openSpread(1),
  binWidth: openSpread(1),
  charge: openSpread(2),
});

/** Share of raw clusters found again, and of decoded clusters that are no raw one. */
export const efficiency = ({ matched, raw }: ClusterTally): number => (raw === 0 ? 1 : matched / raw);
export const fakeShare = ({ matched, decoded }: ClusterTally): number =>
  decoded === 0 ? 0 : (decoded - matched) / decoded;

/** Clusters sorted into (layer, pad) cells, to be looked up by place. */
export interface ClusterIndex {
  readonly clusters: Clusters;
  readonly pads: number;
  /** Clusters of cell c are `order[starts[c]]` … `order[starts[c + 1] − 1]`. */
  readonly starts: Uint32Array;
  readonly order: Uint32Array;
}

const cellOf = (layer: number, pad: number, pads: number): number =>
  layer * pads + Math.max(0, Math.min(pads - 1, Math.floor(pad + 0.5)));

export const indexClusters = (clusters: Clusters, layers: number, pads: number): ClusterIndex => {
  const starts = new Uint32Array(layers * pads + 1);
  for (let i = 0; i < clusters.count; i++) {
    const cell = cellOf(clusters.layer[i]!, clusters.pad[i]!, pads);
    starts[cell + 1] = starts[cell + 1]! + 1;
  }
  for (let cell = 0; cell < layers * pads; cell++) starts[cell + 1] = starts[cell + 1]! + starts[cell]!;
  const next = starts.slice(0, -1);
  const order = new Uint32Array(clusters.count);
  for (let i = 0; i < clusters.count; i++) {
    const cell = cellOf(clusters.layer[i]!, clusters.pad[i]!, pads);
    order[next[cell]!] = i;
    next[cell] = next[cell]! + 1;
  }
  return { clusters, pads, starts, order };
};

/**
 * The cluster nearest to a place within `distanceMax` (pads and bins alike), or −1; of equally near ones the first.
 * @param except a cluster that does not count
 */
export const nearestCluster = (
  { clusters, pads, starts, order }: ClusterIndex,
  layer: number,
  pad: number,
  bin: number,
  distanceMax: number,
  except = -1,
): number => {
  const from = cellOf(layer, pad - distanceMax, pads);
  const to = cellOf(layer, pad + distanceMax, pads);
  let best = -1;
  let least = distanceMax * distanceMax;
  for (let at = starts[from]!; at < starts[to + 1]!; at++) {
    const i = order[at]!;
    const pads2 = (clusters.pad[i]! - pad) ** 2;
    const bins2 = (clusters.bin[i]! - bin) ** 2;
    if (i === except || pads2 + bins2 > least || (pads2 + bins2 === least && best >= 0)) continue;
    least = pads2 + bins2;
    best = i;
  }
  return best;
};

/** Adds one frame's clusters to the tally. */
export const tallyClusters = (raw: ClusterIndex, decoded: ClusterIndex, tally: ClusterTally): void => {
  const [a, b] = [raw.clusters, decoded.clusters];
  tally.raw += a.count;
  tally.decoded += b.count;
  for (let i = 0; i < a.count; i++) {
    const [layer, pad, bin] = [a.layer[i]!, a.pad[i]!, a.bin[i]!];
    const alone = nearestCluster(raw, layer, pad, bin, isolationMin, i) < 0;
    if (alone) tally.alone += 1;
    const j = nearestCluster(decoded, layer, pad, bin, matchDistanceMax);
    if (j < 0 || nearestCluster(raw, layer, b.pad[j]!, b.bin[j]!, matchDistanceMax) !== i) continue;
    tally.matched += 1;
    tally.pad.add(b.pad[j]! - pad);
    tally.bin.add(b.bin[j]! - bin);
    tally.padWidth.add(b.padSigma[j]! - a.padSigma[i]!);
    tally.binWidth.add(b.binSigma[j]! - a.binSigma[i]!);
    tally.charge.add(b.charge[j]! / a.charge[i]! - 1);
    if (!alone) continue;
    tally.aloneMatched += 1;
    tally.alonePad.add(b.pad[j]! - pad);
  }
};
