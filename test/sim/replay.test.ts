import { describe, expect, it } from 'vitest';
import { createRenewedWorld, createReplayWorld, poolOf } from '../../src/sim/replay.ts';
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

describe('a renewed pool', () => {
  const world = worldOf('pp');
  /** Which of the world's time frames is asked for, while the replay is told its numbers. */
  const asked: number[] = [];
  const told = {
    ...world,
    timeFrame(number: number) {
      asked.push(number);
      return world.timeFrame(number);
    },
  };

  it('uses each time frame so many times, one a round, and makes as many anew in every round', () => {
    const [size, uses] = [6, 3];
    const renewed = createRenewedWorld(told, poolOf(world, size), uses);
    asked.length = 0;
    const seen = new Map<Uint32Array, number[]>();
    const perRound: number[] = [];
    for (let round = 0; round < 9; round++) {
      for (let slot = 0; slot < size; slot++) {
        const number = round * size + slot;
        const [frame] = renewed.timeFrame(number);
        expect(frame!.identity).toEqual(world.identify(0, number));
        seen.set(frame!.digits.voxel, [...(seen.get(frame!.digits.voxel) ?? []), number]);
      }
      perRound.push(asked.length);
      asked.length = 0;
    }
    expect(perRound.slice(1)).toEqual(Array.from({ length: 8 }, () => size / uses));
    const counts = [...seen.values()].map(({ length }) => length);
    expect(Math.max(...counts)).toBe(uses);
    for (const numbers of seen.values())
      for (let i = 1; i < numbers.length; i++) expect(numbers[i]! - numbers[i - 1]!).toBe(size);
  });

  it('gives the same under a number, whatever was asked before', () => {
    const one = createRenewedWorld(world, poolOf(world, 4), 2);
    const other = createRenewedWorld(world, poolOf(world, 4), 2);
    for (const number of [0, 4, 9, 17, 22]) one.timeFrame(number);
    for (const number of [22, 3, 17, 0])
      expect(one.timeFrame(number)[7]!.digits).toEqual(other.timeFrame(number)[7]!.digits);
  });
});
