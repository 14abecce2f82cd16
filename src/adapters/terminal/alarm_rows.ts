/**
 * Alarms as lines of the live summary: the severity as a word, the cause, how much and how long, and who looks after
 * it. It refuses to say anything by colour alone.
 */

import type { AlarmSnapshot } from '../../domain/status.ts';
import { age, whole } from './figures.ts';
import { type Line, piece, type Style } from './style.ts';

const styles: Readonly<Record<AlarmSnapshot['severity'], Style>> = {
  ok: 'faint',
  minor: 'warn',
  major: 'bad',
  invalid: 'bad',
};

const quietLine = ({ cause, shelved, open, severity }: AlarmSnapshot, nowMs: number): Line => [
  piece('shelved  ', 'faint'),
  piece(`${cause}  `),
  piece(
    `${open ? `${severity.toUpperCase()} still; ` : ''}for ${age(shelved!.untilMs - nowMs)} more, by ${shelved!.who}: ${shelved!.why}`,
    'faint',
  ),
];

/** How much of it there was in how long; seconds are a length themselves. */
const soFar = ({ count, unit, sinceMs }: AlarmSnapshot, nowMs: number): string => {
  const long = age(nowMs - sinceMs);
  if (unit !== 'seconds') return `${whole(count)} ${unit} in ${long}`;
  // Whoever counts them is asked now and then, and may have begun a moment before the alarm.
  return count * 1000 < nowMs - sinceMs - 1000 ? `${age(count * 1000)} of ${long}` : `for ${long}`;
};

const openLine = (alarm: AlarmSnapshot, nowMs: number): Line => {
  const { severity, cause, message, acknowledged } = alarm;
  const style = styles[severity];
  const taken = acknowledged === null ? [] : [piece(`acknowledged by ${acknowledged.who}  `, 'accent')];
  return [
    piece(`${severity.toUpperCase().padEnd(7)}  `, acknowledged === null ? style : 'faint'),
    piece(`${cause}  `, 'bold'),
    piece(`${soFar(alarm, nowMs)}  `),
    ...taken,
    piece(message, 'faint'),
  ];
};

/** One line an alarm, without the label in front. */
export const alarmLines = (alarms: readonly AlarmSnapshot[], nowMs: number): readonly Line[] =>
  alarms.map((alarm) => (alarm.shelved === null ? openLine(alarm, nowMs) : quietLine(alarm, nowMs)));

/** `MAJOR frames-refused, minor lag acknowledged`, for one plain line; null when all is well. */
export const alarmsInWords = (alarms: readonly AlarmSnapshot[]): string | null => {
  const open = alarms.filter(({ shelved }) => shelved === null);
  if (open.length === 0) return null;
  const words = open.map(
    ({ severity, cause, acknowledged }) =>
      `${severity.toUpperCase()} ${cause}${acknowledged === null ? '' : ' acknowledged'}`,
  );
  return `alarms ${words.join(', ')}`;
};
