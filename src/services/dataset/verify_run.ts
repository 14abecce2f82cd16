/**
 * Whether one run of an archive is what was written: its manifest and signature, every file, every packet, each (time
 * frame, revision) once, and the books. Refuses to stop at the first fault: all are told.
 */

import { archiveFile, isOfSegment, runFile, runFolder, sealFile, sealsFolder } from '../../archive/names.ts';
import { packetBytesOf } from '../../archive/packet_rows.ts';
import { decodeManifest, type Manifest } from '../../archive/proof/manifest.ts';
import { manifestFile, retentionFolder, runBookFile, signatureFile } from '../../archive/proof/names.ts';
import { decodeRetention } from '../../archive/proof/retention.ts';
import type { RunBook } from '../../archive/proof/run_book.ts';
import { decodeSeal, type Seal, segmentOfSeal } from '../../archive/seal.ts';
import { Fault } from '../../domain/fault.ts';
import { checkSignature } from '../../wire/files/ed25519.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import { decodePacket } from '../../wire/packet.ts';
import { readRun } from '../archive/position.ts';
import { type ArchiveParts, type StoredTimeFrame, timeFramesOf } from './archive.ts';
import { readBooks } from './books.ts';
import { readInstrument } from './cards.ts';
import { asFinding, checkFile, type Finding, type Said } from './check_files.ts';

export interface RunVerdict {
  readonly run: number;
  readonly closed: boolean;
  /** Name of the key that signed the manifest; null: NOT SIGNED. */
  readonly signedBy: string | null;
  readonly root: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly timeFrames: number;
  readonly packets: number;
  /** Segments that came after it was closed: its manifest does not speak of them. */
  readonly lateSegments: number;
  /** Files that records of retention say were deleted. */
  readonly deleted: number;
  /** Whether anything was lost, as the run book says. */
  readonly answer: string;
  readonly findings: readonly Finding[];
}

export interface VerifyParts extends ArchiveParts {
  /** The public key (SPKI in base64) that manifests must be signed by; null: any. */
  readonly trusted: string | null;
}

const sealsChecked = async ({ store }: ArchiveParts, run: number, findings: Finding[]): Promise<Seal[]> => {
  const seals: Seal[] = [];
  for (const file of await store.folder(sealsFolder(run))) {
    const name = sealsFolder(run) + file;
    const bytes = await store.read(name);
    const seal = await asFinding(name, findings, () => decodeSeal(bytes, name));
    if (seal === null) continue;
    if (sealFile(run, segmentOfSeal(seal)) !== name || seal.run !== run)
      findings.push({ file: name, sentence: `${name} speaks of another segment; the seal was changed` });
    else seals.push(seal);
  }
  return seals;
};

const manifestChecked = async (
  { store, trusted }: VerifyParts,
  run: number,
  findings: Finding[],
): Promise<{ manifest: Manifest | null; signedBy: string | null; sha256: string }> => {
  const [name, signature] = [manifestFile(run), signatureFile(run)];
  const none = { manifest: null, signedBy: null, sha256: '' };
  if ((await store.size(name)) === null) return none;
  const bytes = await store.read(name);
  const manifest = await asFinding(name, findings, () => decodeManifest(bytes, name));
  if (manifest !== null && manifest.run !== run)
    findings.push({ file: name, sentence: `${name} is of run ${manifest.run}` });
  const isSigned = (await store.size(signature)) !== null;
  if (!isSigned && trusted !== null)
    findings.push({
      file: name,
      sentence: `${name} is not signed, and a key was named that it must be signed by`,
    });
  const signedBy = isSigned
    ? await asFinding(signature, findings, async () =>
        checkSignature(bytes, await store.read(signature), signature, trusted ?? undefined),
      )
    : null;
  return { manifest, signedBy, sha256: sha256Of([bytes]) };
};

