/** What heartbeats are judged for: counts between two of them, services together, and causes the manual names. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alarmRules, judgeServices, living, watchService } from '../../src/anomaly/alarm_conditions.ts';
import type { Beat } from '../../src/wire/alarms/beat.ts';

const beat = (serviceId: string, uptimeMs: number, received: number, refused: number): Beat => ({
  serviceId,
  atMs: 0,
  uptimeMs,
  state: 'running',
  books: [{ service: 'processor', received, refused, balanced: true }],
  latency: [{ stage: 'total', p99Ms: 40, budgetMs: 100 }],
  flow: { lagFrames: 0, partitions: 2, pressure: 'none' },
  out: { framesPerSecond: 100 },
  refused: [{ code: 'frame-crc', count: refused }],
  conditions: [],
});
const countOf = (service: ReturnType<typeof watchService>): number =>
  service.conditions.find(({ cause }) => cause === 'frames-refused')!.count;

describe('conditions', () => {
  it('count from nothing for the young, from the first sight for the old, and anew after a restart', () => {
    const young = watchService(beat('a', 1000, 100, 7), 1000, null);
    expect(countOf(young)).toBe(7);
    expect(countOf(watchService(beat('a', 2000, 200, 9), 2000, young))).toBe(2);
    const old = watchService(beat('b', 3_600_000, 10_000, 700), 1000, null);
    expect(countOf(old)).toBe(0);
    expect(countOf(watchService(beat('b', 3_601_000, 10_100, 703), 2000, old))).toBe(3);
    expect(countOf(watchService(beat('b', 900, 50, 4), 2000, old))).toBe(4);
  });

  it('of several services are the worst, named, with the count of the one that just spoke', () => {
    const calm = watchService(beat('calm', 1000, 100, 0), 1000, null);
    const bad = watchService({ ...beat('bad', 1000, 100, 3) }, 1000, null);
    const of = (fresh: typeof calm) =>
      judgeServices([calm, bad], fresh, 4).find(({ cause }) => cause === 'frames-refused')!;
    expect(of(bad)).toMatchObject({ severity: 'minor', count: 3 });
    expect(of(bad).message).toMatch(/most as frame-crc: 3 of the last 100 \(bad\)$/);
    expect(of(calm)).toMatchObject({ severity: 'minor', count: 0 });
    const owners = (partitions: number) =>
      judgeServices([calm, bad], bad, partitions).find(({ cause }) => cause === 'partitions-unowned')!;
    expect(owners(4).severity).toBe('ok');
    expect(owners(5)).toMatchObject({
      severity: 'major',
      message: '1 of 5 partitions are read by no processor: start one',
    });
  });

  it('are looked for once each, and every cause has its rule and its row in the manual', () => {
    const one = watchService(beat('a', 1000, 100, 0), 1000, null);
    const causes = judgeServices([one], one, 2).map(({ cause }) => cause);
    expect(causes.toSorted()).toEqual(Object.keys(alarmRules).toSorted());
    const manual = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    for (const cause of causes) expect(manual).toContain(`| \`${cause}\` |`);
  });

  it('are of the living: who is silent or has stopped is not counted', () => {
    const at = (serviceId: string, atMs: number, state: Beat['state'] = 'running') =>
      watchService({ ...beat(serviceId, 1000, 0, 0), state }, atMs, null);
    const services = [at('old', 0), at('gone', 9000, 'stopped'), at('here', 9000)];
    expect(living(services, 12_000).map((one) => one.beat.serviceId)).toEqual(['here']);
  });
});
