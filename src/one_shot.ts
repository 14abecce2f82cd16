/**
 * The commands that ask once and end: each opens what it needs, hands over to `commands/`, closes, and returns
 * an exit code. It refuses to keep anything running.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createSystemClock } from './adapters/system/clock.ts';
import { type Cards, home, loadCards, openBus, openLane, openTelemetry, settledPolicy } from './assemble.ts';
import { replayRecorded } from './commands/replay.ts';
import { type Config, configKeys, readConfig } from './config.ts';
import { Fault } from './domain/fault.ts';
import type { Bus } from './ports/bus.ts';
import type { Log } from './ports/telemetry.ts';
import { topicsOf } from './services/topics.ts';

type Flags = Record<string, string | boolean | undefined>;

const print = (text: string): void => {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
};

interface World {
  readonly config: Config;
  readonly cards: Cards;
  readonly bus: Bus;
  readonly log: Log;
}

/** A bus on the configured cluster for the length of one command; warnings go to stderr. */
const withBus = async (flags: Flags, act: (world: World) => Promise<number>): Promise<number> => {
  const config = readConfig(flags);
  const cards = loadCards(config.instrument);
  const target = {
    kind: 'pretty',
    write: (text: string) => void process.stderr.write(text),
    colour: false,
  } as const;
  const telemetry = openTelemetry({ ...config, logLevel: 'warn' }, 'tessera', target);
  const { log } = telemetry.telemetry;
  const bus = openBus(config, createSystemClock(), log);
  try {
    return await act({ config, cards, bus, log });
  } finally {
    await bus.close();
    telemetry.close();
  }
};

const replay = (flags: Flags): Promise<number> =>
  withBus(flags, async ({ config, cards, bus, log }) => {
    if (flags.policy !== 'recorded')
      throw new Fault(
        'config-invalid',
        `--policy = '${String(flags.policy)}': 'recorded' is the one there is`,
      );
    const lane = await openLane(config, cards, log);
    try {
      const { card } = cards;
      const builtIn = settledPolicy(config);
      const summary = await replayRecorded({ bus, lane, card, topics: topicsOf(card.id), builtIn, log });
      if (flags.json === true) print(JSON.stringify(summary));
      else {
        print(
          `${summary.frames} frames replayed: ${summary.identical} identical, ${summary.different} different`,
        );
        print(
          `${summary.withoutPacket} without a packet, ${summary.withoutPolicy} without their policy snapshot`,
        );
        for (const line of summary.differences) print(`  differs: ${line}`);
      }
      return summary.different > 0 || summary.withoutPolicy > 0 ? 1 : 0;
    } finally {
      await lane.close();
    }
  });

/** Benches are programs of their own under loadtest/, run on the same Node with the flags given. */
const bench = (name: string, rest: readonly string[]): Promise<number> => {
  if (!/^[a-z_]+$/.test(name)) throw new Fault('config-invalid', `'${name}' is no bench: try pipeline`);
  const file = join(home, 'loadtest/bench', `${name}.ts`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, file, ...rest], { stdio: 'inherit' });
    // A terminal's ctrl-C reaches the bench by itself; it stops what it started.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('exit', (code) => resolve(code ?? 1));
  });
};

/**
 * Adds the one-shot commands.
 * @param command makes a subcommand that takes every configuration key as a flag
 */
export const addOneShots = (
  program: Command,
  command: (name: string, description: string) => Command,
  ended: (code: number) => void,
): void => {
  command('config', 'every key with its default, unit and meaning, and what it is now').action(
    (flags: Flags) => {
      const config = readConfig(flags);
      const rows = configKeys.map((row) => ({ ...row, now: config[row.key] }));
      if (flags.json === true) print(JSON.stringify(rows));
      else
        for (const row of rows) {
          print(`${row.flag} (${row.env}) = ${String(row.now)}${row.unit === '' ? '' : ` ${row.unit}`}`);
          print(`    ${row.meaning}; default ${row.default === '' ? 'none' : row.default}`);
        }
    },
  );

  command('replay', 'compute recorded frames again and compare their packets byte for byte')
    .option('--policy <which>', 'recorded: each frame under the snapshot its packet names', 'recorded')
    .action(async (flags: Flags) => ended(await replay(flags)));

  program
    .command('bench')
    .description('measure, against peers in the same run: bench pipeline')
    .argument('<name>')
    .argument('[flags...]')
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (name: string, rest: string[]) => ended(await bench(name, rest)));
};
