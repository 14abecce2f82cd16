/**
 * The state of an instrument's alerts as JSON on the compacted `<i>_alert_state`: what the next watcher goes on from.
 * Decoding refuses a state that does not hold together.
 */

import { z } from 'zod';
import type { AlertBook, BurstState } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import { decodeJson } from '../json.ts';

export interface AlertState {
  /** Lengths of the finder's windows, ms. */
  readonly windowsMs: readonly number[];
  readonly finder: BurstState;
  /** Time frames up to here have been judged, ms since the epoch; null: none. */
  readonly watchedMs: number | null;
  /** Where each partition of the anomalies is to be read on. */
  readonly offsets: readonly { readonly partition: number; readonly offset: bigint }[];
  /** Broker time of the last heartbeat sent, ms since the epoch. */
  readonly heartbeatMs: number;
  readonly book: AlertBook;
}

const ms = z.number().min(-8.64e15).max(8.64e15);
const sum = z.number().min(0);
const instants = z.array(ms).max(limits.burstInstantsTold);
const windows = z.array(sum).min(1).max(limits.burstWindowsMax);
const slot = z.object({ liveMs: sum, weight: sum, squares: sum });
const burst = z.object({
  firstMs: ms,
  lastMs: ms,
  weight: sum,
  expected: sum,
  windowMs: sum,
  windowWeight: sum,
  threshold: sum,
  falseAlarmsPerSecond: sum,
  pValue: z.number().min(0).max(1),
  backgroundPerSecond: sum,
  instantsMs: instants,
});
const finder = z
  .object({
    lastMs: ms.nullable(),
    instantsMs: z.array(ms).max(limits.burstEventsMax),
    weights: z.array(sum).max(limits.burstEventsMax),
    background: z.object({
      clockMs: ms.nullable(),
      mask: z.tuple([ms, ms]),
      slots: z.array(slot).max(limits.burstSlots),
      open: slot,
      fullInRow: z.number().int().min(0),
    }),
    episode: z
      .object({
        firstMs: ms,
        fullMs: ms,
        weight: sum,
        toldWeight: sum,
        lastMs: ms,
        most: windows,
        instantsMs: instants,
      })
      .nullable(),
  })
  .refine(({ instantsMs, weights }) => instantsMs.length === weights.length, 'a weight for each instant');

const state = z.object({
  windowsMs: windows,
  finder,
  watchedMs: ms.nullable(),
  offsets: z.array(
    z.object({
      partition: z.number().int().min(0),
      offset: z
        .string()
        .regex(/^\d{1,19}$/)
        .transform(BigInt),
    }),
  ),
  heartbeatMs: ms,
  book: z.object({
    alerts: z
      .array(
        z.object({
          id: z.string().max(limits.alarmTextCharsMax),
          record: z.number().int().min(0),
          burst,
          phase: z.enum(['open', 'over', 'retracted']),
          drill: z.boolean(),
        }),
      )
      .max(limits.alertsKept),
    bursts: z.number().int().min(0),
  }),
});

export const encodeAlertState = (value: AlertState): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)),
  );

/** Throws message-malformed when the bytes are not JSON, message-field with all faults otherwise. */
export const decodeAlertState = (bytes: Uint8Array): AlertState =>
  decodeJson(bytes, state, 'an', 'alert state');
