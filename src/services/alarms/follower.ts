/**
 * Follows `<i>_alarm_state`: the alarms of the instrument as every display of it shows them, whoever keeps them. It
 * refuses to guess: a state that cannot be read is logged, and the last one holds.
 */

import type { AlarmBook } from '../../domain/alarm.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, BusRecord } from '../../ports/bus.ts';
import type { Log } from '../../ports/telemetry.ts';
import { type AlarmState, decodeAlarmState } from '../../wire/alarms/state.ts';

const readState = ({ topic, offset, value }: BusRecord, log: Log): AlarmState | null => {
  try {
    return decodeAlarmState(value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn({ topic, offset: String(offset), fault: error.code }, error.detail);
    return null;
  }
};

/** The newest committed state on the topic; null where none is. */
export const latestAlarmState = async (bus: Bus, topic: string, log: Log): Promise<AlarmState | null> => {
  const [partition] = await bus.offsets(topic);
  const low = partition?.low ?? 0n;
  const recent = (partition?.high ?? 0n) - limits.alarmTailRecords;
  const from = { at: 'offset', offset: recent > low ? recent : low } as const;
  const bufferBytesMax = limits.controlBufferBytesMax;
  let latest: AlarmState | null = null;
  for await (const record of bus.read({ topic, from, untilEnd: true, bufferBytesMax }))
    latest = readState(record, log) ?? latest;
  return latest;
};

export interface AlarmFollower {
  /** null until there is a state. */
  readonly current: AlarmBook | null;
  stop(): Promise<void>;
}

export const followAlarms = async (bus: Bus, topic: string, log: Log): Promise<AlarmFollower> => {
  let current = (await latestAlarmState(bus, topic, log))?.book ?? null;
  const stopping = new AbortController();
  const following = (async () => {
    const from = { at: 'end' } as const;
    const bufferBytesMax = limits.controlBufferBytesMax;
    for await (const record of bus.read({ topic, from, bufferBytesMax, signal: stopping.signal })) {
      const book = readState(record, log)?.book;
      if (book !== undefined && book.atMs >= (current?.atMs ?? 0)) current = book;
    }
  })();
  following.catch((error: unknown) => {
    log.warn({ topic, error: String(error) }, 'alarms are no longer followed; the last ones are shown');
  });
  return {
    get current() {
      return current;
    },
    async stop() {
      stopping.abort();
      await following.catch(() => undefined);
    },
  };
};
