/**
 * What the world is told of a seal: a wrdn message with the segment's place, files and counts. Refuses to tell of what
 * is not sealed.
 */

import { runFolder, sealFile } from '../../archive/names.ts';
import type { Seal } from '../../archive/seal.ts';
import type { OutputRecord } from '../../ports/bus.ts';
import { encodeWritten } from '../../wire/runs/written.ts';
import type { Topics } from '../topics.ts';

const serviceIdOf = (instrument: string): string => `tessera:${instrument}:archiver`;

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one));

export const writtenRecord = (topics: Topics, seal: Seal, version: string): OutputRecord => {
  const { topic, partition, firstOffset, nextOffset, run, timeFrames, counts, files } = seal;
  const described = { run, topic, partition, firstOffset, nextOffset, timeFrames, counts, files, version };
  return {
    topic: topics.written,
    key: Buffer.from(`${topic}/${partition}`),
    value: encodeWritten({
      serviceId: serviceIdOf(seal.instrument),
      jobId: String(run),
      failed: false,
      fileName: sealFile(run, seal),
      metadata: jsonOf(described),
      message: '',
    }),
  };
};

/** A run is complete: its folder is a dataset. */
export const closedRecord = (
  topics: Topics,
  instrument: string,
  run: number,
  jobId: string,
): OutputRecord => ({
  topic: topics.written,
  key: Buffer.from(`run/${run}`),
  value: encodeWritten({
    serviceId: serviceIdOf(instrument),
    jobId: jobId === '' ? String(run) : jobId,
    failed: false,
    fileName: runFolder(run),
    metadata: jsonOf({ run }),
    message: 'the run is closed',
  }),
});
