/**
 * One charged particle through the chamber: its helix, where it crosses each layer on each of its turns, and the
 * electrons it leaves there, drifted to the pads. Refuses decays, scattering and energy lost to momentum: the
 * turns a looper may make are bounded instead.
 */

import { gaussianTable, type Prng } from '../kernels/prng.ts';
import { type DepositSink, growDepositSink } from './deposit.ts';
import type { Detector } from './detector.ts';
import { clusterClass, quantileBits, type Response, sigmaBinClasses, sigmaPadClass } from './response.ts';

export interface Track {
  readonly charge: number;
  readonly mass: number;
  readonly pt: number;
  /** pz / pT. */
  readonly slope: number;
  readonly phi: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Turns it may make before it is taken as lost. */
  readonly turnsMax: number;
}

/** Everything that following a track needs besides the track. */
export interface Follower {
  readonly detector: Detector;
  readonly response: Response;
  readonly sink: DepositSink;
  readonly prng: Prng;
}

const twoPi = 2 * Math.PI;
/** A path is cut where it moves by more than this within a layer: about 1.4 σ of what one packet spreads. */
const padsPerStep = 1;
const binsPerStep = 1.6;
const stepsMax = 48;
/** Above this bend within one layer, every step gets its own point on the circle. */
const straightRad = 0.2;

/** ALEPH's parametrisation of dE/dx with ALICE's TPC constants, relative to its value at minimum ionisation. */
export const relativeIonisation = (betaGamma: number): number => {
  const beta = betaGamma / Math.sqrt(1 + betaGamma * betaGamma);
  const power = beta ** 1.8631;
  const height = 10.632 - power - Math.log(1.3279e-5 + betaGamma ** -1.9479);
  return Math.min(40, (0.076176 * height) / power / 0.9975);
};

/** Wraps an angle into [0, 2π). */
const wrap = (angle: number): number => {
  const turned = angle % twoPi;
  return turned < 0 ? turned + twoPi : turned;
};

/** The circle a track follows in the transverse plane, and how z and path grow along it. */
export interface Helix {
  readonly cx: number;
  readonly cy: number;
  /** cm */
  readonly r: number;
  /** +1 anticlockwise seen from +z, −1 clockwise. */
  readonly turn: number;
  /** Azimuth of the start as seen from the axis. */
  readonly firstAngle: number;
  readonly z: number;
  /** cm a radian */
  readonly rise: number;
  readonly pathPerRad: number;
}

export const helixOf = (track: Track, fieldTesla: number): Helix => {
  // r [cm] = pT [GeV] / (0.0029979 · B [T]); a positive charge turns clockwise.
  const r = track.pt / (0.0029979 * fieldTesla);
  const cx = track.x + r * track.charge * Math.sin(track.phi);
  const cy = track.y - r * track.charge * Math.cos(track.phi);
  return {
    cx,
    cy,
    r,
    turn: -track.charge,
    firstAngle: Math.atan2(track.y - cy, track.x - cx),
    z: track.z,
    rise: r * track.slope,
    pathPerRad: r * Math.sqrt(1 + track.slope * track.slope),
  };
};

