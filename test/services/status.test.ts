/**
 * The status book under a virtual clock: books, rates, windows, history and what is remembered of rare frames.
 * Refuses real time; every instant here is chosen.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { type Anomaly, FidelityReason } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import type { LaneBatch, LaneResult } from '../../src/ports/lane.ts';
import { reportOfBatch } from '../../src/services/batch_report.ts';
import { heartbeatJson } from '../../src/services/heartbeat.ts';
import { type BatchReport, createStatusBook } from '../../src/services/status.ts';
import { statusIdentity as identity } from './status_identity.ts';

const report = (changes: Partial<BatchReport> = {}): BatchReport => ({
  kept: 0,
  shed: 0,
  refused: [],
  rawBytes: 0,
  packetBytes: 0,
  denseBytes: 0,
  reasons: [],
  spans: [],
  anomalies: [],
  ...changes,
});

const anomaly = (timeFrame: number, pValue: number, score: number): Anomaly => ({
  identity: {
    sourceName: 'tpc_outer_n03',
    messageId: messageId(timeFrame),
    timestampNanos: epochNanos(1n),
    durationNanos: durationNanos(1n),
    run: run(7),
    timeFrame: timeFrameNumber(timeFrame),
    instrumentId: identity.instrument.id,
    instrumentHash: cardHash('0000000000000000'),
  },
  scoreName: 'surprise',
  score,
  pValue,
  pLow: 0,
  pHigh: 1,
  threshold: 0.001,
  verdict: 'rare',
  patches: [{ patch: (3 * 24 + 5) * 32 + 9, surpriseBits: 41 }],
  policyVersion: policyVersion(3),
  findings: [],
  scores: [],
});

const open = (latencyBudgetMs = 100) => {
  const clock = createVirtualClock();
  return { clock, book: createStatusBook({ clock, identity, latencyBudgetMs }) };
};

describe('status book', () => {
  it('balances after every movement, whatever their order', () => {
    const step = fc.record({
      take: fc.nat(50),
      end: fc.nat(50),
      give: fc.nat(9),
      shed: fc.nat(9),
      bad: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { book } = open();
        let inFlight = 0;
        book.watchInFlight(() => inFlight);
        for (const { take, end, give, shed, bad } of steps) {
          book.received(take, take * 100);
          inFlight += take;
          const gone = Math.min(inFlight, end);
          const refusedCount = Math.min(bad, gone);
          const shedCount = Math.min(shed, gone - refusedCount);
          book.batch(
            report({
              kept: gone - refusedCount - shedCount,
              shed: shedCount,
              refused: Array(refusedCount).fill('frame-crc'),
            }),
          );
          inFlight -= gone;
          const back = Math.min(inFlight, give);
          book.returned(back, back * 100);
          inFlight -= back;
          const [entry] = book.snapshot().books;
          expect(entry!.balanced).toBe(true);
          expect(entry!.inFlight).toBe(inFlight);
        }
      }),
    );
  });

  it('shows a book that does not balance', () => {
    const { book } = open();
    book.watchInFlight(() => 1);
    book.received(3, 0);
    book.batch(report({ kept: 1 }));
    const snapshot = book.snapshot();
    expect(snapshot.books[0]).toMatchObject({ received: 3, kept: 1, inFlight: 1, balanced: false });
    expect(JSON.parse(heartbeatJson(snapshot)).status).toBe(240);
  });

  it('gives rates of the last five seconds, from the first second on', async () => {
    const { clock, book } = open();
    for (let i = 0; i < 4; i++) {
      book.received(25, 25_000);
      book.batch(report({ kept: 25, packetBytes: 250 }));
      await clock.advance(250);
    }
    expect(book.snapshot().in.framesPerSecond).toBeCloseTo(100, 6);
    for (let i = 0; i < 80; i++) {
      book.received(50, 50_000);
      book.batch(report({ kept: 50, packetBytes: 500 }));
      await clock.advance(250);
    }
    const busy = book.snapshot();
    expect(busy.in.framesPerSecond).toBeCloseTo(200, 6);
    expect(busy.in.bytesPerSecond).toBeCloseTo(200_000, 3);
    expect(busy.out.bytesPerSecond).toBeCloseTo(2_000, 3);
    await clock.advance(6_000);
    expect(book.snapshot().in.framesPerSecond).toBe(0);
  });

  it('gives ratios of the last seconds and in all, and none of nothing', async () => {
    const { clock, book } = open();
    expect(book.snapshot().ratio).toEqual({
      recent: { dense: null, raw: null },
      overall: { dense: null, raw: null },
    });
    book.batch(report({ kept: 1, denseBytes: 1000, rawBytes: 200, packetBytes: 10 }));
    expect(book.snapshot().ratio.recent).toEqual({ dense: 100, raw: 20 });
    await clock.advance(11_000);
    book.batch(report({ kept: 1, denseBytes: 1000, rawBytes: 200, packetBytes: 30 }));
    const { recent, overall } = book.snapshot().ratio;
    expect(recent.raw).toBeCloseTo(200 / 30, 9);
    expect(overall).toEqual({ dense: 50, raw: 10 });
  });

  it('forgets latencies after ten seconds and says each stage its share of the budget', async () => {
    const { clock, book } = open(200);
    book.batch(report({ kept: 100, spans: [{ stage: 'commit', nanos: 8_000_000, frames: 100 }] }));
    const commit = () => book.snapshot().latency.find((one) => one.stage === 'commit')!;
    expect(commit()).toMatchObject({ count: 100, budgetMs: 50 });
    expect(commit().p99Ms).toBeGreaterThan(7.9);
    expect(commit().p99Ms).toBeLessThan(8.2);
    await clock.advance(10_000);
    expect(commit()).toMatchObject({ count: 0, p50Ms: null, p99Ms: null });
    expect(book.snapshot().latency.find((one) => one.stage === 'total')!.budgetMs).toBe(200);
  });

  it('keeps two minutes of history, one value a second, silence included', async () => {
    const { clock, book } = open();
    book.received(10, 1);
    book.batch(report({ kept: 4, spans: [{ stage: 'inside', nanos: 5_000_000, frames: 4 }] }));
    await clock.advance(3_000);
    const { history } = book.snapshot();
    expect(history.framesIn).toEqual([10, 0, 0]);
    expect(history.framesOut).toEqual([4, 0, 0]);
    expect(history.totalMsP50[0]).toBeCloseTo(5, 1);
    expect(history.totalMsP50[1]).toBeNull();
    await clock.advance(3_600_000);
    const later = book.snapshot().history;
    expect(later.framesIn).toHaveLength(120);
    expect(later.lagFrames).toHaveLength(120);
  });

  it('lists the rarest frames of the last ten minutes, and only so many', async () => {
    const { clock, book } = open();
    book.batch(report({ anomalies: [anomaly(1, 1e-9, 99)] }));
    await clock.advance(601_000);
    for (let i = 0; i < 400; i++) book.batch(report({ anomalies: [anomaly(100 + i, (i + 1) * 1e-6, 5)] }));
    const { rare } = book.snapshot();
    expect(rare).toHaveLength(8);
    // 256 are remembered: the oldest 144 of the 400 are forgotten, however rare.
    expect(rare[0]!.timeFrame).toBe(100 + 144);
    expect(rare[0]!.patches[0]).toEqual({ patch: (3 * 24 + 5) * 32 + 9, at: [3, 5, 9], surpriseBits: 41 });
  });

  it('counts refusals by code, most frequent first, in words', () => {
    const { book } = open();
    book.batch(report({ refused: ['frame-crc', 'frame-order', 'frame-order'] }));
    expect(book.snapshot().refused).toEqual([
      { code: 'frame-order', meaning: 'hits are not strictly ascending: unsorted or repeated', count: 2 },
      { code: 'frame-crc', meaning: 'the payload does not match its crc32c', count: 1 },
    ]);
  });

  it('is plain JSON, and its heartbeat stays small', () => {
    const { book } = open();
    book.state('running');
    book.service('simulator').received(5, 10);
    const snapshot = book.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    const beat = heartbeatJson(snapshot);
    expect(JSON.parse(beat).status).toBe(200);
    expect(beat.length).toBeLessThan(8_000);
    expect(snapshot.books.map((entry) => entry.service)).toEqual(['processor', 'simulator']);
  });
});

describe('report of a batch', () => {
  const packet = (end: 'kept' | 'shed', bytes: number, reason: FidelityReason): LaneResult => ({
    end,
    region: 0,
    run: 1,
    timeFrame: 1,
    messageId: 1,
    timestampNanos: 0n,
    hitCount: 1,
    scores: new Float64Array(1),
    rungBytes: new Uint32Array(0),
    signature: new Uint32Array(0),
    totalCharge: 0,
    pValue: 1,
    reason,
    packet: new Uint8Array(bytes),
    anomaly: null,
  });

  it('adds up ends, bytes and spans over the parts of a batch', () => {
    const ms = 1_000_000n;
    const instants = (at: bigint) => ({
      decodeNanos: at,
      tokenizeNanos: at + 2n * ms,
      scoreNanos: at + 3n * ms,
      refineNanos: at + 5n * ms,
      emitNanos: at + 6n * ms,
    });
    const lane: LaneBatch = {
      results: [
        packet('kept', 10, FidelityReason.ordinary),
        { end: 'refused', code: 'frame-crc', detail: 'x' },
        packet('shed', 4, FidelityReason.shedFrame),
      ],
      parts: [
        { frameCount: 2, instants: instants(1_000n * ms) },
        { frameCount: 1, instants: instants(1_004n * ms) },
      ],
    };
    const made = reportOfBatch({
      frameBytes: [100, 50, 70],
      lane,
      receivedNanos: BigInt64Array.from([990n * ms, 991n * ms, 992n * ms]),
      intendedNanos: BigInt64Array.from([980n * ms, 0n, 981n * ms]),
      commitNanos: 1_020n * ms,
      denseBytesPerFrame: 1000,
      anomalies: [],
    });
    expect(made).toMatchObject({
      kept: 1,
      shed: 1,
      refused: ['frame-crc'],
      rawBytes: 170,
      packetBytes: 14,
      denseBytes: 2000,
      reasons: [1, 0, 0, 0, 1, 0, 0],
    });
    const of = (stage: string) => made.spans.filter((span) => span.stage === stage).map((span) => span.nanos);
    expect(of('decode')).toEqual([Float64Array.from([10e6, 9e6]), Float64Array.from([12e6])]);
    expect(of('commit')).toEqual([14e6, 10e6]);
    expect(of('inside')).toEqual([Float64Array.from([30e6, 29e6, 28e6])]);
    expect(of('transport')).toEqual([Float64Array.from([10e6, 11e6])]);
    expect(of('total')).toEqual([Float64Array.from([40e6, 39e6])]);
  });
});
