/**
 * What a contender's wedges are worth: bytes, fidelity voxel by voxel, and the physics after decoding. Raw clusters
 * and true tracks are found once a set and asked of every contender. Refuses to average ratios: sizes are summed
 * first, errors are over all voxels of all wedges.
 */

import { fidelity } from '../../../src/codec/packet.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import {
  type ClusterGrid,
  type Clusters,
  clusterColumns,
  clusterGrid,
  findClusters,
} from '../../../src/kernels/clusters/clusters.ts';
import { type Detector, prepareDetector } from '../../../src/sim/detector.ts';
import { plannedExport } from '../../../src/simulate.ts';
import {
  type ClusterIndex,
  type ClusterTally,
  efficiency,
  fakeShare,
  indexClusters,
  openClusterTally,
  tallyClusters,
} from './cluster_tally.ts';
import { type Crossings, crossingsOf } from './crossings.ts';
import {
  halfResolved,
  openSeparationTally,
  pairsOf,
  type SeparationTally,
  tallySeparation,
} from './separation.ts';
import type { TestSet } from './sets.ts';
import { openTrackTally, type TrackTally, tallyTracks } from './track_fit.ts';

/** One wedge through a contender: bytes of the whole message, null where it is no codec, and what comes back. */
export interface Returned {
  readonly bytes: number | null;
  readonly digits: Digits;
}

export interface Contender {
  /** One word by which the ratios find it, and what it is. */
  readonly key: string;
  readonly name: string;
  /** Numbers of the wedges it is judged on, where it is not all of them. */
  readonly chosen?: readonly number[];
  /** Wedge number `index` of the set it was opened for. */
  run(index: number): Promise<Returned>;
  close?(): Promise<void>;
}

/** Truth of a wedge of the set's first time frames. */
interface Truth {
  readonly crossings: Crossings;
  readonly pairs: Uint32Array;
}

/** A set made ready: raw clusters of all its wedges, truth of some. */
export interface Bench {
  readonly set: TestSet;
  readonly grid: ClusterGrid;
  readonly found: Clusters;
  readonly raw: readonly ClusterIndex[];
  readonly detector: Detector;
  readonly truth: readonly (Truth | null)[];
  /** Tracks and pairs as the raw frames show them. */
  readonly rawTracks: TrackTally;
  readonly rawSeparation: SeparationTally;
}

const copied = (found: Clusters): Clusters => ({
  count: found.count,
  layer: found.layer.slice(0, found.count),
  pad: found.pad.slice(0, found.count),
  bin: found.bin.slice(0, found.count),
  padSigma: found.padSigma.slice(0, found.count),
  binSigma: found.binSigma.slice(0, found.count),
  charge: found.charge.slice(0, found.count),
  peakAdc: found.peakAdc.slice(0, found.count),
});

/** @param truthTimeFrames time frames whose collisions are made again to know their tracks: a fifth of a second each */
export const openBench = (set: TestSet, truthTimeFrames: number): Bench => {
  const { card } = set.cards;
  const detector = prepareDetector(card);
  const grid = clusterGrid(card);
  const found = clusterColumns(set.voxels);
  const raw = set.wedges.map(({ digits }) => {
    findClusters(digits, grid, found);
    return indexClusters(copied(found), detector.layers, detector.pads);
  });
  const known = [...new Set(set.wedges.map(({ timeFrame }) => timeFrame))].slice(0, truthTimeFrames);
  const { world } = plannedExport(set.planned);
  const truth = set.wedges.map(({ timeFrame, region }): Truth | null => {
    if (!known.includes(timeFrame)) return null;
    const crossings = crossingsOf(world.reaching(timeFrame), region, detector);
    return { crossings, pairs: pairsOf(crossings) };
  });
  const rawTracks = openTrackTally();
  const rawSeparation = openSeparationTally();
  truth.forEach((one, i) => {
    if (one === null) return;
    tallyTracks(one.crossings, raw[i]!, detector, rawTracks);
    tallySeparation(one.crossings, one.pairs, raw[i]!, rawSeparation);
  });
  return { set, grid, found, raw, detector, truth, rawTracks, rawSeparation };
};

export interface Verdict {
  readonly key: string;
  readonly name: string;
  readonly wedges: number;
  /** Bytes of each wedge it was judged on; 0 where it is no codec. */
  readonly sizes: readonly number[];
  /** Against 16 bits for every voxel, and against 30 bits for every hit (20 of place, 10 of ADC); null: no codec. */
  readonly ratioDense: number | null;
  readonly ratioList: number | null;
  readonly bitsPerHit: number | null;
  readonly logMae: number;
  readonly precision: number;
  readonly recall: number;
  /** Decoded over raw charge, less 1. */
  readonly chargeBias: number;
  readonly clusters: ClusterTally;
  readonly tracks: TrackTally;
  readonly separation: SeparationTally;
}

const chargeOf = ({ count, adc }: Digits): number => {
  let charge = 0;
  for (let i = 0; i < count; i++) charge += adc[i]!;
  return charge;
};