/** Calls `visit` for every arc, in radians since the start, that lies inside a layer and inside the chamber. */
export const crossLayers = (
  helix: Helix,
  turnsMax: number,
  detector: Detector,
  visit: (layer: number, begin: number, stop: number) => void,
): void => {
  const { radii, layers } = detector;
  const { cx, cy, r, turn, rise } = helix;
  const d = Math.max(1e-6, Math.sqrt(cx * cx + cy * cy));
  if (d + r <= radii[0]! || Math.abs(d - r) >= radii[layers]!) return;
  const { halfLengthCm, absorberRadiusCm } = detector.conditions;
  const end = (rise > 0 ? halfLengthCm : -halfLengthCm) - helix.z;
  const start = helix.firstAngle - Math.atan2(cy, cx);
  // What reaches the calorimeter stays there: the outgoing crossing lies before the outermost point.
  const absorbed = crossingAngle(absorberRadiusCm, d, r);
  const arcMax = Math.min(
    twoPi * turnsMax,
    rise === 0 ? Number.POSITIVE_INFINITY : end / rise,
    d + r > absorberRadiusCm
      ? wrap(turn > 0 ? -absorbed - start : start - absorbed)
      : Number.POSITIVE_INFINITY,
  );
  let outerAngle = crossingAngle(radii[0]!, d, r);
  for (let layer = 0; layer < layers; layer += 1) {
    const innerAngle = outerAngle;
    outerAngle = crossingAngle(radii[layer + 1]!, d, r);
    const width = innerAngle - outerAngle;
    if (width <= 0) continue;
    // Two mirrored arcs lie inside the layer: [outer, inner] and [−inner, −outer] about the line to the axis.
    for (let mirror = 0; mirror < 2; mirror += 1) {
      const low = mirror === 0 ? outerAngle : -innerAngle;
      let from = turn > 0 ? wrap(low - start) : wrap(start - (low + width));
      if (from + width > twoPi) from -= twoPi; // it starts inside this arc
      for (; from < arcMax; from += twoPi) {
        const begin = Math.max(0, from);
        const stop = Math.min(arcMax, from + width);
        if (stop > begin) visit(layer, begin, stop);
      }
    }
  }
};

/** Follows a track; its packets are added to the sink under `trackIndex`. */
export const followTrack = (track: Track, trackIndex: number, follower: Follower): void => {
  const { detector } = follower;
  const { conditions } = detector;
  const helix = helixOf(track, conditions.fieldTesla);
  const betaGamma = (track.pt * Math.sqrt(1 + track.slope * track.slope)) / track.mass;
  const clustersPerRad = conditions.primaryClustersPerCm * relativeIonisation(betaGamma) * helix.pathPerRad;
  crossLayers(helix, track.turnsMax, detector, (layer, begin, stop) => {
    ionise(helix, clustersPerRad, trackIndex, layer, begin, stop, follower);
  });
};

/** Angle, seen from the helix' axis, between the outermost point and where it crosses radius R: 0 … π. */
const crossingAngle = (radius: number, d: number, r: number): number => {
  const cosine = (radius * radius - d * d - r * r) / (2 * d * r);
  return cosine >= 1 ? 0 : cosine <= -1 ? Math.PI : Math.acos(cosine);
};

/** Cuts the arc [begin, stop] (rad since the start of the track) of one layer into steps and ionises each. */
const ionise = (
  helix: Helix,
  clustersPerRad: number,
  trackIndex: number,
  layer: number,
  begin: number,
  stop: number,
  follower: Follower,
): void => {
  const { detector } = follower;
  const { cx, cy, r, turn, firstAngle } = helix;
  const arc = stop - begin;
  const first = firstAngle + turn * begin;
  const last = firstAngle + turn * stop;
  const phiFirst = Math.atan2(cy + r * Math.sin(first), cx + r * Math.cos(first));
  let sweep = Math.atan2(cy + r * Math.sin(last), cx + r * Math.cos(last)) - phiFirst;
  if (sweep > Math.PI) sweep -= twoPi;
  else if (sweep < -Math.PI) sweep += twoPi;
  const binPerCm = 1 / (detector.conditions.driftVelocityCmPerNs * detector.binNanos);
  // An arc bent back on itself sweeps more azimuth than its ends show.
  const pads = Math.max(Math.abs(sweep), arc > straightRad ? (arc * r) / detector.radii[layer + 1]! : 0);
  const bins = Math.abs(helix.rise) * arc * binPerCm;
  const wanted = Math.ceil(Math.max(pads / detector.padStep / padsPerStep, bins / binsPerStep));
  const steps = wanted < 1 ? 1 : Math.min(wanted, stepsMax);
  const clusters = (clustersPerRad * arc) / steps;
  const position = clusterClass(clusters);
  // Beyond the table's last class the electrons are scaled: only stopping protons get there.
  const scale = clusters > 200 ? clusters / 200 : 1;
  for (let step = 0; step < steps; step += 1) {
    const share = (step + 0.5) / steps;
    const z = helix.z + helix.rise * (begin + arc * share);
    let phi = phiFirst + sweep * share;
    if (arc > straightRad) {
      const angle = first + turn * arc * share;
      phi = Math.atan2(cy + r * Math.sin(angle), cx + r * Math.cos(angle));
    }
    drift(phi, z, layer, position, scale, trackIndex, follower);
  }
};

