/**
 * Keeps the alarms of one instrument: heartbeats and commands in, al00, answers and the state out, all of a step in
 * one transaction with the commands' offset. Whoever owns the commands' one partition is the keeper; its successor
 * goes on from the state and reads again the heartbeats since. Time is the broker's: it refuses to
 * judge by a clock.
 */

import {
  alarmRules,
  judgeServices,
  living,
  type WatchedService,
  watchService,
} from '../../anomaly/alarm_conditions.ts';
import { command as obey, observe, openAlarmBook, type Telling } from '../../anomaly/alarms.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { epochNanos } from '../../domain/quantity.ts';
import type { Bus, BusRecord, Consumption, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { encodeAlarm } from '../../wire/alarms/alarm.ts';
import { readBeat } from '../../wire/alarms/beat.ts';
import { type Answer, encodeAnswer, readCommand } from '../../wire/alarms/command.ts';
import { type AlarmState, encodeAlarmState } from '../../wire/alarms/state.ts';
import type { Topics } from '../topics.ts';
import { latestAlarmState } from './follower.ts';

export interface AlarmKeeperParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly topics: Topics;
  /** Only for the wait before what failed is begun anew. */
  readonly clock: Clock;
  /** Where a keeper that finds no state begins to judge, ms since the epoch: about now. */
  readonly beginMs: number;
}

export interface AlarmKeeper {
  /** Writes the state a last time and leaves the group. */
  stop(): Promise<void>;
}

/** The keepers of an instrument are one group, whatever the groups of its processors: one of them is the keeper. */
const group = 'tessera-alarms';
/** Heartbeats before the state's instant say what counts stood at then. */
const baselineMs = limits.alarmServiceSilentMs;

const alarmRecord = (topics: Topics, { cause, severity, message, atMs }: Telling): OutputRecord => {
  const sourceName = `tessera.${cause}`;
  const timestampNanos = epochNanos(BigInt(Math.round(atMs)) * 1_000_000n);
  return {
    topic: topics.alarms,
    key: Buffer.from(sourceName),
    value: encodeAlarm({ sourceName, timestampNanos, severity, message }),
  };
};

const answerRecord = (topics: Topics, answer: Answer): OutputRecord => ({
  topic: topics.responses,
  key: Buffer.from(answer.messageId),
  value: encodeAnswer(answer),
});

/** One term of keeping, from the assignment of the commands' partition to its loss. */
const openTerm = async ({ bus, log, topics, beginMs }: AlarmKeeperParts, feed: PartitionFeed) => {
  // The feed is fenced: what the last keeper committed is on the topic by now.
  const found = await latestAlarmState(bus, topics.alarmState, log);
  const partitions = (await bus.offsets(topics.frames)).length;
  let state: AlarmState = {
    judgedMs: found?.judgedMs ?? beginMs,
    book: openAlarmBook(alarmRules, found?.book ?? null),
  };
  let writtenMs = state.judgedMs;
  let offset = feed.startOffset;
  let services = new Map<string, WatchedService>();

  /** Memory advances when the transaction has. */
  const write = async (next: AlarmState, outputs: readonly OutputRecord[], nextOffset: bigint) => {
    const value = encodeAlarmState(next);
    const record = { topic: topics.alarmState, partition: 0, key: Buffer.from('alarms'), value };
    await feed.commit([...outputs, record], nextOffset, '');
    state = next;
    offset = nextOffset;
    writtenMs = next.book.atMs;
  };

  const takeBeat = async ({ value, timestampMs: atMs }: BusRecord): Promise<void> => {
    const beat = readBeat(value);
    if (beat === null) return;
    const fresh = watchService(beat, atMs, services.get(beat.serviceId) ?? null);
    services.set(beat.serviceId, fresh);
    const alive = living([...services.values()], atMs);
    services = new Map([...alive, fresh].map((one) => [one.beat.serviceId, one]));
    if (atMs <= state.judgedMs) return;
    const { book, tellings } = observe(state.book, alarmRules, judgeServices(alive, fresh, partitions), atMs);
    const next = { judgedMs: atMs, book };
    const open = book.alarms.some(({ phase }) => phase === 'open');
    const due = book.atMs - writtenMs >= (open ? limits.alarmWriteMs : limits.alarmCheckpointMs);
    if (due || tellings.length > 0)
      await write(
        next,
        tellings.map((telling) => alarmRecord(topics, telling)),
        offset,
      );
    else state = next;
  };

  const takeCommands = async (records: readonly BusRecord[]): Promise<void> => {
    let { book } = state;
    const outputs: OutputRecord[] = [];
    for (const { value, timestampMs } of records) {
      const { messageId, asked } = readCommand(value);
      const step = 'fault' in asked ? { book, tellings: [], ...asked } : obey(book, asked, timestampMs);
      book = step.book;
      outputs.push(...step.tellings.map((telling) => alarmRecord(topics, telling)));
      if (messageId !== null) outputs.push(answerRecord(topics, { messageId, fault: step.fault }));
      if (step.fault !== null) log.warn({ topic: topics.commands }, `command refused: ${step.fault}`);
    }
    await write({ ...state, book }, outputs, records.at(-1)!.offset + 1n);
  };

  return {
    takeBeat,
    takeCommands,
    beatsFromMs: Math.max(0, state.judgedMs - baselineMs),
    close: () => write(state, [], offset),
  };
};

