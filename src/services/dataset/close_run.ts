/**
 * What a run has once it is closed: its run book, what describes it, and the manifest over all of it, signed where
 * there is a key. May be called again: it writes what it would have written. Refuses to put its name to a file that is
 * not what its seal says.
 */

import { archiveFile, cardsFolder, isOfSegment, runFile, runFolder, sealFile } from '../../archive/names.ts';
import {
  encodeManifest,
  type Manifest,
  type ManifestEntry,
  type ManifestGroup,
  manifestOf,
} from '../../archive/proof/manifest.ts';
import { manifestFile, retentionFolder, runBookFile, signatureFile } from '../../archive/proof/names.ts';
import type { RunBook } from '../../archive/proof/run_book.ts';
import { encodeRun, type RunFile } from '../../archive/run.ts';
import { type Seal, segmentOfSeal } from '../../archive/seal.ts';
import { Fault } from '../../domain/fault.ts';
import type { Store } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { checksumOf } from '../../wire/files/checksum.ts';
import type { Signer } from '../../wire/files/ed25519.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import { isStoreFault } from '../archive/patience.ts';
import { type ArchiveParts, type OpenRun, openArchive, timeFramesOf } from './archive.ts';
import { readBooks } from './books.ts';
import { readInstrument } from './cards.ts';
import type { Refusal } from './refusals.ts';

export interface CloseParts extends ArchiveParts {
  readonly version: string;
  readonly signer: Signer | null;
  readonly log: Log;
  /** Refusals of the run; null where nobody recorded them. */
  readonly refusals?: (run: number) => Promise<AsyncIterable<Refusal> | Iterable<Refusal> | null>;
  /** Makes what else a closed run has beside its data (a view, a report, a description), in this order. */
  readonly describe?: readonly ((run: OpenRun, book: RunBook) => Promise<unknown>)[];
}

/** Groups of rows of a table, with the checksum of their bytes. */
const groupsOf = async (
  { format }: ArchiveParts,
  name: string,
  bytes: Uint8Array,
): Promise<ManifestGroup[]> => {
  const table = await format.open({
    byteLength: bytes.length,
    read: async (from, to) => bytes.slice(from, to),
  });
  return table.groups.map(({ fromByte, toByte, rowCount, ranges }) => {
    const range = ranges.time_frame;
    if (toByte > bytes.length) throw new Fault('file-invalid', `${name}: its groups lead outside it`);
    return {
      fromByte,
      toByte,
      rowCount,
      crc32c: checksumOf(bytes.subarray(fromByte, toByte)),
      timeFrames: range === undefined ? null : [Number(range.least), Number(range.greatest)],
    };
  });
};

const entryOf = async (parts: ArchiveParts, name: string, bytes: Uint8Array): Promise<ManifestEntry> => ({
  name,
  byteCount: bytes.length,
  sha256: sha256Of([bytes]),
  ...(name.endsWith('.parquet') ? { groups: await groupsOf(parts, name, bytes) } : {}),
});

/**
 * Whether a file belongs into the manifest: not the manifest itself, not what comes after it, no half-written data, and
 * of seals only those the run closes with: it may grow meanwhile.
 */
const isListed = (name: string, run: number, sealed: ReadonlySet<string>): boolean =>
  name !== manifestFile(run) &&
  name !== signatureFile(run) &&
  name !== runFile(run) &&
  !name.startsWith(retentionFolder(run)) &&
  (!isOfSegment(run, name) || sealed.has(name));

const namesOf = async (store: Store, run: number, seals: readonly Seal[]): Promise<string[]> => {
  const sealed = new Set(
    seals.flatMap((seal) => [sealFile(run, segmentOfSeal(seal)), ...seal.files.map(({ name }) => name)]),
  );
  const names = [archiveFile];
  for (const prefix of [cardsFolder, runFolder(run)])
    for await (const { name } of store.list(prefix)) if (isListed(name, run, sealed)) names.push(name);
  return names;
};

