/**
 * Clusters of a TPC frame: per layer, hills of charge in pads × time bins, parted where a valley lies between them.
 * It exists to judge what a codec does to physics; it refuses calibration, tails and track angles, which belong to a
 * reconstruction.
 *
 * 1. Cells are taken from the largest charge down, equal ones in voxel order, as sPHENIX' TpcClusterizer does. A cell
 *    that touches no cluster (eight neighbours) is the *peak* of a new one; any other joins, whole, the cluster of the
 *    largest cell it touches (a watershed: Vincent and Soille, IEEE PAMI 13, 1991).
 * 2. A cell that touches two clusters is the saddle between them. Unless it lies below the lower peak by
 *    `valleyAdcMin` and by `valleyShare` of that peak, there is no valley and the lower one joins the higher: the
 *    rule by which the cluster finder of the ALICE TPC suppresses peaks made by noise.
 * 3. Cells further than 3 pads or 5 bins from their cluster's peak are left out, as in sPHENIX; what is then a lone
 *    cell is noise and no cluster. Centroids and widths are weighted with the charge.
 *
 * Valleys are what touching clusters hang on, and they are as shallow as noise: with the electronic noise drawn once
 * more, 0.6 % of the clusters of a full Au+Au wedge are cut up otherwise. No lossy codec can be asked for less.
 */

import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';

/** Four standard deviations of the simulated noise, and the depth at which most of true pairs are kept apart. */
const valleyAdcMin = 10;
const valleyShare = 0.1;
export const padReach = 3;
export const binReach = 5;

/** ADC up to which a saddle counts as a valley between peaks the lower of which has this height. */
export const valleyBelow = (height: number): number => height - Math.max(valleyAdcMin, height * valleyShare);

/** Found clusters as columns, `count` of them, layer by layer, highest peak first; arrays may be longer. */
export interface Clusters {
  count: number;
  readonly layer: Uint16Array;
  /** Centroid, in pads and time bins from the grid's origin. */
  readonly pad: Float32Array;
  readonly bin: Float32Array;
  /** Standard deviations of the charge, pads and time bins. */
  readonly padSigma: Float32Array;
  readonly binSigma: Float32Array;
  /** ADC counts summed. */
  readonly charge: Float32Array;
  readonly peakAdc: Uint16Array;
}

/** Columns for at most `clustersMax` clusters. */
export const clusterColumns = (clustersMax: number): Clusters => ({
  count: 0,
  layer: new Uint16Array(clustersMax),
  pad: new Float32Array(clustersMax),
  bin: new Float32Array(clustersMax),
  padSigma: new Float32Array(clustersMax),
  binSigma: new Float32Array(clustersMax),
  charge: new Float32Array(clustersMax),
  peakAdc: new Uint16Array(clustersMax),
});

/** Scratch of one finder: one layer with a cell of nothing around it. All zero between calls, lists aside. */
export interface ClusterGrid {
  readonly pads: number;
  readonly bins: number;
  /** Cells from one pad to the next. */
  readonly pitch: number;
  readonly adc: Uint16Array;
  /** Number of the cluster a cell was put into when it was taken; 0 for none. */
  readonly taken: Uint32Array;
  /** Places of the layer's hits, and the same sorted: largest ADC first. */
  readonly hits: Uint32Array;
  readonly sorted: Uint32Array;
  /** Hits of each ADC value, then where the next one of it goes. */
  readonly tally: Uint32Array;
  /** By number, from 1: the cluster it joined (itself while it stands), its peak's place, and its sums. */
  readonly joined: Uint32Array;
  readonly peak: Uint32Array;
  readonly sums: Float64Array;
  readonly around: Int32Array;
}

/** Sums of a cluster: cells, charge, and charge × (pads, bins, pads², bins²) from the peak. */
const Sum = { cells: 0, charge: 1, pads: 2, bins: 3, padSquares: 4, binSquares: 5, count: 6 } as const;

/** @param card axes layer, azimuth (pads) and time (bins), outermost first */
export const clusterGrid = (card: Pick<InstrumentCard, 'axes' | 'adcBits'>): ClusterGrid => {
  const [, pads, bins] = card.axes.map((axis) => axis.size);
  if (bins === undefined || card.axes.length !== 3) throw new Error('clusters need layer, azimuth and time');
  const pitch = bins + 2;
  const layerCells = pads! * bins;
  return {
    pads: pads!,
    bins,
    pitch,
    adc: new Uint16Array((pads! + 2) * pitch),
    taken: new Uint32Array((pads! + 2) * pitch),
    hits: new Uint32Array(layerCells),
    sorted: new Uint32Array(layerCells),
    tally: new Uint32Array(2 ** card.adcBits),
    joined: new Uint32Array(layerCells + 1),
    peak: new Uint32Array(layerCells + 1),
    sums: new Float64Array((layerCells + 1) * Sum.count),
    around: Int32Array.of(-pitch - 1, -pitch, -pitch + 1, -1, 1, pitch - 1, pitch, pitch + 1),
  };
};

/**
 * Finds the clusters of a frame and writes them to `into`, replacing what was there; returns their number.
 * Digits lie in the grid, ascending (`wire` checked them). A cluster has two hits at least, so columns for half of
 * the hits always do; too few are our bug and throw.
 */
export const findClusters = (digits: Digits, grid: ClusterGrid, into: Clusters): number => {
  const { voxel, count } = digits;
  const layerCells = grid.pads * grid.bins;
  into.count = 0;
  for (let from = 0; from < count; ) {
    const layer = Math.floor(voxel[from]! / layerCells);
    const end = (layer + 1) * layerCells;
    let to = from + 1;
    while (to < count && voxel[to]! < end) to++;
    const hitCount = to - from;
    spread(digits, from, to, layer * layerCells, grid);
    sortHits(hitCount, grid);
    const clusterCount = flood(hitCount, grid);
    weigh(hitCount, grid);
    append(clusterCount, layer, grid, into);
    for (let i = 0; i < hitCount; i++) {
      const place = grid.hits[i]!;
      grid.adc[place] = 0;
      grid.taken[place] = 0;
    }
    from = to;
  }
  return into.count;
};

