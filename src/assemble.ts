/**
 * Config → real adapters → services: the only place outside `sim` and `lane.ts` that constructs adapters. It
 * refuses to decide anything about data; what is opened here is closed here, in the reverse order.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GrpcServer, startGrpcServer } from './adapters/grpc/server.ts';
import { type HttpServer, startHttpServer } from './adapters/http/server.ts';
import { createKafkaBus } from './adapters/kafka/bus.ts';
import { createMemoryBus } from './adapters/memory/bus.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import type { LogTarget } from './adapters/telemetry/log.ts';
import { exposeStatus } from './adapters/telemetry/status_metrics.ts';
import { createTelemetry, type TelemetryAdapter } from './adapters/telemetry/telemetry.ts';
import { openLanePool } from './adapters/threads/lane_pool.ts';
import { alarmsShown } from './anomaly/alarms.ts';
import { firstPolicy } from './anomaly/fidelity.ts';
import { eventTokenizer } from './codec/event_tokens.ts';
import type { Config } from './config.ts';
import { type EventModelCard, nameOfEventModel } from './domain/archive/event_model.ts';
import { Fault } from './domain/fault.ts';
import type { InstrumentCard } from './domain/instrument.ts';
import { frameBytesMax } from './domain/limits.ts';
import type { ModelCard } from './domain/model.ts';
import type { PolicySnapshot } from './domain/policy.ts';
import type { StatusIdentity } from './domain/status.ts';
import type { LaneWorkerData } from './lane.ts';
import type { Bus } from './ports/bus.ts';
import type { Clock } from './ports/clock.ts';
import type { Lane } from './ports/lane.ts';
import type { Log } from './ports/telemetry.ts';
import { followAlarms } from './services/alarms/follower.ts';
import { keepAlarms } from './services/alarms/keeper.ts';
import { watchAlerts } from './services/alerts/watcher.ts';
import { announce } from './services/announcer.ts';
import { type Assembler, assemblyGroup, startAssembler } from './services/assembly/assembler.ts';
import { createGateway } from './services/gateway.ts';
import { followPolicy, type PolicyFollower } from './services/policy.ts';
import { type Processor, startProcessor } from './services/processor.ts';
import { createStatusBook, type StatusBook } from './services/status.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';
import { parseInstrumentCard, parseModelCard } from './wire/card.ts';
import { parseEventModelCard } from './wire/cards/event_model.ts';

/** The repository (or the installed package): where cards, models and the page lie. */
export const home = fileURLToPath(new URL('..', import.meta.url));
const versionOf = (): string =>
  (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }).version;
export const version = versionOf();

export interface Cards {
  readonly card: InstrumentCard;
  readonly model: ModelCard;
  readonly modelFolder: string;
  /** The file the instrument card names under `tables`. */
  readonly ladderTables: string | null;
  /** The file the instrument card names under `scores`. */
  readonly scoreTables: string | null;
}

const readText = (path: string, what: string): string => {
  if (!existsSync(path)) throw new Fault('file-invalid', `${what}: ${path} is not there`);
  return readFileSync(path, 'utf8');
};

/** An instrument by its id, with the model and the tables it names. */
export const loadCards = (instrumentId: string): Cards => {
  const path = join(home, 'instruments', `${instrumentId}.json`);
  const card = parseInstrumentCard(readText(path, `instrument '${instrumentId}'`));
  const modelFolder = join(home, 'models', card.model.name, String(card.model.version));
  const model = parseModelCard(readText(join(modelFolder, 'card.json'), `model of ${instrumentId}`));
  const tablesFile = card.tables === undefined ? null : join(home, 'instruments', card.tables.file);
  return {
    card,
    model,
    modelFolder,
    ladderTables: tablesFile && readText(tablesFile, `tables of ${instrumentId}`),
    scoreTables:
      card.scores === undefined
        ? null
        : readText(join(home, 'instruments', card.scores.file), `score tables of ${instrumentId}`),
  };
};

/** The newest event model that names an instrument: its card, and the file that holds it; null where none does. */
export const findEventModel = (
  instrumentId: string,
): { readonly card: EventModelCard; readonly path: string } | null => {
  const folder = join(home, 'models');
  const found = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('event-'))
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((version) => join(folder, name, version)))
    .map((model) => join(model, 'card.json'))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, card: parseEventModelCard(readText(path, 'event model')) }))
    .filter(({ card }) => card.instruments.includes(instrumentId));
  return found.toSorted((a, b) => b.card.version - a.card.version)[0] ?? null;
};

