import { describe, expect, it } from 'vitest';
import { type Mishap, mishapKinds, scatterMishaps } from '../../src/sim/mishap.ts';
import type { SimFrame } from '../../src/sim/world.ts';
import { worldOf } from './example.ts';

const place = { region: 6, from: 2, to: 4 } as const;
const plain = worldOf('pp', { seed: 31 });
const withMishap = (mishap: Mishap): ((number: number) => SimFrame) => {
  const world = worldOf('pp', { seed: 31, mishaps: [mishap] });
  return (number) => world.timeFrame(number)[6]!;
};
const chargeOf = ({ digits }: SimFrame): number => digits.adc.reduce((sum, adc) => sum + adc, 0);

describe('mishaps', () => {
  it('change their region while they last, and nothing else', () => {
    const world = worldOf('pp', { seed: 31, mishaps: [{ ...place, kind: 'dead-region' }] });
    for (const number of [1, 3, 4]) {
      const inside = number >= place.from && number < place.to;
      for (const [region, frame] of world.timeFrame(number).entries()) {
        const same = plain.timeFrame(number)[region]!;
        if (inside && region === place.region) {
          expect(frame.digits.count).toBe(0);
          expect(frame.truth.mishaps.map(({ kind }) => kind)).toEqual(['dead-region']);
        } else {
          expect(frame.digits.voxel).toEqual(same.digits.voxel);
          expect(frame.digits.adc).toEqual(same.digits.adc);
          expect(frame.truth.mishaps).toEqual([]);
        }
      }
    }
  });

  it('gain drop: every region it touches has less charge', () => {
    const drop: Mishap = { region: 6, from: 0, to: 20, kind: 'gain-drop', gain: 0.6 };
    const dropped = withMishap(drop);
    let before = 0;
    let after = 0;
    for (let number = 0; number < 20; number += 1) {
      before += chargeOf(plain.timeFrame(number)[6]!);
      after += chargeOf(dropped(number));
    }
    expect(after / before).toBeGreaterThan(0.25);
    expect(after / before).toBeLessThan(0.65);
  });

  it('hot channels: more hits, in as many channels as were made hot, the same ones while it lasts', () => {
    const hot: Mishap = { ...place, kind: 'hot-channels', channels: 10, noiseAdc: 60 };
    const channelsOf = (frame: SimFrame, number: number): Set<number> => {
      const known = new Set(plain.timeFrame(number)[6]!.digits.voxel);
      return new Set(
        [...frame.digits.voxel].filter((voxel) => !known.has(voxel)).map((v) => Math.floor(v / 249)),
      );
    };
    const [one, two] = [2, 3].map((number) => channelsOf(withMishap(hot)(number), number));
    expect(one!.size).toBeGreaterThanOrEqual(8);
    expect(one!.size).toBeLessThanOrEqual(10);
    expect(one).toEqual(two);
  });

  it('noise burst: nearly all channels fire in a few neighbouring bins', () => {
    const burst: Mishap = { ...place, kind: 'noise-burst', bins: 4, heightAdc: 90 };
    const { digits } = withMishap(burst)(2);
    const perBin = new Float64Array(249);
    for (const voxel of digits.voxel) perBin[voxel % 249] = perBin[voxel % 249]! + 1;
    const full = [...perBin.keys()].filter((bin) => perBin[bin]! > 0.9 * 16 * 192);
    expect(full.length).toBe(4);
    expect(full[3]! - full[0]!).toBe(3);
  });

  it('are scattered by a seed, at their rate, over all kinds', () => {
    const plan = { seed: 3, from: 100, to: 10_100, ratePerTimeFrame: 0.05, regionCount: 24 };
    const mishaps = scatterMishaps(plan);
    expect(mishaps).toEqual(scatterMishaps(plan));
    expect(mishaps).not.toEqual(scatterMishaps({ ...plan, seed: 4 }));
    expect(mishaps.length).toBeGreaterThan(400);
    expect(mishaps.length).toBeLessThan(600);
    expect(new Set(mishaps.map(({ kind }) => kind)).size).toBe(mishapKinds.length);
    for (const { from, to, region } of mishaps) {
      expect(from).toBeGreaterThanOrEqual(100);
      expect(from).toBeLessThan(10_100);
      expect(to).toBeGreaterThan(from);
      expect(region).toBeLessThan(24);
    }
  });
});
