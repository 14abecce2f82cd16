/**
 * Assembler and archiver through kill -9 on a real broker under one load, until the run is stopped and has closed. The long
 * version is loadtest/prove.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { proveTogether } from '../../loadtest/prove/together.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();
/** Of which each is killed: the assembler when it is alone, the archiver when it is one of two. */
const seed = 20_261_133;

describe('assembler and archiver that are killed', () => {
  afterAll(() => stopAll());

  it('archive every time frame and revision once, and close the run when all of it is there', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const report = await proveTogether({
      instrument: 'sphenix-tpc-pp',
      partitions: 2,
      rate: 20,
      kills: 2,
      seed,
      looksForUnfinished: false,
      say: (line) => process.stderr.write(`proof of both (seed ${seed}): ${line}\n`),
    });
    expect(report.faults, report.logs).toEqual([]);
    expect(report.kills).toEqual({ assembler: 1, archiver: 1 });
    expect(report.assembly.packets).toBeGreaterThan(2000);
    expect(report.assembly.amendments).toBeGreaterThan(0);
    expect(report.assembly.complete).toBeGreaterThan(report.assembly.timeFrames / 2);
    expect(report.archive.timeFrames).toBe(report.assembly.timeFrames);
  }, 240_000);
});
