/**
 * The state of an instrument's alarms as JSON, readable by people and other tools on the compacted `<i>_alarm_state`:
 * what a keeper goes on from and every display shows. Decoding refuses a state that does not hold together.
 */

import { z } from 'zod';
import { type AlarmBook, severities } from '../../domain/alarm.ts';
import { limits } from '../../domain/limits.ts';
import { decodeJson, jsonBytes } from '../json.ts';

export interface AlarmState {
  /** Broker time of the newest heartbeat judged, ms since the epoch: where the next keeper goes on. */
  readonly judgedMs: number;
  readonly book: AlarmBook;
}

const ms = z.number().min(0).max(8.64e15);
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const severity = z.enum(severities);
const name = z.string().max(limits.alarmNameCharsMax);
const text = z.string().max(limits.alarmTextCharsMax);
const unit = z.enum(['frames', 'seconds', 'bursts']);
const act = z.object({ who: name, why: text, atMs: ms });

const alarm = z.object({
  cause: name,
  phase: z.enum(['quiet', 'pending', 'open']),
  severity,
  message: text,
  sinceMs: ms,
  lastMs: ms,
  count,
  unit,
  better: z.object({ sinceMs: ms, worst: severity }).nullable(),
  told: z.object({ severity, atMs: ms, times: count }),
  acknowledged: act.nullable(),
  shelved: act.extend({ untilMs: ms }).nullable(),
  turns: count,
  turnedMs: ms,
});

const past = z.object({ cause: name, severity, message: text, sinceMs: ms, clearedMs: ms, count, unit });

const state = z.object({
  judgedMs: ms,
  book: z.object({
    atMs: ms,
    seenMs: ms,
    alarms: z.array(alarm).max(limits.alarmCausesMax),
    past: z.array(past).max(limits.alarmPastMax),
  }),
});

export const encodeAlarmState = (value: AlarmState): Uint8Array => jsonBytes(value);

/** Throws message-malformed when the bytes are not JSON, message-field with all faults otherwise. */
export const decodeAlarmState = (bytes: Uint8Array): AlarmState =>
  decodeJson(bytes, state, 'an', 'alarm state');
