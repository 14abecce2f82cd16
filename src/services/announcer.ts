/**
 * Says once a second on the bus how a service is: an x5f2 heartbeat, f144 trends, and an al00 alarm whenever a
 * cause changes its severity. It refuses to hold anything up: a beat that cannot be sent is dropped and logged.
 */

import type { EpochNanos } from '../domain/quantity.ts';
import type { StatusSnapshot } from '../domain/status.ts';
import type { Bus, OutputRecord } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { encodeAlarm, type Severity } from '../wire/alarm.ts';
import { encodeLogData } from '../wire/log_data.ts';
import { encodeStatus } from '../wire/status.ts';
import { heartbeatJson } from './heartbeat.ts';
import type { StatusBook } from './status.ts';
import type { Topics } from './topics.ts';

export interface Announcement {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly topics: Topics;
  readonly book: StatusBook;
  readonly instrumentId: string;
  readonly host: { readonly name: string; readonly processId: number; readonly version: string };
}

const intervalMs = 1000;
/** Seconds a cause must have been gone before its alarm is withdrawn: a flicker is one alarm, not sixty. */
const calmBeats = 30;

/** The causes watched here, each with what it says of one snapshot. */
const causes: Readonly<Record<string, (now: StatusSnapshot, before: StatusSnapshot) => [Severity, string]>> =
  {
    books: (now) => {
      const wrong = now.books.find((book) => !book.balanced);
      return wrong === undefined
        ? ['ok', 'the books balance']
        : ['major', `the books of ${wrong.service} do not balance: frames are unaccounted for`];
    },
    refused: (now, before) => {
      const count = (one: StatusSnapshot): number => one.books.reduce((sum, book) => sum + book.refused, 0);
      const fresh = count(now) - count(before);
      return fresh === 0
        ? ['ok', 'no frame is refused']
        : ['minor', `${fresh} frames refused in the last second, most as ${now.refused[0]?.code}`];
    },
    latency: (now) => {
      const total = now.latency.find(({ stage }) => stage === 'total');
      const late = total?.p99Ms != null && total.p99Ms > total.budgetMs;
      return late
        ? [
            'minor',
            `p99 ${total.p99Ms!.toFixed(0)} ms from intended send to commit, budget ${total.budgetMs} ms`,
          ]
        : ['ok', 'latency is within its budget'];
    },
  };

/** Severity by cause, with a withdrawal only after calm. */
const openAlarms = () => {
  const open = new Map<string, { severity: Severity; calm: number }>();
  return (
    now: StatusSnapshot,
    before: StatusSnapshot,
  ): { cause: string; severity: Severity; message: string }[] => {
    const changed: { cause: string; severity: Severity; message: string }[] = [];
    for (const [cause, judge] of Object.entries(causes)) {
      const [severity, message] = judge(now, before);
      const state = open.get(cause);
      if (severity !== 'ok') {
        open.set(cause, { severity, calm: 0 });
        if (state?.severity !== severity) changed.push({ cause, severity, message });
      } else if (state !== undefined && ++state.calm >= calmBeats) {
        open.delete(cause);
        changed.push({ cause, severity, message });
      }
    }
    return changed;
  };
};

const trendsOf = (
  now: StatusSnapshot,
): readonly (readonly [name: string, value: number | null | undefined])[] => {
  const total = now.latency.find(({ stage }) => stage === 'total');
  return [
    ['frames_in_per_second', now.in.framesPerSecond],
    ['frames_out_per_second', now.out.framesPerSecond],
    ['ratio_dense', now.ratio.recent.dense],
    ['latency_ms_p50', total?.p50Ms],
    ['latency_ms_p99', total?.p99Ms],
    ['lag_frames', now.flow.lagFrames],
  ];
};

/** Runs until the signal; resolves after the last beat, which says that the service stopped. */
export const announce = async (parts: Announcement, signal: AbortSignal): Promise<void> => {
  const { bus, clock, topics, book, host, instrumentId } = parts;
  const serviceId = `tessera:${instrumentId}:${host.name}:${host.processId}`;
  const alarms = openAlarms();
  let before = book.snapshot();

  const beat = async (): Promise<void> => {
    const now = book.snapshot();
    const timestampNanos: EpochNanos = clock.nowNanos();
    const key = Buffer.from(serviceId);
    const status = encodeStatus({
      softwareName: 'tessera',
      softwareVersion: host.version,
      serviceId,
      hostName: host.name,
      processId: host.processId,
      updateIntervalMs: intervalMs,
      statusJson: heartbeatJson(now),
    });
    const records: OutputRecord[] = [{ topic: topics.status, key, value: status }];
    for (const [name, value] of trendsOf(now)) {
      if (value == null) continue;
      const sourceName = `${serviceId}:${name}`;
      records.push({
        topic: topics.trends,
        key,
        value: encodeLogData({ sourceName, timestampNanos, value }),
      });
    }
    for (const { cause, severity, message } of alarms(now, before)) {
      const sourceName = `${serviceId}:${cause}`;
      const value = encodeAlarm({ sourceName, timestampNanos, severity, message });
      records.push({ topic: topics.alarms, key: Buffer.from(sourceName), value });
    }
    before = now;
    await bus.send(records);
  };

  let silent = false;
  while (!signal.aborted) {
    try {
      await beat();
      silent = false;
    } catch (error) {
      if (!silent) parts.log.warn({ error: String(error) }, 'heartbeats do not reach the bus');
      silent = true;
    }
    await clock.sleep(intervalMs, signal);
  }
  await beat().catch(() => undefined);
};