const streamsOf = (seals: readonly Seal[]): Manifest['streams'] => {
  const streams = new Map<string, { topic: string; partition: number; first: bigint; next: bigint }>();
  for (const { topic, partition, firstOffset, nextOffset } of seals) {
    const key = `${topic}/${partition}`;
    const known = streams.get(key) ?? { topic, partition, first: firstOffset, next: nextOffset };
    if (firstOffset < known.first) known.first = firstOffset;
    if (nextOffset > known.next) known.next = nextOffset;
    streams.set(key, known);
  }
  return [...streams.values()].map(({ first, next, ...stream }) => ({
    ...stream,
    first: String(first),
    next: String(next),
  }));
};

const countsOf = (seals: readonly Seal[]): Manifest['counts'] => {
  const counts = { events: 0, packets: 0, kept: 0, shed: 0, packetBytes: 0, unreadable: 0 };
  for (const seal of seals)
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += seal.counts[name];
  const fileBytes = seals.flatMap(({ files }) => files).reduce((sum, { byteCount }) => sum + byteCount, 0);
  return { segments: seals.length, ...counts, fileBytes };
};

const writeManifest = async (parts: CloseParts, run: RunFile, seals: readonly Seal[]): Promise<Manifest> => {
  const { store, signer, log, version } = parts;
  const sealed = new Map(seals.flatMap(({ files }) => files).map((file) => [file.name, file]));
  const entries = [await entryOf(parts, runFile(run.run), encodeRun(run))];
  for (const name of await namesOf(store, run.run, seals)) {
    const entry = await entryOf(parts, name, await store.read(name));
    const seal = sealed.get(name);
    if (seal !== undefined && seal.sha256 !== entry.sha256)
      throw new Fault(
        'file-invalid',
        `${name} has sha256 ${entry.sha256}, its seal says ${seal.sha256}; it was changed`,
      );
    sealed.delete(name);
    entries.push(entry);
  }
  for (const name of sealed.keys()) throw new Fault('file-invalid', `${name} is sealed and not there`);
  const manifest = manifestOf(
    {
      layout: 1,
      tree: 'rfc6962-sha256',
      run: run.run,
      instrument: run.instrument,
      instrumentHash: seals[0]?.instrumentHash ?? '',
      version,
      closedMs: run.closedMs,
      counts: countsOf(seals),
      streams: streamsOf(seals),
    },
    entries,
  );
  const bytes = encodeManifest(manifest);
  await store.remove(signatureFile(run.run));
  await store.put(manifestFile(run.run), [bytes]);
  if (signer === null)
    log.warn(
      { run: run.run, root: manifest.root },
      'the manifest is NOT SIGNED: no key is configured, anybody could have written it',
    );
  else await store.put(signatureFile(run.run), [signer.sign(bytes)]);
  return manifest;
};

/** What cannot be described is closed all the same: its data are what they are. */
const described = async ({ log }: CloseParts, describe: () => Promise<unknown>): Promise<void> => {
  try {
    await describe();
  } catch (cause) {
    if (!(cause instanceof Fault) || isStoreFault(cause) || cause.code === 'bus-fenced') throw cause;
    log.error({ fault: cause.code }, `a part of the run’s description is missing: ${cause.detail}`);
  }
};

const jsonFile = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);

/**
 * @param run as it will stand in run.json once it is closed; whoever calls puts that file
 * Throws file-invalid when a sealed file is not what its seal says, and what the store throws.
 */
export const closeRun = async (
  parts: CloseParts,
  run: RunFile,
  seals: readonly Seal[],
): Promise<Manifest> => {
  const { store, log } = parts;
  if (seals.length > 0) {
    const found = await (await openArchive(parts)).run(run.run);
    const timeFrames = (choice = {}) => timeFramesOf(parts, seals, choice);
    const open: OpenRun = { ...found, file: run, seals, timeFrames };
    const { card } = await readInstrument(store, open.identity.instrumentHash);
    const events = seals.filter(({ files }) => files.some(({ kind }) => kind !== 'raw'));
    const refusals = (await parts.refusals?.(run.run)) ?? null;
    const { book } = await readBooks(run.run, card.regions, timeFramesOf(parts, events, {}), refusals);
    await store.put(runBookFile(run.run), [jsonFile(book)]);
    log.info({ run: run.run, lost: book.total.lost }, book.answer);
    for (const describe of parts.describe ?? []) await described(parts, () => describe(open, book));
  }
  return writeManifest(parts, run, seals);
};
