/**
 * `tessera archive`: config → store, table format and bus → the archiver with its views. It refuses to decide anything
 * about data; what is opened here is closed here, in the reverse order.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createFileStore } from './adapters/files/store.ts';
import { type HttpServer, startHttpServer } from './adapters/http/server.ts';
import { createParquetFormat } from './adapters/parquet/format.ts';
import { createS3Store } from './adapters/s3/store.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { endWithin } from './adapters/system/deadline.ts';
import { exposeStatus } from './adapters/telemetry/status_metrics.ts';
import type { TelemetryAdapter } from './adapters/telemetry/telemetry.ts';
import { parseShares } from './archive/view/split.ts';
import {
  type Cards,
  dataFolder,
  findEventModel,
  home,
  loadCards,
  openBus,
  openTelemetry,
  version,
} from './assemble.ts';
import type { Config } from './config.ts';
import { Fault } from './domain/fault.ts';
import { limits } from './domain/limits.ts';
import type { Bus } from './ports/bus.ts';
import type { Clock } from './ports/clock.ts';
import type { Store } from './ports/store.ts';
import { untilAsked } from './serve.ts';
import { announce } from './services/announcer.ts';
import { type Archiver, type CardFile, startArchiver } from './services/archive/archiver.ts';
import type { OpenRun } from './services/dataset/archive.ts';
import { closeRun } from './services/dataset/close_run.ts';
import { describeRun } from './services/dataset/description/describe.ts';
import { refusalsOf } from './services/dataset/refusals.ts';
import { createStatusBook } from './services/status.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';
import { openSigner } from './wire/files/ed25519.ts';

const say = (line: string): void => {
  process.stderr.write(`tessera archive: ${line}\n`);
};

/** The store a configuration names: a folder, or s3://bucket/prefix. */
export const openStore = (config: Config, archive = config.archive): Store => {
  if (archive === '')
    throw new Fault('config-invalid', '--archive is empty: name a folder, or s3://bucket/prefix');
  const match = /^s3:\/\/([^/]+)\/?(.*)$/.exec(archive);
  if (match === null) return createFileStore(resolve(archive));
  const missing = (['s3Endpoint', 's3KeyId', 's3Secret'] as const).filter((key) => config[key] === '');
  if (missing.length > 0)
    throw new Fault('config-invalid', `--archive ${archive}: ${missing.join(', ')} must be set for it`);
  const folder = match[2]!.replace(/\/*$/, '/');
  return createS3Store({
    endpoint: config.s3Endpoint,
    region: config.s3Region,
    keyId: config.s3KeyId,
    secret: config.s3Secret,
    bucket: match[1]!,
    prefix: folder === '/' ? '' : folder,
  });
};

const shortHash = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** All that turns tokens back into hits years later: cards by their hash, the files they name by their content's. */
const cardFiles = (config: Config, { card, model, modelFolder }: Cards): CardFile[] => {
  const read = (...path: string[]): Uint8Array => readFileSync(join(...path));
  const instruments = join(home, 'instruments');
  const named = (role: string, bytes: Uint8Array, file: string): CardFile => ({
    name: `${role}-${shortHash(bytes)}-${basename(file)}`,
    bytes,
  });
  const eventModel = findEventModel(card.id);
  return [
    { name: `instrument-${card.hash}.json`, bytes: read(instruments, `${config.instrument}.json`) },
    { name: `model-${model.hash}.json`, bytes: read(modelFolder, 'card.json') },
    named('encoder', read(modelFolder, model.encoder.file), model.encoder.file),
    named('decoder', read(modelFolder, model.decoder.file), model.decoder.file),
    // Its networks stand in its card.
    ...(eventModel === null ? [] : [named('event', read(eventModel.path), 'card.json')]),
    ...(card.tables === undefined
      ? []
      : [named('tables', read(instruments, card.tables.file), card.tables.file)]),
    ...(card.scores === undefined
      ? []
      : [named('scores', read(instruments, card.scores.file), card.scores.file)]),
  ];
};

const readKey = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault('config-invalid', `--signing-key ${path} cannot be read (${(cause as Error).message})`, {
      cause,
    });
  }
};

interface RunningArchiver {
  readonly archiver: Archiver;
  readonly http: HttpServer;
  /** Seals what was taken, says goodbye, closes everything. */
  stop(): Promise<void>;
}

interface World {
  readonly config: Config;
  readonly cards: Cards;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly telemetry: TelemetryAdapter;
  readonly simulated: boolean;
}

