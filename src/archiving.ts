/**
 * `tessera archive`: config → store and table format → the archiver in a process of its own. It refuses to decide
 * anything about data.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createFileStore } from './adapters/files/store.ts';
import { createParquetFormat } from './adapters/parquet/format.ts';
import { createS3Store } from './adapters/s3/store.ts';
import { parseShares } from './archive/view/split.ts';
import { type Cards, findEventModel, home, type ServiceWorld, version } from './assemble.ts';
import type { Config } from './config.ts';
import { Fault } from './domain/fault.ts';
import type { Store } from './ports/store.ts';
import { type Archiver, type CardFile, startArchiver } from './services/archive/archiver.ts';
import type { OpenRun } from './services/dataset/archive.ts';
import { closeRun } from './services/dataset/close_run.ts';
import { describeRun } from './services/dataset/description/describe.ts';
import { refusalsOf } from './services/dataset/refusals.ts';
import type { StatusBook } from './services/status.ts';
import { topicsOf } from './services/topics.ts';
import { serveAlone } from './standalone.ts';
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

const startWith = async (
  { config, cards, clock, bus, telemetry }: ServiceWorld,
  book: StatusBook,
  store: Store,
  simulated: boolean,
): Promise<Archiver> => {
  const { log } = telemetry.telemetry;
  const { card } = cards;
  const topics = topicsOf(card.id);
  const format = createParquetFormat(`tessera ${version}`);
  const signer = config.signingKey === '' ? null : openSigner(readKey(config.signingKey));
  const rule = config.archiveView === '' ? null : { shares: parseShares(config.archiveView), guardFrames: 1 };
  const describing = { format, version, view: rule };
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
      simulated: simulated ? true : null,
    },
    {
      group: config.group,
      segmentBytes: config.archiveSegmentBytes,
      rollMs: config.archiveRollMs,
      prescale: config.archiveRaw,
      cards: cardFiles(config, cards),
      onWaiting: (waitingFor) => book.state('running', waitingFor),
      onAssigned: () => book.state('running'),
      closing: async (kept, run, seals) => {
        const refusals = (one: number) => refusalsOf(bus, topics.refused, card, one);
        const describe = [(closed: OpenRun) => describeRun({ ...describing, store: kept }, closed)];
        await closeRun({ store: kept, format, version, log, signer, refusals, describe }, run, seals);
      },
    },
  );
  book.watchConditions(() => archiver.conditions);
  return archiver;
};

/** Archives until asked to stop; returns the exit code. */
export const archive = async (
  config: Config,
  { simulated, ...options }: { readonly simulated: boolean; readonly forMs?: number },
): Promise<number> => {
  const store = openStore(config);
  return serveAlone(config, {
    ...options,
    service: 'archiver',
    logFile: 'archive.log',
    delivery: 'exactly-once',
    simulated,
    say,
    greeting: `partial events of ${config.instrument} go to ${store.place}`,
    unfinished: 'not finished in time: what is not sealed goes to the next owner',
    start: (world, book) => startWith(world, book, store, simulated),
  });
};
