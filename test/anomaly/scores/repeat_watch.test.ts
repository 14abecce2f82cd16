/** Repeated frames as a condition: what counts, what does not, and when it is good again. */

import { describe, expect, it } from 'vitest';
import { openRepeatWatch } from '../../../src/anomaly/scores/repeat_watch.ts';
import { createPrng } from '../../../src/kernels/prng.ts';

const signature = (seed: number, size = 64): Uint32Array => {
  const prng = createPrng(seed, 5);
  return Uint32Array.from({ length: size }, () => prng.uint32()).sort();
};

describe('the watch over repeated frames', () => {
  it('counts a frame that comes again, and says which', () => {
    const watch = openRepeatWatch(['r0', 'r1']);
    watch.take({ region: 1, timeFrame: 10, signature: signature(1) }, 0);
    watch.take({ region: 0, timeFrame: 11, signature: signature(1) }, 0);
    expect(watch.condition(0)).toMatchObject({ severity: 'ok', total: 0, message: '' });
    const most = signature(1);
    most.set(signature(2, 16));
    most.sort();
    watch.take({ region: 1, timeFrame: 12, signature: most }, 1000);
    expect(watch.condition(1500)).toEqual({
      cause: 'repeated-frames',
      severity: 'minor',
      total: 1,
      message: 'r1 repeats 75 % of its time frame 10 in 12',
    });
    // The same time frame under another id is a repeat, too.
    watch.take({ region: 1, timeFrame: 12, signature: most }, 2000);
    expect(watch.condition(2000)).toMatchObject({ total: 2 });
    expect(watch.condition(10_000)).toMatchObject({ severity: 'ok', total: 2, message: '' });
  });

  it('does not count what is small, other, or comes round much later', () => {
    const watch = openRepeatWatch(['r0']);
    const take = (timeFrame: number, hashes: Uint32Array): void =>
      watch.take({ region: 0, timeFrame, signature: hashes }, 0);
    for (const size of [0, 1, 7]) for (let i = 0; i < 3; i++) take(i, signature(3, size));
    for (let i = 0; i < 50; i++) take(i, signature(100 + i));
    // A simulator's pool of 16.
    for (let i = 100; i < 200; i++) take(i, signature(i % 16));
    expect(watch.condition(0).total).toBe(0);
  });
});
