/**
 * Clusters of a TPC frame: per layer, peaks in pads × time bins, each with its 5 × 5 cells around, charge that two
 * peaks claim split between them. It exists to judge what a codec does to physics; it refuses calibration, tails and
 * track angles, which belong to a reconstruction.
 *
 * The rules are those published for the cluster finder of the ALICE TPC (AliceO2, GPU/GPUTracking/TPCClusterFinder):
 * 1. A *peak* is a cell no smaller than its eight neighbours; of equal ones the first in voxel order.
 * 2. A peak gives way to a higher one two cells off unless a *valley* lies between them: every cell that touches both
 *    must lie below it by `valleyAdcMin` counts and by `valleyShare` of its height.
 * 3. *Deconvolution*: a cell's charge is split equally among the peaks it touches; a cell that touches none, among
 *    the peaks two cells off that reach it.
 * 4. A cluster is its peak, the cells that touch it, and those of the outer ring that touch no peak and are reached
 *    over a hit (the cell one step from the peak in their direction).
 * A lone cell is noise and no cluster (as in sPHENIX' TpcClusterizer). Centroids are weighted with the charge.
 */

import type { Digits } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';

/** Four standard deviations of the simulated noise. */
const valleyAdcMin = 10;
/** Chosen: a dip of a third is what two pulses one and a half widths apart make. */
const valleyShare = 0.3;

