/**
 * The processor: frames of assigned partitions → lane → admission → one transaction a batch with packets,
 * anomalies, refusals, policy snapshots and the input offset together. It refuses to touch hits or to commit
 * out of order; everything that grows with hits happens behind the lane.
 */

import type { ByteBudget } from '../anomaly/control/budget.ts';
import { openRepeatWatch } from '../anomaly/scores/repeat_watch.ts';
import { Fault } from '../domain/fault.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import { frameBytesMax, limits } from '../domain/limits.ts';
import type { Anomaly } from '../domain/packet.ts';
import type { PolicySnapshot, Pressure } from '../domain/policy.ts';
import { type Books, type Ends, openLedger } from '../pipeline/ledger.ts';
import { type OrderedWindow, openOrderedWindow } from '../pipeline/ordered_window.ts';
import type { Bus, BusRecord, Delivery, OutputRecord, PartitionFeed } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lane, LaneBatch, LaneResult } from '../ports/lane.ts';
import type { Log } from '../ports/telemetry.ts';
import { type Admission, openAdmission } from '../stages/admit.ts';
import { decodeAnomaly } from '../wire/anomaly.ts';
import { encodePolicy } from '../wire/policy.ts';
import { reportOfBatch } from './batch_report.ts';
import { type Calibration, calibratingPartition, openCalibration } from './calibrator.ts';
import { admitBatch, batchOutputs, intendedOf } from './outputs.ts';
import type { PolicyFollower } from './policy.ts';
import { openRateDesk, type RateDesk } from './rate/desk.ts';
import type { RateTarget } from './rate/held.ts';
import type { StatusBook } from './status.ts';
import type { Topics } from './topics.ts';

export interface ProcessorParts {
  readonly card: InstrumentCard;
  readonly topics: Topics;
  readonly bus: Bus;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly log: Log;
  readonly policies: PolicyFollower;
  readonly book: StatusBook;
}

export interface ProcessorSettings {
  readonly group: string;
  readonly delivery: Delivery;
  readonly overload: 'wait' | 'shed-refinement' | 'shed-frames';
  readonly shedAfterMs: number;
  readonly policyIntervalMs: number;
  readonly policy: Pick<PolicySnapshot, 'rarePValue' | 'prescale' | 'warmupCount' | 'objectTokens'>;
  readonly rate?: RateTarget;
  readonly budget?: ByteBudget;
  /** Called whenever a partition has been assigned and positioned. */
  readonly onAssigned: () => void;
}

export interface Processor {
  readonly failed: Promise<never>;
  /** Records waiting ahead of this processor on its partitions. */
  readonly lagRecords: bigint;
  readonly partitions: readonly number[];
  readonly queuedBytes: number;
  /** Partitions whose queue is full, so that the bus fetches no more of them. */
  readonly pausedPartitions: number;
  /** What the newest batch was under. */
  readonly pressure: Pressure;
  readonly books: Books;
  /** Finishes what is in flight, commits it, leaves the group. */
  stop(): Promise<void>;
}

/** A batch the lane is done with. */
interface Computed {
  readonly records: readonly BusRecord[];
  readonly receivedNanos: bigint;
  readonly lane: LaneBatch;
}

/** What holds while one partition is ours; dropped whole when it is taken, rebuilt from what was committed. */
interface Session {
  readonly feed: PartitionFeed;
  readonly admission: Admission;
  readonly calibration: Calibration | null;
  readonly desk: RateDesk | null;
  /** The first policy, which goes with the calibrating partition's first commit: a replay needs it as the others. */
  unrecorded: PolicySnapshot | null;
  readonly window: OrderedWindow<Computed>;
  inFlightFrames: number;
  inFlightBytes: number;
}

const endsOf = (results: readonly LaneResult[]): Ends => {
  const ends = { kept: 0, shed: 0, refused: 0 };
  for (const { end } of results) ends[end] += 1;
  return ends;
};

