/**
 * Says once a second on the bus how a service is: an x5f2 heartbeat and f144 trends. Alarms are judged from these,
 * by `alarms/keeper.ts`. It refuses to hold anything up: a beat that cannot be sent is dropped and logged.
 */

import type { EpochNanos } from '../domain/quantity.ts';
import type { StatusSnapshot } from '../domain/status.ts';
import type { Bus, OutputRecord } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
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
