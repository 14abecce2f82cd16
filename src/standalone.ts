/**
 * A service beside the processor in a process of its own: its book, its page and heartbeats, and its exit code. It
 * refuses to know what the service does; what is opened here is closed here, in the reverse order.
 */

import { hostname } from 'node:os';
import { join } from 'node:path';
import { type HttpServer, startHttpServer } from './adapters/http/server.ts';
import { untilAsked } from './adapters/system/asked.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { endWithin } from './adapters/system/deadline.ts';
import { exposeStatus } from './adapters/telemetry/status_metrics.ts';
import {
  dataFolder,
  instrumentIdentity,
  loadCards,
  openBus,
  openTelemetry,
  type ServiceWorld,
  simulatedNotice,
  version,
} from './assemble.ts';
import type { Config } from './config.ts';
import { Fault } from './domain/fault.ts';
import { limits } from './domain/limits.ts';
import type { Delivery } from './ports/bus.ts';
import { announce } from './services/announcer.ts';
import { createStatusBook, type StatusBook } from './services/status.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';

interface StandingService {
  /** Absent of one that queues nothing. */
  readonly queuedBytes?: number;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Where others find it. */
type Face = Pick<HttpServer, 'address' | 'close'>;

export interface Standalone<Service extends StandingService = StandingService> {
  /** What it is called in the book and the log. */
  readonly service: 'assembler' | 'archiver' | 'monitor';
  readonly logFile: string;
  readonly delivery: Delivery;
  readonly simulated: boolean;
  readonly forMs?: number;
  readonly say: (line: string) => void;
  /** Said once it runs, before where its readiness is. */
  readonly greeting: string;
  /** Said when it is not finished within its deadline. */
  readonly unfinished: string;
  start(world: ServiceWorld, book: StatusBook): Promise<Service>;
  /** Its own web face, opened once it runs; absent: health, readiness and metrics on the status port. */
  openFace?(world: ServiceWorld, book: StatusBook, service: Service): Promise<Face>;
}

const bookOf = (
  { config, cards: { card }, clock }: ServiceWorld,
  { service, delivery, simulated }: Pick<Standalone, 'service' | 'delivery' | 'simulated'>,
): StatusBook =>
  createStatusBook({
    clock,
    latencyBudgetMs: config.latencyBudgetMs,
    identity: {
      service,
      version,
      instrument: instrumentIdentity(card),
      simulated: simulatedNotice(simulated),
      bus: config.bus === 'memory' ? 'in-process memory (survives nothing)' : `Kafka at ${config.brokers}`,
      delivery,
      provider: 'none',
      workers: 0,
    },
  });

const statusFace = ({ config, telemetry }: ServiceWorld, book: StatusBook): Promise<Face> =>
  startHttpServer({
    port: config.statusPort,
    snapshot: () => book.snapshot(),
    metrics: telemetry.metrics,
  });

/** The service with a face and heartbeats of its own, over a bus that somebody else closes. */
export const standUp = async <Service extends StandingService>(
  world: ServiceWorld,
  standalone: Standalone<Service>,
): Promise<{ readonly service: Service; readonly http: Face; stop(): Promise<void> }> => {
  const { config, cards, clock, bus, telemetry } = world;
  const { log } = telemetry.telemetry;
  const { card } = cards;
  const topics = topicsOf(card.id);
  await bus.ensureTopics(topicSpecs(card, config.partitions, config.retentionBytes));
  const book = bookOf(world, standalone);
  book.state('starting', ['partitions: the consumer group has not assigned any yet']);
  book.watchProcess(telemetry.reading);
  book.watchNotes(telemetry.notes);
  exposeStatus(telemetry.metrics, () => book.snapshot());
  // Readiness is asked for while it starts.
  const early = standalone.openFace === undefined ? await statusFace(world, book) : null;
  const service = await standalone.start(world, book);
  const http = early ?? (await standalone.openFace!(world, book, service));
  // Partitions and lag of a heartbeat are those of frames, which alarms of processors are judged by: this reads others.
  book.watchFlow(() => ({
    ...{ lagFrames: 0, laneDepth: 0, partitions: 0, pausedPartitions: 0, pressure: 'none' },
    queuedBytes: service.queuedBytes ?? 0,
  }));
  const silence = new AbortController();
  const host = { name: hostname(), processId: process.pid, version };
  const announcing = announce({ bus, clock, log, topics, book, instrumentId: card.id, host }, silence.signal);
  const stop = async (): Promise<void> => {
    book.state('draining');
    await service.stop();
    book.state('stopped');
    silence.abort();
    await announcing;
    await http.close();
  };
  return { service, http, stop };
};

/** Serves until asked to stop; returns the exit code. */
export const serveAlone = async <Service extends StandingService>(
  config: Config,
  standalone: Standalone<Service>,
): Promise<number> => {
  const { service, logFile, forMs, say, greeting, unfinished } = standalone;
  const cards = loadCards(config.instrument);
  const asked = untilAsked(forMs);
  const endBy = (withinMs: number): void => endWithin(withinMs, 3, () => say(unfinished));
  // Also while it starts, which waits for its broker as long as any client does.
  void asked.then(() => endBy(limits.drainMs));
  // Started by another process: it ends with its parent, however that ends, and so may the broker of both.
  process.once('disconnect', () => {
    endBy(limits.orphanMs);
    process.kill(process.pid, 'SIGTERM');
  });
  const target = { kind: 'file', path: join(dataFolder(config), logFile) } as const;
  const telemetry = openTelemetry(config, service, target);
  const clock = createSystemClock();
  const bus = openBus(config, clock, telemetry.telemetry.log);
  let running: Awaited<ReturnType<typeof standUp<Service>>> | null = null;
  try {
    running = await standUp({ config, cards, clock, bus, telemetry }, standalone);
    say(`${greeting} · readiness ${running.http.address}readyz`);
    await Promise.race([asked, running.service.failed]);
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error.message);
    return error.code === 'config-invalid' ? 2 : 3;
  } finally {
    endBy(limits.drainMs);
    await running?.stop();
    await bus.close();
    telemetry.close();
  }
};
