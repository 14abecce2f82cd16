/**
 * What a running tessera says of itself at one moment, as plain JSON: the terminal, the page, its event feed and
 * the heartbeat all show this one value. Refuses nothing; `services/status.ts` makes it.
 */

import type { Alarm, Severity } from './alarm.ts';
import type { RatedScore } from './packet.ts';

/** The spans that latency is accounted in; each names the instant it ends with. */
export const stageNames = [
  /** intended send time → received: the source's lateness, the broker and the fetch. */
  'transport',
  /** received → decoded: waiting for a lane, then decoding. */
  'decode',
  'tokenize',
  'score',
  /** Decision included: refinement is what it costs. */
  'refine',
  'emit',
  /** packets made → visible to readers that wait for commits. */
  'commit',
  /** received → committed. */
  'inside',
  /** intended send time → committed. */
  'total',
] as const;
export type StageName = (typeof stageNames)[number];

export interface Rate {
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** How the frames a service took have ended; balanced: received = kept + shed + refused + in flight. */
export interface BookSnapshot {
  readonly service: string;
  /** Frames taken and not given back to another owner. */
  readonly received: number;
  readonly kept: number;
  readonly shed: number;
  readonly refused: number;
  readonly inFlight: number;
  /** Frames given back uncommitted when a partition moved: their next owner counts them. */
  readonly returned: number;
  readonly balanced: boolean;
  readonly in: Rate;
  readonly out: Rate;
}

/** Bytes before over bytes after, null when nothing left yet. */
export interface RatioSnapshot {
  /** Every voxel of the frame as a 16-bit word: the basis the literature quotes. */
  readonly dense: number | null;
  /** The zero-suppressed message as it arrived. */
  readonly raw: number | null;
}

export interface StageSnapshot {
  readonly stage: StageName;
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly budgetMs: number;
}

export interface RareFrameSnapshot {
  readonly atMs: number;
  readonly sourceName: string;
  readonly run: number;
  readonly timeFrame: number;
  /** The score that made it rare. */
  readonly scoreName: string;
  readonly score: number;
  readonly pValue: number;
  /** All its scores, the most unusual by its own first. */
  readonly scores: readonly RatedScore[];
  /** Most surprising first; a patch's position in the grid comes with it. */
  readonly patches: readonly {
    readonly patch: number;
    readonly at: readonly number[];
    readonly surpriseBits: number;
  }[];
}

/** How far behind the stream and how full the queues are. */
export interface FlowReading {
  readonly lagFrames: number;
  readonly queuedBytes: number;
  readonly laneDepth: number;
  readonly partitions: number;
  readonly pausedPartitions: number;
  readonly pressure: 'none' | 'shed-refinement' | 'shed-frames';
}

/** What the process itself costs, over the last seconds. */
export interface ProcessReading {
  readonly loopDelayMsP50: number;
  readonly loopDelayMsP99: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Cores in use: 1.5 is one and a half. */
  readonly cpuCores: number;
  /** Share of wall time spent collecting garbage. */
  readonly gcShare: number;
}

export interface NoteSnapshot {
  readonly atMs: number;
  /** warn: nothing lost; error: data lost. */
  readonly level: 'warn' | 'error';
  readonly text: string;
  /** How many times in a row it was said. */
  readonly count: number;
}

/** What a part of the process sees of a cause that it alone can judge: a rate out of its band, a burst. */
export interface ConditionReading {
  readonly cause: string;
  readonly severity: Severity;
  /** How often since the process started, for causes that are counted; it only grows. */
  readonly total: number;
  readonly message: string;
}

/** An alarm as displays show it: one that is open, or one that is shelved. */
export type AlarmSnapshot = Pick<
  Alarm,
  'cause' | 'severity' | 'message' | 'sinceMs' | 'lastMs' | 'count' | 'unit' | 'acknowledged' | 'shelved'
> & { readonly open: boolean };

export type ServiceState = 'starting' | 'running' | 'draining' | 'stopped';

export interface StatusIdentity {
  readonly service: string;
  readonly version: string;
  readonly instrument: {
    readonly id: string;
    readonly title: string;
    readonly regions: number;
    /** Patches along each axis, and the axes' names, outermost first. */
    readonly patchGrid: readonly number[];
    readonly axes: readonly string[];
  };
  /** One sentence for people on what is not real here; null when everything is. */
  readonly simulated: string | null;
  readonly bus: string;
  readonly delivery: 'exactly-once' | 'at-least-once';
  /** The execution provider really in use, and the lanes it runs on. */
  readonly provider: string;
  readonly workers: number;
}

/** One value a second, oldest first; null where nothing was measured. The last second is complete. */
export interface HistorySnapshot {
  readonly stepMs: 1000;
  readonly framesIn: readonly number[];
  readonly framesOut: readonly number[];
  readonly totalMsP50: readonly (number | null)[];
  readonly totalMsP99: readonly (number | null)[];
  readonly ratioDense: readonly (number | null)[];
  readonly lagFrames: readonly number[];
}

export interface PolicySummary {
  readonly version: number;
  readonly rarePValue: number;
  readonly prescale: number;
  /** Absent where no byte budget is set. */
  readonly budget?: {
    readonly bytesPerSecond: number;
    /** Of packets, by event time, when the budget last stepped; and what of them is tokens and control frames. */
    readonly spentPerSecond: number;
    readonly fixedPerSecond: number;
    /** Share of the bytes rare frames ask for that they are given. */
    readonly level: number;
  };
}

export interface StatusSnapshot {
  readonly schema: 1;
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly uptimeMs: number;
  readonly state: ServiceState;
  /** What readiness still waits for, in words; empty when ready. */
  readonly waitingFor: readonly string[];
  readonly identity: StatusIdentity;
  readonly policy: PolicySummary;
  /** The processor first, then whatever else runs in this process. */
  readonly books: readonly BookSnapshot[];
  readonly in: Rate;
  readonly out: Rate;
  /** Over the last ten seconds, and since the start. */
  readonly ratio: { readonly recent: RatioSnapshot; readonly overall: RatioSnapshot };
  /** Over the last ten seconds, in the order of `stageNames`. */
  readonly latency: readonly StageSnapshot[];
  readonly flow: FlowReading;
  readonly process: ProcessReading;
  /** Packets by the reason for their fidelity, since the start. */
  readonly fidelity: {
    readonly ordinary: number;
    readonly rare: number;
    readonly prescale: number;
    readonly shedRefinement: number;
    readonly shedFrame: number;
    readonly budget: number;
    readonly spare: number;
  };
  readonly refused: readonly { readonly code: string; readonly meaning: string; readonly count: number }[];
  /** The most unusual frames of the last ten minutes. */
  readonly rare: readonly RareFrameSnapshot[];
  readonly notes: readonly NoteSnapshot[];
  readonly conditions: readonly ConditionReading[];
  /** Of the instrument, whoever keeps them; the worst first, shelved ones last. */
  readonly alarms: readonly AlarmSnapshot[];
  readonly history: HistorySnapshot;
}
