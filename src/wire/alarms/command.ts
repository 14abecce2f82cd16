/**
 * Commands about alarms, alerts and the rate, and their answers, as JSON, as the neutron facilities' services take them:
 * a command with a `msg_id` is answered ACK or ERR, one without is not. Reading refuses nothing by throwing: what is wrong is a
 * sentence, so that it can be answered.
 */

import { z } from 'zod';
import type { AlarmCommand } from '../../domain/alarm.ts';
import type { AlertCommand } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import type { RateCommand } from '../../domain/policy.ts';
import { faultsOf, jsonBytes, readJson } from '../json.ts';

const name = z.string().min(1).max(limits.alarmNameCharsMax);
const reason = z.string().max(limits.alarmTextCharsMax);

/** What a person may ask of an instrument. */
export type Command = AlarmCommand | AlertCommand | RateCommand;

/** Other fields are let be: senders of other kinds add their own. */
const commands = {
  acknowledge: z.object({ cause: name, who: name, why: reason.default('') }),
  unshelve: z.object({ cause: name, who: name, why: reason.default('') }),
  shelve: z.object({
    cause: name,
    who: name,
    why: reason.min(1, 'say why it may be silent'),
    until: z.iso.datetime({ offset: true, error: 'an instant as 2026-05-04T03:02:01Z' }),
  }),
  'fire-drill': z.object({ who: name, why: reason.default('') }),
  retract: z.object({ alert: name, who: name, why: reason.min(1, 'say why it is none') }),
  'hold-rate': z.object({
    p_value: z.number().gt(0).max(1).optional(),
    who: name,
    why: reason.min(1, 'say why it is held'),
  }),
  'release-rate': z.object({ who: name, why: reason.default('') }),
} as const;
const names = Object.keys(commands) as (keyof typeof commands)[];
const envelope = z.object({ msg_id: name.optional().catch(undefined), command: z.unknown() });

/** What came on the commands topic: a command or why it is none, and under which name it is to be answered. */
export interface CommandMessage {
  /** null: nobody waits for an answer. */
  readonly messageId: string | null;
  readonly asked: Command | { readonly fault: string };
}

const commandOf = (command: unknown, json: unknown): CommandMessage['asked'] => {
  const found = names.find((one) => one === command);
  if (found === undefined) {
    const said = command === undefined ? 'no command is named' : `no command ${JSON.stringify(command)}`;
    return { fault: `${said.slice(0, 100)}; there are ${names.join(', ')}` };
  }
  const parsed = commands[found].safeParse(json);
  if (!parsed.success) return { fault: `${found}: ${faultsOf(parsed.error)}` };
  const { until, p_value: pValue, ...rest } = { until: undefined, p_value: undefined, ...parsed.data };
  return {
    command: found,
    ...rest,
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
    ...(pValue === undefined ? {} : { pValue }),
  } as Command;
};

/** Never throws. */
export const readCommand = (bytes: Uint8Array): CommandMessage => {
  if (bytes.byteLength > limits.commandBytesMax) {
    const fault = `a command of ${bytes.byteLength} bytes: ${limits.commandBytesMax} at most`;
    return { messageId: null, asked: { fault } };
  }
  const json = readJson(bytes);
  const head = envelope.safeParse(json);
  if (!head.success)
    return { messageId: null, asked: { fault: 'a command is a JSON object in UTF-8; this is not' } };
  const { msg_id: messageId, command } = head.data;
  return { messageId: messageId ?? null, asked: commandOf(command, json) };
};

export const encodeCommand = (messageId: string | null, command: Command): Uint8Array => {
  const { untilMs, pValue, ...rest } = { untilMs: undefined, pValue: undefined, ...command };
  return jsonBytes({
    ...(messageId === null ? {} : { msg_id: messageId }),
    ...rest,
    ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
    ...(pValue === undefined ? {} : { p_value: pValue }),
  });
};

/** Whether the watcher of alerts is asked. */
export const isAlertCommand = (asked: CommandMessage['asked']): asked is AlertCommand =>
  'command' in asked && (asked.command === 'fire-drill' || asked.command === 'retract');

/** Whether the calibrator is asked; all else is for the keeper of alarms, what is no command too. */
export const isRateCommand = (asked: CommandMessage['asked']): asked is RateCommand =>
  'command' in asked && (asked.command === 'hold-rate' || asked.command === 'release-rate');

/** `fault` null: done. */
export interface Answer {
  readonly messageId: string;
  readonly fault: string | null;
}

export const encodeAnswer = ({ messageId, fault }: Answer): Uint8Array =>
  jsonBytes({
    msg_id: messageId,
    response: fault === null ? 'ACK' : 'ERR',
    ...(fault === null ? {} : { message: fault }),
  });

const answer = z.object({ msg_id: name, response: z.enum(['ACK', 'ERR']), message: z.string().optional() });

/** null: no answer; other services' may ride on the same topic. */
export const readAnswer = (bytes: Uint8Array): Answer | null => {
  const parsed = answer.safeParse(readJson(bytes));
  if (!parsed.success) return null;
  const { msg_id: messageId, response, message } = parsed.data;
  return { messageId, fault: response === 'ACK' ? null : (message ?? 'refused without a reason') };
};
