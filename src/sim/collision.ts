/**
 * Collisions on an absolute axis of time: when they happen, which PYTHIA event each is, and the electrons its
 * particles leave. Refuses to depend on anything but its key, so that any slot of time can be made alone.
 */

import { createPrng } from '../kernels/prng.ts';
import { createDepositSink, type DepositSink, type Deposits, sealDeposits } from './deposit.ts';
import type { Detector } from './detector.ts';
import { eventsOf, type ParticleStore, type Split } from './particles.ts';
import type { Response } from './response.ts';
import { type Follower, followTrack, helixOf } from './track.ts';

/** What is true of one collision. */
export interface Collision {
  /** Consecutive within its slot; (slot, ordinal) names it in its run. */
  readonly slot: number;
  readonly ordinal: number;
  /** Since the start of its slot, ns. */
  readonly offsetNanos: number;
  /** Index in the particle list, NaN impact where undefined. */
  readonly event: number;
  readonly impactFm: number;
  readonly vertexZCm: number;
  /** Tracks below this are the event's own particles in its order; from it on, secondary electrons. */
  readonly primaryCount: number;
  readonly trackCount: number;
  readonly deposits: Deposits;
}

export interface Beam {
  readonly detector: Detector;
  readonly response: Response;
  readonly particles: ParticleStore;
  /** Events with b < 4 fm, and those of minimum bias (which may be central too). */
  readonly central: readonly number[];
  readonly ordinary: readonly number[];
  readonly sink: DepositSink;
}

const centralFmMax = 4;
/** A collision has at most this many tracks: their index has 16 bits. */
const tracksMax = 65536;

export const prepareBeam = (
  detector: Detector,
  response: Response,
  particles: ParticleStore,
  split: Split,
): Beam => {
  const events = eventsOf(particles, split);
  const central = events.filter((event) => particles.impactFm[event]! < centralFmMax);
  // The list is enriched with central events: minimum bias takes only their natural share, (4/15)² of b < 15 fm.
  const peripheral = events.filter((event) => !(particles.impactFm[event]! < centralFmMax));
  const natural = Math.round((peripheral.length * 16) / (225 - 16));
  const ordinary = central.length === 0 ? events : [...peripheral, ...central.slice(0, natural)];
  return { detector, response, particles, central, ordinary, sink: createDepositSink() };
};

const numberOf = { moment: 1, collision: 2 } as const;

/** The collisions of one slot (as long as a time frame), Poisson distributed, in order of time. */
export const collideSlot = (
  beam: Beam,
  key: readonly number[],
  slot: number,
  centralShare: number,
): readonly Collision[] => {
  const { conditions, frameNanos } = beam.detector;
  const prng = createPrng(...key, numberOf.moment, slot);
  const count = prng.poisson(conditions.collisionRateHz * frameNanos * 1e-9);
  const offsets = Array.from({ length: count }, () => prng.uniform() * frameNanos).sort((a, b) => a - b);
  return offsets.map((offsetNanos, ordinal) => {
    const central = beam.central.length > 0 && prng.uniform() < centralShare;
    return collide(beam, key, slot, ordinal, offsetNanos, central);
  });
};

/** Makes one collision: an event of the list at a random azimuth, perhaps mirrored, somewhere along the beam. */
export const collide = (
  beam: Beam,
  key: readonly number[],
  slot: number,
  ordinal: number,
  offsetNanos: number,
  central: boolean,
): Collision => {
  const prng = createPrng(...key, numberOf.collision, slot, ordinal);
  const choices = central ? beam.central : beam.ordinary;
  const event = choices[Math.floor(prng.uniform() * choices.length)]!;
  // Ends beyond ±2.5 σ are outside the crossing region of the beams.
  const spread = Math.max(-2.5, Math.min(2.5, prng.gaussian()));
  const vertexZCm = spread * beam.detector.conditions.vertexSigmaZCm;
  const follower: Follower = { detector: beam.detector, response: beam.response, sink: beam.sink, prng };
  const counts = followEvent(beam.particles, event, vertexZCm, follower);
  return {
    slot,
    ordinal,
    offsetNanos,
    event,
    impactFm: beam.particles.impactFm[event]!,
    vertexZCm,
    ...counts,
    deposits: sealDeposits(beam.sink, beam.detector),
  };
};

