/**
 * The commands of people on shift: what is wrong, what the world was told, and what is done about it. Each asks the process
 * that keeps it and waits for the answer; it refuses to change anything itself.
 */

import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Command, CommandOptions } from 'commander';
import { createSystemClock } from './adapters/system/clock.ts';
import type { Cards } from './assemble.ts';
import { durationMs } from './commands/duration.ts';
import type { Output } from './commands/output.ts';
import { askAlarms, listAlarms } from './commands/shift/alarms.ts';
import { listAlerts } from './commands/shift/alerts.ts';
import { showRate } from './commands/shift/rate.ts';
import { orderRun } from './commands/shift/runs.ts';
import type { AlarmCommand } from './domain/alarm.ts';
import type { AlertCommand } from './domain/burst.ts';
import { Fault } from './domain/fault.ts';
import type { RateCommand } from './domain/policy.ts';
import type { Bus } from './ports/bus.ts';
import type { Log } from './ports/telemetry.ts';
import { topicsOf } from './services/topics.ts';

type Flags = Record<string, string | boolean | undefined>;

/** A bus on the configured cluster for the length of one command. */
type WithBus = (
  flags: Flags,
  act: (world: { readonly cards: Cards; readonly bus: Bus; readonly log: Log }) => Promise<number>,
) => Promise<number>;

const text = (flag: string | boolean | undefined): string | undefined =>
  typeof flag === 'string' ? flag : undefined;
/** Who asks is who is logged in here unless the flag says another. */
const saidOf = (flags: Flags) => ({
  who: text(flags.who) ?? userInfo().username,
  why: text(flags.why) ?? '',
});

/** ms since the epoch of a time in ISO 8601; 0 where none is given. */
const instantOf = (flag: string, value: string | boolean | undefined): number => {
  if (value === undefined) return 0;
  const ms = Date.parse(String(value));
  if (ms > 0) return ms;
  throw new Fault('config-invalid', `${flag} = '${value}': a time, as 2026-05-04T12:00:00Z`);
};

/** What a person asks of the alarm of a cause. */
const alarmCommandOf = (name: AlarmCommand['command'], cause: string, flags: Flags): AlarmCommand => {
  const said = { cause, ...saidOf(flags) };
  if (name !== 'shelve') return { command: name, ...said };
  if (said.why === '') throw new Fault('config-invalid', '--why is missing: say why it may be silent');
  const forMs = durationMs(text(flags.for) ?? '1h');
  const nowMs = Number(createSystemClock().nowNanos() / 1_000_000n);
  return { command: name, ...said, untilMs: nowMs + forMs };
};

/** A hold of the rate's threshold: at the one that is named, else at the present one. */
const holdOf = (flags: Flags): RateCommand => {
  const said = saidOf(flags);
  if (said.why === '') throw new Fault('config-invalid', '--why is missing: say why it is held');
  const asked = text(flags.pValue);
  if (asked === undefined) return { command: 'hold-rate', ...said };
  const pValue = Number(asked);
  if (!(pValue > 0 && pValue <= 1))
    throw new Fault('config-invalid', `--p-value: '${asked}' is not a number above 0, 1 at most`);
  return { command: 'hold-rate', pValue, ...said };
};

/**
 * Adds the commands of people on shift.
 * @param command makes a subcommand that takes every configuration key as a flag
 */
