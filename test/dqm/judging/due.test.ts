/** What is due of a card: straight tracks through the cards around it, drawn by hand and from simulated collisions. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { home, loadCards } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { openDue } from '../../../src/dqm/judging/due.ts';
import { parseParticles } from '../../../src/sim/particles.ts';
import { createWorld } from '../../../src/sim/world.ts';

const [layers, lanes, samples] = [16, 192, 249];
const chamber = { layers, lanes, samples, wiring: { cardLayers: 4, cardLanes: 64, chipLanes: 32 } } as const;

/** Hits of a straight track, three lanes by three samples a layer, without those of some layers. */
const track = (
  lane: number,
  sample: number,
  perLayer: readonly [number, number],
  without: readonly number[] = [],
) => {
  const voxels = new Set<number>();
  for (let layer = 0; layer < layers; layer++) {
    if (without.includes(layer)) continue;
    for (let side = -1; side <= 1; side++)
      for (let then = -1; then <= 1; then++) {
        const at = [
          Math.round(lane + layer * perLayer[0]) + side,
          Math.round(sample + layer * perLayer[1]) + then,
        ];
        voxels.add((layer * lanes + at[0]!) * samples + at[1]!);
      }
  }
  return voxels;
};
const digitsOf = (voxels: Iterable<number>): Digits => {
  const voxel = Uint32Array.from(voxels).sort();
  return { count: voxel.length, voxel, adc: new Uint16Array(voxel.length).fill(100) };
};
const bandOf = (band: number): number[] => [0, 1, 2, 3].map((layer) => 4 * band + layer);

describe('what is due of a card', () => {
  const due = openDue(chamber)!;

  it('is nothing where nothing is seen: there may be no collisions', () => {
    expect([...due(digitsOf([]))]).toEqual(Array(12).fill(0));
  });

  it('is most where a straight track leads into it, whether its own hits came or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 3 }),
        fc.double({ min: -0.8, max: 0.8, noNaN: true }),
        fc.double({ min: -1.5, max: 1.5, noNaN: true }),
        fc.boolean(),
        (card, band, slope, drift, isDead) => {
          const lane = 64 * card + 32 - 7.5 * slope;
          const voxels = track(lane, 120, [slope, drift], isDead ? bandOf(band) : []);
          const found = due(digitsOf(voxels));
          expect(found[3 * band + card]).toBe([4.8, 8.2, 8.2, 4.4][band]);
          for (const other of [0, 1, 2])
            if (other !== card) expect(found[3 * band + other]).toBe([0.3, 0.12, 0.12, 0.2][band]);
        },
      ),
    );
  });

  it('is less where only one card beside it saw a track', () => {
    const found = due(digitsOf(track(96, 120, [0, 0], [...bandOf(0), ...bandOf(1)])));
    expect([found[4], found[1]]).toEqual([1.1, 0.85]);
  });

  it('is not raised by noisy channels', () => {
    const noisy = [5 * lanes + 90, 10 * lanes + 100].flatMap((channel) =>
      Array.from({ length: samples }, (_, sample) => channel * samples + sample),
    );
    expect([...due(digitsOf(noisy))]).toEqual([...due(digitsOf([]))]);
  });

  it('is not told of chambers less than three cards deep', () => {
    expect(openDue({ ...chamber, layers: 8 })).toBeNull();
    expect(openDue({ ...chamber, layers: 9 })).not.toBeNull();
    expect(openDue({ ...chamber, wiring: { ...chamber.wiring, cardLayers: 2 } })).toBeNull();
  });

  it('is as its numbers say: −ln of the share of simulated good frames in which the card saw no track', () => {
    const { card } = loadCards('sphenix-tpc-pp');
    const particles = parseParticles(readFileSync(`${home}/models/particles/pp200.bin`));
    const world = createWorld(card, particles, { seed: 4711, run: 1, startNanos: 0n, split: 'all' });
    const seen = new Map<number, { all: number; empty: number }>();
    for (let number = 0; number < 400; number++)
      for (const { digits } of world.timeFrame(number)) {
        const hits = new Uint32Array(12);
        for (let hit = 0; hit < digits.count; hit++) {
          const channel = Math.floor(digits.voxel[hit]! / samples);
          const at = 3 * Math.floor(channel / lanes / 4) + Math.floor((channel % lanes) / 64);
          hits[at] = hits[at]! + 1;
        }
        for (const [at, nats] of due(digits).entries()) {
          const count = seen.get(nats) ?? { all: 0, empty: 0 };
          seen.set(nats, count);
          count.all += 1;
          count.empty += hits[at]! <= 8 ? 1 : 0;
        }
      }
    expect(seen.size).toBe(13);
    seen.delete(0);
    // Fewer than e^−8 of these few thousand: their own count bounds it.
    for (const [nats, { all, empty }] of seen)
      expect(Math.abs(-Math.log((empty + 1) / all) - nats), `${nats}: ${empty} of ${all}`).toBeLessThan(
        0.15 + 0.1 * nats,
      );
  });
});