/** Runs the contender over the set's wedges, or as many as it can be asked for. */
export const judge = async (bench: Bench, contender: Contender): Promise<Verdict> => {
  const { set, grid, found, raw, detector, truth } = bench;
  const chosen = contender.chosen ?? set.wedges.map((_, i) => i);
  const wedges = chosen.length;
  const clusters = openClusterTally();
  const tracks = openTrackTally();
  const separation = openSeparationTally();
  const sum = { bytes: 0, hits: 0, error: 0, decoded: 0, both: 0, charge: 0, decodedCharge: 0 };
  const sizes: number[] = [];
  let isCodec = true;
  for (const i of chosen) {
    const { digits } = set.wedges[i]!;
    const { bytes, digits: decoded } = await contender.run(i);
    if (bytes === null) isCodec = false;
    const { logMae, hits } = fidelity(digits, decoded, set.cards.card);
    sizes[i] = bytes ?? 0;
    sum.bytes += bytes ?? 0;
    sum.hits += hits.raw;
    sum.error += logMae;
    sum.decoded += hits.decoded;
    sum.both += hits.both;
    sum.charge += chargeOf(digits);
    sum.decodedCharge += chargeOf(decoded);
    findClusters(decoded, grid, found);
    const index = indexClusters(found, detector.layers, detector.pads);
    tallyClusters(raw[i]!, index, clusters);
    const known = truth[i]!;
    if (known === null) continue;
    tallyTracks(known.crossings, index, detector, tracks);
    tallySeparation(known.crossings, known.pairs, index, separation);
  }
  const voxels = set.voxels * wedges;
  const bits = 8 * sum.bytes;
  return {
    key: contender.key,
    name: contender.name,
    wedges,
    sizes,
    ratioDense: isCodec ? (16 * voxels) / bits : null,
    ratioList: isCodec ? (30 * sum.hits) / bits : null,
    bitsPerHit: isCodec ? bits / sum.hits : null,
    logMae: sum.error / wedges,
    precision: sum.decoded === 0 ? 1 : sum.both / sum.decoded,
    recall: sum.hits === 0 ? 1 : sum.both / sum.hits,
    chargeBias: sum.decodedCharge / sum.charge - 1,
    clusters,
    tracks,
    separation,
  };
};

export type Row = Record<string, string | number | null>;

/** The row of one contender's sizes and errors. */
export const sizeRow = (set: string, verdict: Verdict): Row => ({
  set,
  contender: verdict.name,
  wedges: verdict.wedges,
  '× 16-bit dense': verdict.ratioDense,
  '× packed list': verdict.ratioList,
  'bits a hit': verdict.bitsPerHit,
  'log-MAE': verdict.logMae,
  precision: verdict.precision,
  recall: verdict.recall,
  'charge bias, %': 100 * verdict.chargeBias,
});

/** The row of what physics keeps; residuals of tracks are of the decoded wedges, the raw ones' stand in their own row. */
export const physicsRow = (set: string, { name, clusters, tracks, separation }: Verdict): Row => ({
  set,
  'clusters of': name,
  'efficiency, %': 100 * efficiency(clusters),
  'fakes, %': 100 * fakeShare(clusters),
  'centroid σ, pads': clusters.pad.sigma,
  'mean size, pads': clusters.pad.meanSize,
  '68 % within, pads': clusters.pad.halfWidth68,
  'mean shift, pads': clusters.pad.mean,
  'centroid σ, bins': clusters.bin.sigma,
  'mean size, bins': clusters.bin.meanSize,
  'width σ, pads': clusters.padWidth.sigma,
  'charge bias, %': 100 * clusters.charge.mean,
  'charge σ, %': 100 * clusters.charge.sigma,
  'alone: efficiency, %': clusters.alone === 0 ? null : (100 * clusters.aloneMatched) / clusters.alone,
  'alone: centroid σ, pads': clusters.alonePad.sigma,
  ...trackColumns(tracks, separation),
});

const trackColumns = (tracks: TrackTally, separation: SeparationTally): Row => ({
  'tracks fitted, %': tracks.tracks === 0 ? null : (100 * tracks.fitted) / tracks.tracks,
  'track residual, pads': tracks.pad.halfWidth68,
  'track residual, bins': tracks.bin.halfWidth68,
  'fit off truth, pads': tracks.place.halfWidth68,
  'half resolved at, widths': halfResolved(separation),
});

/** The raw frames' own row: nothing to compare clusters with, but tracks and pairs. */
export const rawRow = (set: string, { rawTracks, rawSeparation }: Bench): Row => ({
  ...Object.fromEntries(
    Object.keys(
      physicsRow(set, {
        clusters: openClusterTally(),
        tracks: rawTracks,
        separation: rawSeparation,
      } as Verdict),
    ).map((key) => [key, null]),
  ),
  set,
  'clusters of': 'raw wedges',
  ...trackColumns(rawTracks, rawSeparation),
});
