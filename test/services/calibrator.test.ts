/** What the calibrator learns from, when it speaks, and what it does not let become the norm at once. */

import { describe, expect, it } from 'vitest';
import { firstPolicy, prescaled } from '../../src/anomaly/fidelity.ts';
import { lateScoreNames, prepareLateJudges } from '../../src/anomaly/scores/late_scores.ts';
import { limits } from '../../src/domain/limits.ts';
import { createPrng } from '../../src/kernels/prng.ts';
import type { LanePacket } from '../../src/ports/lane.ts';
import { openCalibration } from '../../src/services/calibrator.ts';
import { decodePolicy, encodePolicy } from '../../src/wire/policy.ts';

const names = ['one', 'two'];
const packet = (overrides: Partial<LanePacket> = {}): LanePacket => ({
  end: 'kept',
  region: 0,
  run: 1,
  timeFrame: 1,
  messageId: 1,
  timestampNanos: 0n,
  hitCount: 100,
  scores: Float64Array.of(1, 2),
  signature: new Uint32Array(0),
  totalCharge: 20_000,
  pValue: 0.5,
  reason: 0,
  packet: new Uint8Array(0),
  rungBytes: new Uint32Array(0),
  anomaly: null,
  ...overrides,
});
const many = (count: number, overrides: Partial<LanePacket> = {}) =>
  Array.from({ length: count }, () => packet(overrides));

