/**
 * What one packet of electrons does to pads and time bins, and how many electrons a path leaves, as tables made
 * once. Refuses to be exact between its grid points: phases are cut to 1/16 of a pad or bin, far below the noise.
 */

import type { Detector } from './detector.ts';

export const padReach = 5; // pads a packet touches: ±2 around the nearest
export const binReach = 7; // time bins from its arrival on; the pulse has fallen below 1 % after
export const phases = 16;
const sigmaPadStep = 0.05;
const sigmaPadClasses = 40;
export const sigmaBinClasses = 8;

export interface Response {
  /** [sigma class][phase][pad −2 … +2]: share of the charge. */
  readonly padShare: Float32Array;
  /** [drift class][phase][bin 0 … +6]: pulse height for unit charge. */
  readonly pulse: Float32Array;
  /** Electrons by [class of mean clusters][quantile]. */
  readonly electrons: Float32Array;
}

export const sigmaPadClass = (sigmaPads: number): number => {
  const index = Math.round(sigmaPads / sigmaPadStep);
  return index < 1 ? 1 : index >= sigmaPadClasses ? sigmaPadClasses - 1 : index;
};

/** Triangular pads reaching to their neighbours' centres (zigzag pads), seen by a Gaussian cloud. */
const padShares = (
  sigmaPads: number,
  phase: number,
  crossTalk: number,
  out: Float32Array,
  at: number,
): void => {
  const half = (padReach - 1) / 2;
  const raw = new Float64Array(padReach + 2);
  const steps = 64;
  let cloud = 0;
  for (let s = -steps; s <= steps; s += 1) {
    const u = (3.5 * s) / steps;
    const weight = Math.exp(-0.5 * u * u);
    cloud += weight;
    for (let k = 0; k < raw.length; k += 1) {
      const distance = Math.abs(k - 1 - half - phase - u * sigmaPads);
      if (distance < 1) raw[k] = raw[k]! + weight * (1 - distance);
    }
  }
  // A pad couples to each neighbour with `crossTalk` of its signal.
  for (let k = 0; k < padReach; k += 1) {
    const own = raw[k + 1]! * (1 - 2 * crossTalk);
    out[at + k] = (own + crossTalk * (raw[k]! + raw[k + 2]!)) / cloud;
  }
};

/** CR-RC⁴ pulse of unit height: (t/τ)⁴ e^{4(1−t/τ)} with peaking time τ, the shape of the SAMPA chip. */
const shaper = (t: number, peaking: number): number =>
  t <= 0 ? 0 : (t / peaking) ** 4 * Math.exp(4 - (4 * t) / peaking);

const pulses = (
  sigmaBins: number,
  phase: number,
  peakingBins: number,
  out: Float32Array,
  at: number,
): void => {
  const steps = 64;
  let cloud = 0;
  for (let s = -steps; s <= steps; s += 1) {
    const u = (3.5 * s) / steps;
    const weight = Math.exp(-0.5 * u * u);
    cloud += weight;
    for (let k = 0; k < binReach; k += 1) {
      out[at + k] = out[at + k]! + weight * shaper(k - phase - u * sigmaBins, peakingBins);
    }
  }
  for (let k = 0; k < binReach; k += 1) out[at + k] = out[at + k]! / cloud;
};

export const quantileBits = 11;
const quantiles = 1 << quantileBits;
const clustersMin = 0.05;
const clustersMax = 200;
const clusterClasses = 96;
const classPerLog = (clusterClasses - 1) / Math.log(clustersMax / clustersMin);

/** Position of a mean cluster number on the table's logarithmic scale; between two classes one is drawn. */
export const clusterClass = (meanClusters: number): number => {
  const position = Math.log(meanClusters / clustersMin) * classPerLog;
  return position < 0 ? 0 : Math.min(position, clusterClasses - 1);
};

/**
 * Quantiles of the electrons a path leaves: a Poisson number of primary clusters whose sizes fall as 1/n², the
 * compound distribution whose long tail is Landau's; computed by Panjer's recursion (ASTIN Bulletin 12, 1981).
 */
const electronQuantiles = (meanClusters: number, meanSize: number, out: Float32Array, at: number): void => {
  const sizeMax = 200;
  let inverse = 0;
  let inverseSquare = 0;
  for (let n = 2; n <= sizeMax; n += 1) {
    inverse += 1 / n;
    inverseSquare += 1 / (n * n);
  }
  const tail = (meanSize - 1) / (inverse - inverseSquare);
  const size = new Float64Array(sizeMax + 1);
  size[1] = 1 - tail * inverseSquare;
  for (let n = 2; n <= sizeMax; n += 1) size[n] = tail / (n * n);
  const most = Math.ceil(meanClusters * meanSize * 3 + 400);
  const chance = new Float64Array(most + 1);
  chance[0] = Math.exp(-meanClusters);
  let sum = chance[0];
  let quantile = 0;
  for (let n = 0; n <= most && quantile < quantiles; n += 1) {
    if (n > 0) {
      let total = 0;
      for (let j = Math.min(n, sizeMax); j >= 1; j -= 1) total += j * size[j]! * chance[n - j]!;
      chance[n] = (meanClusters / n) * total;
      sum += chance[n]!;
    }
    while (quantile < quantiles && (quantile + 0.5) / quantiles < sum) {
      out[at + quantile] = n;
      quantile += 1;
    }
  }
  out.fill(most, at + quantile, at + quantiles);
};

/** Longitudinal spread in bins for a drift class (class c stands for the drift length (c+½)/classes). */
const sigmaBinsOf = (detector: Detector, driftClass: number): number => {
  const { conditions } = detector;
  const drift = ((driftClass + 0.5) / sigmaBinClasses) * conditions.halfLengthCm;
  const sigmaCm = Math.hypot(
    conditions.arrivalSigmaCm,
    conditions.diffusionLongitudinalCmPerSqrtCm * Math.sqrt(drift),
  );
  return sigmaCm / conditions.driftVelocityCmPerNs / detector.binNanos;
};

export const prepareResponse = (detector: Detector): Response => {
  const { conditions } = detector;
  const padShare = new Float32Array(sigmaPadClasses * phases * padReach);
  for (let sigma = 1; sigma < sigmaPadClasses; sigma += 1) {
    for (let phase = 0; phase < phases; phase += 1) {
      const at = (sigma * phases + phase) * padReach;
      padShares(sigma * sigmaPadStep, (phase + 0.5) / phases - 0.5, conditions.crossTalk, padShare, at);
    }
  }
  const pulse = new Float32Array(sigmaBinClasses * phases * binReach);
  const peakingBins = conditions.peakingNanos / detector.binNanos;
  for (let drift = 0; drift < sigmaBinClasses; drift += 1) {
    for (let phase = 0; phase < phases; phase += 1) {
      const at = (drift * phases + phase) * binReach;
      pulses(sigmaBinsOf(detector, drift), (phase + 0.5) / phases, peakingBins, pulse, at);
    }
  }
  const electrons = new Float32Array(clusterClasses * quantiles);
  const meanSize = conditions.electronsPerCm / conditions.primaryClustersPerCm;
  for (let index = 0; index < clusterClasses; index += 1) {
    electronQuantiles(clustersMin * Math.exp(index / classPerLog), meanSize, electrons, index * quantiles);
  }
  return { padShare, pulse, electrons };
};
