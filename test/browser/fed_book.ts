/**
 * A status book fed like a processor feeds it, under a virtual clock, from a seed: for tests that need a live
 * view with something in it. It refuses to stand for measurements; no figure in here is quoted anywhere.
 */

import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { FaultCode } from '../../src/domain/fault.ts';
import type { Anomaly } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import type { AlarmSnapshot } from '../../src/domain/status.ts';
import { createStatusBook, type StatusBook } from '../../src/services/status.ts';
import { statusIdentity } from '../services/status_identity.ts';

export interface FedBook {
  readonly book: StatusBook;
  readonly clock: VirtualClock;
  /** Moves time forward by whole quarter seconds, one batch of 24 regions each. */
  run(quarters: number): Promise<void>;
}

/** A small xorshift: the tests need variety, not quality. */
const random = (seed: number) => {
  let state = seed | 1;
  return (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};

const anomalyAt = (timeFrame: number, next: () => number): Anomaly => {
  const region = Math.floor(next() * 12);
  const [layer, azimuth, time] = [Math.floor(next() * 14), Math.floor(next() * 20), Math.floor(next() * 28)];
  return {
    identity: {
      sourceName: `tpc_outer_${next() < 0.5 ? 'n' : 's'}${String(region).padStart(2, '0')}`,
      messageId: messageId(timeFrame),
      timestampNanos: epochNanos(0n),
      durationNanos: durationNanos(13_000n),
      run: run(1),
      timeFrame: timeFrameNumber(timeFrame),
      instrumentId: statusIdentity.instrument.id,
      instrumentHash: cardHash('0123456789abcdef'),
    },
    scoreName: 'surprise',
    score: 4 + next() * 8,
    pValue: 10 ** (-3 - 3 * next()),
    pLow: 0,
    pHigh: 1,
    threshold: 0.001,
    verdict: 'rare',
    patches: Array.from({ length: 12 }, (_, i) => ({
      patch: ((layer + (i % 3)) * 24 + azimuth + Math.floor(next() * 4)) * 32 + time + Math.floor(next() * 4),
      surpriseBits: 60 - 4 * i,
    })),
    policyVersion: policyVersion(12),
    findings: [],
    scores: [
      { name: 'token-surprise', value: 2.5, pValue: 0.25 },
      { name: 'silent-channels', value: 3.25, pValue: 0.002 },
    ],
  };
};

export const createFedBook = (seed: number): FedBook => {
  const clock = createVirtualClock(epochNanos(BigInt(Date.now()) * 1_000_000n));
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  const next = random(seed);
  let inFlight = 0;
  let timeFrame = 4000;
  let step = 0;
  book.watchInFlight(() => inFlight);
  let wobble = 0.5;
  book.watchFlow(() => ({
    lagFrames: Math.round(24 * wobble),
    queuedBytes: 3e6 * wobble,
    laneDepth: Math.floor(3 * wobble),
    partitions: 4,
    pausedPartitions: 0,
    pressure: 'none',
  }));
  book.watchProcess(() => ({
    loopDelayMsP50: 0.1,
    loopDelayMsP99: 2 + 3 * wobble,
    rssBytes: 412e6,
    heapBytes: 96e6,
    cpuCores: 1.2 + 0.2 * wobble,
    gcShare: 0.02,
  }));
  book.policy({ version: policyVersion(12), rarePValue: 0.001, prescale: 100 });
  book.state('running');
  const simulator = book.service('simulator');

  const quarter = async (): Promise<void> => {
    const frames = step % 2 === 0 ? 24 : Math.floor(24 + 12 * Math.sin(step / 20) + 4 * next());
    const frameBytes = 330_000;
    simulator.received(frames, 0);
    simulator.ended({ kept: frames }, frames * frameBytes);
    book.received(frames, frames * frameBytes);
    const ended = inFlight;
    inFlight = frames;
    const refused: FaultCode[] = step % 97 === 50 ? ['frame-crc'] : step % 211 === 100 ? ['frame-order'] : [];
    const bad = Math.min(refused.length, ended);
    const kept = ended - bad;
    const rare = kept > 0 && step % 23 === 7 ? 1 : 0;
    const control = step % 40 === 3 ? kept - rare : 0;
    const slow = 1 + (step % 60 > 50 ? 1.2 : 0) + 0.2 * next();
    const each = (ms: number) =>
      Float64Array.from({ length: kept }, () => ms * slow * (0.7 + 0.8 * next()) * 1e6);
    book.batch({
      kept,
      shed: 0,
      refused: refused.slice(0, bad),
      rawBytes: kept * frameBytes,
      packetBytes: (kept - rare - control) * 9_400 + (rare + control) * 118_000,
      denseBytes: kept * 764_928 * 2,
      reasons: [kept - rare - control, rare, control, 0, 0],
      spans: [
        { stage: 'transport', nanos: each(6), frames: kept },
        { stage: 'decode', nanos: each(9), frames: kept },
        { stage: 'tokenize', nanos: 7e6 * slow, frames: kept },
        { stage: 'score', nanos: 0.2e6 * slow, frames: kept },
        { stage: 'refine', nanos: 2.1e6 * slow, frames: kept },
        { stage: 'emit', nanos: 0.4e6 * slow, frames: kept },
        { stage: 'commit', nanos: 11e6 * slow, frames: kept },
        { stage: 'inside', nanos: each(29), frames: kept },
        { stage: 'total', nanos: each(36), frames: kept },
      ],
      anomalies: rare > 0 ? [anomalyAt(timeFrame, next)] : [],
    });
    timeFrame++;
    step++;
    wobble = next();
    await clock.advance(250);
  };

  return {
    book,
    clock,
    async run(quarters) {
      for (let i = 0; i < quarters; i++) await quarter();
    },
  };
};

/** One alarm of each look: new, acknowledged, shelved while it lasts, shelved beforehand. */
export const exampleAlarms = (nowMs: number): readonly AlarmSnapshot[] => {
  const alarm = {
    severity: 'minor',
    lastMs: nowMs,
    unit: 'seconds',
    open: true,
    acknowledged: null,
    shelved: null,
  } as const;
  const ana = { who: 'ana', atMs: nowMs - 60_000 };
  return [
    {
      ...alarm,
      cause: 'frames-refused',
      severity: 'major',
      message: 'frames are refused, most as frame-crc: 480 of the last 500',
      sinceMs: nowMs - 134_000,
      count: 10_000,
      unit: 'frames',
    },
    {
      ...alarm,
      cause: 'latency-budget',
      message: 'p99 is 412 ms from intended send to commit; the budget is 100 ms',
      sinceMs: nowMs - 700_000,
      count: 655,
      acknowledged: { ...ana, why: 'disk of the broker is being replaced' },
    },
    {
      ...alarm,
      cause: 'lag',
      message: '5,000 frames behind, and 200 a second leave',
      sinceMs: nowMs - 90_000,
      count: 90,
      shelved: { ...ana, why: 'same disk', untilMs: nowMs + 3_540_000 },
    },
    {
      ...alarm,
      cause: 'input-silent',
      severity: 'ok',
      open: false,
      message: '',
      sinceMs: 0,
      count: 0,
      shelved: { ...ana, why: 'no beam until the afternoon', untilMs: nowMs + 7_200_000 },
    },
  ];
};
