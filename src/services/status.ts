/**
 * The live summary: what a running tessera counts about itself, and the one snapshot all its views are drawn
 * from. It refuses to judge, to log and to hold anything that grows: every window is bounded, one call a batch.
 *
 * How the processor feeds it:
 *   poll     book.received(records.length, bytes)             when records leave the feed
 *   commit   book.batch(reportOfBatch({...}))                 after the transaction committed, once a batch
 *   revoked  book.returned(frames, bytes)                     records taken whose commit will never come
 * A frame is counted kept, shed or refused only once that is durable, so a crash never leaves a wrong book.
 */

import { type FaultCode, faultList } from '../domain/fault.ts';
import { coordinatesOf } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import { type Anomaly, FidelityReason } from '../domain/packet.ts';
import {
  type AlarmSnapshot,
  type BookSnapshot,
  type ConditionReading,
  type FlowReading,
  type HistorySnapshot,
  type NoteSnapshot,
  type PolicySummary,
  type ProcessReading,
  type RareFrameSnapshot,
  type Rate,
  type RatioSnapshot,
  type ServiceState,
  type StageName,
  type StatusIdentity,
  type StatusSnapshot,
  stageNames,
} from '../domain/status.ts';
import {
  createSlidingHistogram,
  currentSlot,
  quantileNanos,
  recordSliding,
  slideTo,
} from '../kernels/histogram.ts';
import type { Clock } from '../ports/clock.ts';
import { policySummary, type SummedPolicy } from './rate/held.ts';
import { createServiceBook, type ServiceBook } from './service_book.ts';

/** Durations of one stage for the frames of a batch: one for all of `frames`, or one each. */
export interface StageSpan {
  readonly stage: StageName;
  readonly nanos: number | Float64Array;
  /** How many frames a single duration stands for; ignored when there is one each. */
  readonly frames: number;
}

/** What became of one committed batch. Frames: kept + shed + refused.length. */
export interface BatchReport {
  readonly kept: number;
  readonly shed: number;
  /** One code for each refused frame. */
  readonly refused: readonly FaultCode[];
  /** Of the frames that left as packets (kept and shed): bytes as they arrived, as they left, and as a dense
   * array of 16-bit words. */
  readonly rawBytes: number;
  readonly packetBytes: number;
  readonly denseBytes: number;
  /** Packets by `FidelityReason` value. */
  readonly reasons: readonly number[];
  readonly spans: readonly StageSpan[];
  readonly anomalies: readonly Anomaly[];
}

export interface StatusBook {
  /** The processor took frames from its feed. */
  received(frames: number, bytes: number): void;
  /** A batch was committed. */
  batch(report: BatchReport): void;
  /** Frames that were received but belong to another owner now. */
  returned(frames: number, bytes: number): void;
  /** The book of another service in this process ('simulator', 'gateway'); made on first use. */
  service(name: string): ServiceBook;
  state(state: ServiceState, waitingFor?: readonly string[]): void;
  policy(policy: SummedPolicy): void;
  provider(provider: string, workers: number): void;
  /** Counts of frames under way from the processor's own ledger; without it the books cannot be checked. */
  watchInFlight(read: () => number): void;
  watchFlow(read: () => FlowReading): void;
  watchProcess(read: () => ProcessReading): void;
  watchNotes(read: () => readonly NoteSnapshot[]): void;
  watchAlarms(read: () => readonly AlarmSnapshot[]): void;
  /** Another part that judges causes of its own; each is read with every heartbeat. */
  watchConditions(read: () => readonly ConditionReading[]): void;
  /** Plain JSON, complete in itself. */
  snapshot(): StatusSnapshot;
}

export interface StatusBookOptions {
  readonly clock: Clock;
  readonly identity: StatusIdentity;
  /** Budget from intended send time to commit; stages have fixed shares of it. */
  readonly latencyBudgetMs: number;
}

/** Shares of the total latency budget, in percent; where the time goes on a machine that keeps up. */
const budgetPercent: Readonly<Record<StageName, number>> = {
  transport: 20,
  decode: 25,
  tokenize: 15,
  score: 2,
  refine: 10,
  emit: 3,
  commit: 25,
  inside: 80,
  total: 100,
};

const latencyWindowSeconds = 10;
const rareWindowMs = 600_000;
const idleFlow: FlowReading = {
  lagFrames: 0,
  queuedBytes: 0,
  laneDepth: 0,
  partitions: 0,
  pausedPartitions: 0,
  pressure: 'none',
};
const idleProcess: ProcessReading = {
  loopDelayMsP50: 0,
  loopDelayMsP99: 0,
  rssBytes: 0,
  heapBytes: 0,
  cpuCores: 0,
  gcShare: 0,
};

