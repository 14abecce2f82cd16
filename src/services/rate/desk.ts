/**
 * Where people's commands about the rate wait for the calibrator. It follows `<i>_commands` from the offset that the last
 * policy snapshot carries, while the calibrating partition is ours; what waits is obeyed with that partition's next batch,
 * and effect, answer and the new offset commit in that batch's one transaction: nothing is lost between owners, and
 * nothing is done twice. It refuses to write anything itself, and to obey while no frame comes: there is no rate then.
 */

import { limits } from '../../domain/limits.ts';
import type { RateCommand } from '../../domain/policy.ts';
import type { Bus, BusRecord, OutputRecord } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { isRateCommand, readCommand } from '../../wire/alarms/command.ts';
import { answerRecord } from '../alarms/answers.ts';
import type { Calibration } from '../calibrator.ts';
import type { Topics } from '../topics.ts';

export interface RateDeskParts {
  readonly bus: Bus;
  readonly topics: Topics;
  /** Only for the wait before what failed is begun anew. */
  readonly clock: Clock;
  readonly log: Log;
}

export interface RateDesk {
  /** Has the calibrator obey all that waits. @returns the answers, to commit with the snapshot that is due then */
  obey(): OutputRecord[];
  /** What waits is left to the next owner. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly asked: RateCommand;
  readonly messageId: string | null;
  readonly atMs: number;
}

/** @param from offset of the first command that was not heard */
export const openRateDesk = (parts: RateDeskParts, calibration: Calibration, from: number): RateDesk => {
  const { bus, topics, clock, log } = parts;
  const stopping = new AbortController();
  let waiting: Waiting[] = [];
  let next = BigInt(from);
  let heard = next;
  let makeRoom = (): void => {};
  stopping.signal.addEventListener('abort', () => makeRoom());

  const room = async (): Promise<void> => {
    while (waiting.length >= limits.rateCommandsWaitingMax && !stopping.signal.aborted)
      await new Promise<void>((resolve) => {
        makeRoom = resolve;
      });
  };
  const take = async ({ value, offset, timestampMs }: BusRecord): Promise<void> => {
    await room();
    const { messageId, asked } = readCommand(value);
    if (isRateCommand(asked)) waiting.push({ asked, messageId, atMs: timestampMs });
    next = offset + 1n;
  };
  const listen = async (): Promise<void> => {
    const start = { at: 'offset', offset: next } as const;
    const bufferBytesMax = limits.controlBufferBytesMax;
    const topic = topics.commands;
    for await (const record of bus.read({ topic, from: start, bufferBytesMax, signal: stopping.signal })) {
      if (stopping.signal.aborted) return;
      await take(record);
    }
  };
  const listening = (async () => {
    while (!stopping.signal.aborted)
      try {
        return await listen();
      } catch (error) {
        if (stopping.signal.aborted) return;
        const fault = { topic: topics.commands, error: String(error) };
        log.warn(fault, 'commands about the rate are not heard for the moment');
        await clock.sleep(limits.alarmRetryMs, stopping.signal);
      }
  })();

  const answer = ({ asked, messageId, atMs }: Waiting): OutputRecord[] => {
    const fault = calibration.obey(asked, atMs);
    const { command, who, why } = asked;
    if (fault === null)
      log.info({ topic: topics.commands, command, who, why }, 'command about the rate obeyed');
    else log.warn({ topic: topics.commands }, `command refused: ${fault}`);
    if (messageId === null) return [];
    return [answerRecord(topics, { messageId, fault })];
  };
  return {
    obey() {
      if (next === heard) return [];
      heard = next;
      calibration.heard(heard);
      const outputs = waiting.flatMap(answer);
      waiting = [];
      makeRoom();
      return outputs;
    },
    async stop() {
      stopping.abort();
      await listening;
    },
  };
};
