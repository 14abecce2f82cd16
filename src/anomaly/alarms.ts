/**
 * Alarms without fatigue: one a cause, raised and cleared with delays, counted while it lasts, told at once and then
 * at widening intervals, acknowledged and shelved by people, slower to clear the more it flaps. Pure: a book, what is
 * seen and an instant in, a book and what to tell out. Refuses clocks, and causes it has no rule for.
 *
 * The delays are OPC UA part 9's OnDelay, OffDelay and ReAlarmTime, shelving and acknowledging are ISA-18.2's.
 */

import {
  type Act,
  type Alarm,
  type AlarmBook,
  type AlarmCommand,
  type AlarmRule,
  type Condition,
  type PastAlarm,
  type Severity,
  severities,
} from '../domain/alarm.ts';
import { limits } from '../domain/limits.ts';
import type { AlarmSnapshot } from '../domain/status.ts';

export type AlarmRules = Readonly<Record<string, AlarmRule>>;

/** What is to be published: the state of a cause as outsiders should see it now. */
export interface Telling {
  readonly cause: string;
  readonly severity: Severity;
  readonly message: string;
  readonly atMs: number;
}

export interface Step {
  readonly book: AlarmBook;
  readonly tellings: readonly Telling[];
}

const rank = (severity: Severity): number => severities.indexOf(severity);
const worse = (a: Severity, b: Severity): Severity => (rank(a) >= rank(b) ? a : b);
const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

const quiet = (cause: string, rule: AlarmRule): Alarm => ({
  cause,
  phase: 'quiet',
  severity: 'ok',
  message: '',
  sinceMs: 0,
  lastMs: 0,
  count: 0,
  unit: rule.unit,
  better: null,
  told: { severity: 'ok', atMs: 0, times: 0 },
  acknowledged: null,
  shelved: null,
  turns: 0,
  turnedMs: 0,
});

/** A book of the rules' causes; those `from` knows go on where it left them, and causes without a rule are dropped. */
export const openAlarmBook = (rules: AlarmRules, from: AlarmBook | null): AlarmBook => {
  const causes = Object.keys(rules);
  if (causes.length > limits.alarmCausesMax)
    throw new Error(`${causes.length} alarm causes, ${limits.alarmCausesMax} at most`);
  const known = new Map(from?.alarms.map((alarm) => [alarm.cause, alarm]));
  return {
    atMs: from?.atMs ?? 0,
    seenMs: from?.seenMs ?? 0,
    alarms: causes.map((cause) => known.get(cause) ?? quiet(cause, rules[cause]!)),
    past: from?.past ?? [],
  };
};

/** ms of good sight that clear an alarm: twice as long each time it came back of late. */
export const clearAfterMs = (rule: AlarmRule, turns: number): number =>
  rule.clearAfterMs * 2 ** Math.min(turns, limits.alarmDampingDoublingsMax);

/** ms from the `times`-th telling of an alarm that goes on to the next. */
export const tellAfterMs = (times: number): number =>
  Math.min(limits.alarmRepeatMsMax, limits.alarmRepeatMsMin * 2 ** (times - 1));

/** A bad sight of an alarm that is not open yet. */
const gather = (alarm: Alarm, rule: AlarmRule, seen: Condition, atMs: number): Alarm => {
  const pending = alarm.phase === 'pending';
  const sinceMs = pending ? alarm.sinceMs : atMs;
  const raised = atMs - sinceMs >= rule.raiseAfterMs;
  const calm = atMs - alarm.turnedMs > limits.alarmFlapForgetMs;
  return {
    ...alarm,
    phase: raised ? 'open' : 'pending',
    severity: pending ? worse(alarm.severity, seen.severity) : seen.severity,
    message: cut(seen.message, limits.alarmTextCharsMax),
    sinceMs,
    lastMs: atMs,
    count: seen.count + (pending ? alarm.count : 0),
    turns: raised && calm ? 0 : alarm.turns,
  };
};

