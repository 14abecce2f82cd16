/**
 * What keeps running: `tessera up` (local broker, simulator, processor, gateway, live view) and `tessera process`
 * (the processor alone). It refuses to leave anything behind: whatever way it ends, what it started is stopped.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LocalBroker, prepareKafka, startLocalBroker } from './adapters/kafka/local_broker.ts';
import { untilAsked } from './adapters/system/asked.ts';
import { endWithin } from './adapters/system/deadline.ts';
import type { TelemetryAdapter } from './adapters/telemetry/telemetry.ts';
import { startLiveTerminal } from './adapters/terminal/live.ts';
import {
  type Cards,
  dataFolder,
  home,
  loadCards,
  openAssembler,
  openTelemetry,
  type Running,
  runGateway,
  runProcessor,
  version,
} from './assemble.ts';
import { type Config, configEnvironment, configFlags } from './config.ts';
import { Fault } from './domain/fault.ts';
import { limits } from './domain/limits.ts';
import type { StatusSnapshot } from './domain/status.ts';
import { monitorWithin } from './monitoring.ts';
import { simulateWithin } from './simulate.ts';

export interface ServeOptions {
  /** Start a local broker where the configuration names no cluster. */
  readonly broker: boolean;
  readonly simulator: boolean;
  readonly gateway: boolean;
  /** Start an archiver where the configuration names an archive. */
  readonly archiver: boolean;
  /** Assemble partial events in this process. */
  readonly assembler: boolean;
  /** Start a monitor, which has the page. */
  readonly monitor: boolean;
  /** Stop by itself after this long; absent: on SIGINT or SIGTERM. */
  readonly forMs?: number;
  /** The summary as JSON on stdout. */
  readonly json: boolean;
}

/** Where lines for people go: the terminal, and once the live view stands there, the space above it. */
let printLine = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const say = (line: string): void => printLine(`tessera: ${line}`);

/** A command as a process of its own, which ends when this process does. */
const startChild = (config: Config, command: readonly string[]): ChildProcess => {
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(home, 'src/main.ts'), ...command, ...configFlags(config)],
    // Its own process group: a terminal's ctrl-C must reach the processor first.
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true, env: configEnvironment(config) },
  );
  createInterface({ input: child.stderr! }).on('line', (line) => printLine(line));
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) say(`tessera ${command[0]} ended with exit code ${code}`);
  });
  return child;
};

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), limits.drainMs);
  await gone;
  clearTimeout(insist);
};

const summaryOf = (snapshot: StatusSnapshot) => {
  const book = snapshot.books[0]!;
  return {
    version,
    instrument: snapshot.identity.instrument.id,
    seconds: Math.round(snapshot.uptimeMs / 1000),
    received: book.received,
    kept: book.kept,
    shed: book.shed,
    refused: book.refused,
    inFlight: book.inFlight,
    returned: book.returned,
    balanced: snapshot.books.every((one) => one.balanced),
    ratioDense: snapshot.ratio.overall.dense,
    ratioRaw: snapshot.ratio.overall.raw,
  };
};

const words = (summary: ReturnType<typeof summaryOf>): string =>
  `${summary.received} received = ${summary.kept} kept + ${summary.shed} shed + ${summary.refused} refused + ` +
  `${summary.inFlight} in flight; books ${summary.balanced ? 'balanced' : 'NOT BALANCED'}` +
  (summary.ratioDense === null ? '' : `; ratio ${summary.ratioDense.toFixed(1)} against 16-bit dense`);

/** What `serve` has opened so far: how to undo it, and the end of a broker it started that nobody asked for. */
interface Opened {
  readonly undo: (() => Promise<void>)[];
  brokerGone: Promise<never>;
  /** Where the page is, once the monitor said so. */
  page: string;
}

const brokerEnded = async (broker: LocalBroker): Promise<never> => {
  await broker.exited;
  throw new Fault('bus-unreachable', 'the local Kafka ended by itself: see broker.log beside its data');
};

