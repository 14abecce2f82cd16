/**
 * Messages that are JSON, told apart by what they hold, and those about alarms in words: commands, their answers and
 * the state. What is none of ours is shown as it is; a command that is wrong is told with what is wrong with it.
 */

import { alarmsShown } from '../../anomaly/alarms.ts';
import { readAnswer, readCommand } from '../../wire/alarms/command.ts';
import { decodeAlarmState } from '../../wire/alarms/state.ts';
import { readJson } from '../../wire/json.ts';
import { alertHeadings, alertTellers } from './alert_words.ts';
import { heading, instant, type Told } from './told.ts';

export const alarmHeadings = {
  command: heading(['command'], ['of'], ['who'], ['why'], ['until'], ['msg_id']),
  response: heading(['msg_id'], ['response'], ['message']),
  'alarm-state': heading(['at'], ['open', 'right'], ['shelved', 'right'], ['causes']),
  json: heading(['text']),
  ...alertHeadings,
} as const;

/** What each kind alone has among its fields, in the order they are asked. */
const marks = [
  ['command', 'command'],
  ['response', 'response'],
  ['judgedMs', 'alarm-state'],
  ['sketch', 'policy'],
  ['tier', 'alert'],
  ['alert_type', 'alert'],
  ['watchedMs', 'alert-state'],
] as const;

/** The kind of a message that begins as a JSON object. */
export const jsonKind = (bytes: Uint8Array): (typeof marks)[number][1] | 'json' => {
  const json = readJson(bytes);
  if (typeof json !== 'object' || json === null) return 'json';
  return marks.find(([field]) => Object.hasOwn(json, field))?.[1] ?? 'json';
};

const at = (ms: number): string => instant(BigInt(Math.round(ms)) * 1_000_000n).replace('000000Z', 'Z');

const commandTold = (bytes: Uint8Array): Told => {
  const { messageId, asked } = readCommand(bytes);
  const id = messageId ?? '–';
  if ('fault' in asked)
    return {
      kind: 'command',
      row: ['not understood', '', '', asked.fault, '', id],
      full: [
        ['not understood', asked.fault],
        ['msg_id', id],
      ],
      data: { messageId, fault: asked.fault },
    };
  const of = 'cause' in asked ? asked.cause : 'alert' in asked ? asked.alert : '';
  const until = asked.command === 'shelve' ? at(asked.untilMs) : '–';
  return {
    kind: 'command',
    row: [asked.command, of, asked.who, asked.why, until, id],
    full: [
      [asked.command, of],
      ['by', asked.who],
      ['because', asked.why],
      ['until', until],
      ['msg_id', id],
    ],
    data: { messageId, ...asked },
  };
};

const jsonTold = (bytes: Uint8Array): Told => {
  const text = new TextDecoder().decode(bytes);
  return { kind: 'json', row: [text.slice(0, 200)], full: [['text', text]], data: { text } };
};

const answerTold = (bytes: Uint8Array): Told => {
  const answer = readAnswer(bytes);
  if (answer === null) return jsonTold(bytes);
  const { messageId, fault } = answer;
  const response = fault === null ? 'ACK' : 'ERR';
  return {
    kind: 'response',
    row: [messageId, response, fault ?? ''],
    full: [
      ['msg_id', messageId],
      ['response', response],
      ['message', fault ?? ''],
    ],
    data: { messageId, response, fault },
  };
};

const stateTold = (bytes: Uint8Array): Told => {
  const { book } = decodeAlarmState(bytes);
  const shown = alarmsShown(book);
  const open = shown.filter((one) => one.open);
  const shelved = shown.filter((one) => one.shelved !== null);
  return {
    kind: 'alarm-state',
    row: [
      at(book.atMs),
      String(open.length),
      String(shelved.length),
      open.map(({ severity, cause }) => `${severity.toUpperCase()} ${cause}`).join(', '),
    ],
    full: [
      ['at', at(book.atMs)],
      ...shown.map(
        ({ open, severity, cause, message, count, unit, acknowledged, shelved }): [string, string] => [
          open ? severity.toUpperCase() : 'no alarm',
          [
            cause,
            ...(open ? [`${message} (${Math.round(count)} ${unit})`] : []),
            ...(acknowledged === null ? [] : [`acknowledged by ${acknowledged.who}`]),
            ...(shelved === null ? [] : [`shelved until ${at(shelved.untilMs)} by ${shelved.who}`]),
          ].join(', '),
        ],
      ),
    ],
    data: { atMs: book.atMs, alarms: shown },
  };
};

export const alarmTellers = {
  command: commandTold,
  response: answerTold,
  'alarm-state': stateTold,
  json: jsonTold,
  ...alertTellers,
} as const;
