/**
 * Sends a world's time frames to `<i>_frames` on a plan: each carries the instant it was meant to leave, so
 * that whoever falls behind is measured from then; small ones that are due leave together. It refuses to hurry: a
 * late plan is sent late, and says so.
 */

import type { Digits, FrameIdentity } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import { messageId } from '../domain/quantity.ts';
import type { Bus, OutputRecord } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import { encodeFrame, restampFrame } from '../wire/frame.ts';
import { encodeIntended, instantsHeader } from '../wire/instants.ts';

/** Where frames come from: all regions of a time frame at once. */
export interface FrameSource {
  timeFrame(number: number): readonly { readonly identity: FrameIdentity; readonly digits: Digits }[];
}

export interface FeedPlan {
  readonly topic: string;
  readonly partitions: number;
  /** Time frames a second; 0: as fast as the bus takes them. */
  readonly rate: number;
  /** Time frames to send; absent: until the signal. */
  readonly timeFrames?: number;
  /** Sends under way at once when unpaced: enough to keep the broker busy, few enough to hold. */
  readonly sendsInFlightMax: number;
}

export interface FeedSummary {
  readonly timeFrames: number;
  readonly frames: number;
  readonly bytes: number;
  /** How late the latest time frame left, against the plan. */
  readonly lateMsMax: number;
}

/** A packed message, written anew for each sending once the bus has let go of it. */
interface Packed {
  readonly message: Uint8Array;
  isSending: boolean;
}

/**
 * Messages by the digits they carry: a pool that repeats its digits pays for packing them once, and its collector
 * for their memory. Entries go when their digits do.
 */
const packed = new WeakMap<Digits, Packed>();

const messageOf = (identity: FrameIdentity, digits: Digits, card: InstrumentCard): Packed => {
  const known = packed.get(digits);
  if (known === undefined) {
    const fresh = { message: encodeFrame(identity, digits, card), isSending: true };
    packed.set(digits, fresh);
    return fresh;
  }
  const free = known.isSending ? { message: known.message.slice(), isSending: true } : known;
  free.isSending = true;
  restampFrame(free.message, identity);
  return free;
};

/** One time frame as bus records; the key keeps its regions together, message_id counts per (source, partition). */
const timeFrameRecords = (
  frames: ReturnType<FrameSource['timeFrame']>,
  number: number,
  card: InstrumentCard,
  plan: Pick<FeedPlan, 'topic' | 'partitions'>,
  intendedNanos: bigint,
): { readonly records: OutputRecord[]; readonly messages: readonly Packed[] } => {
  const headers = { [instantsHeader]: encodeIntended(intendedNanos) };
  const key = Buffer.from(String(number));
  const id = messageId(Math.floor(number / plan.partitions));
  const partition = number % plan.partitions;
  const messages = frames.map(({ identity, digits }) =>
    messageOf({ ...identity, messageId: id }, digits, card),
  );
  const records = messages.map(({ message }) => ({
    topic: plan.topic,
    partition,
    key,
    headers,
    value: message,
  }));
  return { records, messages };
};

/** Time frames that leave together: those that are due, as far as they are small. */
interface Load {
  records: OutputRecord[];
  messages: Packed[];
  bytes: number;
  /** When the first of them was due, ms since the plan began. */
  dueMs: number;
}

export const feed = async (
  parts: { readonly bus: Bus; readonly clock: Clock; readonly card: InstrumentCard },
  source: FrameSource,
  plan: FeedPlan,
  signal: AbortSignal,
  progress: (summary: FeedSummary) => void,
): Promise<FeedSummary> => {
  const { bus, clock, card } = parts;
  const startMs = clock.nowMs();
  const startNanos = clock.nowNanos();
  const inFlight = new Set<Promise<void>>();
  let failure: unknown = null;
  let summary: FeedSummary = { timeFrames: 0, frames: 0, bytes: 0, lateMsMax: 0 };
  /** Made while it is waited for: what takes long to simulate is not late for that. */
  let next: ReturnType<FrameSource['timeFrame']> | null = null;
  let load: Load = { records: [], messages: [], bytes: 0, dueMs: 0 };
  const send = async (): Promise<void> => {
    const { records, messages, bytes, dueMs } = load;
    if (records.length === 0) return;
    load = { records: [], messages: [], bytes: 0, dueMs: 0 };
    const sending = bus
      .send(records)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        for (const one of messages) one.isSending = false;
        inFlight.delete(sending);
      });
    inFlight.add(sending);
    while (inFlight.size >= plan.sendsInFlightMax) await Promise.race(inFlight);
    summary = {
      ...summary,
      frames: summary.frames + records.length,
      bytes: summary.bytes + bytes,
      lateMsMax: Math.max(summary.lateMsMax, clock.nowMs() - startMs - dueMs),
    };
    progress(summary);
  };
  for (let number = 0; number < (plan.timeFrames ?? Number.POSITIVE_INFINITY); number += 1) {
    const dueMs = plan.rate > 0 ? (number * 1000) / plan.rate : clock.nowMs() - startMs;
    if (startMs + dueMs > clock.nowMs()) {
      // What is due leaves before the wait, and takes its share of it.
      await send();
      next = source.timeFrame(number);
      const waitMs = startMs + dueMs - clock.nowMs();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    }
    if (signal.aborted || failure !== null) break;
    const intendedNanos = startNanos + BigInt(Math.round(dueMs * 1e6));
    const frames = next ?? source.timeFrame(number);
    next = null;
    const { records, messages } = timeFrameRecords(frames, number, card, plan, intendedNanos);
    if (load.records.length === 0) load.dueMs = dueMs;
    load.records.push(...records);
    load.messages.push(...messages);
    for (const { value } of records) load.bytes += value.byteLength;
    summary = { ...summary, timeFrames: summary.timeFrames + 1 };
    if (load.bytes >= limits.feederSendBytesMin) await send();
  }
  await send();
  await Promise.all(inFlight);
  if (failure !== null) throw failure;
  return summary;
};
