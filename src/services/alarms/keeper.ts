/**
 * Keeps the alarms of one instrument: heartbeats and commands in, al00, answers and the state out, all of a step in
 * one transaction with the commands' offset. The next keeper goes on from the state and reads again the heartbeats
 * since. Time is the broker's: it refuses to judge by a clock.
 */

import {
  alarmRules,
  judgeServices,
  living,
  type WatchedService,
  watchService,
} from '../../anomaly/alarm_conditions.ts';
import { command as obey, observe, openAlarmBook, type Telling } from '../../anomaly/alarms.ts';
import { limits } from '../../domain/limits.ts';
import { epochNanos } from '../../domain/quantity.ts';
import type { Bus, BusRecord, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { encodeAlarm } from '../../wire/alarms/alarm.ts';
import { readBeat } from '../../wire/alarms/beat.ts';
import { isAlertCommand, isRateCommand, readCommand } from '../../wire/alarms/command.ts';
import { type AlarmState, encodeAlarmState } from '../../wire/alarms/state.ts';
import type { Topics } from '../topics.ts';
import { answerRecord } from './answers.ts';
import { latestAlarmState } from './follower.ts';
import { keepTerms, type Term, type Termed } from './terms.ts';

export interface AlarmKeeperParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly topics: Topics;
  /** Only for the wait before what failed is begun anew. */
  readonly clock: Clock;
  /** Where a keeper that finds no state begins to judge, ms since the epoch: about now. */
  readonly beginMs: number;
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

/** One term of keeping, from the assignment of the commands' partition to its loss. */
const openTerm = async (
  { bus, log, topics, beginMs }: AlarmKeeperParts,
  feed: PartitionFeed,
): Promise<Term> => {
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
      if (isAlertCommand(asked) || isRateCommand(asked)) continue;
      const step = 'fault' in asked ? { book, tellings: [], ...asked } : obey(book, asked, timestampMs);
      book = step.book;
      outputs.push(...step.tellings.map((telling) => alarmRecord(topics, telling)));
      if (messageId !== null) outputs.push(answerRecord(topics, { messageId, fault: step.fault }));
      if (step.fault !== null) log.warn({ topic: topics.commands }, `command refused: ${step.fault}`);
    }
    await write({ ...state, book }, outputs, records.at(-1)!.offset + 1n);
  };

  const timestampMs = Math.max(0, state.judgedMs - baselineMs);
  return {
    reads: [{ topic: topics.status, from: { at: 'time', timestampMs }, take: takeBeat }],
    takeCommands,
    close: () => write(state, [], offset),
  };
};

/** Keeps alarms until it is stopped. */
export const keepAlarms = (parts: AlarmKeeperParts): Termed =>
  keepTerms(parts, { group, what: 'alarms', openTerm: (feed) => openTerm(parts, feed) });
