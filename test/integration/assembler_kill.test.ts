/**
 * Assemblers through kill -9 on a real broker, under load, on packets that come out of order, late, twice or never. The
 * long version is loadtest/prove.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { proveAssembly } from '../../loadtest/prove/assembly.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();
const seed = 20_260_602;

describe('an assembler that is killed', () => {
  afterAll(() => stopAll());

  it('sends every time frame and revision once, and every packet in one of them', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const report = await proveAssembly({
      instrument: 'sphenix-tpc-pp',
      partitions: 2,
      rate: 40,
      kills: 2,
      seed,
      say: (line) => process.stderr.write(`assembly proof (seed ${seed}): ${line}\n`),
    });
    expect(report.faults, report.logs).toEqual([]);
    expect(report.audit.packets).toBeGreaterThan(2000);
    expect(report.audit.amendments).toBeGreaterThan(0);
    expect(report.audit.complete).toBeGreaterThan(report.audit.timeFrames / 2);
  }, 240_000);
});
