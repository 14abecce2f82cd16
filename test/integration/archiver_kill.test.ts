/**
 * Archiving through kill -9 on a real broker: archivers killed under load at random instants, alone and in pairs. The
 * long version is loadtest/prove.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { proveArchive } from '../../loadtest/prove/archive.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();
const seed = 20_261_126;

describe('an archiver that is killed', () => {
  afterAll(() => stopAll());

  it('archives every time frame and revision once', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const report = await proveArchive({
      instrument: 'sphenix-tpc-pp',
      partitions: 2,
      rate: 200,
      kills: 4,
      seed,
      say: (line) => process.stderr.write(`archive proof (seed ${seed}): ${line}\n`),
    });
    expect(report.faults, report.logs).toEqual([]);
    expect(report.kills).toBe(4);
    expect(report.events).toBe(report.sent);
    expect(report.segments).toBeGreaterThan(4);
  }, 180_000);
});
