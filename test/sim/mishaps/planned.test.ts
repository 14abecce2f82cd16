/** Mishaps asked for by a person: read with all that is wrong told, and put in from their moment on, nowhere else. */

import { describe, expect, it } from 'vitest';
import { readMishaps, withMishaps } from '../../../src/sim/mishaps/planned.ts';
import { createReplayWorld, poolOf } from '../../../src/sim/replay.ts';
import { cardOf, worldOf } from '../example.ts';

const card = cardOf('pp');

describe('a planned mishap', () => {
  it('is read from words, and what is wrong in them is told', () => {
    const [one, two] = readMishaps(
      'dead-card:region=tpc_outer_n03,card=5,after=40s; spark:region=2,after=1m,for=500ms',
      card,
    );
    expect(one).toMatchObject({ region: 3, afterMs: 40_000, untilMs: Infinity, strength: 256 });
    // Cards are counted across lanes first: the fifth is the second band's third.
    expect(one!.channel).toBe(4 * 192 + 2 * 64);
    expect(two).toMatchObject({ region: 2, afterMs: 60_000, untilMs: 60_500 });
    expect(readMishaps('', card)).toEqual([]);
    for (const [text, said] of [
      ['dead-crd', "there is no 'dead-crd'"],
      ['dead-card:region=nowhere', "no region 'nowhere'"],
      ['dead-card:after=soon', "'soon' is no length of time"],
      ['dead-card:when=4s', "'when' is none of"],
      ['dead-card:card=12', 'card lies between 0 and 11'],
    ] as const)
      expect(() => readMishaps(text, card)).toThrow(said);
  });

  it('strikes its region from its moment to its end, the same frame alike', () => {
    const world = createReplayWorld(poolOf(worldOf('pp'), 1));
    const { count, voxel } = world.timeFrame(0)[1]!.digits;
    const channel = Math.floor(voxel[count >> 1]! / 249);
    const plan = readMishaps(`dead-card:region=1,channel=${channel},after=2s,for=2s`, card);
    const source = withMishaps(world, plan, { card, rate: 1, seed: 5 });
    const lives = (number: number, region: number): boolean =>
      source.timeFrame(number)[region]!.digits.voxel.some((at) => Math.floor(at / 249) === channel);
    expect([1, 2, 3, 4].map((number) => lives(number, 1))).toEqual([true, false, false, true]);
    for (const region of [0, 2])
      expect(source.timeFrame(2)[region]!.digits).toBe(world.timeFrame(2)[region]!.digits);
    expect(source.timeFrame(2)[1]!.digits).toBe(source.timeFrame(3)[1]!.digits);
  });
});
