/**
 * The commands that ask once and end: each opens what it needs, hands over to `commands/`, closes, and returns
 * an exit code. It refuses to keep anything running.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, CommandOptions } from 'commander';
import { kafkaFiles } from './adapters/kafka/local_setup.ts';
import { openModel } from './adapters/onnx/model.ts';
import { probeProviders } from './adapters/onnx/provider.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { quietLog } from './adapters/telemetry/quiet_log.ts';
import {
  type Cards,
  dataFolder,
  home,
  loadCards,
  loadEventModel,
  openBus,
  openLane,
  openTelemetry,
  settledPolicy,
} from './assemble.ts';
import { doctor } from './commands/doctor.ts';
import { fitScoresOfTopic } from './commands/fit_scores.ts';
import { fitTopic } from './commands/fit_tables.ts';
import { importFile } from './commands/import.ts';
import { inspect } from './commands/inspect.ts';
import { openJudge } from './commands/inspection/judge.ts';
import { replayRecorded } from './commands/replay.ts';
import { type Config, configKeys, readConfig } from './config.ts';
import { addDatasets, replayFromArchive } from './dataset.ts';
import { Fault } from './domain/fault.ts';
import { openTables } from './lane.ts';
import { addOperators } from './operator.ts';
import type { Bus } from './ports/bus.ts';
import type { Log } from './ports/telemetry.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';
import { runValidation, type ValidateFlags } from './validation.ts';

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
      // Packets of which not one could be judged (other cards, frames long gone) are no good sign.
      const judged = summary.frames > 0 || summary.packets === 0;
      if (!judged)
        process.stderr.write(
          `tessera: none of ${summary.packets} packets has its frame here: is it the same instrument card?\n`,
        );
      return summary.different > 0 || summary.withoutPolicy > 0 || !judged ? 1 : 0;
    } finally {
      await lane.close();
    }
  });

const output = { print, note: (line: string): void => void process.stderr.write(`${line}\n`) };

/** Opens the model's decoder and the ladder's tables: what judging a packet's fidelity takes. */
const openJudgeOf = async ({ card, model, modelFolder, ladderTables }: Cards, config: Config) => {
  const path = join(modelFolder, model.decoder.file);
  const decoder = await openModel({ path, file: model.decoder, provider: config.provider });
  const tables = openTables({ instrument: card, ladderTables });
  return openJudge({ card, model, decoder, tables });
};

const digitsIn = (flag: string, value: string | boolean | undefined): string => {
  if (typeof value === 'string' && /^\d+$/.test(value)) return value;
  throw new Fault('config-invalid', `${flag} = '${String(value)}': a whole number`);
};
const wholeNumber = (flag: string, value: string | boolean | undefined): number =>
  Number(digitsIn(flag, value));

const text = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const inspectSource = async (source: string, flags: Flags): Promise<number> => {
  const config = readConfig(flags);
  const cards = loadCards(config.instrument);
  let bus: Bus | null = null;
  const openBusOnce = (): Bus => {
    bus ??= openBus(config, createSystemClock(), quietLog);
    return bus;
  };
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const { frames, save } = { frames: text(flags.frames), save: text(flags.save) };
  try {
    return await inspect(
      {
        card: cards.card,
        output,
        eventModel: loadEventModel(cards.card.id),
        openBus: openBusOnce,
        openJudge: () => openJudgeOf(cards, config),
        framesTopic: topicsOf(cards.card.id).frames,
      },
      {
        source,
        count: wholeNumber('--count', flags.count),
        follow: flags.follow === true,
        full: flags.full === true,
        decode: flags.decode === true,
        json: flags.json === true,
        signal: stopping.signal,
        ...(frames === undefined ? {} : { frames }),
        ...(save === undefined ? {} : { save }),
      },
    );
  } finally {
    await (bus as Bus | null)?.close();
  }
};