describe('the calibrator', () => {
  it('learns kept frames only, and speaks when there is news and it is time', () => {
    const calibration = openCalibration(firstPolicy(), names, 1000, 0);
    calibration.observe([{ end: 'refused', code: 'frame-crc', detail: '' }, packet({ end: 'shed' })]);
    expect(calibration.due(5000)).toBeNull();
    calibration.observe(many(100));
    expect(calibration.due(999)).toBeNull();
    const first = calibration.due(1000)!;
    expect([first.version, first.sketch.scores]).toEqual([1, names]);
    expect(first.sketch.frames.reduce((sum, count) => sum + count, 0)).toBe(100);
    calibration.observe(many(1));
    expect(calibration.due(9000)).toBeNull();
    calibration.observe(many(9));
    expect(calibration.due(9000)!.version).toBe(2);
  });

  it('counts a content once, but for frames too small to be told apart', () => {
    const calibration = openCalibration(firstPolicy(), names, 0, 0);
    const contents = (first: number, size: number) =>
      Array.from({ length: 50 }, (_, i) =>
        packet({ signature: Uint32Array.from({ length: size }, (_, at) => 1000 * (first + i) + at) }),
      );
    for (let round = 0; round < 3; round++) calibration.observe(contents(0, 32));
    calibration.observe([...contents(40, 32), ...contents(0, 3), ...contents(0, 3)]);
    const { frames } = calibration.due(1)!.sketch;
    expect(frames.reduce((sum, count) => sum + count, 0)).toBe(50 + 40 + 100);
  });

  it('goes on where a snapshot of the same scores stopped, and begins anew with others', () => {
    const before = openCalibration(firstPolicy(), names, 0, 0);
    before.observe(many(50));
    const snapshot = before.due(1)!;
    const held = (scoreNames: readonly string[]): number => {
      const next = openCalibration(snapshot, scoreNames, 0, 0);
      next.observe(many(10));
      return next.due(1)!.sketch.frames.reduce((sum, count) => sum + count, 0);
    };
    expect(held(names)).toBe(60);
    expect(held(['one'])).toBe(10);
  });

  it('learns late scores from prescaled frames alone, whatever else was refined, and goes on from its snapshot', () => {
    const policy = { ...firstPolicy(), prescale: 8, warmupCount: 50 };
    const prng = createPrng(23);
    // What is refined for being rare costs more.
    const frames = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => {
        const timeFrame = from + i;
        const chosen = prescaled(1, timeFrame, policy.prescale);
        const coder = (chosen ? 0 : 500) + 40 * (prng.uniform() - 0.5);
        const isRefined = chosen || i % 3 === 0;
        return packet({
          timeFrame,
          scores: isRefined ? Float64Array.of(1, 2, coder) : Float64Array.of(1, 2),
        });
      });
    const first = openCalibration(policy, names, 0, 0);
    first.observe(frames(0, 4000));
    const snapshot = decodePolicy(encodePolicy(first.due(1)!));
    const counted = snapshot.late!.map(({ framesSeen }) => framesSeen);
    expect(snapshot.late!.map(({ scores }) => scores)).toEqual([[lateScoreNames[0]]]);
    expect(counted[0]).toBeGreaterThan(400);
    expect(counted[0]).toBeLessThan(600);
    const next = openCalibration(snapshot, names, 0, 1);
    next.observe(frames(4000, 20_000));
    const learnt = decodePolicy(encodePolicy(next.due(2)!));
    const [judge] = prepareLateJudges(learnt);
    const pOf = (coder: number) =>
      judge!.judge({ hitCount: 100, totalCharge: 20_000, scores: [coder] }, 0.5).pValue;
    expect(pOf(0)).toBeGreaterThan(0.3);
    expect(pOf(500)).toBeLessThan(0.01);
  });

  it('moves the threshold to hold a rate, and goes on from the state in its snapshot', () => {
    const rate = { rareTarget: 0.01, rateChunkFrames: 1000 };
    const prng = createPrng(21);
    const frames = (count: number) =>
      Array.from({ length: count }, () => packet({ pValue: Math.min(0.99, 2 * prng.uniform()) }));
    const first = openCalibration(firstPolicy(), names, 0, 0, { rate });
    for (let chunk = 0; chunk < 30; chunk++) first.observe(frames(1000));
    first.observe(frames(500));
    const snapshot = decodePolicy(encodePolicy(first.due(1)!));
    expect(snapshot.rarePValue / 0.02).toBeGreaterThan(0.6);
    expect(snapshot.rarePValue / 0.02).toBeLessThan(1.5);
    expect(snapshot.control).toMatchObject({ target: 0.01, chunks: 30, tally: { frames: 500 } });
    expect(first.readings()).toMatchObject([{ cause: 'rate-out-of-band' }]);

    const next = openCalibration(snapshot, names, 0, 0, { rate });
    const more = frames(500);
    for (const one of [first, next]) one.observe(more);
    expect(next.due(2)!.control).toEqual(first.due(2)!.control);
    const other = openCalibration(snapshot, names, 0, 0, { rate: { ...rate, rareTarget: 0.02 } });
    other.observe(frames(10));
    expect(other.due(2)!.control).toMatchObject({ target: 0.02, chunks: 0 });
    const off = openCalibration(snapshot, names, 0, 0);
    off.observe(frames(1000));
    expect([off.due(2)!.control, off.readings()]).toEqual([undefined, []]);
  });

  it('holds what a person asks at once and through its snapshots, and refuses where no rate is held', () => {
    const rate = { rareTarget: 0.01, rateChunkFrames: 1000 };
    const said = { who: 'ana', why: 'beam test' };
    const prng = createPrng(22);
    const frames = (count: number) =>
      Array.from({ length: count }, () => packet({ pValue: Math.min(0.99, 2 * prng.uniform()) }));
    const first = openCalibration(firstPolicy(), names, 60_000, 0, { rate });
    first.heard(5n);
    expect(first.obey({ command: 'hold-rate', pValue: 0.002, ...said }, 77)).toBeNull();
    const heldBy = { ...said, atMs: 77 };
    const snapshot = decodePolicy(encodePolicy(first.due(1)!));
    expect(snapshot).toMatchObject({ rarePValue: 0.002, obeyed: 5, control: { held: 0.002, heldBy } });
    expect(first.due(2)).toBeNull();

    const next = openCalibration(snapshot, names, 0, 0, { rate });
    next.observe(frames(3000));
    expect(next.readings()[0]!.message).toMatch(/ana holds the threshold$/);
    const later = next.due(1)!;
    expect(later).toMatchObject({
      rarePValue: 0.002,
      obeyed: 5,
      control: { held: 0.002, heldBy, chunks: 3 },
    });
    // Without a p-value the present threshold is meant; a second release changes nothing.
    next.obey({ command: 'hold-rate', who: 'bo', why: 'mine' }, 78);
    expect(next.due(2)).toMatchObject({ rarePValue: 0.002, control: { heldBy: { who: 'bo' } } });
    for (let time = 0; time < 2; time++)
      expect(next.obey({ command: 'release-rate', ...said }, 79)).toBeNull();
    next.observe(frames(2000));
    const { rarePValue, control } = next.due(3)!;
    expect([control!.held, control!.heldBy, rarePValue > 0.002]).toEqual([null, undefined, true]);

    const off = openCalibration(snapshot, names, 60_000, 0);
    off.heard(9n);
    expect(off.obey({ command: 'hold-rate', ...said }, 80)).toMatch(/^no rate is held here/);
    expect(off.due(1)).toMatchObject({ obeyed: 9, rarePValue: 0.002 });
  });

  it('holds a byte budget with the frames it sees, steps with its interval, and goes on from its snapshot', () => {
    const holds = { budget: { bytesPerSecond: 20_000, sparePlanes: 0 }, share: 0.5 };
    const first = openCalibration({ ...firstPolicy(), rarePValue: 0.5, prescale: 0 }, names, 1000, 0, holds);
    let second = 0;
    /** Twelve frames a second, which whole take twice what one of two partitions may spend. */
    const seconds = (count: number, holding: typeof first) => {
      for (const end = second + count; second < end; second++)
        holding.observe(
          Array.from({ length: 12 }, (_, i) =>
            packet({
              pValue: (i + 0.5) / 12,
              timestampNanos: BigInt(second + 1) * 1_000_000_000n,
              packet: new Uint8Array(i < 6 ? 2900 : 500),
              rungBytes: i < 6 ? Uint32Array.of(500, 1300, 150, 150, 150, 150) : new Uint32Array(0),
            }),
          ),
        );
    };
    seconds(42, first);
    const begun = first.due(1000)!;
    expect(begun.budget).toMatchObject({ steps: 1 });
    expect(begun.grades!.length).toBeGreaterThan(0);
    seconds(42, first);
    expect(first.due(1500)).toBeNull();
    const snapshot = decodePolicy(encodePolicy(first.due(2000)!));
    expect(snapshot.budget).toMatchObject({ bytesPerSecond: 20_000, steps: 2, fixedPerSecond: 12_000 });
    expect(snapshot.budget!.spentPerSecond).toBe(40_800);
    expect(snapshot.grades!.length).toBeGreaterThan(0);
    expect(first.readings()).toMatchObject([{ cause: 'byte-budget', severity: 'ok' }]);

    const next = openCalibration(snapshot, names, 1000, 2000, holds);
    seconds(42, next);
    expect(next.due(3000)!.budget).toMatchObject({ steps: 3 });
    const other = openCalibration(snapshot, names, 0, 0, {
      budget: { bytesPerSecond: 11_000, sparePlanes: 0 },
      share: 0.5,
    });
    for (let step = 0; step < 3; step++) {
      seconds(42, other);
      other.due(step + 1);
    }
    expect(other.readings()[0]).toMatchObject({ severity: 'minor' });
    expect(other.readings()[0]!.message).toMatch(
      /^tokens and control frames alone take 109 % of the byte budget$/,
    );
    const off = openCalibration(snapshot, names, 0, 0);
    off.observe(many(100));
    const { budget, grades } = off.due(1)!;
    expect([budget, grades]).toEqual([undefined, undefined]);
  });

  it('sets aside what is unusual together, until it has been so for long', () => {
    const calibration = openCalibration(firstPolicy(), names, 0, 0);
    const storm = [...many(40, { pValue: 0.001 }), ...many(60)];
    calibration.observe(storm);
    expect(calibration.due(1)).toBeNull();
    // A few rare frames are what there always is.
    calibration.observe([...many(9, { pValue: 0.001 }), ...many(11)]);
    expect(calibration.due(1)!.sketch.frames.reduce((sum, count) => sum + count, 0)).toBe(20);
    for (let seen = 0; seen < limits.calibrationPatienceFrames; seen += storm.length)
      calibration.observe(storm);
    expect(calibration.due(2)).toBeNull();
    calibration.observe(storm);
    expect(calibration.due(3)).not.toBeNull();
  });
});
