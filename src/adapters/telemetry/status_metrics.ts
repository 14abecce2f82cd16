/**
 * The live summary as metrics, read from the snapshot at each scrape, so that dashboards and the live view can
 * never disagree. It refuses to count by itself; the status book is the only one that counts.
 */

import { severities } from '../../domain/alarm.ts';
import type { StatusSnapshot } from '../../domain/status.ts';
import type { Metrics } from './metrics.ts';

export function exposeStatus(
  metrics: Pick<Metrics, 'counter' | 'gauge' | 'beforeText'>,
  snapshot: () => StatusSnapshot,
): void {
  const totals = new Map<string, number>();
  const frames = metrics.counter('tessera_frames_total', 'Frames by service and how they moved or ended.', [
    'service',
    'end',
  ]);
  const refused = metrics.counter('tessera_frames_refused_total', 'Refused frames by code.', ['code']);
  const packets = metrics.counter('tessera_packets_total', 'Packets by the reason for their fidelity.', [
    'reason',
  ]);
  const inFlight = metrics.gauge('tessera_frames_in_flight', 'Frames between receipt and end.', ['service']);
  const unbalanced = metrics.gauge(
    'tessera_books_unbalanced_frames',
    'received − kept − shed − refused − in flight; anything but 0 is a bug.',
    ['service'],
  );
  const rate = metrics.gauge('tessera_frames_per_second', 'Frames a second over the last five seconds.', [
    'direction',
  ]);
  const bytes = metrics.gauge('tessera_bytes_per_second', 'Bytes a second over five seconds.', ['direction']);
  const ratio = metrics.gauge(
    'tessera_compression_ratio',
    'Bytes before over bytes after, last ten seconds.',
    ['basis'],
  );
  const latency = metrics.gauge('tessera_stage_latency_seconds', 'Latency by stage over ten seconds.', [
    'stage',
    'quantile',
  ]);
  const lag = metrics.gauge('tessera_lag_frames', 'Frames in the topic that are not yet taken.');
  const queued = metrics.gauge('tessera_queued_bytes', 'Bytes fetched and not yet taken.');
  const depth = metrics.gauge('tessera_lane_jobs', 'Jobs under way or waiting in the lanes.');
  const paused = metrics.gauge('tessera_paused_partitions', 'Partitions paused by backpressure.');
  const ready = metrics.gauge('tessera_ready', '1 when ready to serve, 0 otherwise.');
  const policy = metrics.gauge('tessera_policy_version', 'Version of the policy snapshot in use.');
  const budget = metrics.gauge(
    'tessera_byte_budget_bytes_per_second',
    'Packet bytes by event time: the budget, what was spent, and what of it tokens and control frames are.',
    ['what'],
  );
  const budgetLevel = metrics.gauge(
    'tessera_byte_budget_level',
    'Share of the bytes rare frames ask for that the byte budget gives them.',
  );
  const alarms = metrics.gauge('tessera_alarms_open', 'Open alarms of the instrument by severity.', [
    'severity',
  ]);

  /** Counters only grow: what the book's total has gained since the last scrape is added. */
  const grow = (key: string, total: number, add: (value: number) => void): void => {
    const before = totals.get(key) ?? 0;
    if (total > before) {
      add(total - before);
      totals.set(key, total);
    } else if (total === 0 && before === 0) add(0);
  };

  metrics.beforeText(() => {
    const now = snapshot();
    for (const { service, received, returned, kept, shed, refused: bad, ...book } of now.books) {
      const ends = { received: received + returned, returned, kept, shed, refused: bad };
      for (const [end, total] of Object.entries(ends))
        grow(`${service}/${end}`, total, (value) => frames.add(value, { service, end }));
      inFlight.set(book.inFlight, { service });
      unbalanced.set(received - kept - shed - bad - book.inFlight, { service });
    }
    for (const { code, count } of now.refused)
      grow(`code/${code}`, count, (value) => refused.add(value, { code }));
    for (const [reason, count] of Object.entries(now.fidelity))
      grow(`reason/${reason}`, count, (value) => packets.add(value, { reason }));
    for (const direction of ['in', 'out'] as const) {
      rate.set(now[direction].framesPerSecond, { direction });
      bytes.set(now[direction].bytesPerSecond, { direction });
    }
    for (const basis of ['dense', 'raw'] as const)
      ratio.set(now.ratio.recent[basis] ?? Number.NaN, { basis });
    for (const { stage, p50Ms, p99Ms } of now.latency) {
      latency.set((p50Ms ?? Number.NaN) / 1000, { stage, quantile: '0.5' });
      latency.set((p99Ms ?? Number.NaN) / 1000, { stage, quantile: '0.99' });
    }
    lag.set(now.flow.lagFrames);
    queued.set(now.flow.queuedBytes);
    depth.set(now.flow.laneDepth);
    paused.set(now.flow.pausedPartitions);
    ready.set(now.state === 'running' && now.waitingFor.length === 0 ? 1 : 0);
    policy.set(now.policy.version);
    if (now.policy.budget !== undefined) {
      const { bytesPerSecond, spentPerSecond, fixedPerSecond, level } = now.policy.budget;
      budget.set(bytesPerSecond, { what: 'budget' });
      budget.set(spentPerSecond, { what: 'spent' });
      budget.set(fixedPerSecond, { what: 'fixed' });
      budgetLevel.set(level);
    }
    for (const severity of severities.slice(1))
      alarms.set(now.alarms.filter((one) => one.open && one.severity === severity).length, { severity });
  });
}
