/**
 * What the page and other readers are told of a monitor, as plain JSON: qualities, objects, the anomaly feed, trends, runs.
 * Types only; `services/monitor` makes these values. Refuses nothing.
 */

import type { AlarmSnapshot } from '../domain/status.ts';
import type { QualityName } from './quality.ts';
import type { Change, Choice } from './references.ts';

/** What run is taken, as its start message said it. */
export interface ActivityShown {
  readonly run: number;
  /** Name under which runs are compared: the run's type and beam, as `physics Au+Au`. */
  readonly activity: string;
  readonly startedMs: number;
  /** null while it is taken. */
  readonly stoppedMs: number | null;
}

/** One check of one region. */
export interface CellShown {
  readonly region: string;
  readonly check: string;
  readonly quality: QualityName;
  /** One sentence: what was read, and how rare it is in good cycles. */
  readonly reason: string;
  /** Object the worst reading is of, if it is of one, and its bins, worst first. */
  readonly object: string | null;
  readonly bins: readonly number[];
  /** Those bins as a person says them: `layer 3, pad 17`, `front-end card 4`. */
  readonly where: readonly string[];
  /** Since when it is of this quality, and when it was last looked at; older than `staleAfterMs` is grey. */
  readonly sinceMs: number;
  readonly atMs: number;
}

export interface QualityShown {
  readonly quality: QualityName;
  readonly reason: string;
}

/** The first screen: regions × checks. */
export interface BoardSnapshot {
  readonly schema: 1;
  readonly sequence: number;
  readonly atMs: number;
  readonly instrument: {
    readonly id: string;
    readonly title: string;
    readonly regions: readonly string[];
    /** One sentence on what is not real here; null when everything is. */
    readonly simulated: string | null;
  };
  readonly activity: ActivityShown | null;
  readonly cycle: {
    readonly number: number;
    readonly seconds: number;
    /** null before the first has ended. */
    readonly endedMs: number | null;
    /** Frames looked into in the last cycle, and the share of all that was. */
    readonly frames: number;
    readonly share: number;
  };
  readonly staleAfterMs: number;
  readonly checks: readonly { readonly name: string; readonly meaning: string }[];
  /** Region by region, in the order of `instrument.regions`, each with its checks in the order of `checks`. */
  readonly cells: readonly CellShown[];
  readonly regions: readonly QualityShown[];
  readonly overall: QualityShown;
  readonly references: ReferencesShown;
}

export interface ReferencesShown {
  readonly activity: string | null;
  readonly choice: Choice;
  readonly runs: readonly number[];
  /** True while there are no reference runs and the beginning of this one stands in. */
  readonly provisional: boolean;
  /** In a sentence: what is compared with what. */
  readonly words: string;
  /** Runs that may be chosen. */
  readonly good: readonly number[];
  readonly history: readonly Change[];
}

/** `cycle`: the last one; `moving`: the last minute; `run`: since its start. */
export const spans = ['cycle', 'moving', 'run'] as const;
export type Span = (typeof spans)[number];

/** An object of one region, or of the whole instrument (`all`), with what it is compared with. */
export interface ObjectShown {
  readonly region: string;
  readonly name: string;
  readonly title: string;
  /** What a bin counts. */
  readonly unit: string;
  /** Outermost first; edges are origin + step · index. */
  readonly axes: readonly {
    readonly name: string;
    readonly unit: string;
    readonly size: number;
    readonly origin: number;
    readonly step: number;
  }[];
  readonly span: Span;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly frames: number;
  /** Row-major. */
  readonly values: readonly number[];
  /** The combined references scaled to this one's total, and (value − reference) / σ bin by bin; null without any. */
  readonly reference: readonly number[] | null;
  readonly pulls: readonly number[] | null;
  /** How many σ of counting the bins of good cycles scatter by, which is the σ of pulls; null: not known, it is that of counting. */
  readonly spread: number | null;
}

/** One group of the feed: all that has one cause, told by its newest and most unusual. */
export interface FeedItem {
  /** Names the frame: `run-timeFrame-region`. */
  readonly id: string;
  readonly atMs: number;
  readonly run: number;
  readonly timeFrame: number;
  readonly region: string;
  /** The score that made it rare: what like frames are grouped by. */
  readonly cause: string;
  readonly pValue: number;
  /** Where its most blamed channels lie, in words; '' where nothing was explained. */
  readonly where: string;
}

export interface FeedShown {
  /** Newest first. */
  readonly items: readonly FeedItem[];
  /** Rare frames since the monitor started, and those not among `items` since the last message. */
  readonly total: number;
  readonly skipped: number;
  /** By cause: how many, over the last ten minutes; the rarest p-value of them. */
  readonly causes: readonly { readonly cause: string; readonly count: number; readonly pValueMin: number }[];
}

