/** Alarms without fatigue: the machine against its slow twin, and what a shifter must be able to rely on. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alarmsShown,
  command,
  observe,
  openAlarmBook,
  type Telling,
  tellAfterMs,
} from '../../src/anomaly/alarms.ts';
import {
  type Alarm,
  type AlarmBook,
  type AlarmCommand,
  type AlarmRule,
  type Severity,
  severities,
} from '../../src/domain/alarm.ts';
import { limits } from '../../src/domain/limits.ts';
import { decodeAlarmState, encodeAlarmState } from '../../src/wire/alarms/state.ts';
import { type Sight, slowAlarm } from './alarms.slow.ts';

const rules = {
  noise: { raiseAfterMs: 0, clearAfterMs: 5_000, unit: 'frames' },
  lag: { raiseAfterMs: 4_000, clearAfterMs: 3_000, unit: 'seconds' },
} as const satisfies Record<string, AlarmRule>;
type Cause = keyof typeof rules;
const causes = Object.keys(rules) as Cause[];
const rank = (severity: Severity): number => severities.indexOf(severity);
const startMs = 1_700_000_000_000;

type Deed =
  | { readonly kind: 'look'; readonly seen: Record<Cause, { severity: Severity; count: number }> }
  | {
      readonly kind: 'ask';
      readonly asked: 'acknowledge' | 'shelve' | 'unshelve';
      readonly cause: Cause;
      readonly forMs: number;
    }
  | { readonly kind: 'restart' };
interface Timed {
  readonly afterMs: number;
  readonly deed: Deed;
}

const sight = fc.record({
  // Long runs of one kind are what hysteresis is about.
  severity: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Severity>('ok') },
    { weight: 4, arbitrary: fc.constant<Severity>('minor') },
    { weight: 1, arbitrary: fc.constantFrom(...severities) },
  ),
  count: fc.nat(1000),
});
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('look' as const),
      seen: fc.record({ noise: sight, lag: sight }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      asked: fc.constantFrom('acknowledge' as const, 'shelve' as const, 'unshelve' as const),
      cause: fc.constantFrom(...causes),
      forMs: fc.nat(60_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Deed>({ kind: 'restart' }) },
);
/** Mostly a second apart, at times long: bursts of one deed are repeated as a whole. */
const story: fc.Arbitrary<Timed[]> = fc
  .array(
    fc.record({
      times: fc.integer({ min: 1, max: 12 }),
      afterMs: fc.oneof(
        { weight: 8, arbitrary: fc.constant(1000) },
        { weight: 2, arbitrary: fc.nat(4000) },
        { weight: 1, arbitrary: fc.nat(4_000_000) },
      ),
      deed,
    }),
    { maxLength: 24 },
  )
  .map((parts) =>
    parts.flatMap(({ times, afterMs, deed }) =>
      Array.from({ length: deed.kind === 'look' ? times : 1 }, (_, i) => ({
        afterMs: i === 0 ? afterMs : 1000,
        deed,
      })),
    ),
  );

interface Moment {
  readonly atMs: number;
  readonly deed: Deed;
  readonly before: AlarmBook;
  readonly after: AlarmBook;
  readonly tellings: readonly Telling[];
}

const commandOf = ({ asked, cause, forMs }: Deed & { kind: 'ask' }, atMs: number): AlarmCommand => {
  const said = { cause, who: 'shift', why: 'known' };
  return asked === 'shelve'
    ? { command: asked, ...said, untilMs: atMs + 1 + forMs }
    : { command: asked, ...said };
};

const live = (timed: readonly Timed[]): Moment[] => {
  let book = openAlarmBook(rules, null);
  let atMs = startMs;
  return timed.map(({ afterMs, deed }) => {
    atMs += afterMs;
    const before = book;
    let tellings: readonly Telling[] = [];
    if (deed.kind === 'look') {
      const seen = causes.map((cause) => ({ cause, message: 'it is so', ...deed.seen[cause] }));
      ({ book, tellings } = observe(book, rules, seen, atMs));
    } else if (deed.kind === 'ask') ({ book, tellings } = command(book, commandOf(deed, atMs), atMs));
    else book = openAlarmBook(rules, decodeAlarmState(encodeAlarmState({ judgedMs: atMs, book })).book);
    return { atMs, deed, before, after: book, tellings };
  });
};