/** Files that a whole chain of records says were deleted, by name and hash. */
const deletionsOf = async (
  { store, trusted }: VerifyParts,
  run: number,
  manifestHash: string,
  findings: Finding[],
): Promise<Map<string, string>> => {
  const deleted = new Map<string, string>();
  let previous = manifestHash;
  let number = 0;
  for (const file of await store.folder(retentionFolder(run))) {
    if (!file.endsWith('.json')) continue;
    const name = retentionFolder(run) + file;
    const bytes = await store.read(name);
    const record = await asFinding(name, findings, () => decodeRetention(bytes, name));
    number += 1;
    if (record === null) break;
    if (record.number !== number || record.previous !== previous || record.run !== run)
      findings.push({
        file: name,
        sentence: `${name} does not follow the record before it; one was changed or is missing`,
      });
    const signature = name.replace(/\.json$/, '.sig');
    if ((await store.size(signature)) !== null || trusted !== null)
      await asFinding(signature, findings, async () =>
        checkSignature(bytes, await store.read(signature), signature, trusted ?? undefined),
      );
    previous = sha256Of([bytes]);
    for (const one of record.deleted) deleted.set(one.name, one.sha256);
  }
  return deleted;
};

/** Seals a manifest does not speak of: they came later, and are judged as those of an open run. */
const lateIn = (manifest: Manifest | null, seals: readonly Seal[]): string[] => {
  if (manifest === null) return [];
  const listed = new Set(manifest.files.map(({ name }) => name));
  return seals.map((seal) => sealFile(seal.run, segmentOfSeal(seal))).filter((name) => !listed.has(name));
};

