/**
 * Telemetry whole: the log, the metrics and the watch of this process, opened and closed as one.
 * It refuses to send anything anywhere; who wants the figures reads /metrics, the log file or the live view.
 */

import type { Telemetry } from '../../ports/telemetry.ts';
import { createLog, type LogAdapter, type LogLevel, type LogTarget } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type ProcessWatch, watchProcess } from './process.ts';

export interface TelemetryAdapter {
  readonly telemetry: Telemetry;
  readonly metrics: Pick<Metrics, 'contentType' | 'text' | 'beforeText' | 'counter' | 'gauge'>;
  readonly notes: LogAdapter['notes'];
  readonly reading: ProcessWatch['reading'];
  /** Stops the watch and writes out the log. Idempotent. */
  close(): void;
}

export function createTelemetry(options: {
  readonly service: string;
  readonly version: string;
  readonly level: LogLevel;
  readonly target: LogTarget;
}): TelemetryAdapter {
  const { log, notes, close } = createLog(options);
  const metrics = createMetrics();
  const { counter, gauge, histogram } = metrics;
  const watch = watchProcess(metrics, options.version);
  return {
    telemetry: { log, counter, gauge, histogram },
    metrics,
    notes,
    reading: watch.reading,
    close() {
      watch.close();
      close();
    },
  };
}
