/** `tessera rate` over the memory bus: the rate in words and as JSON. */

import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { firstBudget } from '../../../src/anomaly/control/budget.ts';
import { firstControl, hold } from '../../../src/anomaly/control/controller.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { askAlarms } from '../../../src/commands/shift/alarms.ts';
import { showRate } from '../../../src/commands/shift/rate.ts';
import type { ControlState } from '../../../src/domain/policy.ts';
import { policyVersion } from '../../../src/domain/quantity.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { encodePolicy } from '../../../src/wire/policy.ts';
import { captureOutput } from '../captured_output.ts';

const topics = topicsOf('tpc');

const open = async () => {
  const clock = createVirtualClock();
  const bus = createMemoryBus({ clock });
  const names = [topics.policy, topics.commands, topics.responses];
  await bus.ensureTopics(names.map((name) => ({ name, partitions: 1, messageBytesMax: 65_536 })));
  const output = captureOutput();
  const publish = async (version: number, control?: ControlState): Promise<void> => {
    const rarePValue = control?.pValue ?? 0.01;
    const value = encodePolicy({
      ...firstPolicy(),
      version: policyVersion(version),
      rarePValue,
      ...(control && { control }),
    });
    await bus.send([{ topic: topics.policy, key: null, value }]);
  };
  return { clock, output, publish, parts: { bus, topics, clock, log: quietLog, output } };
};

describe('tessera rate', () => {
  it('shows target, threshold, rate and who holds it', async () => {
    const { output, publish, parts } = await open();
    expect(await showRate(parts, false)).toBe(1);
    expect(output.notes.join()).toContain('no policy is on tpc_policy yet');
    await publish(1);
    expect(await showRate(parts, false)).toBe(0);
    const moving = { ...firstControl(0.005), passRate: 0.0052, lastingMiss: 0.02 };
    await publish(2, moving);
    expect(await showRate(parts, false)).toBe(0);
    const atMs = Date.UTC(2026, 4, 4, 3, 2, 1);
    await publish(3, hold(moving, 0.001, { who: 'ana', why: 'beam test', atMs }));
    expect(await showRate(parts, false)).toBe(0);
    expect(output.lines).toEqual([
      'target     none: the threshold is as it was set (--rare-target holds a rate)',
      'threshold  p < 0.01',
      'target     0.5 %',
      'threshold  p < 0.005',
      'rate       0.51 % of late, 0.52 % in the last chunk',
      'held       by nobody',
      'target     0.5 %',
      'threshold  p < 0.001',
      'rate       0.51 % of late, 0.52 % in the last chunk',
      'held       at p < 0.001 since 2026-05-04T03:02:01Z by ana: beam test',
    ]);
    expect(await showRate(parts, true)).toBe(0);
    expect(JSON.parse(output.lines.at(-1)!)).toMatchObject({
      version: 3,
      rarePValue: 0.001,
      rate: { target: 0.005, held: 0.001, heldBy: { who: 'ana', atMs } },
    });
  });

  it('shows what the byte budget gives to whom', async () => {
    const { output, parts } = await open();
    const budget = { ...firstBudget(2e6), spentPerSecond: 1.9e6, fixedPerSecond: 5e5, level: 0.4 };
    const grades = [
      { pValue: 0.0012, rungs: { planes: 4, remainder: true } },
      { pValue: 0.007, rungs: { planes: 1, remainder: false } },
    ];
    const spare = { pValue: 0.25, rungs: { planes: 2, remainder: false } };
    const value = encodePolicy({ ...firstPolicy(), version: policyVersion(1), budget, grades, spare });
    await parts.bus.send([{ topic: topics.policy, key: null, value }]);
    expect(await showRate(parts, false)).toBe(0);
    expect(output.lines.slice(2)).toEqual([
      'budget     2.0 MB a second of event time: 95.0 % spent, 25.0 % on tokens and control frames; rare frames are given 40.0 %',
      'given      p < 0.0012 lossless, p < 0.007 1 plane, others tokens',
      'spare      p < 0.25 2 planes',
    ]);
    expect(await showRate(parts, true)).toBe(0);
    const { bytes } = JSON.parse(output.lines.at(-1)!);
    expect(bytes).toEqual({ budget: 2e6, spent: 1.9e6, fixed: 5e5, level: 0.4, grades, spare });
  });

  it('says what an unanswered hold waits for', async () => {
    const { clock, output, parts } = await open();
    const code = askAlarms(parts, { command: 'hold-rate', who: 'ana', why: 'x' }, 'mine', false);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(60_000);
    expect(await code).toBe(3);
    expect(output.notes.join()).toContain('when a processor runs and frames come');
  });
});
