/**
 * The slow twin of the alarm machine, for one cause: what its alarm is after a whole history of sights, found by
 * scanning that history again and again for the definitions. Refuses people's commands: they change no alarm, only
 * what is told of it.
 */

import { type AlarmRule, type Severity, severities } from '../../src/domain/alarm.ts';
import { limits } from '../../src/domain/limits.ts';

export interface Sight {
  readonly atMs: number;
  readonly severity: Severity;
  readonly count: number;
}

export interface SlowAlarm {
  readonly open: boolean;
  readonly severity: Severity;
  readonly count: number;
  readonly sinceMs: number;
}

const rank = (severity: Severity): number => severities.indexOf(severity);
const worst = (sights: readonly Sight[]): Severity =>
  sights.reduce<Severity>((most, { severity }) => (rank(severity) > rank(most) ? severity : most), 'ok');

/** The last sights in one go (no gap between them, none before `from`) for which `holds`. */
const lastRun = (sights: readonly Sight[], from: number, holds: (one: Sight) => boolean): Sight[] => {
  const run: Sight[] = [];
  for (let i = sights.length - 1; i >= from; i--) {
    const one = sights[i]!;
    if (!holds(one)) break;
    if (run.length > 0 && run[0]!.atMs - one.atMs > limits.alarmGapMs) break;
    run.unshift(one);
  }
  return run;
};
const lengthMs = (run: readonly Sight[]): number => run.at(-1)!.atMs - run[0]!.atMs;

export const slowAlarm = (rule: AlarmRule, history: readonly Sight[]): SlowAlarm => {
  let raised = -1; // index of the sight that opened it
  let begun = -1; // index of the first bad sight of it
  let changed = 0; // index after which a run of better sights counts
  let severity: Severity = 'ok';
  let turns = 0;
  let turnedMs = 0;
  const quiet = { open: false, severity: 'ok', count: 0, sinceMs: 0 } as const;
  let now: SlowAlarm = quiet;
  for (let i = 0; i < history.length; i++) {
    const sights = history.slice(0, i + 1);
    const last = sights[i]!;
    if (raised < 0) {
      const bad = lastRun(sights, changed, (one) => one.severity !== 'ok');
      if (bad.length === 0 || lengthMs(bad) < rule.raiseAfterMs) continue;
      raised = i;
      begun = i + 1 - bad.length;
      severity = worst(bad);
      changed = i + 1;
      if (last.atMs - turnedMs > limits.alarmFlapForgetMs) turns = 0;
    } else if (rank(last.severity) >= rank(severity)) {
      severity = last.severity;
      changed = i + 1;
    } else {
      const better = lastRun(sights, changed, (one) => rank(one.severity) < rank(severity));
      const neededMs = rule.clearAfterMs * 2 ** Math.min(turns, limits.alarmDampingDoublingsMax);
      if (lengthMs(better) >= neededMs) {
        severity = worst(better);
        changed = i + 1;
        turns += 1;
        turnedMs = last.atMs;
      }
    }
    if (severity === 'ok') {
      raised = -1;
      now = quiet;
      continue;
    }
    const counted = sights.slice(begun).filter((one) => one.severity !== 'ok');
    const count = counted.reduce((sum, one) => sum + one.count, 0);
    now = { open: true, severity, count, sinceMs: sights[begun]!.atMs };
  }
  return raised < 0 ? quiet : now;
};
