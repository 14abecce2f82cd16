/**
 * `tessera alarms`: the alarms of an instrument as a table, and what a person does about them, sent as a command and
 * waited for. It refuses to change anything itself: the keeper does, and says so.
 */

import { alarmsShown } from '../../anomaly/alarms.ts';
import type { AlarmBook } from '../../domain/alarm.ts';
import { limits } from '../../domain/limits.ts';
import type { AlarmSnapshot } from '../../domain/status.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { latestAlarmState } from '../../services/alarms/follower.ts';
import type { Topics } from '../../services/topics.ts';
import { type Command, encodeCommand, readAnswer } from '../../wire/alarms/command.ts';
import { alignedLines, grouped, jsonLine, type Output } from '../output.ts';

export interface AlarmsParts {
  readonly bus: Bus;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  readonly output: Output;
}

/** An instant as people read it, UTC. @param ms since the epoch */
export const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** What people have said about it. */
const noteOf = ({ acknowledged, shelved }: AlarmSnapshot): string =>
  [
    acknowledged !== null &&
      `acknowledged by ${acknowledged.who}${acknowledged.why === '' ? '' : `: ${acknowledged.why}`}`,
    shelved !== null && `shelved until ${instant(shelved.untilMs)} by ${shelved.who}: ${shelved.why}`,
  ]
    .filter((text) => text !== false)
    .join('; ');

const counted = (count: number, unit: string): string => `${grouped(Math.round(count))} ${unit}`;

const printBook = (book: AlarmBook, output: Output): void => {
  const shown = alarmsShown(book);
  output.print(shown.length === 0 ? `no alarm; causes watched: ${book.alarms.length}` : 'alarms:');
  const rows = shown.map((one) => [
    one.open ? one.severity.toUpperCase() : 'no alarm',
    one.cause,
    one.open ? counted(one.count, one.unit) : '',
    one.open ? `since ${instant(one.sinceMs)}` : '',
    [one.message, noteOf(one)].filter((text) => text !== '').join('; '),
  ]);
  for (const line of alignedLines(rows, [false, false, true, false, false])) output.print(`  ${line}`);
  if (book.past.length === 0) return;
  output.print('passed:');
  const past = book.past
    .slice(0, 8)
    .map((one) => [
      one.cause,
      counted(one.count, one.unit),
      `${instant(one.sinceMs)} to ${instant(one.clearedMs)}`,
      one.message,
    ]);
  for (const line of alignedLines(past, [false, true, false, false])) output.print(`  ${line}`);
};

/** Exit code 0; 1 when nobody has ever kept alarms here. */
export const listAlarms = async (parts: AlarmsParts, json: boolean): Promise<number> => {
  const { bus, topics, log, output } = parts;
  const state = await latestAlarmState(bus, topics.alarmState, log);
  if (state === null) {
    output.note(`no alarms are kept on ${topics.alarmState} yet: a running processor keeps them`);
    return 1;
  }
  const { book } = state;
  if (json) output.print(jsonLine({ atMs: book.atMs, alarms: alarmsShown(book), past: book.past }));
  else printBook(book, output);
  return 0;
};

const doneOf = (asked: Command): string => {
  if (asked.command === 'fire-drill') return 'the drill is on';
  if (asked.command === 'hold-rate') return 'the threshold is held';
  if (asked.command === 'release-rate') return 'the threshold follows the rate again';
  return asked.command === 'retract' ? `${asked.alert}: retracted` : `${asked.cause}: ${asked.command}d`;
};

/** A keeper that was killed has a successor by then. */
const answerWithinMs = limits.sessionTimeoutMs + limits.transactionTimeoutMs + 2_000;

/**
 * Sends a command and waits for its answer.
 * @param messageId a name nobody else uses
 * @returns exit code 0 when done, 1 when refused, 3 when nobody answered: then it is done once a processor runs
 */
export const askAlarms = async (
  parts: AlarmsParts,
  asked: Command,
  messageId: string,
  json: boolean,
): Promise<number> => {
  const { bus, topics, clock, output } = parts;
  const [end] = await bus.offsets(topics.responses);
  await bus.send([{ topic: topics.commands, key: null, value: encodeCommand(messageId, asked) }]);
  const deadline = new AbortController();
  const answered = new AbortController();
  void clock.sleep(answerWithinMs, answered.signal).then(() => deadline.abort());
  const answers = bus.read({
    topic: topics.responses,
    from: { at: 'offset', offset: end?.high ?? 0n },
    bufferBytesMax: limits.controlBufferBytesMax,
    signal: deadline.signal,
  });
  try {
    for await (const { value } of answers) {
      const answer = readAnswer(value);
      if (answer?.messageId !== messageId) continue;
      const { fault } = answer;
      if (json)
        output.print(jsonLine({ msg_id: messageId, response: fault === null ? 'ACK' : 'ERR', fault }));
      else output.print(fault === null ? doneOf(asked) : `refused: ${fault}`);
      return fault === null ? 0 : 1;
    }
  } finally {
    answered.abort();
  }
  // The rate is that of frames: without any nobody moves or holds it.
  const when = asked.command.endsWith('-rate') ? 'runs and frames come' : 'runs';
  output.note(
    `sent, and not answered within ${answerWithinMs / 1000} s: it will be done when a processor ${when}`,
  );
  return 3;
};