const anomaliesOf = (results: readonly LaneResult[]): Anomaly[] =>
  results.flatMap((result) =>
    result.end !== 'refused' && result.anomaly !== null ? [decodeAnomaly(result.anomaly)] : [],
  );

const bytesOf = (records: readonly BusRecord[]): number =>
  records.reduce((bytes, record) => bytes + record.value.byteLength, 0);

export const startProcessor = async (
  parts: ProcessorParts,
  settings: ProcessorSettings,
): Promise<Processor> => {
  const { card, topics, bus, lane, clock, log, policies, book } = parts;
  const sessions = new Map<number, Session>();
  const ledger = openLedger();
  let pressure: Pressure = 'none';
  book.watchInFlight(() => ledger.books.inFlight);
  // Over all partitions of this process: time frames in a row are spread over them.
  const repeats = openRepeatWatch(card.regions);
  book.watchConditions(() => [repeats.condition(clock.nowMs())]);
  book.watchConditions(() => {
    return sessions.get(calibratingPartition)?.calibration?.readings() ?? [];
  });

  const openSession = async (feed: PartitionFeed): Promise<Session> => {
    let calibration: Calibration | null = null;
    let desk: RateDesk | null = null;
    if (feed.partition === calibratingPartition) {
      // The feed is fenced: whatever the last owner published is on the topic by now.
      await policies.refresh();
      // Field by field: whatever else the settings carry must not set the version or the calibration back.
      const { rarePValue, prescale, warmupCount, objectTokens } = settings.policy;
      const from = { ...policies.current, rarePValue, prescale, warmupCount, objectTokens };
      calibration = openCalibration(from, lane.scoreNames, settings.policyIntervalMs, clock.nowMs(), {
        rate: settings.rate,
        budget: settings.budget,
        share: 1 / (await bus.offsets(topics.frames)).length,
      });
      desk = openRateDesk({ bus, topics, clock, log }, calibration, policies.current.obeyed ?? 0);
    }
    const admission = openAdmission(card.regions.length, feed.startMetadata);
    const session: Session = {
      feed,
      admission,
      calibration,
      desk,
      unrecorded: calibration === null || policies.isRecorded ? null : policies.current,
      window: openOrderedWindow(limits.partitionBatchesInFlightMax, (batches) => settle(session, batches)),
      inFlightFrames: 0,
      inFlightBytes: 0,
    };
    return session;
  };

  /** Pressure is the age of the oldest record at hand: how long a frame has waited, whatever the rate is. */
  const pressureOf = (records: readonly BusRecord[], nowMs: number): Pressure => {
    const ageMs = nowMs - records[0]!.timestampMs;
    if (settings.overload === 'wait' || ageMs < settings.shedAfterMs) return 'none';
    return settings.overload === 'shed-frames' && ageMs >= 2 * settings.shedAfterMs
      ? 'shed-frames'
      : 'shed-refinement';
  };

  /** A dead worker takes its jobs with it; the same bytes under the same policy give the same packets again. */
  const compute = async (frames: readonly Uint8Array[], pressure: Pressure): Promise<LaneBatch> => {
    const policy = policies.current;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await lane.process({ frames, policy, pressure });
      } catch (error) {
        const again = error instanceof Fault && error.retryable && attempt < limits.laneAttemptsMax;
        if (!again) throw error;
        log.warn({ fault: error.code, attempt, frames: frames.length }, error.detail);
      }
    }
  };

  /** One transaction for all batches that are ready: under load a commit costs more than what it commits. */
  const settle = async (session: Session, batches: readonly Computed[]): Promise<void> => {
    const { feed, admission, calibration, desk } = session;
    const outputs: OutputRecord[] = [];
    const admitted = batches.map(({ records, receivedNanos, lane }) => {
      const lanes = admitBatch(records, lane, admission);
      const intended = intendedOf(records);
      const bytesMax = frameBytesMax(card);
      outputs.push(
        ...batchOutputs(topics, records, lanes, intended, receivedNanos, clock.nowNanos(), bytesMax),
      );
      calibration?.observe(lanes.results);
      return { records, receivedNanos, intended, lane: lanes };
    });
    outputs.push(...(desk?.obey() ?? []));
    const snapshots = [session.unrecorded, calibration?.due(clock.nowMs()) ?? null];
    for (const snapshot of snapshots)
      if (snapshot !== null)
        outputs.push({ topic: topics.policy, partition: 0, key: null, value: encodePolicy(snapshot) });
    await feed.commit(outputs, batches.at(-1)!.records.at(-1)!.offset + 1n, admission.toMetadata());
    session.unrecorded = null;
    const nowMs = clock.nowMs();
    for (const { records, receivedNanos, intended, lane } of admitted) {
      ledger.settled(endsOf(lane.results));
      for (const result of lane.results) if (result.end === 'kept') repeats.take(result, nowMs);
      session.inFlightFrames -= records.length;
      session.inFlightBytes -= bytesOf(records);
      book.batch(
        reportOfBatch({
          frameBytes: records.map((record) => record.value.byteLength),
          lane,
          receivedNanos: new BigInt64Array(records.length).fill(receivedNanos),
          intendedNanos: intended,
          commitNanos: clock.nowNanos(),
          denseBytesPerFrame: voxelCount(card) * 2,
          anomalies: anomaliesOf(lane.results),
        }),
      );
    }
  };

  const runFeed = async (feed: PartitionFeed): Promise<void> => {
    const session = await openSession(feed);
    sessions.set(feed.partition, session);
    settings.onAssigned();
    try {
      for (;;) {
        await session.window.room();
        const records = await feed.take({
          recordsMax: limits.batchRecordsMax,
          bytesMax: limits.batchBytesMax,
        });
        if (records.length === 0) break;
        const receivedNanos = clock.nowNanos();
        ledger.received(records.length);
        session.inFlightFrames += records.length;
        const bytes = bytesOf(records);
        session.inFlightBytes += bytes;
        book.received(records.length, bytes);
        pressure = pressureOf(records, Number(receivedNanos / 1_000_000n));
        const frames = records.map((record) => record.value);
        session.window.add(compute(frames, pressure).then((lane) => ({ records, receivedNanos, lane })));
      }
      await session.window.drained();
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'bus-fenced')) throw error;
      log.warn(
        { topic: feed.topic, partition: feed.partition, frames: session.inFlightFrames },
        'partition handed over; its uncommitted frames go to the next owner',
      );
    } finally {
      sessions.delete(feed.partition);
      await session.desk?.stop();
      if (session.inFlightFrames > 0) {
        ledger.returned(session.inFlightFrames);
        book.returned(session.inFlightFrames, session.inFlightBytes);
      }
    }
  };

  const consumption = await bus.consume({
    group: settings.group,
    topic: topics.frames,
    delivery: settings.delivery,
    fresh: 'beginning',
    queueBytesMax: limits.partitionQueueBytesMax,
    onFeed: runFeed,
  });
  return {
    failed: consumption.failed,
    get lagRecords() {
      let lag = 0n;
      for (const { feed } of sessions.values()) lag += feed.backlog.lagRecords;
      return lag;
    },
    get partitions() {
      return [...sessions.keys()].sort((a, b) => a - b);
    },
    get queuedBytes() {
      let bytes = 0;
      for (const { feed, inFlightBytes } of sessions.values())
        bytes += feed.backlog.queuedBytes + inFlightBytes;
      return bytes;
    },
    get pausedPartitions() {
      const full = [...sessions.values()].filter(
        ({ feed }) => feed.backlog.queuedBytes >= limits.partitionQueueBytesMax,
      );
      return full.length;
    },
    get pressure() {
      return pressure;
    },
    get books() {
      return ledger.books;
    },
    stop: () => consumption.stop(),
  };
};
