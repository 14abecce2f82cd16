/**
 * All that the page knows, fed by the event stream and read by every view, and how fresh it is by this browser's own clock.
 * Whoever draws is called once a frame of the screen at most. Refuses to change what it was told.
 */

import type {
  AlarmShown,
  AlarmsShown,
  BoardSnapshot,
  FeedShown,
  RunShown,
  ServiceShown,
} from '../dqm/board.ts';
import { type Beats, keepBeats } from './stream/beats.ts';
import type { LinkState, Told } from './stream/connection.ts';
import { mergeFeed } from './stream/merge.ts';

/** Two cycles without a word and some: not a hiccup any more. */
const staleAfterMs = 12_000;
/** Points of each trend that are kept to be drawn at once; older ones are asked for. */
const trendPointsMax = 900;

export type Freshness = 'waiting' | 'fresh' | 'stale' | 'lost';

export interface TrendPoints {
  readonly atMs: number[];
  readonly values: (number | null)[];
}

export interface Store {
  readonly board: BoardSnapshot | null;
  readonly feed: FeedShown | null;
  readonly alarms: AlarmsShown | null;
  /** Those that are heard: open, and not on the shelf. */
  readonly openAlarms: readonly AlarmShown[];
  readonly services: readonly ServiceShown[];
  readonly runs: readonly RunShown[];
  /** Points that came since this page opened, by name. */
  readonly trends: ReadonlyMap<string, TrendPoints>;
  /** The last two minutes of every service, from its heartbeats. */
  readonly beats: Beats;
  readonly freshness: Freshness;
  /** Since the last word of the monitor. */
  readonly silentMs: number;
  /** The monitor's clock, as far as its last word tells it. */
  readonly nowMs: number;
  hear(told: Told): void;
  onDraw(listener: () => void): void;
  /** Draws with the next frame though nothing came: ages grow, a reader clicked. */
  touch(): void;
}

export const createStore = (): Store => {
  const listeners: (() => void)[] = [];
  const trends = new Map<string, TrendPoints>();
  const beats: Beats = new Map();
  let asked = false;
  let link: LinkState = 'connecting';
  let heardMs: number | undefined;
  let aheadMs = 0;
  const known: {
    board: BoardSnapshot | null;
    feed: FeedShown | null;
    alarms: AlarmsShown | null;
    services: readonly ServiceShown[];
    runs: readonly RunShown[];
  } = { board: null, feed: null, alarms: null, services: [], runs: [] };

  const draw = (): void => {
    asked = false;
    for (const listener of listeners) listener();
  };
  const touch = (): void => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  };
  const keepTrends = (points: NonNullable<Told['news']['trends']>): void => {
    for (const { atMs, values } of points)
      for (const [name, value] of Object.entries(values)) {
        const kept = trends.get(name) ?? { atMs: [], values: [] };
        trends.set(name, kept);
        kept.atMs.push(atMs);
        kept.values.push(value);
        if (kept.atMs.length <= trendPointsMax) continue;
        kept.atMs.shift();
        kept.values.shift();
      }
  };

  const store: Store = {
    get board() {
      return known.board;
    },
    get feed() {
      return known.feed;
    },
    get alarms() {
      return known.alarms;
    },
    get openAlarms() {
      return (known.alarms?.alarms ?? []).filter(({ open, shelved }) => open && shelved === null);
    },
    get services() {
      return known.services;
    },
    get runs() {
      return known.runs;
    },
    trends,
    beats,
    get freshness() {
      if (heardMs === undefined) return 'waiting';
      if (link === 'lost') return 'lost';
      return performance.now() - heardMs > staleAfterMs ? 'stale' : 'fresh';
    },
    get silentMs() {
      return heardMs === undefined ? 0 : performance.now() - heardMs;
    },
    get nowMs() {
      return Date.now() + aheadMs;
    },
    hear({ link: state, news }) {
      link = state;
      if (Object.keys(news).length > 0) heardMs = performance.now();
      if (news.board !== undefined) {
        known.board = news.board;
        aheadMs = news.board.atMs - Date.now();
        // A board that comes from the worker's memory may be a cycle old: clocks of one site differ less than that.
        if (Math.abs(aheadMs) < 10_000) aheadMs = 0;
      }
      if (news.feed !== undefined) known.feed = mergeFeed(known.feed ?? undefined, news.feed);
      if (news.alarms !== undefined) known.alarms = news.alarms;
      if (news.runs !== undefined) known.runs = news.runs;
      if (news.trends !== undefined) keepTrends(news.trends);
      if (news.services !== undefined) {
        known.services = news.services;
        keepBeats(beats, news.services);
      }
      touch();
    },
    onDraw(listener) {
      listeners.push(listener);
    },
    touch,
  };
  // Ages on the screen are in seconds; a hidden tab's frames do not come, and cost nothing.
  setInterval(touch, 1_000);
  return store;
};
