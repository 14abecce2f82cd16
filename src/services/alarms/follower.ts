/**
 * Follows `<i>_alarm_state`: the alarms of the instrument as every display of it shows them, whoever keeps them. It
 * refuses to guess: a state that cannot be read is logged, and the last one holds.
 */

import type { AlarmBook } from '../../domain/alarm.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Log } from '../../ports/telemetry.ts';
import { type AlarmState, decodeAlarmState } from '../../wire/alarms/state.ts';
import { latestState, readState } from './latest.ts';

/** The newest committed state on the topic; null where none is. */
export const latestAlarmState = (bus: Bus, topic: string, log: Log): Promise<AlarmState | null> =>
  latestState(bus, topic, decodeAlarmState, log);

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
      const book = readState(decodeAlarmState, record, log)?.book;
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