/** What an open alarm becomes when it has been better for long enough: less severe, or over. */
const settle = (alarm: Alarm, rule: AlarmRule, seen: Condition, atMs: number): Alarm => {
  const better = {
    sinceMs: alarm.better?.sinceMs ?? atMs,
    worst: worse(alarm.better?.worst ?? 'ok', seen.severity),
  };
  if (atMs - better.sinceMs < clearAfterMs(rule, alarm.turns)) return { ...alarm, better };
  const turned = { better: null, turns: alarm.turns + 1, turnedMs: atMs };
  if (better.worst !== 'ok') return { ...alarm, ...turned, severity: better.worst };
  // Its severity, message and count stay to be told a last time.
  return { ...alarm, ...turned, phase: 'quiet', acknowledged: null };
};

const seeOpen = (alarm: Alarm, rule: AlarmRule, seen: Condition, atMs: number): Alarm => {
  const bad = seen.severity !== 'ok';
  const counted: Alarm = bad
    ? {
        ...alarm,
        count: alarm.count + seen.count,
        lastMs: atMs,
        message: cut(seen.message, limits.alarmTextCharsMax),
      }
    : alarm;
  if (rank(seen.severity) < rank(alarm.severity)) return settle(counted, rule, seen, atMs);
  // Worse than what was acknowledged is news again.
  const acknowledged = seen.severity === alarm.severity ? alarm.acknowledged : null;
  return { ...counted, severity: seen.severity, better: null, acknowledged };
};

const see = (alarm: Alarm, rule: AlarmRule, seen: Condition, atMs: number): Alarm => {
  if (alarm.phase === 'open') return seeOpen(alarm, rule, seen, atMs);
  if (seen.severity !== 'ok') return gather(alarm, rule, seen, atMs);
  return alarm.phase === 'pending' ? { ...alarm, phase: 'quiet' } : alarm;
};

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const actInWords = ({ who, why }: Act): string => (why === '' ? who : `${who}: ${why}`);

const wordsOf = (alarm: Alarm): string => {
  const count = Math.round(alarm.count).toLocaleString('en-US');
  const counted = `${count} ${alarm.unit} since ${instant(alarm.sinceMs)}`;
  if (alarm.phase !== 'open') return `good again; it was: ${alarm.message} (${counted})`;
  const known =
    alarm.acknowledged === null ? '' : `; acknowledged by ${cut(actInWords(alarm.acknowledged), 120)}`;
  return `${alarm.message} (${counted}${known})`;
};

/** The alarm as told now. */
const toldNow = (alarm: Alarm, atMs: number): [Alarm, Telling] => {
  const severity = alarm.phase === 'open' ? alarm.severity : 'ok';
  const told = { severity, atMs, times: severity === 'ok' ? 0 : alarm.told.times + 1 };
  return [
    { ...alarm, told },
    { cause: alarm.cause, severity, message: wordsOf(alarm), atMs },
  ];
};

/** Tells what outsiders must know now: any change of severity, and at times that it goes on; a shelved one nothing. */
const tellDue = (alarm: Alarm, atMs: number): [Alarm, Telling | null] => {
  if (alarm.shelved !== null) return [alarm, null];
  const severity = alarm.phase === 'open' ? alarm.severity : 'ok';
  const { told } = alarm;
  // One that is passing is told when it has passed.
  const goesOn = severity !== 'ok' && alarm.acknowledged === null && alarm.better === null;
  const due = severity !== told.severity || (goesOn && atMs - told.atMs >= tellAfterMs(told.times));
  return due ? toldNow(alarm, atMs) : [alarm, null];
};

/** What was not looked at for a while was neither bad nor good in one go. */
const interrupted = (alarm: Alarm): Alarm => ({
  ...alarm,
  phase: alarm.phase === 'pending' ? 'quiet' : alarm.phase,
  better: null,
});

const unshelved = (alarm: Alarm, atMs: number): Alarm =>
  alarm.shelved !== null && atMs >= alarm.shelved.untilMs ? { ...alarm, shelved: null } : alarm;

const pastOf = ({ cause, severity, message, sinceMs, count, unit }: Alarm, clearedMs: number): PastAlarm => ({
  cause,
  severity,
  message,
  sinceMs,
  clearedMs,
  count,
  unit,
});

/**
 * Takes what is seen at an instant; time passes for causes that are not looked at, too. Conditions of one cause must
 * come as one, and a cause without a rule is our own bug.
 */
