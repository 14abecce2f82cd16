/**
 * Charge that does not belong: unusual particles and sparks, added to one frame through the chamber's own response.
 * What lay under the threshold where they pass is not known any more and counts as nothing.
 */

import type { Prng } from '../../kernels/prng.ts';
import { createDepositSink, type Deposits, sealDeposits } from '../deposit.ts';
import { binReach, clusterClass, padReach, phases, sigmaBinClasses } from '../response.ts';
import { drift } from '../track.ts';
import { type Harm, harmOf, type Site, samplesOf, voxelsOf } from './site.ts';

/** Cylinder coordinates: cm, rad within the sector from its first pad's centre, cm from the central membrane. */
interface Place {
  readonly radius: number;
  readonly phi: number;
  readonly z: number;
}

/** Ionisation relative to the least, by the share of the path that is behind. */
type Ionisation = (share: number) => number;

/** Short enough that one packet spreads further. */
const stepCm = 0.12;

/** Ionises the straight line between two places of the region at hand. */
const ionise = (
  from: Place,
  to: Place,
  ionisation: Ionisation,
  site: Site,
  sink: ReturnType<typeof createDepositSink>,
) => {
  const { detector, response, region, prng } = site;
  const { radii, layers, conditions, sectors, sectorStep, padOrigin } = detector;
  const side = region < sectors ? 1 : -1;
  const start = (region % sectors) * sectorStep + padOrigin;
  const plane = ({ radius, phi }: Place) => ({ x: radius * Math.cos(phi), y: radius * Math.sin(phi) });
  const [a, b] = [plane(from), plane(to)];
  const length = Math.hypot(b.x - a.x, b.y - a.y, to.z - from.z);
  const steps = Math.max(1, Math.ceil(length / stepCm));
  for (let step = 0; step < steps; step += 1) {
    const share = (step + 0.5) / steps;
    const x = a.x + (b.x - a.x) * share;
    const y = a.y + (b.y - a.y) * share;
    const z = from.z + (to.z - from.z) * share;
    const radius = Math.hypot(x, y);
    const layer = Math.floor(((radius - radii[0]!) / (radii[layers]! - radii[0]!)) * layers);
    if (layer < 0 || layer >= layers || z <= 0 || z >= conditions.halfLengthCm) continue;
    const clusters = (conditions.primaryClustersPerCm * ionisation(share) * length) / steps;
    // Beyond the response's largest class the electrons are scaled.
    const scale = clusters > 200 ? clusters / 200 : 1;
    const phi = start + Math.atan2(y, x);
    drift(phi, side * z, layer, clusterClass(clusters), scale, 0, { detector, response, sink, prng });
  }
};

/** Pulses of the packets of this region, on top of the frame, from `sinceBins` after its start. */
const overlay = (site: Site, deposits: Deposits, sinceBins: number): Harm => {
  const { detector, response, region, gain, digits, prng, adcMax } = site;
  const { layers, pads, bins, conditions, thresholdAdc } = detector;
  const samples = samplesOf(digits, voxelsOf(detector));
  const pulses = new Map<number, number>();
  const { starts, pad, bin, charge, spread } = deposits;
  for (let layer = 0; layer < layers; layer += 1) {
    const cell = region * layers + layer;
    for (let i = starts[cell]!; i < starts[cell + 1]!; i += 1) {
      const time = bin[i]! + sinceBins;
      const firstBin = Math.floor(time);
      const binPhase = Math.floor((time - firstBin) * phases);
      const centre = Math.floor(pad[i]! + 0.5);
      const padPhase = Math.floor((pad[i]! + 0.5 - centre) * phases);
      const driftClass = spread[i]! % sigmaBinClasses;
      const padAt = (((spread[i]! - driftClass) / sigmaBinClasses) * phases + padPhase) * padReach;
      const pulseAt = (driftClass * phases + binPhase) * binReach;
      for (let p = 0; p < padReach; p += 1) {
        const row = centre + p - 2;
        if (row < 0 || row >= pads) continue;
        const height = charge[i]! * response.padShare[padAt + p]! * gain[layer * pads + row]!;
        for (let b = 0; b < binReach; b += 1) {
          if (firstBin + b < 0 || firstBin + b >= bins) continue;
          const at = (layer * pads + row) * bins + firstBin + b;
          pulses.set(at, (pulses.get(at) ?? 0) + height * response.pulse[pulseAt + b]!);
        }
      }
    }
  }
  const touched: number[] = [];
  for (const [at, pulse] of pulses) {
    const noise = samples[at] === 0 ? conditions.noiseAdc * prng.gaussian() : 0;
    const value = Math.round(samples[at]! + pulse + noise);
    if (value < thresholdAdc) continue;
    samples[at] = Math.min(value, 65_535);
    touched.push(Math.floor(at / bins));
  }
  return harmOf(samples, touched, adcMax);
};

