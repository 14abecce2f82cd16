import { describe, expect, it } from 'vitest';
import { createReplayWorld, poolOf } from '../../src/sim/replay.ts';
import { worldOf } from './example.ts';

describe('a replayed pool', () => {
  const world = worldOf('pp');
  const pool = poolOf(world, 4);

  it('repeats its digits under new numbers, and says that it does', () => {
    const replay = createReplayWorld(pool);
    expect(replay.replayed.timeFrames).toBe(4);
    for (const number of [0, 3, 4, 1_000_001]) {
      const frames = replay.timeFrame(number);
      const origin = world.timeFrame(number % 4);
      expect(frames.length).toBe(24);
      for (const [region, frame] of frames.entries()) {
        expect(frame.digits.voxel).toEqual(origin[region]!.digits.voxel);
        expect(frame.identity).toEqual(world.identify(region, number));
        expect(frame.identity.timeFrame).toBe(number);
        expect(frame.identity.messageId).toBe(number);
      }
    }
  });

  it('takes another run and other instants when given them', () => {
    const replay = createReplayWorld(pool, { run: 9, startNanos: 500n, spacingNanos: 1000n });
    expect(replay.timeFrame(3)[5]!.identity).toMatchObject({
      run: 9,
      timestampNanos: 3500n,
      durationNanos: 13197n,
    });
  });
});
