import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  jobFrameBytes,
  openBufferPool,
  packJob,
  unpackJob,
} from '../../../src/adapters/threads/job_buffer.ts';
import { splitJob } from '../../../src/adapters/threads/job_split.ts';
import { limits } from '../../../src/domain/limits.ts';

const frameBytesMax = 5_000_000;
const frames = (count: number, bytes: number) => new Array<Uint8Array>(count).fill(new Uint8Array(bytes));

describe('cutting a job', () => {
  it('gives every worker its share of a large batch, and no part of a small one away', () => {
    expect(splitJob(frames(24, 330_000), frameBytesMax, 2)).toEqual([12, 24]);
    expect(splitJob(frames(24, 3000), frameBytesMax, 2)).toEqual([24]);
    expect(splitJob(frames(24, 3000), frameBytesMax, 1)).toEqual([24]);
    expect(splitJob(frames(2048, 3000), frameBytesMax, 2)).toHaveLength(8);
    expect(splitJob([], frameBytesMax, 2)).toEqual([]);
    expect(splitJob(frames(1, 0), frameBytesMax, 8)).toEqual([1]);
  });

  it('covers all frames once, in order, within the limits of a part', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(4000), fc.nat(400_000), fc.nat(6_000_000)), { maxLength: 600 }),
        fc.integer({ min: 1, max: 16 }),
        (sizes, workers) => {
          const job = sizes.map((byteLength) => ({ byteLength }) as Uint8Array);
          const borders = splitJob(job, frameBytesMax, workers);
          expect(borders.at(-1) ?? 0).toBe(job.length);
          borders.forEach((to, part) => {
            const from = borders[part - 1] ?? 0;
            const bytes = job
              .slice(from, to)
              .reduce((sum, one) => sum + jobFrameBytes(one, frameBytesMax), 0);
            expect(to).toBeGreaterThan(from);
            expect(to - from).toBeLessThanOrEqual(limits.jobFramesMax);
            expect(to - from === 1 || bytes <= limits.jobBytesMax).toBe(true);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the job buffer', () => {
  it('gives back what was packed, every frame at a multiple of eight', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }), fc.nat(5), (job, from) => {
        const first = Math.min(from, job.length);
        const bytes = job.slice(first).reduce((sum, one) => sum + jobFrameBytes(one, 40), 0);
        const buffer = new SharedArrayBuffer(bytes);
        packJob(job, first, job.length, 40, buffer);
        const back = unpackJob(buffer, job.length - first);
        back.forEach((frame, i) => {
          expect(frame.byteOffset % 8).toBe(0);
          expect(frame).toEqual(job[first + i]!.slice(0, 41));
        });
      }),
    );
  });

  it('takes buffers back, the smallest that fits first, and keeps no more than it may', () => {
    const pool = openBufferPool(2);
    const [small, middle, large] = [pool.take(1), pool.take(200_000), pool.take(5_000_000)];
    expect([small, middle, large].map((buffer) => buffer.byteLength)).toEqual([65_536, 262_144, 8_388_608]);
    for (const buffer of [small, large, middle]) pool.give(buffer);
    expect(pool.take(1000)).toBe(middle);
    expect(pool.take(1000)).toBe(large);
    expect(pool.take(1000)).not.toBe(small);
  });
});