const importInto = async (file: string, flags: Flags): Promise<number> => {
  const options = { file, json: flags.json === true };
  const start = text(flags.startNanos);
  const full = {
    ...options,
    ...(start === undefined ? {} : { startNanos: BigInt(digitsIn('--start-nanos', start)) }),
    ...(flags.firstMessageId === undefined
      ? {}
      : { firstMessageId: wholeNumber('--first-message-id', flags.firstMessageId) }),
  };
  const clock = createSystemClock();
  const out = text(flags.out);
  if (out !== undefined) {
    const { card } = loadCards(readConfig(flags).instrument);
    return importFile({ card, clock, output, to: { file: out } }, full);
  }
  return withBus(flags, async ({ config, cards: { card }, bus }) => {
    await bus.ensureTopics(topicSpecs(card, config.partitions, config.retentionBytes));
    return importFile({ card, clock, output, to: { bus, topic: topicsOf(card.id).frames } }, full);
  });
};

const examine = async (flags: Flags): Promise<number> => {
  const config = readConfig(flags);
  const { model, modelFolder } = loadCards(config.instrument);
  const folder = dataFolder(config);
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const encoderPath = join(modelFolder, model.encoder.file);
  return doctor(
    {
      output,
      probeProviders: () => probeProviders(encoderPath),
      provider: config.provider,
      dataFolder: folder,
      kafkaReady: (await kafkaFiles(join(folder, 'kafka'))).ready,
      python: join(folder, 'python/bin/python'),
      chromiums: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
      nodePinned: manifest.dependencies.node,
    },
    { json: flags.json === true },
  );
};

/** Fits the ladder's static tables to frames on the topic; the card then names the file by its hash. */
const fitTables = (flags: Flags): Promise<number> =>
  withBus(flags, async ({ cards: { card }, bus }) => {
    const out = text(flags.out);
    if (out === undefined) throw new Fault('config-invalid', '--out FILE is missing: where the tables go');
    const framesMax = wholeNumber('--frames', flags.frames);
    const json = await fitTopic({ bus, card, topic: topicsOf(card.id).frames, framesMax, note: output.note });
    writeFileSync(out, json);
    const sha256 = createHash('sha256').update(json).digest('hex');
    print(`${out}: name it in instruments/${card.id}.json as "tables": { "file": …, "sha256": "${sha256}" }`);
    return 0;
  });

/** Fits score tables to good frames on the topic; the card then names the file by its hash. */
const fitScores = (flags: Flags): Promise<number> =>
  withBus(flags, async ({ cards: { card, model }, bus }) => {
    const out = text(flags.out);
    if (out === undefined) throw new Fault('config-invalid', '--out FILE is missing: where the tables go');
    const wiring = {
      cardLayers: wholeNumber('--card-layers', flags.cardLayers),
      cardLanes: wholeNumber('--card-lanes', flags.cardLanes),
      chipLanes: wholeNumber('--chip-lanes', flags.chipLanes),
    };
    const framesMax = wholeNumber('--frames', flags.frames);
    const { note } = output;
    const topic = topicsOf(card.id).frames;
    const json = await fitScoresOfTopic({ bus, card, model, wiring, topic, framesMax, note });
    writeFileSync(out, json);
    const sha256 = createHash('sha256').update(json).digest('hex');
    print(`${out}: name it in instruments/${card.id}.json as "scores": { "file": …, "sha256": "${sha256}" }`);
    return 0;
  });

