/**
 * Delivery through kill -9 on a real broker: processors killed under load, one frozen through the loss of its
 * partitions, the broker killed and restarted. The long version is loadtest/prove.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { proveKills } from '../../loadtest/prove/kill.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();
const seed = 20_260_601;

describe('a processor that is killed', () => {
  afterAll(() => stopAll());

  it('loses nothing, repeats nothing and keeps the order; the broker may die too', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const report = await proveKills({
      instrument: 'sphenix-tpc-pp',
      partitions: 4,
      rate: 20,
      pool: 8,
      seed,
      steps: { alone: 1, pair: 1, zombie: 1 },
      say: (line) => process.stderr.write(`kill proof (seed ${seed}): ${line}\n`),
    });
    expect(report.faults, report.logs).toEqual([]);
    expect(report.kills).toBe(3);
    expect(report.audit.packets).toBe(report.audit.frames);
    expect(report.audit.packets).toBeGreaterThan(1000);
    expect(report.replay).toMatchObject({ identical: report.audit.packets, different: 0 });
    expect(Math.max(...report.recoveries.map(({ seconds }) => seconds))).toBeLessThan(30);
  }, 240_000);
});
