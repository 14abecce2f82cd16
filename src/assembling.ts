/**
 * `tessera assemble`: config → bus → the assembler with its views. It refuses to decide anything about data; what is opened here is closed here, in the reverse order.
 */

import { hostname } from 'node:os';
import { join } from 'node:path';
import { startHttpServer } from './adapters/http/server.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { endWithin } from './adapters/system/deadline.ts';
import { exposeStatus } from './adapters/telemetry/status_metrics.ts';
import {
  type AssemblerWorld,
  dataFolder,
  home,
  loadCards,
  openAssembler,
  openBus,
  openTelemetry,
  version,
} from './assemble.ts';
import type { Config } from './config.ts';
import { Fault } from './domain/fault.ts';
import { limits } from './domain/limits.ts';
import { untilAsked } from './serve.ts';
import { announce } from './services/announcer.ts';
import { createStatusBook, type StatusBook } from './services/status.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';

const say = (line: string): void => {
  process.stderr.write(`tessera assemble: ${line}\n`);
};

const bookOf = ({ config, cards: { card }, clock }: AssemblerWorld): StatusBook =>
  createStatusBook({
    clock,
    latencyBudgetMs: config.latencyBudgetMs,
    identity: {
      service: 'assembler',
      version,
      instrument: {
        id: card.id,
        title: card.title,
        regions: card.regions.length,
        patchGrid: card.axes.map(({ size }, axis) => Math.ceil(size / card.patch[axis]!)),
        axes: card.axes.map(({ name }) => name),
      },
      simulated: null,
      bus: `Kafka at ${config.brokers}`,
      delivery: config.delivery,
      provider: 'none',
      workers: 0,
    },
  });

/** The assembler with a page and heartbeats of its own. */
const runAlone = async (world: AssemblerWorld) => {
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
  const assembler = await openAssembler(world, book, () => book.state('running'));
  // Partitions and lag of a heartbeat are those of frames, which alarms of processors are judged by: this reads others.
  book.watchFlow(() => ({
    ...{ lagFrames: 0, laneDepth: 0, partitions: 0, pausedPartitions: 0, pressure: 'none' },
    queuedBytes: assembler.queuedBytes,
  }));
  const silence = new AbortController();
  const host = { name: hostname(), processId: process.pid, version };
  const announcing = announce({ bus, clock, log, topics, book, instrumentId: card.id, host }, silence.signal);
  const stop = async (): Promise<void> => {
    book.state('draining');
    await assembler.stop();
    book.state('stopped');
    silence.abort();
    await announcing;
    await http.close();
  };
  return { assembler, http, stop };
};

/** Assembles until asked to stop; returns the exit code. */
export const assemble = async (config: Config, options: { readonly forMs?: number }): Promise<number> => {
  const cards = loadCards(config.instrument);
  const asked = untilAsked(options.forMs);
  const target = { kind: 'file', path: join(dataFolder(config), 'tessera.log') } as const;
  const telemetry = openTelemetry(config, 'assembler', target);
  const clock = createSystemClock();
  const bus = openBus(config, clock, telemetry.telemetry.log);
  let running: Awaited<ReturnType<typeof runAlone>> | null = null;
  try {
    running = await runAlone({ config, cards, clock, bus, telemetry });
    say(`partial events of ${config.instrument} · readiness ${running.http.address}readyz`);
    await Promise.race([asked, running.assembler.failed]);
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error.message);
    return error.code === 'config-invalid' ? 2 : 3;
  } finally {
    endWithin(limits.drainMs, 3, () =>
      say('not finished in time: what is not committed goes to the next owner, nothing is lost'),
    );
    await running?.stop();
    await bus.close();
    telemetry.close();
  }
};