export const loadEventModel = (instrumentId: string): EventModelCard | null =>
  findEventModel(instrumentId)?.card ?? null;

export const settledPolicy = (config: Config): PolicySnapshot => ({
  ...firstPolicy(),
  rarePValue: config.rarePValue,
  prescale: config.prescale,
  warmupCount: config.warmupCount,
  objectTokens: config.objectTokens,
});

/** Brokers by name, as Kafka's own tools take them. */
export const brokerList = (text: string): string[] =>
  text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');

export const openBus = (config: Config, clock: Clock, log: Log): Bus => {
  if (config.bus === 'memory') return createMemoryBus({ clock });
  const brokers = brokerList(config.brokers);
  if (brokers.length === 0)
    throw new Fault(
      'config-invalid',
      '--brokers is empty: name a cluster (host:port,…), or use `tessera up`',
    );
  return createKafkaBus({ brokers, log });
};

export const openLane = (config: Config, cards: Cards, log: Log): Promise<Lane> =>
  openLanePool({
    workerUrl: new URL('./lane.ts', import.meta.url),
    workerData: {
      lane: {
        instrument: cards.card,
        model: cards.model,
        encoderPath: join(cards.modelFolder, cards.model.encoder.file),
        // Objects have a network of their own for what is not rebuilt.
        decoderPath: cards.card.kind === 'objects' ? null : join(cards.modelFolder, cards.model.decoder.file),
        ladderTables: cards.ladderTables,
        scoreTables: cards.scoreTables,
        provider: config.provider,
      },
    } satisfies LaneWorkerData,
    workers: config.workers,
    frameBytesMax: frameBytesMax(cards.card),
    onDeath: (fault, restartsLeft) => log.warn({ fault: fault.code, restartsLeft }, fault.detail),
  });

export const openTelemetry = (config: Config, service: string, target: LogTarget): TelemetryAdapter =>
  createTelemetry({ service, version, level: config.logLevel, target });

/** The instrument as a status tells it. */
export const instrumentIdentity = (card: InstrumentCard): StatusIdentity['instrument'] => ({
  id: card.id,
  title: card.title,
  regions: card.regions.length,
  patchGrid: card.axes.map(({ size }, axis) => Math.ceil(size / card.patch[axis]!)),
  axes: card.axes.map(({ name }) => name),
});

export const simulatedNotice = (simulated: boolean): string | null =>
  simulated ? 'Frames come from a simulated detector: no figure here was measured on a real one.' : null;

const identityOf = (config: Config, { card }: Cards, lane: Lane, simulated: boolean): StatusIdentity => ({
  service: 'processor',
  version,
  instrument: instrumentIdentity(card),
  simulated: simulatedNotice(simulated),
  bus: config.bus === 'memory' ? 'in-process memory (survives nothing)' : `Kafka at ${config.brokers}`,
  delivery: config.delivery,
  provider: lane.provider,
  workers: config.workers,
});

/** A whole processor with its views, running. */
export interface Running {
  readonly bus: Bus;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly book: StatusBook;
  readonly http: HttpServer;
  readonly processor: Processor;
  readonly policies: PolicyFollower;
  readonly telemetry: TelemetryAdapter;
  readonly failed: Promise<never>;
  /** Finishes what is in flight, says goodbye, closes everything. Idempotent. */
  stop(): Promise<void>;
}