export const observe = (
  book: AlarmBook,
  rules: AlarmRules,
  seen: readonly Condition[],
  givenMs: number,
): Step => {
  const atMs = Math.max(book.atMs, givenMs);
  const byCause = new Map(seen.map((condition) => [condition.cause, condition]));
  const strange = seen.find(({ cause }) => !Object.hasOwn(rules, cause));
  if (strange !== undefined) throw new Error(`no alarm rule for the cause ${strange.cause}`);
  const tellings: Telling[] = [];
  const past = [...book.past];
  const gap = atMs - book.seenMs > limits.alarmGapMs;
  const alarms = book.alarms.map((last) => {
    const before = gap ? interrupted(last) : last;
    const { cause } = before;
    const condition = byCause.get(cause);
    const after = condition === undefined ? before : see(before, rules[cause]!, condition, atMs);
    if (before.phase === 'open' && after.phase === 'quiet') past.unshift(pastOf(after, atMs));
    const [alarm, telling] = tellDue(unshelved(after, atMs), atMs);
    if (telling !== null) tellings.push(telling);
    return alarm;
  });
  return { book: { atMs, seenMs: atMs, alarms, past: past.slice(0, limits.alarmPastMax) }, tellings };
};

/** What a command makes of an alarm, or why it cannot be. */
const obey = (alarm: Alarm, command: AlarmCommand, atMs: number): Alarm | string => {
  const act = {
    who: cut(command.who, limits.alarmNameCharsMax),
    why: cut(command.why, limits.alarmTextCharsMax),
    atMs,
  };
  if (command.command === 'shelve') {
    const { untilMs } = command;
    if (untilMs <= atMs) return `until ${instant(untilMs)} has passed: name an instant to come`;
    if (untilMs - atMs > limits.alarmShelveMsMax)
      return `until ${instant(untilMs)} is more than ${limits.alarmShelveMsMax / 86_400_000} days ahead`;
    return { ...alarm, shelved: { ...act, untilMs } };
  }
  if (command.command === 'unshelve')
    return alarm.shelved === null ? `${alarm.cause} is not shelved` : { ...alarm, shelved: null };
  return alarm.phase === 'open' ? { ...alarm, acknowledged: act } : `no alarm of ${alarm.cause} is open`;
};

/** Does what a person asked; `fault` says why it could not be done, and then nothing has changed. */
export const command = (
  book: AlarmBook,
  asked: AlarmCommand,
  givenMs: number,
): Step & { readonly fault: string | null } => {
  const atMs = Math.max(book.atMs, givenMs);
  const at = book.alarms.findIndex(({ cause }) => cause === asked.cause);
  const before = book.alarms[at];
  if (before === undefined) {
    const known = book.alarms.map(({ cause }) => cause).join(', ');
    return { book, tellings: [], fault: `no cause is called '${cut(asked.cause, 64)}'; there are ${known}` };
  }
  const after = obey(before, asked, atMs);
  if (typeof after === 'string') return { book, tellings: [], fault: after };
  // Others learn at once that somebody looks after it.
  const [alarm, telling] =
    asked.command === 'acknowledge' && after.shelved === null ? toldNow(after, atMs) : tellDue(after, atMs);
  const alarms = book.alarms.with(at, alarm);
  return { book: { ...book, atMs, alarms }, tellings: telling === null ? [] : [telling], fault: null };
};

/** The alarms a display shows: the open ones, worst first and then newest, and after them the shelved. */
export const alarmsShown = (book: AlarmBook | null): readonly AlarmSnapshot[] => {
  const shown = (book?.alarms ?? [])
    .filter(({ phase, shelved }) => phase === 'open' || shelved !== null)
    .map((alarm): AlarmSnapshot => {
      const { cause, severity, message, sinceMs, lastMs, count, unit, acknowledged, shelved } = alarm;
      const open = alarm.phase === 'open';
      const seen = { cause, severity, message, sinceMs, lastMs, count, unit, acknowledged, shelved };
      return open ? { ...seen, open } : { ...seen, open, severity: 'ok', message: '', count: 0 };
    });
  const place = (one: AlarmSnapshot): number => (one.shelved === null ? rank(one.severity) : -1);
  return shown.sort((a, b) => place(b) - place(a) || b.sinceMs - a.sinceMs);
};
