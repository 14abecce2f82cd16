import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryLane } from '../../../src/adapters/memory/lane.ts';
import { openLanePool } from '../../../src/adapters/threads/lane_pool.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { limits } from '../../../src/domain/limits.ts';
import { policyVersion } from '../../../src/domain/quantity.ts';
import type { Lane } from '../../../src/ports/lane.ts';
import { checksumRunner, fate } from './checksum_lane.ts';

const workerUrl = new URL('./checksum_lane.ts', import.meta.url);
const frameBytesMax = 300_000;
const policy = firstPolicy();

const open = (workers: number, more: object = {}, onDeath?: (fault: Fault, left: number) => void) =>
  openLanePool({
    workerUrl,
    workerData: { checksumLane: true, ...more },
    workers,
    frameBytesMax,
    ...(onDeath ? { onDeath } : {}),
  });
const job = (frames: Uint8Array[]) => ({ frames, policy, pressure: 'none' as const });
const frame = (first: number, length = 10): Uint8Array => {
  const bytes = new Uint8Array(length).map((_, i) => (i * first) % 200);
  if (length > 0) bytes[0] = first;
  return bytes;
};
const using = async (lane: Lane, body: (lane: Lane) => Promise<void>): Promise<void> => {
  try {
    await body(lane);
  } finally {
    await lane.close();
  }
};

describe('the thread lane', () => {
  it('answers as an inline lane does, in order, for any frames and number of workers', async () => {
    const inline = createMemoryLane(checksumRunner());
    for (const workers of [1, 3]) {
      await using(await open(workers), async (lane) => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(200), fc.oneof(fc.nat(40), fc.nat(290_000))), { maxLength: 30 }),
            async (shapes) => {
              const frames = shapes.map(([first, length]) => frame(first, length));
              const batch = await lane.process(job(frames));
              expect(batch.results).toEqual((await inline.process(job(frames))).results);
              expect(batch.parts.reduce((sum, part) => sum + part.frameCount, 0)).toBe(frames.length);
            },
          ),
          { numRuns: 15 },
        );
      });
    }
    await inline.close();
  });

  it('keeps jobs apart when many are given at once', async () => {
    await using(await open(2), async (lane) => {
      const jobs = Array.from({ length: 60 }, (_, n) =>
        Array.from({ length: (n * 7) % 300 }, (_, i) => frame((n + i) % 200, 1 + ((n * i) % 50))),
      );
      const pending = jobs.map((frames) => lane.process(job(frames)));
      expect(lane.depth).toBe(60);
      const batches = await Promise.all(pending);
      expect(lane.depth).toBe(0);
      const inline = createMemoryLane(checksumRunner());
      for (const [n, frames] of jobs.entries()) {
        expect(batches[n]!.results).toEqual((await inline.process(job(frames))).results);
      }
    });
  });

  it('does not modify or keep the frames it is given', async () => {
    await using(await open(1), async (lane) => {
      const frames = [frame(3, 1000), frame(4, 7)];
      const before = frames.map((bytes) => bytes.slice());
      await lane.process(job(frames));
      expect(frames).toEqual(before);
      frames[0]!.fill(9);
    });
  });

  it('hands on just enough of an oversize frame to refuse it', async () => {
    await using(await open(1), async (lane) => {
      const { results } = await lane.process(job([frame(3, 16 * 1024 * 1024), frame(5)]));
      expect(results[0]).toMatchObject({ region: frameBytesMax + 1 });
      expect(results[1]).toMatchObject({ region: 10 });
    });
  });

  it('sends a policy when it changes', async () => {
    await using(await open(1), async (lane) => {
      const second = { ...policy, version: policyVersion(7) };
      for (const chosen of [policy, second, second, policy]) {
        const { results } = await lane.process({ frames: [frame(2)], policy: chosen, pressure: 'none' });
        expect(results[0]).toMatchObject({ anomaly: Uint8Array.of(chosen.version, 2) });
      }
    });
  });

  it('passes on a fault of the world and goes on', async () => {
    await using(await open(1), async (lane) => {
      await expect(lane.process(job([frame(fate.fault)]))).rejects.toMatchObject({
        code: 'model-run',
        retryable: true,
      });
      expect((await lane.process(job([frame(5)]))).results).toHaveLength(1);
    });
  });

  it('fails the jobs of a worker that dies, starts it again, and serves those that waited', async () => {
    const deaths: number[] = [];
    await using(await open(1, {}, (_, left) => deaths.push(left)), async (lane) => {
      const doomed = lane.process(job([frame(fate.death)]));
      const held = lane.process(job([frame(5)]));
      const waiting = lane.process(job([frame(6)]));
      await expect(doomed).rejects.toMatchObject({ code: 'lane-failed', retryable: true });
      await expect(held).rejects.toMatchObject({ code: 'lane-failed' });
      expect((await waiting).results).toHaveLength(1);
      expect(deaths).toEqual([limits.workerRestartsMax - 1]);
    });
  });

  it('takes a bug in a worker for a death', async () => {
    await using(await open(1), async (lane) => {
      await expect(lane.process(job([frame(fate.bug)]))).rejects.toThrow('a bug');
      expect((await lane.process(job([frame(5)]))).results).toHaveLength(1);
    });
  });

  it('stops starting workers again after so many deaths, and says so at once from then on', async () => {
    await using(await open(1), async (lane) => {
      for (let death = 0; death <= limits.workerRestartsMax; death++) {
        await expect(lane.process(job([frame(fate.death)]))).rejects.toMatchObject({
          code: 'lane-failed',
          retryable: death < limits.workerRestartsMax,
        });
      }
      await expect(lane.process(job([frame(5)]))).rejects.toMatchObject({ code: 'lane-failed' });
    });
  });

  it('finishes what is under way when closed, refuses what comes later, and closes once', async () => {
    const lane = await open(2);
    const busy = Array.from({ length: 8 }, () => lane.process(job([frame(fate.slow), frame(5)])));
    const closing = lane.close();
    expect(lane.close()).toBe(closing);
    await expect(lane.process(job([frame(5)]))).rejects.toThrow(Fault);
    for (const { results } of await Promise.all(busy)) expect(results).toHaveLength(2);
    await closing;
    expect(lane.depth).toBe(0);
  });

  it('does not start with a worker that cannot', async () => {
    await expect(open(2, { refuses: true })).rejects.toMatchObject({ code: 'model-provider' });
    await expect(open(2, { cannotStart: true })).rejects.toMatchObject({ code: 'lane-failed' });
  });

  it('holds no memory that grows with the jobs it has done', async () => {
    await using(await open(2), async (lane) => {
      const frames = Array.from({ length: 24 }, (_, i) => frame(i + 1, 100_000));
      const rssAfter = async (jobs: number): Promise<number> => {
        for (let n = 0; n < jobs; n++) await lane.process(job(frames));
        return process.memoryUsage().rss;
      };
      const settled = await rssAfter(40);
      // 100 further jobs carry 240 MB in and out; what each of them left behind would show.
      expect((await rssAfter(100)) - settled).toBeLessThan(48 * 1024 * 1024);
    });
  });
});
