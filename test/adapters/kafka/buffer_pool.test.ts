/** Buffers that are used again: never while anyone holds them, and never more kept than was said. */

import { describe, expect, it } from 'vitest';
import { leaseOf, openBufferPool } from '../../../src/adapters/kafka/client/buffer_pool.ts';

const mebibyte = 1024 * 1024;

describe('a buffer pool', () => {
  it('hands out what was given back, of the length asked for', () => {
    const pool = openBufferPool(8 * mebibyte);
    const first = pool.take(3 * mebibyte);
    expect(first.length).toBe(3 * mebibyte);
    const second = pool.take(3 * mebibyte);
    expect(second.buffer).not.toBe(first.buffer);
    pool.give(first);
    const again = pool.take(2 * mebibyte + 1);
    expect(again.buffer).toBe(first.buffer);
    expect([again.byteOffset, again.length]).toEqual([0, 2 * mebibyte + 1]);
    expect(pool.take(2 * mebibyte).buffer).not.toBe(again.buffer);
  });

  it('keeps no more than it was told, and nothing of anyone else', () => {
    const pool = openBufferPool(2 * mebibyte);
    const [a, b] = [pool.take(2 * mebibyte), pool.take(2 * mebibyte)];
    pool.give(a);
    pool.give(b);
    expect(pool.take(2 * mebibyte).buffer).toBe(a.buffer);
    expect(pool.take(2 * mebibyte).buffer).not.toBe(b.buffer);
    const foreign = Buffer.alloc(mebibyte);
    pool.give(foreign);
    expect(pool.take(mebibyte).buffer).not.toBe(foreign.buffer);
  });

  it('leaves small buffers to Node', () => {
    const pool = openBufferPool(mebibyte);
    const small = pool.take(100);
    expect(small.length).toBe(100);
    pool.give(small);
    expect(pool.take(100).buffer.byteLength).toBeLessThan(mebibyte);
  });
});

describe('a lease', () => {
  it('gives its buffer back when the last holder lets go, not before', () => {
    const pool = openBufferPool(8 * mebibyte);
    const buffer = pool.take(mebibyte);
    const lease = leaseOf(buffer, pool);
    lease.hold();
    lease.hold();
    lease.release();
    expect(pool.take(mebibyte).buffer).not.toBe(buffer.buffer);
    lease.release();
    expect(pool.take(mebibyte).buffer).toBe(buffer.buffer);
  });
});
