/**
 * Bursts and alerts as data: what is known of a burst, what a finder goes on from after a restart, and what is said of
 * one to the world. Refuses nothing; `anomaly/bursts` finds and moves them, `wire/alerts` carries them.
 */

/** What is known of a burst at an instant of the stream. */
export interface Burst {
  /** First event of the window that was full first, and the last event counted so far; ms since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Sum of the weights since the first event. */
  readonly weight: number;
  /** What background would have put there. */
  readonly expected: number;
  /** The window that says most, how much it held, and from how much on it is full. */
  readonly windowMs: number;
  readonly windowWeight: number;
  readonly threshold: number;
  /** How often background alone looks like this in any of the windows, per second. */
  readonly falseAlarmsPerSecond: number;
  /** That background fills the best of the windows so, times their number; 0 … 1. */
  readonly pValue: number;
  readonly backgroundPerSecond: number;
  /** The first `limits.burstInstantsTold` instants, ms since the epoch. */
  readonly instantsMs: readonly number[];
}

/** `begun` once, `grown` when it holds twice what was told last, `ended` when no window has been full for the longest
 * one, `lasting` when it goes on for so long that the rate must be another. */
export interface BurstTelling {
  readonly kind: 'begun' | 'grown' | 'ended' | 'lasting';
  readonly burst: Burst;
}

/** Live time, ms, and what was seen in it; squares of weights tell how events are clustered. */
export interface BackgroundSlot {
  readonly liveMs: number;
  readonly weight: number;
  readonly squares: number;
}

export interface BackgroundState {
  /** Up to where the stream is counted, ms since the epoch; null before the first event. */
  readonly clockMs: number | null;
  /** What does not count: [from, to) in ms since the epoch. */
  readonly mask: readonly [fromMs: number, toMs: number];
  readonly slots: readonly BackgroundSlot[];
  readonly open: BackgroundSlot;
  readonly fullInRow: number;
}

/** A burst while it goes on. */
export interface Episode {
  readonly firstMs: number;
  /** When a window was last full. */
  readonly fullMs: number;
  readonly weight: number;
  readonly toldWeight: number;
  readonly lastMs: number;
  /** The most each window has held. */
  readonly most: readonly number[];
  readonly instantsMs: readonly number[];
}

/** All a finder goes on from, as plain JSON. */
export interface BurstState {
  readonly lastMs: number | null;
  /** Events of the longest window: instants (ms since the epoch) and weights. */
  readonly instantsMs: readonly number[];
  readonly weights: readonly number[];
  readonly background: BackgroundState;
  readonly episode: Episode | null;
}

/** A burst the world was told of. */
export interface Alert {
  readonly id: string;
  /** How many notices it has had. */
  readonly record: number;
  readonly burst: Burst;
  readonly phase: 'open' | 'over' | 'retracted';
  /** Made by a person to see that everybody hears it. */
  readonly drill: boolean;
}

export interface AlertBook {
  /** Newest first, at most `limits.alertsKept`. */
  readonly alerts: readonly Alert[];
  /** Bursts ever found, drills aside. */
  readonly bursts: number;
}

/** What is to be published of an alert; `alert.record` is its number. */
export interface Notice {
  readonly kind: 'initial' | 'update' | 'retraction';
  readonly alert: Alert;
  /** The broker's time, ms since the epoch. */
  readonly atMs: number;
  /** One sentence. */
  readonly text: string;
}

/** Who receives alerts is not to act on any but a real one. */
export const alertModes = ['test', 'firedrill', 'real'] as const;
export type AlertMode = (typeof alertModes)[number];

/** What a person may ask of alerts. */
export type AlertCommand =
  | { readonly command: 'fire-drill'; readonly who: string; readonly why: string }
  /** @param alert its id, or `latest` */
  | { readonly command: 'retract'; readonly alert: string; readonly who: string; readonly why: string };
