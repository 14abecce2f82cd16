/**
 * The newest state on a compacted topic: what the next holder of a term goes on from. Refuses to guess: a state that
 * cannot be read is logged, and the one before holds.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, BusRecord } from '../../ports/bus.ts';
import type { Log } from '../../ports/telemetry.ts';

type Decode<T> = (bytes: Uint8Array) => T;

/** null, and a warning, where the record cannot be read. */
export const readState = <T>(decode: Decode<T>, { topic, offset, value }: BusRecord, log: Log): T | null => {
  try {
    return decode(value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn({ topic, offset: String(offset), fault: error.code }, error.detail);
    return null;
  }
};

/** The newest committed state on the topic; null where none is. */
export const latestState = async <T>(
  bus: Bus,
  topic: string,
  decode: Decode<T>,
  log: Log,
): Promise<T | null> => {
  const [partition] = await bus.offsets(topic);
  const low = partition?.low ?? 0n;
  const recent = (partition?.high ?? 0n) - limits.alarmTailRecords;
  const from = { at: 'offset', offset: recent > low ? recent : low } as const;
  const bufferBytesMax = limits.controlBufferBytesMax;
  let latest: T | null = null;
  for await (const record of bus.read({ topic, from, untilEnd: true, bufferBytesMax }))
    latest = readState(decode, record, log) ?? latest;
  return latest;
};
