import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/kernels/prng.ts';
import { createDepositSink, sealDeposits } from '../../src/sim/deposit.ts';
import { prepareDetector } from '../../src/sim/detector.ts';
import { prepareResponse } from '../../src/sim/response.ts';
import { crossLayers, followTrack, helixOf, relativeIonisation, type Track } from '../../src/sim/track.ts';
import { cardOf } from './example.ts';

const detector = prepareDetector(cardOf('auau'));
const response = prepareResponse(detector);
const pion: Track = { charge: 1, mass: 0.1396, pt: 2, slope: 0.1, phi: 0.3, x: 0, y: 0, z: 1, turnsMax: 2 };

/** Walks along the helix in small steps and adds up, per layer, the radians spent there: the slow twin. */
const walk = (track: Track): Float64Array => {
  const helix = helixOf(track, detector.conditions.fieldTesla);
  const radians = new Float64Array(detector.layers);
  const step = Math.min(0.001, 0.02 / helix.r);
  for (let arc = step / 2; arc < track.turnsMax * 2 * Math.PI; arc += step) {
    const z = helix.z + helix.rise * arc;
    if (Math.abs(z) >= detector.conditions.halfLengthCm) break;
    const angle = helix.firstAngle + helix.turn * arc;
    const radius = Math.hypot(helix.cx + helix.r * Math.cos(angle), helix.cy + helix.r * Math.sin(angle));
    if (radius > detector.conditions.absorberRadiusCm) break;
    const layer = Math.floor((radius - detector.radii[0]!) / (detector.radii[1]! - detector.radii[0]!));
    if (layer >= 0 && layer < detector.layers) radians[layer] = radians[layer]! + step;
  }
  return radians;
};

const crossed = (track: Track): Float64Array => {
  const radians = new Float64Array(detector.layers);
  crossLayers(
    helixOf(track, detector.conditions.fieldTesla),
    track.turnsMax,
    detector,
    (layer, begin, stop) => {
      radians[layer] = radians[layer]! + stop - begin;
    },
  );
  return radians;
};

const depositsOf = (track: Track, seed = 1) => {
  const sink = createDepositSink(16);
  followTrack(track, 7, { detector, response, sink, prng: createPrng(seed) });
  return sealDeposits(sink, detector);
};

describe('a track', () => {
  it('spends as long in each layer as a walk along it in small steps', () => {
    fc.assert(
      fc.property(
        fc.record({
          charge: fc.constantFrom(-1, 1),
          mass: fc.constant(0.1396),
          pt: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
          slope: fc.double({ min: -2, max: 2, noNaN: true }),
          phi: fc.double({ min: 0, max: 6.28, noNaN: true }),
          x: fc.double({ min: -70, max: 70, noNaN: true }),
          y: fc.double({ min: -70, max: 70, noNaN: true }),
          z: fc.double({ min: -90, max: 90, noNaN: true }),
          turnsMax: fc.constantFrom(1, 2),
        }),
        (track) => {
          const slow = walk(track);
          const fast = crossed(track);
          const step = Math.min(0.001, 0.02 / helixOf(track, detector.conditions.fieldTesla).r);
          // Each end of an arc may fall anywhere in a step; two arcs a turn.
          for (let layer = 0; layer < slow.length; layer += 1) {
            expect(Math.abs(slow[layer]! - fast[layer]!)).toBeLessThan(step * (2 + 4 * track.turnsMax));
          }
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  it('of high momentum crosses every layer once, in one sector, on the side it flies to', () => {
    const { starts, track } = depositsOf(pion);
    expect(track.every((one) => one === 7)).toBe(true);
    for (let layer = 0; layer < detector.layers; layer += 1) {
      expect(starts[layer + 1]! - starts[layer]!).toBeGreaterThan(0);
    }
    // Azimuth 0.3 rad and z > 0: region 0.
    expect(starts[detector.layers]).toBe(track.length);
    const south = depositsOf({ ...pion, slope: -0.1, z: -1 });
    expect(south.starts[12 * detector.layers]).toBe(0);
    expect(south.starts[13 * detector.layers]).toBe(south.pad.length);
  });

  it('drifts from where it was: the later the closer to the membrane', () => {
    const far = depositsOf({ ...pion, z: 2, slope: 0.001 });
    const near = depositsOf({ ...pion, z: 100, slope: 0.001 });
    const { halfLengthCm, driftVelocityCmPerNs } = detector.conditions;
    const expected = (halfLengthCm - 2.07) / driftVelocityCmPerNs / detector.binNanos;
    const mean = far.bin.reduce((sum, bin) => sum + bin, 0) / far.bin.length;
    expect(Math.abs(mean - expected)).toBeLessThan(1);
    expect(Math.max(...near.bin)).toBeLessThan(30);
  });

  it('bends with its charge and does not reach the chamber when it is slow', () => {
    const slow = { ...pion, pt: 0.1 };
    expect(depositsOf(slow).pad.length).toBe(0);
    const up = helixOf({ ...pion, phi: 0, charge: 1 }, 1.4);
    const down = helixOf({ ...pion, phi: 0, charge: -1 }, 1.4);
    expect(up.cy).toBeLessThan(0);
    expect(down.cy).toBeGreaterThan(0);
    expect(up.r).toBeCloseTo(476.5, 0);
  });

  it('leaves a Landau-like charge: the mean lies well above the median', () => {
    const charges = Array.from({ length: 400 }, (_, seed) => {
      const { starts, charge } = depositsOf({ ...pion, slope: 0 }, seed);
      return charge.subarray(starts[3]!, starts[4]!).reduce((sum, one) => sum + one, 0);
    }).sort((a, b) => a - b);
    const mean = charges.reduce((sum, one) => sum + one, 0) / charges.length;
    const { electronsPerCm, adcPerElectron } = detector.conditions;
    const expected = electronsPerCm * 1.0965 * relativeIonisation(2 / 0.1396) * adcPerElectron;
    expect(mean / expected).toBeGreaterThan(0.93);
    expect(mean / expected).toBeLessThan(1.07);
    expect(mean / charges[200]!).toBeGreaterThan(1.06);
  });

  it('ionises least near βγ = 3.5 and more when slower or faster', () => {
    expect(relativeIonisation(3.5)).toBeCloseTo(1, 1);
    expect(relativeIonisation(0.5)).toBeGreaterThan(3);
    expect(relativeIonisation(1000)).toBeGreaterThan(1.4);
    expect(relativeIonisation(1000)).toBeLessThan(1.8);
  });
});