const withPaths = (
  site: Site,
  draw: (add: (from: Place, to: Place, ionisation: Ionisation) => void) => void,
): Harm => {
  const sink = createDepositSink();
  draw((from, to, ionisation) => ionise(from, to, ionisation, site, sink));
  const deposits = sealDeposits(sink, site.detector);
  // The earliest electron arrives at a random time of the frame's first half, or before its start.
  const { bins } = site.detector;
  return overlay(site, deposits, (site.prng.uniform() - 0.4) * 0.5 * bins);
};

const between = (prng: Prng, from: number, to: number): number => from + (to - from) * prng.uniform();

const phiIn = ({ detector, prng }: Site, margin: number): number =>
  between(prng, margin, detector.pads * detector.padStep - margin);

const radiusAt = ({ detector }: Site, share: number): number => {
  const [inner, outer] = [detector.radii[0]!, detector.radii[detector.layers]!];
  return inner + (outer - inner) * share;
};

/** A particle parallel to the beam, seen over `strength` cm of the drift, as one of a beam's halo. */
export const beamBackground = (site: Site, strength: number): Harm =>
  withPaths(site, (add) => {
    const { halfLengthCm } = site.detector.conditions;
    const radius = radiusAt(site, between(site.prng, 0.1, 0.9));
    const phi = phiIn(site, 0.01);
    const z = between(site.prng, 0, Math.max(0, halfLengthCm - strength));
    add({ radius, phi, z }, { radius, phi, z: z + strength }, () => 1);
  });

/** `strength` particles from one point inside the chamber, in all directions within 60° of outwards. */
export const displacedVertex = (site: Site, strength: number): Harm =>
  withPaths(site, (add) => {
    const { prng, detector } = site;
    const radius = radiusAt(site, between(prng, 0.05, 0.5));
    const phi = phiIn(site, 0.1);
    const z = between(prng, 0.2, 0.8) * detector.conditions.halfLengthCm;
    const length = radiusAt(site, 1) - radius;
    for (let track = 0; track < strength; track += 1) {
      const turn = between(prng, -Math.PI / 3, Math.PI / 3);
      const rise = between(prng, -0.8, 0.8) * length;
      const reach = length / Math.cos(turn);
      const [x, y] = [radius + reach * Math.cos(turn), reach * Math.sin(turn)];
      add(
        { radius, phi, z },
        { radius: Math.hypot(x, y), phi: phi + Math.atan2(y, x), z: z + rise },
        () => 1,
      );
    }
  });

const through = (site: Site, depth: number, add: (from: Place, to: Place) => void): void => {
  const { prng, detector } = site;
  const phi = phiIn(site, 0.06);
  const z = between(prng, 0.15, 0.6) * detector.conditions.halfLengthCm;
  const slope = between(prng, -0.1, 0.35);
  const [inner, outer] = [radiusAt(site, 0), radiusAt(site, depth)];
  add(
    { radius: inner, phi, z },
    { radius: outer, phi: phi + between(prng, -0.04, 0.04), z: z + slope * (outer - inner) },
  );
};

/**
 * A heavy particle that stops: it enters with `strength` times the least ionisation, which grows as the inverse root
 * of what is left of its path (β² ∝ range near the end), and ends after 60 to 100 % of the chamber.
 */
export const heavyTrack = (site: Site, strength: number): Harm =>
  withPaths(site, (add) =>
    through(site, between(site.prng, 0.6, 1), (from, to) =>
      add(from, to, (share) => strength / Math.sqrt(Math.max(0.02, 1 - share))),
    ),
  );

/** A straight path through the whole chamber with `strength` times the least ionisation all along. */
export const monopole = (site: Site, strength: number): Harm =>
  withPaths(site, (add) => through(site, 1, (from, to) => add(from, to, () => strength)));

const sparkAdc = 6000;

/** A round blob that saturates, `strength` pads and time bins in radius, in one layer; its edge falls over a pad. */
export const spark = (site: Site, strength: number): Harm => {
  const { detector, gain, digits, prng, adcMax } = site;
  const { layers, pads, bins, thresholdAdc } = detector;
  const samples = samplesOf(digits, voxelsOf(detector));
  const layer = Math.floor(prng.uniform() * layers);
  const pad = between(prng, strength, pads - strength);
  const bin = between(prng, strength, bins - strength);
  const touched: number[] = [];
  const reach = Math.ceil(strength) + 4;
  for (let p = Math.max(0, Math.floor(pad) - reach); p < Math.min(pads, pad + reach); p += 1)
    for (let b = Math.max(0, Math.floor(bin) - reach); b < Math.min(bins, bin + reach); b += 1) {
      const beyond = Math.max(0, Math.hypot(p - pad, b - bin) - strength);
      const channel = layer * pads + p;
      const value = Math.round(
        samples[channel * bins + b]! + sparkAdc * gain[channel]! * Math.exp(-2 * beyond),
      );
      if (value < thresholdAdc) continue;
      samples[channel * bins + b] = value;
      if (beyond < 2) touched.push(channel);
    }
  return harmOf(samples, touched, adcMax);
};