/** Opens everything in order, pushing what must be undone. */
const openAll = async (
  config: Config,
  cards: Cards,
  options: ServeOptions,
  opened: Opened,
): Promise<Running> => {
  const { undo } = opened;
  let settled = config;
  if (options.broker && config.bus === 'kafka' && config.brokers === '') {
    const folder = join(dataFolder(config), 'kafka');
    await prepareKafka({ folder, progress: say });
    const broker: LocalBroker = await startLocalBroker({ folder, port: config.kafkaPort, progress: say });
    undo.push(() => broker.stop());
    opened.brokerGone = brokerEnded(broker);
    opened.brokerGone.catch(() => {}); // once we stop it, its end is no news
    if (config.kafkaPort !== 0 && broker.port !== config.kafkaPort)
      say(`port ${config.kafkaPort} is taken: Kafka listens on ${broker.port}`);
    settled = { ...config, brokers: broker.brokers.join(',') };
  }
  if (config.bus === 'memory') say('bus memory: one process, and nothing survives its end');
  const target = { kind: 'file', path: join(dataFolder(config), 'tessera.log') } as const;
  const telemetry = openTelemetry(settled, 'processor', target);
  undo.push(async () => telemetry.close());
  say(`loading the model on ${config.workers} worker threads …`);
  let running = await runProcessor(settled, cards, telemetry, { simulated: options.simulator });
  undo.push(running.stop);
  if (running.http.moved) say(`port ${config.statusPort} is taken: readiness and metrics moved`);
  say(`readiness ${running.http.address}readyz · metrics ${running.http.address}metrics`);
  if (!options.monitor) say('the page is the monitor’s: `tessera dqm` on the same cluster');
  if (options.gateway) {
    const gateway = await runGateway(settled, cards, running);
    undo.push(() => gateway.close());
    say(`gRPC gateway on ${gateway.address}`);
  }
  if (options.assembler) {
    const { bus, clock, book } = running;
    const assembler = await openAssembler({ config: settled, cards, clock, bus, telemetry }, book, () => {});
    undo.push(() => assembler.stop());
    running = { ...running, failed: Promise.race([running.failed, assembler.failed]) };
  }
  if (options.archiver && config.archive !== '') {
    if (config.bus === 'memory')
      throw new Fault('config-invalid', '--archive needs a bus that survives: --bus kafka');
    // Files are encoded for seconds at a time: in a process of their own they hold up no frame.
    const archiver = startChild(settled, options.simulator ? ['archive', '--simulated'] : ['archive']);
    undo.push(() => stopChild(archiver));
  }
  if (settled.bus === 'memory') return openWithin(settled, cards, telemetry, options, opened, running);
  if (options.monitor) {
    const monitor = startChild(settled, options.simulator ? ['dqm', '--simulated'] : ['dqm']);
    monitor.on('message', (told: { readonly page?: string }) => {
      opened.page = told.page ?? opened.page;
    });
    undo.push(() => stopChild(monitor));
  }
  if (options.simulator) {
    // As a DAQ would be.
    const simulator = startChild(settled, ['simulate', '--quiet']);
    undo.push(() => stopChild(simulator));
  }
  return running;
};

/** Monitor and simulator where nobody outside this process can reach the bus. */
const openWithin = async (
  config: Config,
  cards: Cards,
  telemetry: TelemetryAdapter,
  { monitor, simulator }: ServeOptions,
  opened: Opened,
  running: Running,
): Promise<Running> => {
  const { bus, clock } = running;
  const failures = [running.failed];
  if (monitor) {
    const watching = await monitorWithin({ config, cards, clock, bus, telemetry }, simulator);
    opened.undo.push(watching.stop);
    opened.page = watching.page;
    failures.push(watching.failed);
  }
  if (simulator) {
    const sending = await simulateWithin(config, { card: cards.card, bus, clock });
    opened.undo.push(sending.stop);
    failures.push(sending.failed);
  }
  return { ...running, failed: Promise.race(failures) };
};

/** Serves until asked to stop; returns the exit code. */
export const serve = async (config: Config, options: ServeOptions): Promise<number> => {
  const cards = loadCards(config.instrument);
  const opened: Opened = { undo: [], brokerGone: new Promise(() => {}), page: '' };
  const asked = untilAsked(options.forMs);
  const endBy = (withinMs: number): void =>
    endWithin(withinMs, 3, () =>
      say(
        `not finished within ${withinMs / 1000} s: what is not committed goes to the next owner, nothing is lost`,
      ),
    );
  // Also while it starts, which waits for another's broker as long as any client does.
  if (!options.broker) void asked.then(() => endBy(limits.drainMs));
  let code = 0;
  let unreachable = false;
  let running: Running | null = null;
  let live: ReturnType<typeof startLiveTerminal> | null = null;
  try {
    running = await openAll(config, cards, options, opened);
    const { book, http } = running;
    live = startLiveTerminal({
      output: process.stderr,
      snapshot: () => book.snapshot(),
      address: () => (opened.page === '' ? http.address : opened.page),
    });
    const view = live;
    printLine = (line) => view.print(line);
    await Promise.race([asked, running.failed, opened.brokerGone]);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error.message);
    code = error.code === 'config-invalid' ? 2 : 3;
    unreachable = error.code === 'bus-unreachable';
  } finally {
    printLine = (line) => void process.stderr.write(`${line}\n`);
    live?.close();
    if (running !== null) say('stopping: finishing what is in flight …');
    // A local broker is stopped after what uses it, and may take as long again; without one nothing can be finished.
    const drainMs = options.broker ? 2 * limits.drainMs : limits.drainMs;
    endBy(unreachable ? limits.orphanMs : drainMs);
    for (const close of opened.undo.reverse()) await close();
  }
  if (running !== null) {
    const summary = summaryOf(running.book.snapshot());
    say(words(summary));
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    if (!summary.balanced || summary.inFlight > 0) code ||= 1;
  }
  return code;
};