/**
 * Draws the electrons of one step, drifts them to their pads and adds the packet.
 * @param position of the step's mean clusters on the response's scale (`clusterClass`)
 */
export const drift = (
  phi: number,
  z: number,
  layer: number,
  position: number,
  scale: number,
  trackIndex: number,
  follower: Follower,
): void => {
  const { detector, response, sink, prng } = follower;
  const { conditions } = detector;
  const length = conditions.halfLengthCm - Math.abs(z);
  if (length <= 0) return;
  // One draw serves the quantile (high bits) and the choice between two neighbouring classes (low bits).
  const draw = prng.uint32();
  const whole = Math.floor(position);
  const chosen = (draw & 0xffff) < (position - whole) * 65536 ? whole + 1 : whole;
  const electrons = response.electrons[(chosen << quantileBits) + (draw >>> (32 - quantileBits))]! * scale;
  if (electrons === 0) return;

  const width = (detector.radii[layer]! + detector.radii[layer + 1]!) * 0.5 * detector.padStep;
  const transverse = conditions.diffusionTransverseCmPerSqrtCm;
  const sigmaPads = Math.sqrt(conditions.avalancheSigmaCm ** 2 + transverse * transverse * length) / width;
  const normals = prng.uint32();
  const perRoot = 1 / Math.sqrt(electrons);
  // The packet's mean wanders by σ/√n; 2 × 12 bits of one draw pick the two normals.
  const azimuth = phi < 0 ? phi + twoPi : phi;
  const sector = Math.min(detector.sectors - 1, Math.floor(azimuth / detector.sectorStep));
  const pad =
    (azimuth - sector * detector.sectorStep - detector.padOrigin) / detector.padStep +
    gaussianTable[normals >>> 20]! * perRoot * sigmaPads;
  if (pad <= -2 || pad >= detector.pads + 1) return;
  const longitudinal = conditions.diffusionLongitudinalCmPerSqrtCm;
  const sigmaCm = Math.sqrt(conditions.arrivalSigmaCm ** 2 + longitudinal * longitudinal * length);
  const binPerCm = 1 / (conditions.driftVelocityCmPerNs * detector.binNanos);
  const bin = (length + gaussianTable[(normals >>> 8) & 4095]! * perRoot * sigmaCm) * binPerCm;
  if (bin < 0) return;

  if (sink.count === sink.cell.length) growDepositSink(sink);
  const at = sink.count;
  sink.count = at + 1;
  const region = z > 0 ? sector : detector.sectors + sector;
  sink.cell[at] = region * detector.layers + layer;
  sink.pad[at] = pad;
  sink.bin[at] = bin;
  sink.charge[at] = electrons * conditions.adcPerElectron * avalanche(electrons, conditions.polyaTheta, prng);
  const driftClass = Math.floor((length / conditions.halfLengthCm) * sigmaBinClasses);
  sink.spread[at] = sigmaPadClass(sigmaPads) * sigmaBinClasses + Math.min(sigmaBinClasses - 1, driftClass);
  sink.track[at] = trackIndex;
};

/**
 * Mean gain of n avalanches relative to its expectation: a Polya (gamma) law of shape n(1+θ), by Wilson and
 * Hilferty's cube of a normal (PNAS 17, 1931).
 */
const avalanche = (electrons: number, theta: number, prng: Prng): number => {
  const k = 1 / (9 * electrons * (1 + theta));
  const root = 1 - k + prng.gaussian() * Math.sqrt(k);
  return root <= 0 ? 0 : root * root * root;
};
