/**
 * Telemetry as it really comes out: log lines in a file and as words, the exposition a scraper reads, and the
 * agreement of both with the status book. Refuses to look inside pino or prom-client.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { createLog, prettyLine } from '../../../src/adapters/telemetry/log.ts';
import { openLogFile } from '../../../src/adapters/telemetry/log_file.ts';
import { createMetrics } from '../../../src/adapters/telemetry/metrics.ts';
import { watchProcess } from '../../../src/adapters/telemetry/process.ts';
import { exposeStatus } from '../../../src/adapters/telemetry/status_metrics.ts';
import { createTelemetry } from '../../../src/adapters/telemetry/telemetry.ts';
import { firstBudget } from '../../../src/anomaly/control/budget.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { createStatusBook } from '../../../src/services/status.ts';
import { statusIdentity } from '../../services/status_identity.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-telemetry-'));
  folders.push(folder);
  return folder;
};

describe('log', () => {
  it('appends JSON lines to a file whose folder it makes', () => {
    const path = join(scratch(), 'deep', 'run.log');
    const target = { kind: 'file', path } as const;
    const first = createLog({ service: 'processor', level: 'info', target });
    first.log.info({ partition: 3 }, 'partition assigned');
    first.log.error({ error: new Error('broke') }, 'batch lost');
    first.close();
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', service: 'processor', partition: 3, msg: 'partition assigned' },
      { level: 'error', error: { message: 'broke' }, msg: 'batch lost' },
    ]);
  });

  it('has an error in the file at once, whatever may follow', () => {
    const path = join(scratch(), 'run.log');
    const target = { kind: 'file', path } as const;
    const adapter = createLog({ service: 'processor', level: 'info', target });
    adapter.log.error({}, 'batch lost');
    expect(readFileSync(path, 'utf8')).toContain('batch lost');
    adapter.close();
    adapter.log.warn({}, 'said too late');
    adapter.close();
    expect(readFileSync(path, 'utf8')).not.toContain('too late');
  });

  it('sets a file aside when it has grown, and never keeps more than two', () => {
    const folder = scratch();
    const path = join(folder, 'run.log');
    const file = openLogFile(path, 10_000);
    for (let i = 0; i < 100; i++) file.write(`${String(i).padStart(999, '.')}\n`);
    file.close();
    file.close();
    expect(readdirSync(folder).sort()).toEqual(['run.log', 'run.log.1']);
    const kept = ['run.log.1', 'run.log'].map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    expect(kept.length).toBeLessThan(30_000);
    const numbers = kept
      .trim()
      .split('\n')
      .map((line) => Number(line.replaceAll('.', '')));
    const first = numbers[0]!;
    expect(numbers).toEqual(Array.from({ length: 100 - first }, (_, i) => first + i));
  });

  it('leaves out what lies below its level', () => {
    const texts: string[] = [];
    const target = { kind: 'json', write: (text: string) => void texts.push(text) } as const;
    const { log } = createLog({ service: 'processor', level: 'warn', target });
    log.info({}, 'not heard');
    log.warn({}, 'heard');
    expect(texts.map((text) => JSON.parse(text).msg)).toEqual(['heard']);
  });

  it('writes one readable line for people, with and without colour', () => {
    const texts: string[] = [];
    const target = { kind: 'pretty', write: (text: string) => void texts.push(text), colour: false } as const;
    const { log } = createLog({ service: 'processor', level: 'info', target });
    log.warn({ partition: 3, detail: 'two words', cause: new Error('x y') }, 'partition moved');
    expect(texts[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}partition moved partition=3 detail="two words"/);
    expect(texts[0]!.endsWith('\n')).toBe(true);
    expect(texts[0]!.includes('\x1b')).toBe(false);
    const line = JSON.stringify({ level: 'error', time: '2026-01-01T00:00:00.000Z', msg: 'lost' });
    expect(prettyLine(line, true)).toContain('\x1b[31merror');
  });

  it('remembers the last warnings, counting repeats', () => {
    const { log, notes } = createLog({
      service: 's',
      level: 'info',
      target: { kind: 'json', write: () => {} },
    });
    for (let i = 0; i < 3; i++) log.warn({}, 'slow broker');
    for (let i = 0; i < 20; i++) log.error({}, `lost ${i}`);
    log.info({}, 'not noted');
    expect(notes()).toHaveLength(8);
    expect(notes().at(-1)).toMatchObject({ level: 'error', text: 'lost 19', count: 1 });
    log.error({}, 'lost 19');
    expect(notes().at(-1)).toMatchObject({ text: 'lost 19', count: 2 });
    expect(notes()).toHaveLength(8);
  });
});

describe('metrics', () => {
  it('refuses names that would not be found', () => {
    const metrics = createMetrics();
    expect(() => metrics.gauge('latency_seconds', 'x')).toThrow(/tessera_/);
    expect(() => metrics.counter('tessera_frames', 'x')).toThrow(/_total/);
    metrics.gauge('tessera_once_bytes', 'x');
    expect(() => metrics.gauge('tessera_once_bytes', 'x')).toThrow();
  });

  it('expose what was counted, set and observed', async () => {
    const metrics = createMetrics();
    metrics.counter('tessera_commits_total', 'Commits.', ['result']).add(2, { result: 'ok' });
    metrics.gauge('tessera_queue_bytes', 'Queue.').set(7);
    metrics.histogram('tessera_commit_seconds', 'Commit.', [0.01, 0.1]).observe(0.05);
    const text = await metrics.text();
    expect(text).toContain('tessera_commits_total{result="ok"} 2');
    expect(text).toContain('tessera_queue_bytes 7');
    expect(text).toContain('tessera_commit_seconds_bucket{le="0.1"} 1');
  });

  it('say of the process what it costs, under names that all start alike', async () => {
    const adapter = createTelemetry({
      service: 'processor',
      version: '0.1.0',
      level: 'info',
      target: { kind: 'json', write: () => {} },
    });
    try {
      expect(adapter.reading().rssBytes).toBeGreaterThan(1e6);
      const text = await adapter.metrics.text();
      const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
      expect(names.every((name) => name!.startsWith('tessera_'))).toBe(true);
      for (const name of ['tessera_event_loop_delay_seconds', 'tessera_process_resident_memory_bytes'])
        expect(names).toContain(name);
      expect(text).toMatch(/tessera_build_info\{version="0\.1\.0",node="v\d+/);
    } finally {
      adapter.close();
      adapter.close();
    }
  });

  it('notice an event loop that is held up, whatever the rest does', async () => {
    const watch = watchProcess(createMetrics(), '0.1.0');
    try {
      // One long pause is not what a p99 shows: the loop is held up for 30 ms again and again until a reading
      // (one a second) has seen it.
      const giveUpMs = performance.now() + 10_000;
      while (watch.reading().loopDelayMsP99 < 20 && performance.now() < giveUpMs) {
        const untilMs = performance.now() + 30;
        while (performance.now() < untilMs);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const { loopDelayMsP99, cpuCores } = watch.reading();
      expect(loopDelayMsP99).toBeGreaterThan(20);
      expect(cpuCores).toBeGreaterThan(0);
    } finally {
      watch.close();
    }
  });

  it('repeat the status book at every scrape, and counters only grow', async () => {
    const metrics = createMetrics();
    const book = createStatusBook({
      clock: createVirtualClock(),
      identity: statusIdentity,
      latencyBudgetMs: 100,
    });
    exposeStatus(metrics, book.snapshot);
    const commit = (kept: number): void =>
      book.batch({
        kept,
        shed: 0,
        refused: ['frame-crc'],
        rawBytes: 500,
        packetBytes: 50,
        denseBytes: 5000,
        reasons: [kept, 0, 0, 0, 0],
        spans: [{ stage: 'total', nanos: 20_000_000, frames: kept }],
        anomalies: [],
      });
    const alarm = { cause: 'lag', message: '', sinceMs: 0, lastMs: 0, count: 1, unit: 'seconds' } as const;
    const minor = { ...alarm, severity: 'minor', open: true, acknowledged: null, shelved: null } as const;
    book.watchAlarms(() => [minor, { ...minor, severity: 'ok', open: false }]);
    book.received(9, 900);
    commit(5);
    const bare = await metrics.text();
    expect(bare).not.toMatch(/^tessera_byte_budget_bytes_per_second\{/m);
    const budget = { ...firstBudget(2000), spentPerSecond: 1900, fixedPerSecond: 500, level: 0.4 };
    book.policy({ ...firstPolicy(), budget });
    commit(2);
    const text = await metrics.text();
    expect(text).toContain('tessera_frames_total{service="processor",end="received"} 9');
    expect(text).toContain('tessera_frames_total{service="processor",end="kept"} 7');
    expect(text).toContain('tessera_frames_refused_total{code="frame-crc"} 2');
    expect(text).toContain('tessera_packets_total{reason="ordinary"} 7');
    expect(text).toContain('tessera_books_unbalanced_frames{service="processor"} 0');
    expect(text).toContain('tessera_compression_ratio{basis="dense"} 100');
    expect(text).toContain('tessera_byte_budget_bytes_per_second{what="spent"} 1900');
    expect(text).toContain('tessera_byte_budget_level 0.4');
    expect(text).toContain('tessera_alarms_open{severity="minor"} 1');
    expect(text).toContain('tessera_alarms_open{severity="major"} 0');
    const p99 = Number(
      /tessera_stage_latency_seconds\{stage="total",quantile="0\.99"\} (\S+)/.exec(text)![1],
    );
    expect(p99).toBeGreaterThan(0.0196);
    expect(p99).toBeLessThan(0.0204);
  });
});
