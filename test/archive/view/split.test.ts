/** Parts by time: whole time frames, a guard between them, and shards that hold each time frame once. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FrameWeight,
  parseShares,
  planShards,
  planSplit,
  shardName,
  splitOf,
  splits,
} from '../../../src/archive/view/split.ts';

const shares = fc
  .tuple(fc.nat(100), fc.nat(100), fc.nat(100))
  .filter(([a, b, c]) => a + b + c > 0)
  .map(([a, b, c]) => parseShares(`${a},${b},${c}`));

describe('parts of a training view', () => {
  it('follow each other in time with the guard between them, and leave out nothing else', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(400), shares, fc.nat(5), (least, length, share, guardFrames) => {
        const greatest = least + length;
        const plan = planSplit(least, greatest, { shares: share, guardFrames });
        const parts = Array.from({ length: length + 1 }, (_, i) => splitOf(least + i, plan));
        expect(splitOf(least - 1, plan)).toBeNull();
        expect(splitOf(greatest + 1, plan)).toBeNull();
        const seen = parts.filter((split) => split !== null);
        expect(seen).toEqual([...seen].sort((a, b) => splits.indexOf(a) - splits.indexOf(b)));
        // Between frames of two parts lie at least the guard's.
        const close = parts.filter((split, at) =>
          parts
            .slice(at + 1, at + 1 + guardFrames)
            .some((other) => split !== null && other !== null && other !== split),
        );
        expect(close).toEqual([]);
        expect(parts.filter((split) => split === null).length).toBeLessThanOrEqual(2 * guardFrames);
      }),
    );
  });

  it('are cut into shards that hold every time frame once, in order, named by how many they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), bytes: fc.nat(100) }), { minLength: 1 }),
        fc.integer({ min: 1, max: 300 }),
        (steps, bytesMax) => {
          let timeFrame = 10;
          const weights: FrameWeight[] = steps.map(({ gap, bytes }) => {
            timeFrame += gap;
            return { timeFrame, rows: 1, bytes };
          });
          const plan = planSplit(11, timeFrame, { shares: [0.6, 0.2, 0.2], guardFrames: 1 });
          const shards = planShards(weights, plan, bytesMax);
          for (const weight of weights) {
            const split = splitOf(weight.timeFrame, plan);
            const holders = shards.filter(
              ({ from, to }) => weight.timeFrame >= from && weight.timeFrame < to,
            );
            expect(holders.map((shard) => shard.split)).toEqual(split === null ? [] : [split]);
          }
          for (const shard of shards) {
            const held = weights.filter((one) => one.timeFrame >= shard.from && one.timeFrame < shard.to);
            const bytes = held.reduce((sum, one) => sum + one.bytes, 0);
            expect(held.length === 1 || bytes <= bytesMax).toBe(true);
          }
          expect(new Set(shards.map(shardName)).size).toBe(shards.length);
        },
      ),
    );
    expect(shardName({ split: 'train', index: 3, count: 12, from: 0, to: 1 })).toBe(
      'train-00003-of-00012.parquet',
    );
  });

  it('refuse shares that are no split', () => {
    for (const text of ['', '80,20', '0,0,0', '80,-10,30', 'a,b,c'])
      expect(() => parseShares(text)).toThrow(/three shares/);
  });
});
