/**
 * Metrics behind the telemetry port, in a prom-client registry of their own. It refuses a name that is not
 * `tessera_…` in lower case, a counter that does not end in `_total`, and a name used for two things.
 */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Telemetry } from '../../ports/telemetry.ts';

export interface Metrics extends Omit<Telemetry, 'log'> {
  /** The exposition of every metric, and its content type. */
  readonly contentType: string;
  text(): Promise<string>;
  /** Runs before each exposition: for gauges that are read rather than set. */
  beforeText(read: () => void): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const reads: (() => void)[] = [];
  const checked = (name: string, ending = ''): string => {
    // A wrong name is our bug, not the world's: it must not reach a dashboard.
    if (!/^tessera_[a-z0-9_]+$/.test(name) || !name.endsWith(ending))
      throw new Error(`metric '${name}': names are tessera_* in lower case, counters end in _total`);
    return name;
  };
  const shared = (name: string, help: string, labels: readonly string[] = []) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    async text() {
      for (const read of reads) read();
      return registry.metrics();
    },
    beforeText: (read) => void reads.push(read),
    counter(name, help, labels) {
      const counter = new Counter(shared(checked(name, '_total'), help, labels));
      return { add: (value, values = {}) => counter.inc(values, value) };
    },
    gauge(name, help, labels) {
      const gauge = new Gauge(shared(checked(name), help, labels));
      return { set: (value, values = {}) => gauge.set(values, value) };
    },
    histogram(name, help, buckets, labels) {
      const histogram = new Histogram({ ...shared(checked(name), help, labels), buckets: [...buckets] });
      return { observe: (value, values = {}) => histogram.observe(values, value) };
    },
  };
}