/** An unusual frame, opened. */
export interface AnomalyShown extends FeedItem {
  /** The p-value in words: `about one normal frame in 4 000 is as unusual (between 3 100 and 5 200)`. */
  readonly words: string;
  readonly pLow: number | null;
  readonly pHigh: number | null;
  readonly scores: readonly { readonly name: string; readonly value: number; readonly pValue: number }[];
  readonly findings: readonly {
    readonly scoreName: string;
    readonly score: number;
    /** Axis regions, in words. */
    readonly where: string;
    readonly channels: readonly {
      readonly channel: number;
      readonly share: number;
      readonly where: string;
    }[];
    readonly patches: readonly { readonly patch: number; readonly share: number }[];
  }[];
  readonly patches: readonly { readonly patch: number; readonly surpriseBits: number }[];
  /** Labels people gave it, newest first. */
  readonly labels: readonly LabelShown[];
}

export interface LabelShown {
  readonly id: string;
  readonly label: string;
  readonly comment: string;
  readonly who: string;
  readonly atMs: number;
}

/** A projection of a frame: the sum of ADC over the axis left out. */
export interface ProjectionShown {
  readonly across: { readonly name: string; readonly unit: string; readonly size: number };
  readonly up: { readonly name: string; readonly unit: string; readonly size: number };
  /** `up`-major: values[up · across.size + across]. */
  readonly values: readonly number[];
}

/** A frame opened for looking: from the raw frame where it is kept, and from its packet's tokens. */
export interface FrameShown {
  readonly id: string;
  readonly region: string;
  readonly timeFrame: number;
  readonly hits: number;
  /** Layers its packet carries, in words, and why. */
  readonly packet: {
    readonly layers: readonly string[];
    readonly reason: string;
    readonly bytes: number;
  } | null;
  readonly raw: readonly ProjectionShown[] | null;
  /** What the tokens alone give back. */
  readonly decoded: readonly ProjectionShown[] | null;
  /** Blame by channel, drawn on layer × lane; null where nothing was explained. */
  readonly blame: ProjectionShown | null;
  /** Why something is not there, in words; empty when all is. */
  readonly missing: readonly string[];
}

/** A named number over time. */
export interface TrendShown {
  readonly name: string;
  readonly unit: string;
  /** ms since the epoch and values, oldest first; null where nothing was measured. */
  readonly atMs: readonly number[];
  readonly values: readonly (number | null)[];
}

/** The latest heartbeat of one service. */
export interface ServiceShown {
  readonly serviceId: string;
  readonly atMs: number;
  /** Silent for longer than it may be. */
  readonly silent: boolean;
  /** The heartbeat's message as it came (`services/heartbeat.ts`). */
  readonly message: unknown;
}

/** A past or present alarm with what people said. */
export interface AlarmShown extends AlarmSnapshot {
  /** Handbook page, as a path of the page's server. */
  readonly handbook: string;
  readonly comments: readonly { readonly who: string; readonly text: string; readonly atMs: number }[];
}

export interface AlarmsShown {
  readonly alarms: readonly AlarmShown[];
  readonly past: readonly {
    readonly cause: string;
    readonly severity: string;
    readonly message: string;
    readonly sinceMs: number;
    readonly untilMs: number;
  }[];
}

/** The run log: one row a run, newest first. */
export interface RunShown extends ActivityShown {
  /** Of the whole run when it is over, of now while it is taken. */
  readonly quality: QualityShown;
  readonly frames: number;
  readonly rareFrames: number;
  readonly good: boolean;
}

/** What a person does, with a name. */
export type ShiftAct =
  | {
      readonly act: 'acknowledge' | 'unshelve';
      readonly cause: string;
      readonly who: string;
      readonly why: string;
    }
  | {
      readonly act: 'shelve';
      readonly cause: string;
      readonly who: string;
      readonly why: string;
      readonly minutes: number;
    }
  | { readonly act: 'comment'; readonly cause: string; readonly who: string; readonly why: string }
  | {
      readonly act: 'choose' | 'pin';
      readonly activity: string;
      readonly runs: readonly number[];
      readonly who: string;
      readonly why: string;
    }
  | { readonly act: 'release'; readonly activity: string; readonly who: string; readonly why: string }
  | {
      readonly act: 'label';
      readonly id: string;
      readonly label: string;
      readonly comment: string;
      readonly who: string;
    };

/** Events of the stream by name; each is one JSON text. */
export interface BoardEvents {
  readonly board: BoardSnapshot;
  readonly feed: FeedShown;
  readonly alarms: AlarmsShown;
  readonly services: readonly ServiceShown[];
  /** New points of all trends, by name. */
  readonly trends: { readonly atMs: number; readonly values: Readonly<Record<string, number | null>> };
  readonly runs: readonly RunShown[];
}
