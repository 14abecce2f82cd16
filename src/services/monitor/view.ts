/**
 * What a monitor offers to those who look: the page's server, the assistant's server. Types only. Questions about what is
 * not there answer null; a wrong question throws a Fault `request-invalid` that says what may be asked.
 */

import type {
  AlarmsShown,
  AnomalyShown,
  BoardEvents,
  BoardSnapshot,
  FeedItem,
  FeedShown,
  FrameShown,
  LabelShown,
  ObjectShown,
  ReferencesShown,
  RunShown,
  ServiceShown,
  ShiftAct,
  Span,
  TrendShown,
} from '../../dqm/board.ts';

export type { ShiftAct } from '../../dqm/board.ts';

export interface AnomalyQuery {
  /** Older than this, ms since the epoch; newest first. */
  readonly beforeMs?: number;
  readonly region?: string;
  readonly cause?: string;
  readonly run?: number;
  readonly pValueMax?: number;
  readonly limit: number;
}

export interface MonitorView {
  readonly board: BoardSnapshot;
  readonly feed: FeedShown;
  readonly alarms: AlarmsShown;
  readonly services: readonly ServiceShown[];
  readonly runs: readonly RunShown[];
  readonly references: ReferencesShown;
  /** Regions (`all` first) and the names of their objects. */
  readonly objectTree: readonly { readonly region: string; readonly objects: readonly string[] }[];
  /** `version` is the number of a past cycle or run kept on disk; absent: now. */
  object(region: string, name: string, span: Span, version?: number): Promise<ObjectShown | null>;
  readonly trendNames: readonly { readonly name: string; readonly unit: string }[];
  /** At most some thousand points a trend: coarser the longer the span asked for. */
  trends(names: readonly string[], fromMs: number, untilMs: number): Promise<readonly TrendShown[]>;
  anomalies(query: AnomalyQuery): Promise<readonly FeedItem[]>;
  anomaly(id: string): Promise<AnomalyShown | null>;
  frame(id: string): Promise<FrameShown | null>;
  /** Every label, oldest first: a training set. */
  labels(): Promise<readonly (LabelShown & { readonly item: FeedItem | null })[]>;
  /** Layouts of tabs by name, as JSON text the page made. */
  layouts(): Promise<Readonly<Record<string, string>>>;
  saveLayout(name: string, text: string | null): Promise<void>;
  /** Resolves when it is done and kept. */
  act(act: ShiftAct): Promise<void>;
  /** Calls with each event as it happens, already coalesced; returns what ends it. */
  watch(listener: <Name extends keyof BoardEvents>(name: Name, value: BoardEvents[Name]) => void): () => void;
}