/** Found clusters as columns, `count` of them in the order of their peaks' voxels; arrays may be longer. */
export interface Clusters {
  count: number;
  readonly layer: Uint16Array;
  /** Centroid, in pads and time bins from the grid's origin. */
  readonly pad: Float32Array;
  readonly bin: Float32Array;
  /** Standard deviations of the charge, pads and time bins. */
  readonly padSigma: Float32Array;
  readonly binSigma: Float32Array;
  /** ADC counts summed, after deconvolution. */
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

/** Scratch of one finder: one layer with two cells of nothing around it. All zero between calls. */
export interface ClusterGrid {
  readonly layers: number;
  readonly pads: number;
  readonly bins: number;
  /** Cells from one pad to the next. */
  readonly pitch: number;
  readonly adc: Uint16Array;
  /** `candidate` or `standing` at peaks. */
  readonly peak: Uint8Array;
  /** Peaks that touch a cell (at a peak: itself), and those that reach it from two cells off. */
  readonly touching: Uint8Array;
  readonly reaching: Uint8Array;
  /** Places of the layer's hits, and of its standing peaks; both in voxel order. */
  readonly hits: Uint32Array;
  readonly peaks: Uint32Array;
  /** Steps to the 8 cells that touch a peak, then to the 16 of the ring around those, each in voxel order. */
  readonly around: Int32Array;
  readonly aroundPad: Int8Array;
  readonly aroundBin: Int8Array;
  /** Step to the cell on the way to each, which touches the peak. */
  readonly via: Int32Array;
}

const margin = 2;
const candidate = 1;
const standing = 2;

/** @param card axes layer, azimuth (pads) and time (bins), outermost first */
export const clusterGrid = (card: Pick<InstrumentCard, 'axes'>): ClusterGrid => {
  const [layers, pads, bins] = card.axes.map((axis) => axis.size);
  if (bins === undefined || card.axes.length !== 3) throw new Error('clusters need layer, azimuth and time');
  const pitch = bins + 2 * margin;
  const cells = (pads! + 2 * margin) * pitch;
  const steps = [-2, -1, 0, 1, 2].flatMap((pad) => [-2, -1, 0, 1, 2].map((bin) => ({ pad, bin })));
  const reachOf = ({ pad, bin }: { pad: number; bin: number }): number =>
    Math.max(Math.abs(pad), Math.abs(bin));
  const around = [1, 2].flatMap((reach) => steps.filter((step) => reachOf(step) === reach));
  return {
    layers: layers!,
    pads: pads!,
    bins,
    pitch,
    adc: new Uint16Array(cells),
    peak: new Uint8Array(cells),
    touching: new Uint8Array(cells),
    reaching: new Uint8Array(cells),
    hits: new Uint32Array(pads! * bins),
    peaks: new Uint32Array(pads! * bins),
    around: Int32Array.from(around, ({ pad, bin }) => pad * pitch + bin),
    aroundPad: Int8Array.from(around, ({ pad }) => pad),
    aroundBin: Int8Array.from(around, ({ bin }) => bin),
    via: Int32Array.from(around, ({ pad, bin }) => Math.sign(pad) * pitch + Math.sign(bin)),
  };
};

/**
 * Finds the clusters of a frame and writes them to `into`, replacing what was there; returns their number.
 * Digits lie in the grid, ascending (`wire` checked them). Every cluster has a hit of its own, so columns for as many
 * as there are hits always do; too few are our bug and throw.
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
    const peakCount = markPeaks(hitCount, grid);
    if (into.count + peakCount > into.layer.length) throw new Error('the clusters do not fit their columns');
    claim(peakCount, grid);
    for (let i = 0; i < peakCount; i++) measure(grid.peaks[i]!, layer, grid, into);
    clear(hitCount, grid);
    from = to;
  }
  return into.count;
};

/** Puts one layer's hits onto the grid and lists their places. */
const spread = (digits: Digits, from: number, to: number, first: number, grid: ClusterGrid): void => {
  const { bins, pitch, adc, hits } = grid;
  for (let i = from; i < to; i++) {
    const cell = digits.voxel[i]! - first;
    const pad = Math.floor(cell / bins);
    const place = (pad + margin) * pitch + (cell - pad * bins) + margin;
    adc[place] = digits.adc[i]!;
    hits[i - from] = place;
  }
};

/** Rule 1, and that it is not alone: no neighbour is larger, none before it as large, one is hit. */
const isPeak = (place: number, { adc, around }: ClusterGrid): boolean => {
  const own = adc[place]!;
  let company = 0;
  for (let k = 0; k < 4; k++) {
    const other = adc[place + around[k]!]!;
    if (other >= own) return false;
    company |= other;
  }
  for (let k = 4; k < 8; k++) {
    const other = adc[place + around[k]!]!;
    if (other > own) return false;
    company |= other;
  }
  return company !== 0;
};

/** The largest cell that touches both a place and the cell of its ring that lies `step` away. */
const saddle = (place: number, step: number, { adc, around }: ClusterGrid): number => {
  let most = 0;
  for (let k = 0; k < 8; k++) {
    for (let m = 0; m < 8; m++) {
      if (around[k]! + around[m]! === step && adc[place + around[k]!]! > most)
        most = adc[place + around[k]!]!;
    }
  }
  return most;
};

/** Rule 2: whether a peak gives way to a higher one, or to one as high before it. */
const givesWay = (place: number, grid: ClusterGrid): boolean => {
  const { adc, peak, around } = grid;
  const own = adc[place]!;
  const valley = own - Math.max(valleyAdcMin, own * valleyShare);
  for (let k = 8; k < 24; k++) {
    if (peak[place + around[k]!] === 0) continue;
    const other = adc[place + around[k]!]!;
    // The first half of the ring comes before the peak in voxel order.
    if (other < own || (other === own && k >= 16)) continue;
    if (saddle(place, around[k]!, grid) > valley) return true;
  }
  return false;
};

/** Marks and lists the peaks that stand; returns how many. Candidates are judged by all candidates, in no order. */
const markPeaks = (hitCount: number, grid: ClusterGrid): number => {
  const { hits, peaks, peak } = grid;
  let candidates = 0;
  for (let i = 0; i < hitCount; i++) {
    const place = hits[i]!;
    if (!isPeak(place, grid)) continue;
    peak[place] = candidate;
    peaks[candidates++] = place;
  }
  let count = 0;
  for (let i = 0; i < candidates; i++) {
    const place = peaks[i]!;
    if (!givesWay(place, grid)) peaks[count++] = place;
  }
  for (let i = 0; i < count; i++) peak[peaks[i]!] = standing;
  return count;
};

/** Rule 3: counts for every hit the peaks that touch it and those that reach it. */
const claim = (peakCount: number, grid: ClusterGrid): void => {
  const { adc, peak, peaks, touching, reaching, around, via } = grid;
  for (let i = 0; i < peakCount; i++) {
    const place = peaks[i]!;
    touching[place] = 1;
    for (let k = 0; k < 8; k++) {
      const at = place + around[k]!;
      if (adc[at] !== 0 && peak[at] !== standing) touching[at]! += 1;
    }
    for (let k = 8; k < 24; k++) {
      const at = place + around[k]!;
      if (adc[at] !== 0 && adc[place + via[k]!] !== 0) reaching[at]! += 1;
    }
  }
};

/** What the peak at `place` takes of the charge of the k-th cell around it: the first eight touch it. */
const shareOf = (place: number, k: number, grid: ClusterGrid): number => {
  const { adc, touching, reaching, around, via } = grid;
  const at = place + around[k]!;
  const own = adc[at]!;
  if (own === 0) return 0;
  if (k < 8) return own / touching[at]!;
  return touching[at] === 0 && adc[place + via[k]!] !== 0 ? own / reaching[at]! : 0;
};

/** Rule 4: sums a peak's cluster and appends it. */
const measure = (place: number, layer: number, grid: ClusterGrid, into: Clusters): void => {
  const { adc, pitch, around, aroundPad, aroundBin } = grid;
  let charge = adc[place]!;
  let [pads, bins, padSquares, binSquares] = [0, 0, 0, 0];
  for (let k = 0; k < around.length; k++) {
    const share = shareOf(place, k, grid);
    if (share === 0) continue;
    const pad = aroundPad[k]!;
    const bin = aroundBin[k]!;
    charge += share;
    pads += share * pad;
    bins += share * bin;
    padSquares += share * pad * pad;
    binSquares += share * bin * bin;
  }
  const row = Math.floor(place / pitch);
  const n = into.count++;
  const padMean = pads / charge;
  const binMean = bins / charge;
  into.layer[n] = layer;
  into.pad[n] = row - margin + padMean;
  into.bin[n] = place - row * pitch - margin + binMean;
  into.padSigma[n] = Math.sqrt(Math.max(0, padSquares / charge - padMean * padMean));
  into.binSigma[n] = Math.sqrt(Math.max(0, binSquares / charge - binMean * binMean));
  into.charge[n] = charge;
  into.peakAdc[n] = adc[place]!;
};

/** Leaves no trace of the layer. */
const clear = (hitCount: number, { hits, adc, peak, touching, reaching }: ClusterGrid): void => {
  for (let i = 0; i < hitCount; i++) {
    const place = hits[i]!;
    adc[place] = 0;
    peak[place] = 0;
    touching[place] = 0;
    reaching[place] = 0;
  }
};
