/** Every record of a topic from its beginning to its present end. */

import { limits } from '../../src/domain/limits.ts';
import type { Bus, BusRecord } from '../../src/ports/bus.ts';

export const readAll = async (bus: Bus, topic: string): Promise<BusRecord[]> => {
  const records: BusRecord[] = [];
  const bufferBytesMax = limits.partitionQueueBytesMax;
  for await (const record of bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax }))
    records.push(record);
  return records;
};
