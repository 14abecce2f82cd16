/** Event time of several partitions: rising, each time frame once, and no more waiting than there is room for. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEventOrder } from '../../../src/anomaly/bursts/order.ts';

describe('the order of events', () => {
  it('is that of event time, whatever partition brings them, within the wait', () => {
    const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 99 })), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(arrivals, (steps) => {
        const order = openEventOrder(100, 1000, null);
        const out: number[] = [];
        let nowMs = 1000;
        const sent = new Set<number>();
        // Each is seen less than the wait after it happened.
        const planned = steps.map(([gap, late]) => {
          nowMs += gap;
          sent.add(nowMs);
          return { atMs: nowMs, seenMs: nowMs + late };
        });
        planned.sort((a, b) => a.seenMs - b.seenMs);
        for (const [i, { atMs, seenMs }] of planned.entries()) {
          order.add(atMs, seenMs, i % 3, BigInt(i));
          out.push(...order.ready(seenMs));
        }
        out.push(...order.ready(nowMs + 1000));
        expect(out).toEqual([...sent].sort((a, b) => a - b));
        expect(order.lateCount).toBe(0);
        expect(order.firstWaiting(0)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  it('counts what comes too late, knows where to read on, and lets the oldest go when many wait', () => {
    const order = openEventOrder(100, 4, 500);
    order.add(400, 0, 0, 1n);
    order.add(500, 0, 0, 2n);
    expect(order.lateCount).toBe(1);
    for (const [i, atMs] of [900, 700, 800, 600, 1000].entries()) order.add(atMs, 0, i % 2, BigInt(10 + i));
    expect(order.firstWaiting(0)).toBe(10n);
    expect(order.ready(null)).toEqual([600, 700, 800]);
    expect(order.judgedMs).toBe(800);
    expect(order.firstWaiting(1)).toBeNull();
    expect(order.ready(null)).toEqual([]);
    expect(order.ready(99)).toEqual([]);
    expect(order.ready(100)).toEqual([900, 1000]);
  });
});
