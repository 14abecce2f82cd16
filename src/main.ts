/**
 * The command line: one subcommand a thing a person wants, each a few lines that read the config, open what is
 * asked and hand over. It refuses to hold logic; exit codes are 0 good, 1 failed judgement, 2 wrong use, 3 the world.
 */

import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { prepareKafka, startLocalBroker } from './adapters/kafka/local_broker.ts';
import { archive } from './archiving.ts';
import { dataFolder, version } from './assemble.ts';
import { assemble } from './assembling.ts';
import { durationMs } from './commands/duration.ts';
import { configKeys, readConfig } from './config.ts';
import { Fault, faultList } from './domain/fault.ts';
import { monitor } from './monitoring.ts';
import { addOneShots } from './one_shot.ts';
import { serve } from './serve.ts';
import { simulate } from './simulate.ts';

const say = (line: string): void => {
  process.stderr.write(`tessera: ${line}\n`);
};

const program = new Command('tessera')
  .description('Real-time, streaming, trigger-level tokenizer for continuous-readout detectors')
  .version(version)
  .showHelpAfterError('(tessera COMMAND --help lists its flags)')
  .enablePositionalOptions()
  .exitOverride();

/** A subcommand that takes every configuration key as a flag. */
const command = (name: string, description: string, parent = program, options = {}): Command => {
  const made = parent
    .command(name, options)
    .description(description)
    .option('--config <file>', 'JSON file of settings');
  for (const row of configKeys) made.option(`${row.flag} <value>`, `${row.meaning} [${row.default}]`);
  return made.option('--json', 'the result as JSON on stdout').exitOverride();
};

let exitCode = 0;
type Flags = Record<string, string | boolean | undefined>;
const forMs = (flags: Flags): { forMs?: number } =>
  typeof flags.for === 'string' ? { forMs: durationMs(flags.for) } : {};

command(
  'up',
  'local Kafka, simulator, processor, monitor with the page, gateway and live view; what `npm start` runs',
)
  .option('--for <duration>', 'stop by itself after this long')
  .option('--no-simulator', 'frames come from elsewhere')
  .action(async (flags: Flags) => {
    const simulator = flags.simulator !== false;
    const options = {
      broker: true,
      simulator,
      gateway: true,
      archiver: true,
      assembler: true,
      monitor: true,
      json: flags.json === true,
      ...forMs(flags),
    };
    exitCode = await serve(readConfig(flags), options);
  });

command('process', 'the processor alone, on an existing cluster')
  .option('--for <duration>', 'stop by itself after this long')
  .action(async (flags: Flags) => {
    const options = {
      broker: false,
      simulator: false,
      gateway: false,
      archiver: false,
      assembler: false,
      monitor: false,
      json: flags.json === true,
      ...forMs(flags),
    };
    exitCode = await serve(readConfig(flags), options);
  });

command('assemble', 'packets of an existing cluster into partial events, one a time frame')
  .option('--for <duration>', 'stop by itself after this long')
  .action(async (flags: Flags) => {
    exitCode = await assemble(readConfig(flags), forMs(flags));
  });

command('archive', 'partial events of an existing cluster into files: a folder, or an object store')
  .option('--for <duration>', 'stop by itself after this long')
  .option('--simulated', 'record that frames come of a simulated detector')
  .action(async (flags: Flags) => {
    exitCode = await archive(readConfig(flags), { simulated: flags.simulated === true, ...forMs(flags) });
  });

command('dqm', 'how the detector is: the monitor of an existing cluster, with the web page')
  .option('--for <duration>', 'stop by itself after this long')
  .option('--simulated', 'say that frames come of a simulated detector')
  .action(async (flags: Flags) => {
    exitCode = await monitor(readConfig(flags), { simulated: flags.simulated === true, ...forMs(flags) });
  });

command('simulate', 'simulated frames to <instrument>_frames, or to a file')
  .option('--for <duration>', 'stop by itself after this long')
  .option('--time-frames <count>', 'stop after this many')
  .option('--to <format>', 'npz: write wedges for training to --out instead of the bus')
  .option('--out <path>', 'file that --to writes; with --plan a folder')
  .option(
    '--plan <file>',
    'with --to: JSON list of files to write, each as its instrument, split and seed say',
  )
  .option('--split <split>', 'train, test or all: which PYTHIA events collide', 'all')
  .option('--mode <mode>', 'continuous, or triggered (only to compare with triggered readout)', 'continuous')
  .option('--labels <file>', 'what each frame is made of, as CSV for `tessera export --labels`')
  .option('--quiet', 'no progress')
  .action(async (flags: Flags) => {
    exitCode = await simulate(readConfig(flags), { ...flags, ...forMs(flags) });
  });

program
  .command('mcp')
  .description(
    'lets an assistant read a running monitor, over stdin and stdout (Model Context Protocol); changes nothing',
  )
  .option('--url <address>', 'of the monitor', 'http://127.0.0.1:8080')
  .action(async (flags: { url: string }) => {
    // The protocol's package costs every other command a third of a second to read.
    const { serveMcp } = await import('./adapters/mcp/server.ts');
    await serveMcp(flags.url, version);
  });

addOneShots(program, command, (code) => {
  exitCode = code;
});

const kafka = program.command('kafka').description('the local broker on its own');
kafka
  .command('prepare')
  .description('fetch the jars and format a storage folder, then end')
  .action(async () => {
    await prepareKafka({ folder: join(dataFolder(readConfig({})), 'kafka'), progress: say });
  });
kafka
  .command('start')
  .description('run a local broker until ctrl-C')
  .option('--port <port>', 'port on 127.0.0.1', '9092')
  .action(async (flags: { port: string }) => {
    const folder = join(dataFolder(readConfig({})), 'kafka');
    await prepareKafka({ folder, progress: say });
    const broker = await startLocalBroker({ folder, port: Number(flags.port), progress: say });
    say(`Kafka listens on ${broker.brokers.join(',')}; ctrl-C stops it`);
    const asked = new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
    await Promise.race([asked, broker.exited]);
    await broker.stop();
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof Fault) {
    say(error.message);
    exitCode = faultList[error.code][0] === 'use' ? 2 : faultList[error.code][0] === 'world' ? 3 : 1;
  } else throw error;
}
process.exit(exitCode);
