/** What the bench of viewers stands on: clients that all hear the same and are told when dropped, and a ratio that is known. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFollowers } from '../../../loadtest/bench/viewers/followers.ts';
import { verdictOf } from '../../../loadtest/bench/viewers/verdict.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { type Served, serveWorld } from '../../adapters/http/monitor/served.ts';

describe('clients that follow', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveWorld();
  });
  afterAll(() => served.server.close());

  it('all hear everything, come and go as told, and know when they are dropped', async () => {
    const followers = await startFollowers(served.server.port);
    const joined = await followers.follow(199);
    expect(joined).toMatchObject({ standing: 199, dropped: 0 });
    expect(served.server.followers).toBe(199);
    // Beginnings may still be on their way.
    let before = await followers.now();
    for (let last = -1; before.bytes !== last; before = await followers.now()) {
      last = before.bytes;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(before.bytes).toBe(199 * before.bytesMin);
    served.world.advance(5_000);
    let after = await followers.now();
    while (after.bytes === before.bytes || after.bytes !== 199 * after.bytesMin)
      after = await followers.now();
    expect(after.bytes).toBe(199 * after.bytesMin);
    expect(await followers.follow(7)).toMatchObject({ standing: 7, dropped: 0 });
    await served.server.close();
    let gone = await followers.now();
    while (gone.standing > 0) gone = await followers.now();
    expect(gone.dropped).toBe(7);
    followers.stop();
  });
});

describe('the ratio of pairs', () => {
  const latency = (p99Ms: number) => ({ count: 1000, p50Ms: p99Ms / 2, p99Ms, maxMs: 2 * p99Ms });
  it('is found amid drift that meets both of a pair, with an interval that holds it', () => {
    const prng = createPrng(7);
    const pairs = Array.from({ length: 12 }, (_, i) => {
      const drift = 40 + 10 * i;
      const noise = (): number => 1 + 0.05 * prng.gaussian();
      return { alone: latency(drift * noise()), watched: latency(drift * 1.2 * noise()) };
    });
    const verdict = verdictOf(pairs, 1);
    expect(verdict.ratio).toBeGreaterThan(1.1);
    expect(verdict.ratio).toBeLessThan(1.3);
    expect(verdict.ratioLow).toBeLessThan(1.2);
    expect(verdict.ratioHigh).toBeGreaterThan(1.2);
    expect(verdict.ratioLow).toBeGreaterThan(1);
    expect(verdictOf(pairs, 1)).toEqual(verdict);
  });
});