const alarmOf = (book: AlarmBook, cause: Cause): Alarm => book.alarms.find((one) => one.cause === cause)!;
const sightsOf = (moments: readonly Moment[], cause: Cause): Sight[] =>
  moments.flatMap(({ atMs, deed }) => (deed.kind === 'look' ? [{ atMs, ...deed.seen[cause] }] : []));

const eachCause = (check: (moments: Moment[], cause: Cause) => void): void => {
  fc.assert(
    fc.property(story, (timed) => {
      const moments = live(timed);
      for (const cause of causes) check(moments, cause);
    }),
    { numRuns: 300 },
  );
};

describe('alarms', () => {
  it('are what the slow twin finds in the whole history, shelved, acknowledged and restarted or not', () => {
    eachCause((moments, cause) => {
      moments.forEach(({ after, deed }, i) => {
        if (deed.kind !== 'look') return;
        const { phase, severity, count, sinceMs } = alarmOf(after, cause);
        const expected = slowAlarm(rules[cause], sightsOf(moments.slice(0, i + 1), cause));
        const found = phase === 'open' ? { open: true, severity, count, sinceMs } : { open: false };
        expect(found).toEqual(expected.open ? expected : { open: false });
      });
    });
  });

  it('are told once a change, and else no sooner than the interval, which widens', () => {
    eachCause((moments, cause) => {
      let last: Telling | null = null;
      let times = 0;
      for (const { tellings, deed } of moments) {
        const mine = tellings.filter((one) => one.cause === cause);
        expect(mine.length).toBeLessThanOrEqual(1);
        const [telling] = mine;
        if (telling === undefined) continue;
        if (deed.kind === 'look' && telling.severity === last?.severity)
          expect(telling.atMs - last.atMs).toBeGreaterThanOrEqual(tellAfterMs(times));
        times = telling.severity === 'ok' ? 0 : times + 1;
        last = telling;
      }
    });
  });

  it('tell outsiders the truth whenever they are not shelved', () => {
    eachCause((moments, cause) => {
      let outside: Severity = 'ok';
      for (const { tellings, after, deed } of moments) {
        for (const telling of tellings) if (telling.cause === cause) outside = telling.severity;
        const { phase, severity, shelved } = alarmOf(after, cause);
        if (deed.kind === 'look' && shelved === null)
          expect(outside).toBe(phase === 'open' ? severity : 'ok');
      }
    });
  });

  it('are silent while shelved, and only until then', () => {
    eachCause((moments, cause) => {
      for (const { atMs, before, after, tellings, deed } of moments) {
        const { shelved } = alarmOf(before, cause);
        const still = shelved !== null && atMs < shelved.untilMs;
        if (still && deed.kind === 'look') {
          expect(tellings.filter((one) => one.cause === cause)).toEqual([]);
          expect(alarmOf(after, cause).shelved).toEqual(shelved);
        }
        if (!still && deed.kind === 'look') expect(alarmOf(after, cause).shelved).toBeNull();
      }
    });
  });

  it('stay acknowledged, and quiet, until they pass or get worse', () => {
    eachCause((moments, cause) => {
      for (const { before, after, tellings, deed } of moments) {
        const was = alarmOf(before, cause);
        const is = alarmOf(after, cause);
        if (was.acknowledged === null || deed.kind === 'ask') continue;
        const passed = is.phase !== 'open' || rank(is.severity) > rank(was.severity);
        expect(is.acknowledged).toEqual(passed ? null : was.acknowledged);
        const told = tellings.filter((one) => one.cause === cause && one.severity === was.told.severity);
        if (!passed) expect(told).toEqual([]);
      }
    });
  });

  it('are one a cause in a storm, which is told a handful of times and counted in full', () => {
    let book = openAlarmBook(rules, null);
    const tellings: Telling[] = [];
    for (let i = 0; i < 10_000; i++) {
      const seen = { cause: 'noise', severity: 'minor', count: 1, message: `frame ${i} is bad` } as const;
      const step = observe(book, rules, [seen], startMs + i * 100);
      book = step.book;
      tellings.push(...step.tellings);
    }
    expect(alarmsShown(book)).toMatchObject([{ cause: 'noise', count: 10_000, open: true }]);
    // 1000 s: at once, and after 60, 180, 420 and 900 s.
    expect(tellings).toHaveLength(5);
    expect(tellings.at(-1)!.message).toMatch(/^frame 9000 is bad \(9,001 frames since /);
  });

  it('are damped when they flap: a day of coming and going is a few dozen tellings', () => {
    let book = openAlarmBook(rules, null);
    let count = 0;
    for (let second = 0; second < 86_400; second++) {
      // Bad for a second, then good for just longer than it takes to clear.
      const severity = second % 8 === 0 ? 'minor' : 'ok';
      const seen = { cause: 'noise', severity, count: 1, message: 'it flaps' } as const;
      const step = observe(book, rules, [seen], startMs + second * 1000);
      book = step.book;
      count += step.tellings.length;
    }
    expect(count).toBeLessThan(40);
    expect(alarmOf(book, 'noise').phase).toBe('open');
  });

  it('keep few words, names and past alarms, whatever comes', () => {
    let book = openAlarmBook(rules, null);
    const long = 'x'.repeat(10_000);
    for (let i = 0; i < 200; i++) {
      const seen = {
        cause: 'noise',
        severity: i % 2 === 0 ? 'minor' : 'ok',
        count: 1,
        message: long,
      } as const;
      for (const extraMs of [0, 5000])
        ({ book } = observe(book, rules, [seen], startMs + i * 10_000_000 + extraMs));
    }
    expect(book.past).toHaveLength(limits.alarmPastMax);
    ({ book } = command(
      book,
      { command: 'shelve', cause: 'noise', who: long, why: long, untilMs: book.atMs + 1 },
      0,
    ));
    expect(encodeAlarmState({ judgedMs: 0, book }).byteLength).toBeLessThan(20_000);
    expect(decodeAlarmState(encodeAlarmState({ judgedMs: 0, book })).book).toEqual(book);
  });

  it('refuse commands that cannot be done, in words, and change nothing', () => {
    const book = openAlarmBook(rules, null);
    const said = { who: 'shift', why: 'known' };
    const shelve = (untilMs: number): AlarmCommand => ({ command: 'shelve', cause: 'lag', ...said, untilMs });
    const cases: [AlarmCommand, RegExp][] = [
      [{ command: 'acknowledge', cause: 'lag', ...said }, /no alarm of lag is open/],
      [{ command: 'acknowledge', cause: 'fire', ...said }, /no cause is called 'fire'; there are noise, lag/],
      [{ command: 'unshelve', cause: 'lag', ...said }, /lag is not shelved/],
      [shelve(startMs), /has passed/],
      [shelve(startMs + 8 * 86_400_000), /more than 7 days ahead/],
    ];
    for (const [asked, fault] of cases) {
      const step = command(book, asked, startMs);
      expect(step.fault).toMatch(fault);
      expect(step.book).toBe(book);
    }
  });

  it('have rules: a condition without one is our own bug', () => {
    const book = openAlarmBook(rules, null);
    const seen = [{ cause: 'fire', severity: 'major', count: 1, message: '' } as const];
    expect(() => observe(book, rules, seen, startMs)).toThrow('no alarm rule');
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`c${i}`, rules.lag]));
    expect(() => openAlarmBook(many, null)).toThrow('33 alarm causes');
  });
});