/** Benches are programs of their own under loadtest/, run on the same Node with the flags given. */
const bench = (name: string, rest: readonly string[]): Promise<number> => {
  if (!/^[a-z_]+$/.test(name))
    throw new Fault(
      'config-invalid',
      `'${name}' is no bench: try pipeline, codec, anomaly, assembly, archive, dqm, viewers or page`,
    );
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
  command: (name: string, description: string, parent?: Command, options?: CommandOptions) => Command,
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

  command(
    'replay',
    'an archive’s packets to a topic again; without one, recorded frames computed again and compared byte for byte',
  )
    .argument(
      '[archive]',
      'a folder, or s3://bucket/prefix; --rate is then a number, max or recorded (default)',
    )
    .option('--policy <which>', 'recorded: each frame under the snapshot its packet names', 'recorded')
    .option('--run <run>', 'of an archive: this run alone')
    .option('--topic <topic>', 'of an archive: where packets go; default: its instrument’s token topic')
    .action(async (place: string | undefined, flags: Flags) => {
      if (place === undefined) return ended(await replay(flags));
      const { rate, ...others } = flags;
      ended(await withBus(others, ({ bus }) => replayFromArchive(place, { ...others, rate }, bus, output)));
    });
  addDatasets(command, ended, output);

  command('inspect', 'messages of a topic or a dump file in words')
    .argument('<source>', 'a topic, or a file that --save wrote')
    .option('--count <count>', 'the newest so many of a topic, the first of a file; 0: all', '20')
    .option('--follow', 'go on with what comes, until ctrl-C')
    .option('--full', 'everything a message says')
    .option('--decode', 'decode packets and compare them with their raw frames')
    .option('--frames <source>', 'where the raw frames are; default: the instrument’s frames topic')
    .option('--save <file>', 'write the messages shown to a dump file')
    .action(async (source: string, flags: Flags) => ended(await inspectSource(source, flags)));

  command('validate', 'a candidate model beside the instrument’s own on the same frames, in shadow')
    .argument('<model>', 'a folder with a card.json, or a name among the models here')
    .option('--frames <source>', 'topic or dump file; default: the frames topic, simulated without --brokers')
    .option('--count <count>', 'frames: the newest of a topic, the first of a file', '96')
    .option('--tolerance <share>', 'by how much a fault may grow before the candidate is worse', '0.05')
    .option(
      '--judge <figures>',
      'log-mae, precision, recall, charge, bits-per-hit, ratio, equal-symbols',
      'all',
    )
    .action(async (model: string, flags: Flags) =>
      ended(await runValidation(model, flags, flags as ValidateFlags, output)),
    );

  command('import', 'hits of a CSV or npz file as frames, to the bus or a dump file')
    .argument('<file>', 'ends in .csv or .npz')
    .option('--out <file>', 'a dump file instead of the bus')
    .option('--start-nanos <nanos>', 'start of the first time frame; default: now')
    .option('--first-message-id <id>', 'first message_id of each source; default: 0')
    .action(async (file: string, flags: Flags) => ended(await importInto(file, flags)));

  command('doctor', 'what is installed here, which inference providers really work, and the mends').action(
    async (flags: Flags) => ended(await examine(flags)),
  );

  addOperators(program, command, ended, withBus, output);

  const tables = program.command('tables').description('static tables of the ladder above the tokens');
  command('fit', 'fit the tables of an instrument to the frames on its topic', tables)
    .option('--out <file>', 'where the tables go')
    .option('--frames <count>', 'at most so many frames', '2000')
    .action(async (flags: Flags) => ended(await fitTables(flags)));

  const scores = program.command('scores').description('what anomaly scores know of an instrument');
  command('fit', 'fit the score tables of an instrument to the good frames on its topic', scores)
    .option('--out <file>', 'where the tables go')
    .option('--frames <count>', 'at most so many frames', '20000')
    .option('--card-layers <count>', 'layers of channels one front-end card reads', '4')
    .option('--card-lanes <count>', 'channels of one layer a front-end card reads, in eights', '64')
    .option('--chip-lanes <count>', 'channels of one layer a chip reads, in eights', '32')
    .action(async (flags: Flags) => ended(await fitScores(flags)));

  program
    .command('bench')
    .description(
      'measure, against peers in the same run: bench pipeline, codec, anomaly, assembly, archive, dqm, viewers, page',
    )
    .argument('<name>')
    .argument('[flags...]')
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (name: string, rest: string[]) => ended(await bench(name, rest)));
};