/** Follows an event's particles and the secondary electrons they make on their way. */
const followEvent = (particles: ParticleStore, event: number, vertexZCm: number, follower: Follower) => {
  const { conditions } = follower.detector;
  const { prng } = follower;
  const begin = event === 0 ? 0 : particles.ends[event - 1]!;
  const primaryCount = Math.min(tracksMax / 2, particles.ends[event]! - begin);
  const turned = prng.uniform() * 2 * Math.PI;
  const mirror = prng.uniform() < 0.5 ? -1 : 1;
  const cos = Math.cos(turned);
  const sin = Math.sin(turned);
  let trackCount = primaryCount;
  for (let index = 0; index < primaryCount; index += 1) {
    const i = begin + index;
    const phi = particles.phi[i]! + turned;
    const slope = mirror * particles.slope[i]!;
    followTrack(
      {
        charge: particles.charge[i]!,
        mass: particles.mass[i]!,
        pt: particles.pt[i]!,
        slope,
        phi,
        x: cos * particles.vx[i]! - sin * particles.vy[i]!,
        y: sin * particles.vx[i]! + cos * particles.vy[i]!,
        z: vertexZCm + mirror * particles.vz[i]!,
        turnsMax: conditions.turnsMax,
      },
      index,
      follower,
    );
    for (let n = prng.poisson(conditions.secondariesPerTrack); n > 0 && trackCount < tracksMax; n -= 1) {
      if (followSecondary(phi, slope, vertexZCm, trackCount, follower)) trackCount += 1;
    }
  }
  return { primaryCount, trackCount };
};

const electronMass = 0.000511;
/** An electron slower than this has stopped for good (GeV). */
const electronPtMin = 0.0005;

/**
 * A slow electron from a conversion or a knock-on along a straight line from the vertex: it starts anywhere
 * between the inner field cage and the outer one, at any angle, and curls up to the end plate. It is followed
 * turn by turn, scattered (Highland's 13.6 MeV formula) and slowed by the gas after each.
 */
const followSecondary = (
  phi: number,
  slope: number,
  vertexZCm: number,
  trackIndex: number,
  follower: Follower,
): boolean => {
  const { detector, prng } = follower;
  const { conditions, radii, layers } = detector;
  const inner = 20;
  const radius = inner + prng.uniform() * (radii[layers]! + 1 - inner);
  let z = vertexZCm + slope * radius;
  let pt = 0.002 + conditions.secondaryPtGev * prng.exponential();
  let direction = phi + prng.gaussian() * 0.5;
  let own = slope * 0.5 + prng.gaussian();
  const charge = prng.uniform() < 0.8 ? -1 : 1;
  if (Math.abs(z) >= conditions.halfLengthCm) return false;
  const x = radius * Math.cos(phi);
  const y = radius * Math.sin(phi);
  const { fieldTesla, halfLengthCm, electronTurnsMax, radiationLengthCm, energyLossGevPerCm } = conditions;
  for (let turn = 0; turn < electronTurnsMax; turn += 1) {
    const track = { charge, mass: electronMass, pt, slope: own, phi: direction, x, y, z, turnsMax: 1 };
    followTrack(track, trackIndex, follower);
    const helix = helixOf(track, fieldTesla);
    const outermost = Math.sqrt(helix.cx * helix.cx + helix.cy * helix.cy) + helix.r;
    const path = 2 * Math.PI * helix.pathPerRad;
    z += 2 * Math.PI * helix.rise;
    if (Math.abs(z) >= halfLengthCm || outermost > conditions.absorberRadiusCm) break;
    const steep = Math.sqrt(1 + own * own);
    const scatter = (0.0136 / (pt * steep)) * Math.sqrt(path / radiationLengthCm);
    direction += prng.gaussian() * scatter * steep;
    own += prng.gaussian() * scatter * steep * steep;
    pt -= (energyLossGevPerCm * path) / steep;
    if (pt < electronPtMin) break;
  }
  return true;
};