export const addOperators = (
  program: Command,
  command: (name: string, description: string, parent?: Command, options?: CommandOptions) => Command,
  ended: (code: number) => void,
  withBus: WithBus,
  output: Output,
): void => {
  /** Asks, or shows what there is. */
  const ask = (
    flags: Flags,
    asked: AlarmCommand | RateCommand | null,
    show: typeof listAlarms,
  ): Promise<number> =>
    withBus(flags, ({ cards: { card }, bus, log }) => {
      const parts = { bus, topics: topicsOf(card.id), clock: createSystemClock(), log, output };
      const json = flags.json === true;
      return asked === null ? show(parts, json) : askAlarms(parts, asked, randomUUID(), json);
    });

  /** What the world was told, or something to tell it. */
  const alerts = (flags: Flags, asked: AlertCommand | null): Promise<number> =>
    withBus(flags, ({ cards: { card }, bus, log }) => {
      const topics = topicsOf(card.id);
      const json = flags.json === true;
      if (asked !== null) {
        const parts = { bus, topics, clock: createSystemClock(), log, output };
        return askAlarms(parts, asked, randomUUID(), json);
      }
      const stopping = new AbortController();
      if (flags.follow === true) process.once('SIGINT', () => stopping.abort());
      const follow = flags.follow === true ? stopping.signal : null;
      return listAlerts({ bus, topic: topics.alerts, output, json, follow });
    });

  const sayable = (made: Command) =>
    made
      .option('--who <name>', 'default: who is logged in here')
      .option('--why <text>', 'for those who read it later');
  const bell = program.command('alarms').description('what is wrong, and who looks after it');
  const listing = 'open and shelved alarms, and the last that passed';
  command('list', listing, bell, { isDefault: true }).action(async (flags: Flags) =>
    ended(await ask(flags, null, listAlarms)),
  );
  const asks = [
    ['ack', 'acknowledge', 'say that you look after an open alarm: it is not told again until it gets worse'],
    ['shelve', 'shelve', 'silence a cause for a while; it still counts'],
    ['unshelve', 'unshelve', 'end that silence'],
  ] as const;
  for (const [name, asked, meaning] of asks) {
    const made = sayable(command(name, meaning, bell));
    made.argument('<cause>', 'as the list names it: frames-refused, lag, …');
    if (asked === 'shelve') made.option('--for <duration>', '30m, 2h, 3d; a week at most', '1h');
    made.action(async (cause: string, flags: Flags) =>
      ended(await ask(flags, alarmCommandOf(asked, cause, flags), listAlarms)),
    );
  }

  const siren = program.command('alerts').description('bursts of rare frames the world was told of');
  command('list', 'notices on the topic; --json: all messages as they were published', siren, {
    isDefault: true,
  })
    .option('--follow', 'what comes from now on, until ctrl-C')
    .action(async (flags: Flags) => ended(await alerts(flags, null)));
  sayable(command('fire-drill', 'an alert marked as a drill, to see that everybody hears it', siren)).action(
    async (flags: Flags) => ended(await alerts(flags, { command: 'fire-drill', ...saidOf(flags) })),
  );
  sayable(command('retract', 'say that an alert was none; --why is needed', siren))
    .argument('<alert>', 'its id as the list names it, or latest')
    .action(async (alert: string, flags: Flags) =>
      ended(await alerts(flags, { command: 'retract', alert, ...saidOf(flags) })),
    );

  const dial = program.command('rate').description('how many frames are kept as rare, and who holds that');
  command('show', 'target, threshold, rate, and who holds the threshold', dial, {
    isDefault: true,
  }).action(async (flags: Flags) => ended(await ask(flags, null, showRate)));
  sayable(command('hold', 'hold the threshold where it is; --why is needed', dial))
    .option('--p-value <number>', 'hold it there: frames whose p-value lies below are kept as rare')
    .action(async (flags: Flags) => ended(await ask(flags, holdOf(flags), showRate)));
  sayable(command('release', 'let the threshold follow the rate again', dial)).action(async (flags: Flags) =>
    ended(await ask(flags, { command: 'release-rate', ...saidOf(flags) }, showRate)),
  );

  const runs = program.command('run').description('data-taking runs, as the archiver keeps them');
  const orders = [
    ['start', 'a run begins: data that comes with its number is archived as its own anyway'],
    ['stop', 'a run ends: it closes, and is described, once all that has been sent is archived'],
  ] as const;
  for (const [action, meaning] of orders) {
    const made = command(action, meaning, runs).argument('<run>', 'its number, or a name that ends in it');
    if (action === 'stop')
      made.option('--at <time>', 'once all until this event time is archived, as 2026-05-04T12:00:00Z');
    made.action(async (runName: string, flags: Flags) =>
      ended(
        await withBus(flags, ({ cards: { card }, bus }) =>
          orderRun(
            { bus, topics: topicsOf(card.id), clock: createSystemClock(), output },
            {
              action,
              runName,
              serviceId: userInfo().username,
              jobId: randomUUID(),
              instrumentId: card.id,
              stopMs: instantOf('--at', flags.at),
            },
            flags.json === true,
          ),
        ),
      ),
    );
  }
};
