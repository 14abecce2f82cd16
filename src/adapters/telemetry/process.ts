/**
 * What this process costs: event-loop delay at a resolution of 1 ms, garbage collection, memory and CPU, for
 * the live view and for /metrics. It refuses to run twice: one watch a process, closed with it.
 */

import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { ProcessReading } from '../../domain/status.ts';
import type { Metrics } from './metrics.ts';

export interface ProcessWatch {
  /** Renewed every second, over the last one to five seconds. */
  reading(): ProcessReading;
  close(): void;
}

const resolutionMs = 1;
const windowSeconds = 5;

export function watchProcess(metrics: Metrics, version: string): ProcessWatch {
  // The monitor measures from tick to tick, so its own resolution is taken off; idle then reads about 0.
  const delayMs = (nanos: number): number => Math.max(0, nanos / 1e6 - resolutionMs);
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  let gcMsTotal = 0;
  let last = { atMs: performance.now(), cpu: process.cpuUsage(), gcMs: 0 };
  let reading: ProcessReading = read();

  const loopDelay = metrics.gauge(
    'tessera_event_loop_delay_seconds',
    'How late timers run, over the last seconds, by quantile (resolution 1 ms).',
    ['quantile'],
  );
  const resident = metrics.gauge('tessera_process_resident_memory_bytes', 'Resident memory of the process.');
  const heap = metrics.gauge('tessera_process_heap_used_bytes', 'JavaScript heap in use.');
  const external = metrics.gauge(
    'tessera_process_external_memory_bytes',
    'Buffers and native memory that JavaScript objects hold.',
  );
  const cpu = metrics.counter('tessera_process_cpu_seconds_total', 'CPU time of the process.', ['mode']);
  const collections = metrics.histogram(
    'tessera_gc_duration_seconds',
    'Pauses for garbage collection.',
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5],
  );
  metrics
    .gauge('tessera_process_start_time_seconds', 'Start of the process since the Unix epoch.')
    .set(performance.timeOrigin / 1000);
  metrics
    .gauge('tessera_build_info', 'Always 1; the version and the runtime are its labels.', ['version', 'node'])
    .set(1, { version, node: process.version });

  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      gcMsTotal += entry.duration;
      collections.observe(entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });

  function read(): ProcessReading {
    const atMs = performance.now();
    const used = process.cpuUsage(last.cpu);
    const wallMs = Math.max(1, atMs - last.atMs);
    const memory = process.memoryUsage();
    const quantile = (percent: number): number =>
      monitor.count > 0 ? delayMs(monitor.percentile(percent)) : 0;
    return {
      loopDelayMsP50: quantile(50),
      loopDelayMsP99: quantile(99),
      rssBytes: memory.rss,
      heapBytes: memory.heapUsed,
      cpuCores: (used.user + used.system) / 1000 / wallMs,
      gcShare: Math.min(1, (gcMsTotal - last.gcMs) / wallMs),
    };
  }

  let seconds = 0;
  const ticker = setInterval(() => {
    reading = read();
    last = { atMs: performance.now(), cpu: process.cpuUsage(), gcMs: gcMsTotal };
    if (++seconds % windowSeconds === 0) monitor.reset();
  }, 1000).unref();

  let counted = { user: 0, system: 0 };
  metrics.beforeText(() => {
    loopDelay.set(reading.loopDelayMsP50 / 1000, { quantile: '0.5' });
    loopDelay.set(reading.loopDelayMsP99 / 1000, { quantile: '0.99' });
    const memory = process.memoryUsage();
    resident.set(memory.rss);
    heap.set(memory.heapUsed);
    external.set(memory.external);
    const now = process.cpuUsage();
    cpu.add((now.user - counted.user) / 1e6, { mode: 'user' });
    cpu.add((now.system - counted.system) / 1e6, { mode: 'system' });
    counted = now;
  });

  return {
    reading: () => reading,
    close() {
      clearInterval(ticker);
      monitor.disable();
      observer.disconnect();
    },
  };
}
