/**
 * What people do from a display: alarms by the commands' topic, as the command line does, and the rest in the history. Refuses
 * to say "done" before the keeper of alarms answered.
 */

import type { AlarmCommand } from '../../domain/alarm.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { ShiftAct } from '../../dqm/board.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import { encodeCommand, readAnswer } from '../../wire/alarms/command.ts';
import type { Topics } from '../topics.ts';
import type { PeopleKept } from './kept/people.ts';
import { checkedText } from './kept/people.ts';
import type { RunsKept } from './kept/runs.ts';

export interface ActParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly people: PeopleKept;
  readonly runs: RunsKept;
  /** References of an activity changed. */
  readonly onReferences: (activity: string) => void;
}

/** A keeper that was killed has a successor by then. */
const answerWithinMs = limits.sessionTimeoutMs + limits.transactionTimeoutMs + 2_000;

const asked = async ({ bus, clock, topics }: ActParts, command: AlarmCommand): Promise<void> => {
  const messageId = `page-${clock.nowNanos()}`;
  const [end] = await bus.offsets(topics.responses);
  await bus.send([{ topic: topics.commands, key: null, value: encodeCommand(messageId, command) }]);
  const deadline = new AbortController();
  const answered = new AbortController();
  void clock.sleep(answerWithinMs, answered.signal).then(() => deadline.abort());
  try {
    for await (const { value } of bus.read({
      topic: topics.responses,
      from: { at: 'offset', offset: end?.high ?? 0n },
      bufferBytesMax: limits.controlBufferBytesMax,
      signal: deadline.signal,
    })) {
      const answer = readAnswer(value);
      if (answer?.messageId !== messageId) continue;
      if (answer.fault !== null) throw new Fault('request-invalid', answer.fault);
      return;
    }
  } finally {
    answered.abort();
    deadline.abort();
  }
  throw new Fault(
    'bus-failed',
    `${command.cause}: sent, and not answered within ${answerWithinMs / 1000} s: it will be done when a processor runs`,
  );
};

const alarmCommand = (
  act: Extract<ShiftAct, { act: 'acknowledge' | 'unshelve' | 'shelve' }>,
  nowMs: number,
): AlarmCommand => {
  const { cause, who, why } = act;
  return act.act === 'shelve'
    ? { command: 'shelve', cause, who, why, untilMs: Math.round(nowMs + act.minutes * 60_000) }
    : { command: act.act, cause, who, why };
};

/** Resolves when it is done and kept. Throws a Fault `request-invalid` where it may not be. */
export const doAct = async (parts: ActParts, act: ShiftAct): Promise<void> => {
  const { clock, people, runs, onReferences } = parts;
  const nowMs = Number(clock.nowNanos() / 1_000_000n);
  checkedText('who', act.who, limits.alarmNameCharsMax, 1);
  switch (act.act) {
    case 'acknowledge':
    case 'unshelve':
    case 'shelve':
      return asked(parts, alarmCommand(act, nowMs));
    case 'comment':
      return people.comment(act.cause, { who: act.who, text: act.why, atMs: nowMs });
    case 'label': {
      const { id, label, comment, who } = act;
      return people.label({ id, label, comment, who, atMs: nowMs });
    }
    case 'choose':
    case 'pin': {
      const { activity, runs: chosen, who, why } = act;
      runs.change({ command: act.act, activity, runs: chosen, who, why, atMs: nowMs });
      return onReferences(activity);
    }
    case 'release':
      runs.change({
        command: 'release',
        activity: act.activity,
        who: act.who,
        why: act.why,
        atMs: nowMs,
      });
      return onReferences(act.activity);
  }
};