const keep = async (parts: AlarmKeeperParts, feed: PartitionFeed): Promise<void> => {
  const { bus, topics } = parts;
  const term = await openTerm(parts, feed);
  // Heartbeats and commands take turns: each step rests on the book of the one before.
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => (turn = turn.then(step));

  const ended = new AbortController();
  const listening = (async (): Promise<void> => {
    const from = { at: 'time', timestampMs: term.beatsFromMs } as const;
    const bufferBytesMax = limits.controlBufferBytesMax;
    const { signal } = ended;
    for await (const record of bus.read({ topic: topics.status, from, bufferBytesMax, signal }))
      await inTurn(() => term.takeBeat(record));
  })();
  const obeying = (async () => {
    for (;;) {
      const records = await feed.take({ recordsMax: 64, bytesMax: limits.controlBufferBytesMax });
      if (records.length === 0) return;
      await inTurn(() => term.takeCommands(records));
    }
  })();
  // When listening fails, a wait for commands may have no end: the failure is not to wait for it.
  obeying.catch(() => undefined);
  try {
    await Promise.race([obeying, listening.then(() => obeying)]);
  } finally {
    ended.abort();
  }
  await listening;
  if (!feed.revoked.aborted) await term.close();
};

/** Keeps alarms until it is stopped; what fails is begun anew, because the next alarm may be about just that. */
export const keepAlarms = (parts: AlarmKeeperParts): AlarmKeeper => {
  const { bus, topics, log, clock } = parts;
  const stopping = new AbortController();
  const asked = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  const consume = (): Promise<Consumption> =>
    bus.consume({
      group,
      topic: topics.commands,
      // An acknowledgement is never lost, and never done twice.
      delivery: 'exactly-once',
      fresh: 'beginning',
      queueBytesMax: limits.controlBufferBytesMax,
      async onFeed(feed) {
        try {
          await keep(parts, feed);
        } catch (error) {
          if (!(error instanceof Fault && error.code === 'bus-fenced')) throw error;
          log.info({ topic: topics.commands }, 'alarms are kept by another process now');
        }
      },
    });

  const term = async (): Promise<void> => {
    const consumption = await consume();
    try {
      await Promise.race([asked, consumption.failed]);
    } finally {
      await consumption.stop();
    }
  };
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await term();
      } catch (error) {
        log.error({ error: String(error) }, 'alarms are not kept for the moment');
        await clock.sleep(limits.alarmRetryMs, stopping.signal);
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await keeping;
    },
  };
};