/** Puts one layer's hits onto the grid and lists their places. */
const spread = (digits: Digits, from: number, to: number, first: number, grid: ClusterGrid): void => {
  const { bins, pitch, adc, hits, tally } = grid;
  for (let i = from; i < to; i++) {
    const cell = digits.voxel[i]! - first;
    const pad = Math.floor(cell / bins);
    const place = (pad + 1) * pitch + (cell - pad * bins) + 1;
    adc[place] = digits.adc[i]!;
    tally[digits.adc[i]!]! += 1;
    hits[i - from] = place;
  }
};

/** Counting sort, largest ADC first, equal ones in voxel order; leaves the tally zero. */
const sortHits = (hitCount: number, { adc, hits, sorted, tally }: ClusterGrid): void => {
  let before = 0;
  for (let value = tally.length - 1; value >= 0; value--) {
    const here = tally[value]!;
    tally[value] = before;
    before += here;
  }
  for (let i = 0; i < hitCount; i++) {
    const place = hits[i]!;
    const value = adc[place]!;
    sorted[tally[value]!] = place;
    tally[value]! += 1;
  }
  tally.fill(0);
};

/** The cluster that stands for a number, with the way there shortened. */
const standing = (number: number, joined: Uint32Array): number => {
  let at = number;
  while (joined[at] !== at) {
    joined[at] = joined[joined[at]!]!;
    at = joined[at]!;
  }
  return at;
};

/** Rules 1 and 2: takes every hit; returns how many clusters were begun, those that joined others among them. */
const flood = (hitCount: number, grid: ClusterGrid): number => {
  const { adc, taken, sorted, joined, peak, around } = grid;
  let begun = 0;
  for (let i = 0; i < hitCount; i++) {
    const place = sorted[i]!;
    let best = 0;
    let largest = 0;
    for (let k = 0; k < 8; k++) {
      const at = place + around[k]!;
      if (taken[at] === 0 || adc[at]! <= largest) continue;
      largest = adc[at]!;
      best = taken[at]!;
    }
    if (best === 0) {
      begun++;
      joined[begun] = begun;
      peak[begun] = place;
      taken[place] = begun;
    } else taken[place] = join(place, standing(best, joined), grid);
  }
  return begun;
};

/** Rule 2 at a cell that goes to cluster `own`: joins what it touches where no valley lies; returns who stands. */
const join = (place: number, own: number, grid: ClusterGrid): number => {
  const { adc, taken, joined, peak, around } = grid;
  let stands = own;
  for (let k = 0; k < 8; k++) {
    const number = taken[place + around[k]!]!;
    if (number === 0) continue;
    const other = standing(number, joined);
    if (other === stands) continue;
    // Clusters are numbered as they begin, highest peak first.
    const higher = Math.min(other, stands);
    const lower = Math.max(other, stands);
    const height = adc[peak[lower]!]!;
    if (adc[place]! <= valleyBelow(height)) continue;
    joined[lower] = higher;
    stands = higher;
  }
  return stands;
};

/** Rule 3: adds every hit to its cluster's sums. */
const weigh = (hitCount: number, grid: ClusterGrid): void => {
  const { adc, taken, hits, joined, peak, sums, pitch } = grid;
  for (let i = 0; i < hitCount; i++) {
    const place = hits[i]!;
    const cluster = standing(taken[place]!, joined);
    const centre = peak[cluster]!;
    const row = Math.floor(place / pitch);
    const centreRow = Math.floor(centre / pitch);
    const pad = row - centreRow;
    const bin = place - centre - pad * pitch;
    if (Math.abs(pad) > padReach || Math.abs(bin) > binReach) continue;
    const charge = adc[place]!;
    const at = cluster * Sum.count;
    sums[at + Sum.cells]! += 1;
    sums[at + Sum.charge]! += charge;
    sums[at + Sum.pads]! += charge * pad;
    sums[at + Sum.bins]! += charge * bin;
    sums[at + Sum.padSquares]! += charge * pad * pad;
    sums[at + Sum.binSquares]! += charge * bin * bin;
  }
};

/** Appends the clusters that stand, and leaves the sums zero. */
const append = (begun: number, layer: number, grid: ClusterGrid, into: Clusters): void => {
  const { adc, peak, sums, pitch } = grid;
  for (let cluster = 1; cluster <= begun; cluster++) {
    const at = cluster * Sum.count;
    if (sums[at + Sum.cells]! >= 2) {
      if (into.count === into.layer.length) throw new Error('the clusters do not fit their columns');
      const n = into.count++;
      const charge = sums[at + Sum.charge]!;
      const pad = sums[at + Sum.pads]! / charge;
      const bin = sums[at + Sum.bins]! / charge;
      const row = Math.floor(peak[cluster]! / pitch);
      into.layer[n] = layer;
      into.pad[n] = row - 1 + pad;
      into.bin[n] = peak[cluster]! - row * pitch - 1 + bin;
      into.padSigma[n] = Math.sqrt(Math.max(0, sums[at + Sum.padSquares]! / charge - pad * pad));
      into.binSigma[n] = Math.sqrt(Math.max(0, sums[at + Sum.binSquares]! / charge - bin * bin));
      into.charge[n] = charge;
      into.peakAdc[n] = adc[peak[cluster]!]!;
    }
    sums.fill(0, at, at + Sum.count);
  }
};