const bookOf = ({ config, cards: { card }, clock, simulated }: World) =>
  createStatusBook({
    clock,
    latencyBudgetMs: config.latencyBudgetMs,
    identity: {
      service: 'archiver',
      version,
      instrument: {
        id: card.id,
        title: card.title,
        regions: card.regions.length,
        patchGrid: card.axes.map(({ size }, axis) => Math.ceil(size / card.patch[axis]!)),
        axes: card.axes.map(({ name }) => name),
      },
      simulated: simulated
        ? 'Frames come from a simulated detector: no figure here was measured on a real one.'
        : null,
      bus: `Kafka at ${config.brokers}`,
      delivery: 'exactly-once',
      provider: 'none',
      workers: 0,
    },
  });

const runArchiver = async (world: World, store: Store): Promise<RunningArchiver> => {
  const { config, cards, clock, bus, telemetry } = world;
  const { log } = telemetry.telemetry;
  const { card } = cards;
  const topics = topicsOf(card.id);
  await bus.ensureTopics(topicSpecs(card, config.partitions, config.retentionBytes));
  const book = bookOf(world);
  book.state('starting', ['partitions: the consumer group has not assigned any yet']);
  book.watchProcess(telemetry.reading);
  book.watchNotes(telemetry.notes);
  exposeStatus(telemetry.metrics, () => book.snapshot());
  const http = await startHttpServer({
    port: config.httpPort,
    snapshot: () => book.snapshot(),
    metrics: telemetry.metrics,
    pageFolder: join(home, 'src/web/page'),
  });
  const format = createParquetFormat(`tessera ${version}`);
  const signer = config.signingKey === '' ? null : openSigner(readKey(config.signingKey));
  const rule = config.archiveView === '' ? null : { shares: parseShares(config.archiveView), guardFrames: 1 };
  const describing = { store, format, version, view: rule };
  const archiver = await startArchiver(
    {
      card,
      topics,
      bus,
      store,
      format,
      clock,
      log,
      book: book.service('archiver'),
      version,
      simulated: world.simulated ? true : null,
    },
    {
      group: config.group,
      segmentBytes: config.archiveSegmentBytes,
      rollMs: config.archiveRollMs,
      prescale: config.archiveRaw,
      cards: cardFiles(config, cards),
      onWaiting: (waitingFor) => book.state('running', waitingFor),
      onAssigned: () => book.state('running'),
      closing: async (_, run, seals) => {
        const refusals = (one: number) => refusalsOf(bus, topics.refused, card, one);
        const describe = [(closed: OpenRun) => describeRun(describing, closed)];
        await closeRun({ store, format, version, log, signer, refusals, describe }, run, seals);
      },
    },
  );
  book.watchConditions(() => [archiver.condition]);
  // Partitions and lag here are those of frames, which alarms of processors are judged by: an archiver reads others.
  book.watchFlow(() => ({
    lagFrames: 0,
    queuedBytes: archiver.queuedBytes,
    laneDepth: 0,
    partitions: 0,
    pausedPartitions: 0,
    pressure: 'none',
  }));
  const silence = new AbortController();
  const host = { name: hostname(), processId: process.pid, version };
  const announcing = announce({ bus, clock, log, topics, book, instrumentId: card.id, host }, silence.signal);
  const stop = async (): Promise<void> => {
    book.state('draining');
    await archiver.stop();
    book.state('stopped');
    silence.abort();
    await announcing;
    await http.close();
  };
  return { archiver, http, stop };
};

/** Archives until asked to stop; returns the exit code. */
export const archive = async (
  config: Config,
  options: { readonly simulated: boolean; readonly forMs?: number },
): Promise<number> => {
  const cards = loadCards(config.instrument);
  const store = openStore(config);
  const asked = untilAsked(options.forMs);
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  const target = { kind: 'file', path: join(dataFolder(config), 'archive.log') } as const;
  const telemetry = openTelemetry(config, 'archiver', target);
  const clock = createSystemClock();
  const bus = openBus(config, clock, telemetry.telemetry.log);
  let running: RunningArchiver | null = null;
  try {
    running = await runArchiver(
      { config, cards, clock, bus, telemetry, simulated: options.simulated },
      store,
    );
    say(
      `partial events of ${config.instrument} go to ${store.place} · readiness ${running.http.address}readyz`,
    );
    await Promise.race([asked, running.archiver.failed]);
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error.message);
    return error.code === 'config-invalid' ? 2 : 3;
  } finally {
    endWithin(limits.drainMs, 3, () =>
      say('not finished in time: what is not sealed goes to the next owner'),
    );
    await running?.stop();
    await bus.close();
    telemetry.close();
  }
};