const toMs = (nanos: number | null): number | null => (nanos === null ? null : nanos / 1e6);
const ratioOf = (before: number, after: number): number | null => (after > 0 ? before / after : null);

/** Bytes before and after coding, this second and in all. */
interface Volume {
  dense: number;
  raw: number;
  packet: number;
}
const emptyVolume = (): Volume => ({ dense: 0, raw: 0, packet: 0 });
const addVolume = (into: Volume, from: Volume): void => {
  into.dense += from.dense;
  into.raw += from.raw;
  into.packet += from.packet;
};
const ratiosOf = (volume: Volume): RatioSnapshot => ({
  dense: ratioOf(volume.dense, volume.packet),
  raw: ratioOf(volume.raw, volume.packet),
});

/** One complete second of history. */
interface Second {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly lagFrames: number;
  readonly volume: Volume;
}

export function createStatusBook(options: StatusBookOptions): StatusBook {
  const { clock } = options;
  const startMs = clock.nowMs();
  const secondNow = (): number => Math.floor((clock.nowMs() - startMs) / 1000);
  const processor = createServiceBook(options.identity.service, clock);
  const services = new Map<string, ServiceBook>([[options.identity.service, processor]]);
  const stages = new Map(stageNames.map((stage) => [stage, createSlidingHistogram(latencyWindowSeconds)]));
  const history: Second[] = [];
  const overall = emptyVolume();
  let thisSecond = emptyVolume();
  let framesInBefore = 0;
  let framesOutBefore = 0;
  let second = 0;
  const refused = new Map<FaultCode, number>();
  const reasons = new Float64Array(8);
  const rare: RareFrameSnapshot[] = [];
  let identity = options.identity;
  let state: ServiceState = 'starting';
  let waitingFor: readonly string[] = [];
  let policy: PolicySummary = { version: 0, rarePValue: 0, prescale: 0 };
  let sequence = 0;
  let readFlow = (): FlowReading => idleFlow;
  let readProcess = (): ProcessReading => idleProcess;
  let readNotes = (): readonly NoteSnapshot[] => [];
  let readAlarms = (): readonly AlarmSnapshot[] => [];
  const readConditions: (() => readonly ConditionReading[])[] = [];

  /** Closes the seconds that have passed; a long silence costs no more than the history is long. */
  const advance = (): void => {
    const now = secondNow();
    if (now === second) return;
    const totals = currentSlot(stages.get('total')!);
    const insides = currentSlot(stages.get('inside')!);
    // Without intended send times the time inside is all that is known.
    const measured = totals.total > 0 ? totals : insides;
    const counts = processor.counts();
    history.push({
      framesIn: counts.taken - framesInBefore,
      framesOut: counts.kept + counts.shed - framesOutBefore,
      p50Ms: toMs(quantileNanos(measured, 0.5)),
      p99Ms: toMs(quantileNanos(measured, 0.99)),
      lagFrames: readFlow().lagFrames,
      volume: thisSecond,
    });
    framesInBefore = counts.taken;
    framesOutBefore = counts.kept + counts.shed;
    thisSecond = emptyVolume();
    const silent = Math.min(now - second - 1, limits.statusHistorySeconds);
    for (let i = 0; i < silent; i++)
      history.push({
        framesIn: 0,
        framesOut: 0,
        p50Ms: null,
        p99Ms: null,
        lagFrames: history.at(-1)!.lagFrames,
        volume: emptyVolume(),
      });
    history.splice(0, history.length - limits.statusHistorySeconds);
    for (const window of stages.values()) slideTo(window, now);
    second = now;
  };

  const recentVolume = (): Volume => {
    const sum = emptyVolume();
    for (const one of history.slice(-(latencyWindowSeconds - 1))) addVolume(sum, one.volume);
    addVolume(sum, thisSecond);
    return sum;
  };

  const remember = (anomaly: Anomaly, atMs: number): void => {
    rare.push({
      atMs,
      sourceName: anomaly.identity.sourceName,
      run: anomaly.identity.run,
      timeFrame: anomaly.identity.timeFrame,
      scoreName: anomaly.scoreName,
      score: anomaly.score,
      pValue: anomaly.pValue,
      scores: anomaly.scores.toSorted((a, b) => a.pValue - b.pValue),
      patches: anomaly.patches.slice(0, limits.anomalyPatchesMax).map(({ patch, surpriseBits }) => ({
        patch,
        at: coordinatesOf(patch, identity.instrument.patchGrid),
        surpriseBits,
      })),
    });
    if (rare.length > limits.statusRareFramesMax) rare.shift();
  };

  const wallMs = (): number => Number(clock.nowNanos() / 1_000_000n);

  return {
    received(frames, bytes) {
      advance();
      processor.received(frames, bytes);
    },
    returned(frames, bytes) {
      advance();
      processor.returned(frames, bytes);
    },
    batch(report) {
      advance();
      const atMs = wallMs();
      processor.ended(
        { kept: report.kept, shed: report.shed, refused: report.refused.length },
        report.packetBytes,
      );
      const volume = { dense: report.denseBytes, raw: report.rawBytes, packet: report.packetBytes };
      addVolume(thisSecond, volume);
      addVolume(overall, volume);
      for (const code of report.refused) refused.set(code, (refused.get(code) ?? 0) + 1);
      for (let reason = 0; reason < Math.min(reasons.length, report.reasons.length); reason++)
        reasons[reason] = reasons[reason]! + (report.reasons[reason] ?? 0);
      for (const span of report.spans) {
        const window = stages.get(span.stage)!;
        if (typeof span.nanos === 'number') recordSliding(window, span.nanos, span.frames);
        else for (const nanos of span.nanos) recordSliding(window, nanos);
      }
      for (const anomaly of report.anomalies) remember(anomaly, atMs);
    },
    service(name) {
      const known = services.get(name);
      if (known !== undefined) return known;
      const made = createServiceBook(name, clock);
      services.set(name, made);
      return made;
    },
    state(next, reasonsToWait = []) {
      state = next;
      waitingFor = reasonsToWait;
    },
    policy(next) {
      policy = policySummary(next);
    },
    provider(provider, workers) {
      identity = { ...identity, provider, workers };
    },
    watchInFlight(read) {
      processor.watchInFlight(read);
    },
    watchFlow(read) {
      readFlow = read;
    },
    watchProcess(read) {
      readProcess = read;
    },
    watchNotes(read) {
      readNotes = read;
    },
    watchAlarms(read) {
      readAlarms = read;
    },
    watchConditions(read) {
      readConditions.push(read);
    },
    snapshot() {
      advance();
      const atMs = wallMs();
      const books: BookSnapshot[] = [...services.values()].map((book) => book.snapshot());
      const { in: rateIn, out: rateOut }: { in: Rate; out: Rate } = books[0]!;
      return {
        schema: 1,
        sequence: sequence++,
        atMs,
        uptimeMs: Math.round(clock.nowMs() - startMs),
        state,
        waitingFor,
        identity,
        policy,
        books,
        in: rateIn,
        out: rateOut,
        ratio: { recent: ratiosOf(recentVolume()), overall: ratiosOf(overall) },
        latency: stageNames.map((stage) => {
          const { sum } = stages.get(stage)!;
          return {
            stage,
            count: sum.total,
            p50Ms: toMs(quantileNanos(sum, 0.5)),
            p99Ms: toMs(quantileNanos(sum, 0.99)),
            budgetMs: (options.latencyBudgetMs * budgetPercent[stage]) / 100,
          };
        }),
        flow: readFlow(),
        process: readProcess(),
        fidelity: {
          ordinary: reasons[FidelityReason.ordinary]!,
          rare: reasons[FidelityReason.rare]!,
          prescale: reasons[FidelityReason.prescale]!,
          shedRefinement: reasons[FidelityReason.shedRefinement]!,
          shedFrame: reasons[FidelityReason.shedFrame]!,
          budget: reasons[FidelityReason.budget]!,
          spare: reasons[FidelityReason.spare]!,
        },
        refused: [...refused]
          .sort((a, b) => b[1] - a[1])
          .map(([code, count]) => ({ code, meaning: faultList[code][1], count })),
        rare: rarest(rare, atMs),
        notes: readNotes(),
        conditions: readConditions.flatMap((read) => read()),
        alarms: readAlarms(),
        history: historyOf(history),
      };
    },
  };
}

/** The least probable frames of the last minutes; of equals, the higher score, then the newer. */
const rarest = (frames: readonly RareFrameSnapshot[], atMs: number): RareFrameSnapshot[] =>
  frames
    .filter((frame) => frame.atMs >= atMs - rareWindowMs)
    .sort((a, b) => a.pValue - b.pValue || b.score - a.score || b.atMs - a.atMs)
    .slice(0, limits.statusRareFramesListed);

const historyOf = (history: readonly Second[]): HistorySnapshot => ({
  stepMs: 1000,
  framesIn: history.map((one) => one.framesIn),
  framesOut: history.map((one) => one.framesOut),
  totalMsP50: history.map((one) => one.p50Ms),
  totalMsP99: history.map((one) => one.p99Ms),
  ratioDense: history.map((one) => ratiosOf(one.volume).dense),
  lagFrames: history.map((one) => one.lagFrames),
});
