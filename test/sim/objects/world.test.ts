/** Worlds of objects: pure in the number, canonical on the grid, and frames the wire takes. */

import { describe, expect, it } from 'vitest';
import { plainObjects } from '../../../src/sim/objects/plain.ts';
import { createObjectsWorld } from '../../../src/sim/objects/world.ts';
import { createReplayWorld, poolOf } from '../../../src/sim/replay.ts';
import { encodeFrame, openFrame, readDigits } from '../../../src/wire/frame.ts';
import { triggerCard } from '../../objects.ts';
import { objectsCard } from '../../wire/small_card.ts';

describe.each([triggerCard, objectsCard])('a world of objects of $id', (card) => {
  const options = { run: 3, startNanos: 1_700_000_000_000_000_000n };
  const world = createObjectsWorld(card, plainObjects(card, [5, 3]), options);

  it('gives the same frames in any order, one a region, each from its own instant', () => {
    const forth = Array.from({ length: 20 }, (_, n) => world.timeFrame(n));
    const back = Array.from({ length: 20 }, (_, n) => world.timeFrame(19 - n)).reverse();
    expect(back).toEqual(forth);
    forth.forEach((frames, n) => {
      expect(frames.map(({ identity }) => identity.sourceName)).toEqual(card.regions);
      expect(frames[0]!.identity.timestampNanos - options.startNanos).toBe(BigInt(n) * card.timeFrameNanos);
    });
    expect(() => world.timeFrame(-1)).toThrow(/not a number from 0 on/);
  });

  it('makes frames that open to its digits, also from a pool', () => {
    const replay = createReplayWorld(poolOf(world, 4));
    for (let n = 0; n < 8; n += 1)
      for (const { identity, digits } of replay.timeFrame(n)) {
        const open = openFrame(encodeFrame(identity, digits, card), card);
        const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
        expect({ count: readDigits(open, card, into), ...into }).toEqual(digits);
        expect(digits).toEqual(world.timeFrame(n % 4)[open.region]!.digits);
      }
  });
});
