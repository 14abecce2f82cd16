/**
 * Alarms as data: one a cause, what is seen of a cause at an instant, and what people have said about it. Refuses
 * nothing; `anomaly/alarms.ts` moves them, `wire/alarms/` carries them.
 */

/** As al00 numbers them: the number of a severity is its place here. */
export const severities = ['ok', 'minor', 'major', 'invalid'] as const;
export type Severity = (typeof severities)[number];

/** What is seen of a cause at one instant; `ok` is a sight, too. */
export interface Condition {
  readonly cause: string;
  readonly severity: Severity;
  /** How often it happened since it was last looked at, in the rule's unit. */
  readonly count: number;
  /** One sentence; of a good sight it is not used. */
  readonly message: string;
}

/** When a cause becomes an alarm, and when it has passed (OnDelay and OffDelay of OPC UA part 9). */
export interface AlarmRule {
  /** ms it must have been bad in one go. */
  readonly raiseAfterMs: number;
  /** ms it must have been good (or better) in one go; longer for one that flaps. */
  readonly clearAfterMs: number;
  /** What `count` counts. */
  readonly unit: 'frames' | 'seconds' | 'bursts';
}

/** Something a person did, and why. */
export interface Act {
  readonly who: string;
  readonly why: string;
  readonly atMs: number;
}

export interface Alarm {
  readonly cause: string;
  /** pending: bad, but not for long enough to say so. */
  readonly phase: 'quiet' | 'pending' | 'open';
  /** The worst of late: it falls only after `clearAfterMs`. */
  readonly severity: Severity;
  readonly message: string;
  /** First and last bad sight, ms since the epoch. */
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly unit: AlarmRule['unit'];
  /** Since when it has been better than `severity`, and the worst seen since then. */
  readonly better: { readonly sinceMs: number; readonly worst: Severity } | null;
  /** What was last published: its severity, when, and how often since the alarm was raised. */
  readonly told: { readonly severity: Severity; readonly atMs: number; readonly times: number };
  readonly acknowledged: Act | null;
  readonly shelved: (Act & { readonly untilMs: number }) | null;
  /** How often it turned better and came back of late, and when it last turned better: what flapping is. */
  readonly turns: number;
  readonly turnedMs: number;
}

/** An alarm that has passed. */
export interface PastAlarm {
  readonly cause: string;
  readonly severity: Severity;
  readonly message: string;
  readonly sinceMs: number;
  readonly clearedMs: number;
  readonly count: number;
  readonly unit: AlarmRule['unit'];
}

export interface AlarmBook {
  /** Time never runs backwards in a book: an instant before this one counts as this one. */
  readonly atMs: number;
  /** When causes were last looked at. */
  readonly seenMs: number;
  /** One a cause, in the order of the rules. */
  readonly alarms: readonly Alarm[];
  /** Newest first. */
  readonly past: readonly PastAlarm[];
}

/** What a person may ask of an alarm. */
export type AlarmCommand =
  | { readonly command: 'acknowledge'; readonly cause: string; readonly who: string; readonly why: string }
  | { readonly command: 'unshelve'; readonly cause: string; readonly who: string; readonly why: string }
  | {
      readonly command: 'shelve';
      readonly cause: string;
      readonly who: string;
      readonly why: string;
      readonly untilMs: number;
    };
