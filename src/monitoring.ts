/**
 * `tessera dqm`: config → history, objects and model → the monitor in a process of its own, with the page. It refuses to
 * decide anything about data.
 */

import { existsSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { startMonitorServer } from './adapters/http/monitor/server.ts';
import { openModel } from './adapters/onnx/model.ts';
import { openHistory } from './adapters/sqlite/history.ts';
import { threadBusyMs } from './adapters/system/clock.ts';
import { parseScoreTables } from './anomaly/scores/tables.ts';
import {
  type Cards,
  dataFolder,
  home,
  openTelemetry,
  type ServiceWorld,
  simulatedNotice,
  version,
} from './assemble.ts';
import type { Config } from './config.ts';
import { voxelCount } from './domain/instrument.ts';
import { watchHits } from './dqm/cycles/hits.ts';
import { packetLayout } from './dqm/cycles/packets.ts';
import { placesOf } from './dqm/cycles/places.ts';
import type { WatchSetup } from './dqm/cycles/watch.ts';
import { objectLayout } from './dqm/layout.ts';
import { triggerLayout } from './dqm/trigger/layout.ts';
import { watchTrigger } from './dqm/trigger/watched.ts';
import type { Wiring } from './kernels/survey/survey.ts';
import { openTables } from './lane.ts';
import type { History } from './ports/history.ts';
import { type Monitor, startMonitor } from './services/monitor/monitor.ts';
import type { StatusBook } from './services/status.ts';
import { topicsOf } from './services/topics.ts';
import { type Standalone, serveAlone, standUp } from './standalone.ts';
import { parseUsualCard, type UsualCard } from './wire/cards/usual.ts';

const say = (line: string): void => {
  process.stderr.write(`tessera dqm: ${line}\n`);
};

/** Of an instrument whose scores nobody fitted: every channel is a card and a chip of its own layer's eighth. */
const plainWiring: Wiring = { cardLayers: 4, cardLanes: 64, chipLanes: 32 };

/** What good runs of an instrument usually read, beside its card; null where nobody made it, or for another card. */
const usualOf = ({ card }: Cards): UsualCard | null => {
  const path = join(home, 'instruments/usual', `${card.id}.json`);
  if (!existsSync(path)) return null;
  const usual = parseUsualCard(readFileSync(path, 'utf8'));
  if (usual.card === String(card.hash)) return usual;
  say(`${path} was made for another card of ${card.id}: what is usual is learned from the run itself`);
  return null;
};

const setupOf = (cards: Cards, cycleMs: number): WatchSetup => {
  const { card, model, scoreTables } = cards;
  const usual = usualOf(cards);
  const shared = { packets: packetLayout(voxelCount(card)), regions: card.regions.length, cycleMs, usual };
  const shapes = usual?.shapes ?? null;
  if (card.kind === 'objects')
    return { ...shared, watched: watchTrigger(triggerLayout(card, model), shapes) };
  const wiring = scoreTables === null ? plainWiring : parseScoreTables(scoreTables, card).wiring;
  const layout = objectLayout(card, wiring, model);
  return { ...shared, watched: watchHits(layout, placesOf(layout, card), shapes) };
};

const startWith = async (
  { config, cards, clock, bus, telemetry }: ServiceWorld,
  book: StatusBook,
  history: History,
  simulated: boolean,
): Promise<Monitor> => {
  const { card, model, modelFolder, ladderTables } = cards;
  const { log } = telemetry.telemetry;
  if (history.setAside !== null) {
    say(history.setAside);
    log.warn({}, history.setAside);
  }
  const decoder = () =>
    openModel({ path: join(modelFolder, model.decoder.file), file: model.decoder, provider: 'cpu' });
  const monitor = await startMonitor({
    ...{ bus, clock, log, history, card, model, busyMs: threadBusyMs },
    looked: (frames) => {
      const own = book.service('monitor');
      own.received(frames, 0);
      own.ended({ kept: frames }, 0);
    },
    topics: topicsOf(card.id),
    instrument: {
      id: card.id,
      title: card.title,
      regions: card.regions,
      simulated: simulatedNotice(simulated),
    },
    setup: setupOf(cards, config.cycleMs),
    tables: openTables({ instrument: card, ladderTables }),
    decoder: card.kind === 'objects' ? null : decoder,
  });
  book.watchConditions(() => [monitor.condition]);
  book.state('running');
  return monitor;
};

const openedHistory = (config: Config): History =>
  openHistory(join(dataFolder(config), 'monitor', `${config.instrument}.sqlite`));

const standing = (config: Config, history: History, simulated: boolean): Standalone<Monitor> => ({
  service: 'monitor',
  logFile: 'dqm.log',
  delivery: 'at-least-once',
  simulated,
  say,
  greeting: `how ${config.instrument} is`,
  unfinished: 'not finished in time: the last moments may not be kept',
  start: (world, book) => startWith(world, book, history, simulated),
  openFace: async ({ telemetry }, book, { view }) => {
    const face = await startMonitorServer({
      port: config.httpPort,
      view,
      waitingFor: () => book.snapshot().waitingFor,
      metrics: telemetry.metrics,
      pageFolder: join(home, '.tessera/page'),
      handbookFolder: join(home, 'deploy/handbook'),
      version,
    });
    if (face.moved) say(`port ${config.httpPort} is taken: the page moved`);
    say(`page ${face.address}`);
    return face;
  },
});

/** Monitors until asked to stop; returns the exit code. */
export const monitor = async (
  config: Config,
  { simulated, ...options }: { readonly simulated: boolean; readonly forMs?: number },
): Promise<number> => {
  // Whoever carries frames goes first.
  setPriority(5);
  const history = openedHistory(config);
  const alone = standing(config, history, simulated);
  try {
    return await serveAlone(config, {
      ...alone,
      ...options,
      openFace: async (...world) => {
        const face = await alone.openFace!(...world);
        process.send?.({ page: face.address });
        return face;
      },
    });
  } finally {
    history.close();
  }
};

/** A monitor within a process whose bus nobody else can reach. */
export const monitorWithin = async (
  world: ServiceWorld,
  simulated: boolean,
): Promise<{ readonly page: string; readonly failed: Promise<never>; stop(): Promise<void> }> => {
  const { config } = world;
  const history = openedHistory(config);
  const alone = standing(config, history, simulated);
  const target = { kind: 'file', path: join(dataFolder(config), alone.logFile) } as const;
  const telemetry = openTelemetry(config, alone.service, target);
  const { service, http, stop } = await standUp({ ...world, telemetry }, alone);
  return {
    page: http.address,
    failed: service.failed,
    async stop() {
      await stop();
      history.close();
      telemetry.close();
    },
  };
};