export const runProcessor = async (
  config: Config,
  cards: Cards,
  telemetry: TelemetryAdapter,
  options: { readonly simulated: boolean; readonly bus?: Bus },
): Promise<Running> => {
  const clock = createSystemClock();
  const { log } = telemetry.telemetry;
  const { card } = cards;
  const topics = topicsOf(card.id);
  const bus = options.bus ?? openBus(config, clock, log);
  await bus.ensureTopics(topicSpecs(card, config.partitions, config.retentionBytes));
  const lane = await openLane(config, cards, log);
  const identity = identityOf(config, cards, lane, options.simulated);
  const book = createStatusBook({ clock, identity, latencyBudgetMs: config.latencyBudgetMs });
  book.state('starting', ['partitions: the consumer group has not assigned any yet']);
  const policy = settledPolicy(config);
  const policies = await followPolicy(bus, topics.policy, policy, log);
  const processor = await startProcessor(
    { card, topics, bus, lane, clock, log, policies, book },
    {
      group: config.group,
      delivery: config.delivery,
      overload: config.overload,
      shedAfterMs: config.shedAfterMs,
      policyIntervalMs: config.policyIntervalMs,
      rate: { rareTarget: config.rareTarget, rateChunkFrames: config.rateChunkFrames },
      budget: { bytesPerSecond: config.byteBudget, sparePlanes: config.sparePlanes },
      policy,
      onAssigned: () => book.state('running'),
    },
  );
  book.watchFlow(() => {
    book.policy(policies.current);
    return {
      lagFrames: Number(processor.lagRecords),
      queuedBytes: processor.queuedBytes,
      laneDepth: lane.depth,
      partitions: processor.partitions.length,
      pausedPartitions: processor.pausedPartitions,
      pressure: processor.pressure,
    };
  });
  book.watchProcess(telemetry.reading);
  book.watchNotes(telemetry.notes);
  const alarms = await followAlarms(bus, topics.alarmState, log);
  book.watchAlarms(() => alarmsShown(alarms.current));
  exposeStatus(telemetry.metrics, () => book.snapshot());
  const http = await startHttpServer({
    port: config.statusPort,
    snapshot: () => book.snapshot(),
    metrics: telemetry.metrics,
  });
  const silence = new AbortController();
  const host = { name: hostname(), processId: process.pid, version };
  const announcing = announce({ bus, clock, log, topics, book, instrumentId: card.id, host }, silence.signal);
  const beginMs = Number(clock.nowNanos() / 1_000_000n);
  const keeper = keepAlarms({ bus, log, clock, topics, beginMs });
  const watcher = watchAlerts(
    { bus, log, clock, topics },
    {
      detectorName: card.id,
      mode: config.alertMode,
      windowsMs: config.burstWindowsMs,
      falseAlarmsPerYear: config.burstFalseAlarmsPerYear,
      heartbeatMs: config.alertHeartbeatMs,
    },
  );
  book.watchConditions(() => watcher.conditions);

  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    book.state('draining');
    await processor.stop();
    await policies.stop();
    book.state('stopped');
    silence.abort();
    await announcing;
    await keeper.stop();
    await watcher.stop();
    await alarms.stop();
    await http.close();
    await lane.close();
    await bus.close();
  };
  return {
    bus,
    lane,
    clock,
    book,
    http,
    processor,
    policies,
    telemetry,
    failed: processor.failed,
    stop: () => (stopping ??= stop()),
  };
};

/** The gRPC gateway over a running processor's bus and lane. */
export const runGateway = async (config: Config, cards: Cards, running: Running): Promise<GrpcServer> => {
  const { card } = cards;
  const { bus, lane, telemetry, policies } = running;
  const gateway = createGateway({
    card,
    topics: topicsOf(card.id),
    bus,
    lane,
    policies,
    telemetry: telemetry.telemetry,
  });
  return startGrpcServer({
    port: config.grpcPort,
    card,
    gateway,
    log: telemetry.telemetry.log,
  });
};

/** What a service beside the processor is opened with. */
export interface ServiceWorld {
  readonly config: Config;
  readonly cards: Cards;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly telemetry: TelemetryAdapter;
}

/** The assembler on a bus whose topics are there; its book is one of `book`'s. */
export const openAssembler = (
  { config, cards: { card }, clock, bus, telemetry }: ServiceWorld,
  book: StatusBook,
  onAssigned: () => void,
): Promise<Assembler> => {
  const eventModel = loadEventModel(card.id);
  return startAssembler(
    {
      ...{ card, topics: topicsOf(card.id), bus, clock, log: telemetry.telemetry.log },
      book: book.service('assembler'),
      eventTokensOf: eventTokenizer(eventModel),
      eventModel: eventModel === null ? null : nameOfEventModel(eventModel),
      sent: telemetry.telemetry.counter(
        'tessera_partial_events_total',
        'Partial events by the reason they were sent for.',
        ['reason'],
      ),
    },
    {
      group: assemblyGroup(config.group),
      delivery: config.delivery,
      deadlineMs: config.assembleDeadlineMs,
      backstopMs: config.assembleBackstopMs,
      onAssigned,
    },
  );
};

/** Where services keep what outlives a command. */
export const dataFolder = (config: Config): string => resolve(home, config.dataDir);