/** Whether a run that was closed is about to close anew: its file is not that of its manifest any more. */
const isClosingAnew = async ({ store }: ArchiveParts, run: number): Promise<boolean> => {
  try {
    return (await readRun(store, run))?.state === 'stopping';
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
};

/** All that is said of the run's files, by the manifest and else by the seals. */
const saidOf = (manifest: Manifest | null, seals: readonly Seal[]): Said[] => {
  const said = new Map<string, Said>();
  for (const { files, timeFrames } of seals)
    for (const { name, byteCount, sha256, groups } of files)
      said.set(name, { name, byteCount, sha256, groups, timeFrames });
  for (const { name, byteCount, sha256, groups } of manifest?.files ?? []) {
    const seal = said.get(name);
    // A seal and the manifest that differ are found where the seal's own file differs.
    said.set(name, { name, byteCount, sha256, groups, timeFrames: seal?.timeFrames ?? null });
  }
  return [...said.values()];
};

/** What of the run's folder nobody speaks of. */
const strangers = async (
  { store }: ArchiveParts,
  run: number,
  said: ReadonlySet<string>,
  closed: boolean,
) => {
  const found: string[] = [];
  for await (const { name } of store.list(runFolder(run))) {
    const own =
      [manifestFile(run), signatureFile(run), runFile(run)].includes(name) ||
      name.startsWith(retentionFolder(run));
    // Before it is closed a run has files that only its seals speak of, and seals nobody speaks of.
    if (!own && !said.has(name) && (closed || name.startsWith(`${runFolder(run)}data/`))) found.push(name);
  }
  return found;
};

const checkPackets = (frame: StoredTimeFrame, seal: Seal | undefined, findings: Finding[]): void => {
  if (seal === undefined) return;
  const file = { run: seal.run, instrumentId: seal.instrument, instrumentHash: seal.instrumentHash };
  for (const { row, payloads } of frame.packets) {
    // Where retention took a rung the message cannot be made again; what is left was checked by its hash.
    if (row.verbatim === null && payloads.some((payload) => payload === undefined)) continue;
    try {
      decodePacket(packetBytesOf(row, payloads, file));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { timeFrame, region } = row;
      const sentence = `the packet of time frame ${timeFrame}, region ${region}, revision ${row.revision}: ${error.detail}`;
      findings.push({ file: runFolder(seal.run), timeFrames: [timeFrame, timeFrame], sentence });
    }
  }
};

const findingsMax = 1000;

/** The book of the segments that are left says so. */
const ofWhole = (book: RunBook): RunBook => ({
  ...book,
  answer: `Of the segments that are whole: ${book.answer}`,
});

/** Rows against seals and the run book; only segments whose files are whole. */
const checkContents = async (
  parts: VerifyParts,
  run: number,
  seals: readonly Seal[],
  { isWhole, isBookWhole, isGrown }: Record<'isWhole' | 'isBookWhole' | 'isGrown', boolean>,
  findings: Finding[],
): Promise<{ book: RunBook | null; packets: number }> => {
  const first = seals[0];
  if (first === undefined) return { book: null, packets: 0 };
  const { card } = await readInstrument(parts.store, first.instrumentHash);
  const frames = timeFramesOf(parts, seals, { kinds: ['tokens', 'near', 'lossless'] });
  const facts = await readBooks(run, card.regions, frames, null, (frame) => {
    if (findings.length < findingsMax) checkPackets(frame, first, findings);
  });
  for (const { timeFrame, sentence } of facts.repeated)
    findings.push({ file: runFolder(run), timeFrames: [timeFrame, timeFrame], sentence });
  const sum = (name: 'events' | 'packets' | 'kept' | 'shed'): number =>
    seals.reduce((total, { counts }) => total + counts[name], 0);
  const { book } = facts;
  const counted = [
    ['events', facts.events],
    ['packets', facts.packets],
  ] as const;
  for (const [name, found] of counted)
    if (sum(name) !== found)
      findings.push({
        file: sealsFolder(run),
        sentence: `the seals of run ${run} count ${sum(name)} ${name}, their files hold ${found}`,
      });
  const written = runBookFile(run);
  if (isGrown || (await parts.store.size(written)) === null || !isBookWhole)
    return { book: isWhole ? book : ofWhole(book), packets: facts.packets };
  const said = await asFinding(written, findings, async () => {
    try {
      return JSON.parse(new TextDecoder().decode(await parts.store.read(written))) as RunBook;
    } catch {
      throw new Fault('file-invalid', `${written} is not JSON; it was changed`);
    }
  });
  if (said === null) return { book: isWhole ? book : ofWhole(book), packets: facts.packets };
  // What is damaged now was counted when the run closed.
  if (!isWhole) return { book: said, packets: facts.packets };
  for (const name of ['kept', 'shed'] as const)
    if (said.total?.[name] !== book.total[name])
      findings.push({
        file: written,
        sentence: `${written} says ${said.total?.[name]} ${name}, the packets give ${book.total[name]}`,
      });
  // Refusals are known only to the book that was written.
  return { book: said, packets: facts.packets };
};

export const verifyRun = async (parts: VerifyParts, run: number): Promise<RunVerdict> => {
  const findings: Finding[] = [];
  const { manifest, signedBy, sha256 } = await manifestChecked(parts, run, findings);
  const seals = await sealsChecked(parts, run, findings);
  const deleted = await deletionsOf(parts, run, sha256, findings);
  const said = saidOf(manifest, seals);
  const late = lateIn(manifest, seals);
  const damaged = new Set<string>();
  const isStopping = manifest !== null && (await isClosingAnew(parts, run));
  for (const one of said) {
    if (deleted.get(one.name) === one.sha256 && (await parts.store.size(one.name)) === null) continue;
    // Its description is being made anew; data and seals are what they were.
    if (isStopping && one.name.startsWith(runFolder(run)) && !isOfSegment(run, one.name)) continue;
    const finding = await checkFile(parts, one);
    if (finding === null) continue;
    damaged.add(one.name);
    findings.push(finding);
  }
  const names = new Set([...late, ...said.map(({ name }) => name)]);
  for (const name of await strangers(parts, run, names, manifest !== null))
    findings.push({
      file: name,
      sentence: `${name} is named by nothing: half-written, or put here by another hand`,
    });
  // A seal that differs from the manifest is no seal.
  const whole = seals.filter(
    (seal) =>
      !damaged.has(sealFile(run, segmentOfSeal(seal))) && seal.files.every(({ name }) => !damaged.has(name)),
  );
  const isWhole = whole.length === seals.length && findings.length === 0;
  const isBookWhole = !damaged.has(runBookFile(run));
  const contents = await asFinding(archiveFile, findings, () =>
    checkContents(
      parts,
      run,
      whole,
      { isWhole, isBookWhole, isGrown: late.length > 0 || manifest === null },
      findings,
    ),
  );
  const { book = null, packets = 0 } = contents ?? {};
  return {
    run,
    closed: manifest !== null,
    signedBy,
    root: manifest?.root ?? null,
    files: said.length,
    bytes: said.reduce((bytes, { byteCount }) => bytes + byteCount, 0),
    timeFrames: book?.timeFrames ?? 0,
    packets,
    lateSegments: late.length,
    deleted: deleted.size,
    answer: book?.answer ?? `Run ${run} has no packets.`,
    findings,
  };
};
