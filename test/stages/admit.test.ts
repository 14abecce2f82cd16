import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { openAdmission } from '../../src/stages/admit.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
const arrival = (messageId: number, seconds: number, run = 7, region = 0) => ({
  region,
  run,
  messageId,
  timestampNanos: start + BigInt(Math.round(seconds * 1e9)),
});

describe('admission', () => {
  it('admits a source in order and refuses what was seen', () => {
    const admission = openAdmission(2, '');
    expect(admission.admit(arrival(0, 0))).toBeNull();
    expect(admission.admit(arrival(1, 1))).toBeNull();
    expect(admission.admit(arrival(1, 1))).toBe('frame-duplicate');
    expect(admission.admit(arrival(0, 0))).toBe('frame-duplicate');
    expect(admission.admit(arrival(0, 0, 7, 1))).toBeNull();
    expect(admission.admit(arrival(5, 2))).toBeNull();
  });

  it('refuses stale and far-future frames and goes on with the next good one', () => {
    const admission = openAdmission(1, '');
    admission.admit(arrival(0, 100));
    expect(admission.admit(arrival(1, 39))).toBe('frame-stale');
    expect(admission.admit(arrival(1, 161))).toBe('frame-future');
    expect(admission.admit(arrival(1, 101))).toBeNull();
  });

  it('outlives one wild timestamp and one wild message_id', () => {
    const admission = openAdmission(1, '');
    admission.admit(arrival(0, 0));
    expect(admission.admit(arrival(1, 59))).toBeNull();
    // The wild one moved the watermark by one step only.
    expect(admission.watermarkNanos).toBe(start + limits.watermarkStepNanos);
    expect(admission.admit(arrival(2, 1))).toBeNull();
    expect(admission.admit(arrival(2 ** 50, 1))).toBeNull();
    expect(admission.admit(arrival(3, 1))).toBeNull();
    expect(admission.admit(arrival(3, 1))).toBe('frame-duplicate');
    // A wild one within the window of duplicates must not take the next thousand frames with it.
    expect(admission.admit(arrival(504, 4))).toBeNull();
    for (let id = 5; id < 20; id += 1) expect(admission.admit(arrival(id, id))).toBeNull();
    expect(admission.admit(arrival(19, 19))).toBe('frame-duplicate');
  });

  it('follows a gap in the data once several frames agree, and a later run from its first frame', () => {
    const gap = openAdmission(1, '');
    gap.admit(arrival(0, 0));
    expect(gap.admit(arrival(1, 4000))).toBe('frame-future');
    expect(gap.admit(arrival(2, 4001))).toBe('frame-future');
    expect(gap.admit(arrival(3, 4002))).toBeNull();
    expect(gap.admit(arrival(4, 4003))).toBeNull();

    const nextRun = openAdmission(1, '');
    nextRun.admit(arrival(90, 0, 7));
    for (let id = 0; id < 5; id += 1) expect(nextRun.admit(arrival(id, 4000 + id, 8))).toBeNull();
    expect(nextRun.admit(arrival(91, 1, 7))).toBe('frame-stale');
  });

  it('goes on over a restart exactly as without one', () => {
    const arrivals = fc.array(
      fc.record({
        region: fc.integer({ min: 0, max: 2 }),
        run: fc.constantFrom(7, 8),
        messageId: fc.integer({ min: 0, max: 40 }),
        timestampNanos: fc.integer({ min: 0, max: 50 }).map((s) => start + BigInt(s) * second),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(arrivals, fc.nat(60), (all, cut) => {
        const sameRun = all.map((one) => ({ ...one, run: 7 }));
        const whole = openAdmission(3, '');
        const expected = sameRun.map((one) => whole.admit(one));
        const before = openAdmission(3, '');
        const first = sameRun.slice(0, cut).map((one) => before.admit(one));
        const after = openAdmission(3, before.toMetadata());
        const second = sameRun.slice(cut).map((one) => after.admit(one));
        expect([...first, ...second]).toEqual(expected);
      }),
    );
  });

  it('keeps its metadata within what Kafka commits', () => {
    const admission = openAdmission(5000, '');
    for (let region = 0; region < 5000; region += 1) admission.admit({ ...arrival(2 ** 52, 0), region });
    expect(admission.toMetadata().length).toBeLessThanOrEqual(4000);
    expect(openAdmission(5000, admission.toMetadata()).watermarkNanos).toBe(start);
    expect(openAdmission(1, 'nonsense').watermarkNanos).toBe(0n);
  });
});
