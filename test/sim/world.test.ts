import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { voxelCount } from '../../src/domain/instrument.ts';
import { createPrng } from '../../src/kernels/prng.ts';
import { collide, prepareBeam } from '../../src/sim/collision.ts';
import { type Detector, prepareDetector } from '../../src/sim/detector.ts';
import { createDigitiser, digitiseRegion, type Shower } from '../../src/sim/digitise.ts';
import { prepareResponse } from '../../src/sim/response.ts';
import type { SimFrame } from '../../src/sim/world.ts';
import { cardOf, storeOf, worldOf } from './example.ts';

const digestOf = (frames: readonly SimFrame[]): string => {
  const hash = createHash('sha256');
  for (const { digits } of frames) hash.update(digits.voxel).update(digits.adc);
  return hash.digest('hex');
};

const occupancyOf = (frames: readonly SimFrame[]): number =>
  frames.reduce((sum, { digits }) => sum + digits.count, 0) / frames.length / voxelCount(cardOf('pp'));

describe('a world', () => {
  /** Time frames of nuclei cost a good part of a second: two serve all tests that need some. */
  const nuclei = (() => {
    const world = worldOf('auau', { seed: 22 });
    let frames: readonly (readonly SimFrame[])[] | null = null;
    return () => {
      frames ??= [world.timeFrame(0), world.timeFrame(1)];
      return frames;
    };
  })();

  it('gives the same bytes for the same seed, in whatever order it is asked', () => {
    const one = worldOf('pp');
    const forwards = [0, 1, 2, 3, 4, 5].map((n) => digestOf(one.timeFrame(n)));
    const other = worldOf('pp');
    const backwards = [5, 4, 3, 2, 1, 0].map((n) => digestOf(other.timeFrame(n))).reverse();
    expect(backwards).toEqual(forwards);
    expect(new Set(forwards).size).toBe(forwards.length);
    expect(digestOf(one.timeFrame(1_000_000_007))).toBe(digestOf(other.timeFrame(1_000_000_007)));
  });

  it('makes the same of a region, whichever others are asked for', () => {
    const world = worldOf('pp');
    const all = world.timeFrame(7);
    const some = world.timeFrame(7, [23, 4]);
    expect(some.map(({ region }) => region)).toEqual([23, 4]);
    expect(some).toEqual([all[23], all[4]]);
  });

  it('differs by seed, run, split and mode', () => {
    const digests = [
      worldOf('pp'),
      worldOf('pp', { seed: 6 }),
      worldOf('pp', { run: 4 }),
      worldOf('pp', { split: 'test' }),
      worldOf('pp', { mode: 'triggered' }),
    ].map((world) => digestOf([0, 1].flatMap((n) => world.timeFrame(n))));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('names its frames: all regions, consecutive ids, back-to-back instants', () => {
    const world = worldOf('pp');
    const [first, second] = [world.timeFrame(7), world.timeFrame(8)];
    expect(first.map(({ identity }) => identity.sourceName)).toEqual(world.card.regions);
    expect(first.map(({ region }) => region)).toEqual(world.card.regions.map((_, i) => i));
    for (const [i, { identity }] of first.entries()) {
      const next = second[i]!.identity;
      expect(next.messageId - identity.messageId).toBe(1);
      expect(next.timestampNanos - identity.timestampNanos).toBe(identity.durationNanos as bigint);
      expect(identity).toMatchObject({ run: 3, timeFrame: 7, instrumentId: 'sphenix-tpc-pp' });
      expect(identity.instrumentHash).toBe(world.card.hash);
    }
    expect(() => world.timeFrame(-1)).toThrow('config-invalid');
    expect(() => world.timeFrame(0.5)).toThrow('config-invalid');
  });

  it('keeps hits strictly ascending, inside the grid, over threshold and saturated at 10 bits', () => {
    const frames = nuclei()[0]!;
    let saturated = 0;
    const voxels = voxelCount(cardOf('auau'));
    for (const { digits } of frames) {
      expect(digits.voxel.length).toBe(digits.count);
      expect(digits.adc.length).toBe(digits.count);
      let before = -1;
      let good = true;
      for (let i = 0; i < digits.count; i += 1) {
        const voxel = digits.voxel[i]!;
        const adc = digits.adc[i]!;
        good &&= voxel > before && adc >= 64 && adc <= 1023;
        if (adc === 1023) saturated += 1;
        before = voxel;
      }
      expect(good).toBe(true);
      expect(before).toBeLessThan(voxels);
    }
    const hits = frames.reduce((sum, { digits }) => sum + digits.count, 0);
    expect(saturated / hits).toBeGreaterThan(0.005);
    expect(saturated / hits).toBeLessThan(0.08);
  });

  it('has the occupancy of its beams', () => {
    const pp = worldOf('pp', { seed: 21 });
    const mean =
      Array.from({ length: 100 }, (_, n) => occupancyOf(pp.timeFrame(n))).reduce((a, b) => a + b) / 100;
    expect(mean).toBeGreaterThan(0.0007);
    expect(mean).toBeLessThan(0.0013);
    // Two frames, a wide window: a time frame sees about five collisions, half of them central.
    const [first, second] = nuclei().map(occupancyOf);
    expect((first! + second!) / 2).toBeGreaterThan(0.04);
    expect((first! + second!) / 2).toBeLessThan(0.2);
  });

  it('triggered: every frame starts with a collision of its own, central for nuclei', () => {
    const world = worldOf('auau', { mode: 'triggered' }, { collisionRateHz: 20_000 });
    for (const n of [0, 9]) {
      const { collisions } = world.timeFrame(n)[0]!.truth;
      expect(collisions[0]!.sinceFrameNanos).toBe(0);
      expect(collisions[0]!.impactFm).toBeLessThan(4);
    }
    const pp = worldOf('pp', { mode: 'triggered' });
    expect(pp.timeFrame(2)[0]!.truth.collisions[0]!.sinceFrameNanos).toBe(0);
  });

  it('keeps the truth of what is seen', () => {
    const world = worldOf('pp', { seed: 9 });
    const frames = world.timeFrame(4);
    const { collisions } = frames[0]!.truth;
    expect(collisions.length).toBeGreaterThan(0);
    for (const { digits, truth } of frames) {
      expect(truth.collisions).toBe(collisions);
      expect([...truth.tracks]).toEqual([...new Set(truth.tracks)].sort((a, b) => a - b));
      for (const one of truth.tracks) {
        expect(one & 0xffff).toBeLessThan(collisions[one >>> 16]!.trackCount);
      }
      // A hit without a track would be noise, and only hot channels make that.
      if (truth.tracks.length === 0) expect(digits.count).toBeLessThan(200);
    }
    // What is seen in one frame and began before the border is the same collision in the frame before.
    const earlier = world.timeFrame(3)[0]!.truth.collisions;
    for (const one of collisions.filter(({ sinceFrameNanos }) => sinceFrameNanos < 0)) {
      if (one.sinceFrameNanos + 13197 < 0) continue;
      expect(earlier.map(({ event }) => event)).toContain(one.event);
    }
  });

  it('refuses a card it cannot simulate', () => {
    const card = cardOf('pp');
    expect(() =>
      prepareDetector({ ...card, conditions: { ...card.conditions, fieldTesla: 'strong' } }),
    ).toThrow('fieldTesla');
    expect(() => prepareDetector({ ...card, axes: [...card.axes].reverse() })).toThrow(
      'axis 0 must be layer',
    );
    expect(() => prepareDetector({ ...card, regions: card.regions.slice(1) })).toThrow('two equal halves');
  });
});

describe('the border between time frames', () => {
  /** Without noise, so that a signal and its parts can be compared exactly. */
  const quiet = prepareDetector(cardOf('auau', { noiseAdc: 0 }));
  const response = prepareResponse(quiet);
  const beam = prepareBeam(quiet, response, storeOf('auau'), 'all');
  const collision = collide(beam, [1], 0, 0, 0, true);
  const gain = new Float32Array(quiet.layers * quiet.pads).fill(1);
  const channels = { gain, extraNoise: new Float32Array(gain.length) };

  const hitsOf = (detector: Detector, startBins: number): Map<string, number> => {
    const stamps = new Uint32Array(collision.trackCount);
    const shower: Shower = { deposits: collision.deposits, startBins, stamps, tag: 0 };
    const digitiser = createDigitiser(detector, response);
    const { digits } = digitiseRegion(digitiser, 3, 1, [shower], channels, null, createPrng(1));
    const hits = new Map<string, number>();
    for (let i = 0; i < digits.count; i += 1) {
      const voxel = digits.voxel[i]!;
      hits.set(`${Math.floor(voxel / detector.bins)}:${voxel % detector.bins}`, digits.adc[i]!);
    }
    return hits;
  };

  it('loses no charge: two frames hold exactly what one of twice the length holds', () => {
    const { bins } = quiet;
    // It happens in the middle of the first frame, so half of its charge arrives in the second.
    const start = 128;
    const first = hitsOf(quiet, start);
    const second = hitsOf(quiet, start - bins);
    const joined = new Map(first);
    for (const [place, adc] of second) {
      const [channel, bin] = place.split(':').map(Number);
      joined.set(`${channel}:${bin! + bins}`, adc);
    }
    const long = hitsOf({ ...quiet, bins: 2 * bins }, start);
    expect(first.size).toBeGreaterThan(1000);
    expect(second.size).toBeGreaterThan(1000);
    expect(joined.size).toBe(first.size + second.size);
    expect([...joined].sort()).toEqual([...long].sort());
    // And some pulses do straddle it.
    const straddling = [...first.keys()].filter((place) => {
      const [channel, bin] = place.split(':').map(Number);
      return bin === bins - 1 && second.has(`${channel}:0`);
    });
    expect(straddling.length).toBeGreaterThan(0);
  });
});
