/**
 * What a bench measures from outside, the same way for tessera and its rivals: the rate from the offsets a group
 * commits, and latency from the intended send time to the moment a committed reader holds the packet.
 */

import type { Bus } from '../src/ports/bus.ts';
import { instantsHeader, readIntended } from '../src/wire/instants.ts';
import { sleep } from './drive.ts';

const committedFrames = async (bus: Bus, group: string, topic: string): Promise<number> => {
  const offsets = await bus.committed(group, topic);
  return offsets.reduce((sum, { offset }) => sum + Number(offset ?? 0n), 0);
};

/**
 * Frames a second between the first `from` and `to` shares of a preloaded topic, by the offsets `group` commits.
 * @param frames all records of the topic (its partitions begin at offset 0)
 */
export const drainRate = async (
  bus: Bus,
  group: string,
  topic: string,
  frames: number,
  [from, to]: readonly [number, number] = [0.15, 0.97],
): Promise<number> => {
  const samples: { ms: number; done: number }[] = [];
  let lastProgressMs = performance.now();
  for (;;) {
    const done = await committedFrames(bus, group, topic);
    const ms = performance.now();
    if (done !== samples.at(-1)?.done) lastProgressMs = ms;
    if (ms - lastProgressMs > 60_000) throw new Error(`${group} stands still at ${done} of ${frames} frames`);
    samples.push({ ms, done });
    if (done >= frames * to) break;
    await sleep(100);
  }
  // Only samples at which something new was committed mark an instant of progress.
  const marks = samples.filter((sample, index) => index === 0 || sample.done > samples[index - 1]!.done);
  const first = marks.find(({ done }) => done >= frames * from)!;
  const last = marks.at(-1)!;
  return ((last.done - first.done) * 1000) / (last.ms - first.ms);
};

export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const quantile = (sorted: Float64Array, q: number): number =>
  sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** Follows a topic as a `read_committed` reader; `since` drops what was sent before the system was warm. */
export const followLatency = (bus: Bus, topic: string) => {
  const stopping = new AbortController();
  const all: { atMs: number; latencyMs: number }[] = [];
  let begin = (): void => {};
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const reading = (async () => {
    const bufferBytesMax = 64 * 1024 * 1024;
    for await (const record of bus.read({
      topic,
      from: { at: 'end' },
      bufferBytesMax,
      signal: stopping.signal,
    })) {
      const nowMs = performance.timeOrigin + performance.now();
      const intendedMs = Number(readIntended(record.headers[instantsHeader])) / 1e6;
      all.push({ atMs: nowMs, latencyMs: nowMs - intendedMs });
      begin();
    }
  })();
  return {
    /** Resolves with the first packet. */
    started,
    since(sinceMs: number): Latencies {
      const sorted = Float64Array.from(
        all.filter(({ atMs }) => atMs >= sinceMs),
        ({ latencyMs }) => latencyMs,
      ).sort();
      return {
        count: sorted.length,
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
        maxMs: sorted.at(-1) ?? Number.NaN,
      };
    },
    async stop() {
      stopping.abort();
      await reading;
    },
  };
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
