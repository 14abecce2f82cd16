/**
 * A segment becomes files: tables encoded a group at a time, put into the store under names made of their content, and
 * made visible by one seal that only one owner can create. Refuses to leave files that no seal names.
 */

import {
  dataFile,
  dataFolder,
  runFile,
  runFolder,
  type SegmentName,
  sealFile,
  sealsFolder,
  segmentOf,
  segmentText,
  viewFolder,
} from '../../archive/names.ts';
import { encodeRun, openRun } from '../../archive/run.ts';
import { encodeSeal, type Seal, type SealedFile } from '../../archive/seal.ts';
import { type Kept, type Piece, tablesOf } from '../../archive/segment.ts';
import type { ColumnValue } from '../../domain/archive/column.ts';
import { limits } from '../../domain/limits.ts';
import type { Store } from '../../ports/store.ts';
import type { ColumnLists, TableFormat } from '../../ports/table.ts';
import { checksumOf } from '../../wire/files/checksum.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import { isOf, readRun, readSeal, runsIn, type Stream } from './position.ts';

export interface SealingParts {
  readonly store: Store;
  readonly format: TableFormat;
  readonly instrument: { readonly id: string; readonly hash: string };
  readonly version: string;
  /** Whether frames come of a simulated detector; null: nobody said. */
  readonly simulated: boolean | null;
}

/** What is to be sealed: all that was kept of offsets [firstOffset, nextOffset). */
export interface Segment {
  readonly name: SegmentName;
  readonly nextOffset: bigint;
  readonly run: number;
  readonly kept: readonly Kept[];
  readonly unreadable: number;
}

/** Lets timers and sockets have a turn: encoding a segment takes longer than a heartbeat may wait. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const bytesOfValue = (value: ColumnValue): number => (value instanceof Uint8Array ? value.length : 8);

/** Rows [from, to) of each group: as many as its bounds allow. */
export function* groupsOf({ table, rows }: Piece): Iterable<readonly [from: number, to: number]> {
  const wide = table.columns.filter(({ type }) => type === 'bytes');
  let [from, bytes] = [0, 0];
  for (let i = 0; i < rows.length; i += 1) {
    const more = wide.reduce((sum, { of }) => sum + bytesOfValue(of(rows[i])), 0);
    const full = i - from >= limits.archiveGroupRowsMax || bytes + more > limits.archiveGroupBytesMax;
    if (full && i > from) {
      yield [from, i];
      [from, bytes] = [i, 0];
    }
    bytes += more;
  }
  if (from < rows.length) yield [from, rows.length];
}

export interface EncodedFile {
  readonly chunks: readonly Uint8Array[];
  readonly groups: SealedFile['groups'];
}

/** The file of a piece: a chunk a group of rows, and the end. */
export const encodePiece = async (
  piece: Piece,
  format: TableFormat,
  notes: Readonly<Record<string, string>>,
): Promise<EncodedFile> => {
  const { columns } = piece.table;
  const writer = format.write(columns, { ...notes, kind: piece.kind });
  const chunks: Uint8Array[] = [];
  const groups: SealedFile['groups'] = [];
  let fromByte = 0;
  for (const [from, to] of groupsOf(piece)) {
    const lists: Record<string, ColumnValue[]> = {};
    const rows = piece.rows.slice(from, to);
    for (const { name, of } of columns) lists[name] = rows.map(of);
    const chunk = writer.group(lists as ColumnLists);
    chunks.push(chunk);
    groups.push({
      fromByte,
      toByte: fromByte + chunk.length,
      crc32c: checksumOf(chunk),
      rowCount: rows.length,
      timeFrames: [rows[0]!.timeFrame, rows.at(-1)!.timeFrame],
    });
    fromByte += chunk.length;
    await turn();
  }
  chunks.push(writer.end());
  return { chunks, groups };
};

/** Writes the file of a run that has none. */
export const openByData = async (
  { store, instrument, simulated }: Pick<SealingParts, 'store' | 'instrument' | 'simulated'>,
  run: number,
): Promise<void> => {
  await store.create(runFile(run), encodeRun(openRun(run, instrument.id, 'data', simulated)));
};

/** Of files of one run, those whose segment has one of these seals and is not named by it. */
const leftOver = (run: number, files: readonly string[], seals: readonly Seal[]): string[] => {
  const named = new Set(seals.flatMap((seal) => seal.files.map(({ name }) => name)));
  const sealed = new Set(seals.map((seal) => segmentText(seal)));
  return files.filter((file) => {
    const segment = segmentOf(file);
    return segment !== null && sealed.has(segmentText(segment)) && !named.has(dataFolder(run) + file);
  });
};

const removeAll = async (store: Store, run: number, files: readonly string[]): Promise<void> => {
  for (const file of files) await store.remove(dataFolder(run) + file);
};

/**
 * Removes data files of sealed segments that their seals do not name: what a loser or a killed owner left. Files of a
 * segment without a seal stay: its owner may be about to seal it.
 */
export const sweep = async (store: Store, run: number, seals: readonly Seal[]): Promise<void> =>
  removeAll(store, run, leftOver(run, await store.folder(dataFolder(run)), seals));

/** The same for one segment; looks at no other, however many there are. */
const sweepSegment = async (store: Store, run: number, seal: Seal): Promise<void> => {
  const folder = dataFolder(run);
  const files: string[] = [];
  for await (const { name } of store.list(`${folder}${segmentText(seal)}.`))
    files.push(name.slice(folder.length));
  await removeAll(store, run, leftOver(run, files, [seal]));
};

/** Seals of a stream that are looked at one by one when it changes hands: what was sealed while an owner was frozen. */
const seenSealsMax = 64;

/** Segments whose files say by themselves that somebody left one: two of a kind. */
const twofoldIn = (files: readonly string[]): Set<string> => {
  const seen = new Set<string>();
  const twofold = new Set<string>();
  for (const file of files) {
    const kind = file.split('.').slice(0, -2).join('.');
    if (seen.has(kind)) twofold.add(segmentText(segmentOf(file)!));
    seen.add(kind);
  }
  return twofold;
};

/** Removes what killed writers left unfinished of a run. */
export const clearRun = async (store: Store, run: number): Promise<void> => {
  for (const folder of [runFolder(run), sealsFolder(run), dataFolder(run), viewFolder(run)])
    await store.clear(folder);
};

/**
 * The same for what a stream has in runs that are open, and in the one it was last in: an owner that was frozen writes
 * files of a segment another has sealed meanwhile, and may be killed before it learns so. Reads the last seals, and those
 * of segments with two files of a kind, so that it takes no longer as a run grows; what that misses goes when the run
 * closes.
 */
export const sweepStream = async (store: Store, stream: Stream, lastRun: number | null): Promise<void> => {
  for (const run of await runsIn(store)) {
    if (run !== lastRun && (await readRun(store, run))?.state === 'closed') continue;
    await clearRun(store, run);
    const names = (await store.folder(sealsFolder(run))).filter((name) => isOf(stream, name));
    const files = (await store.folder(dataFolder(run))).filter((name) => isOf(stream, name));
    const twofold = twofoldIn(files);
    const looked = names.filter(
      (name, i) => i >= names.length - seenSealsMax || twofold.has(segmentText(segmentOf(name)!)),
    );
    const seals: Seal[] = [];
    for (const name of looked) seals.push(await readSeal(store, sealsFolder(run) + name));
    await removeAll(store, run, leftOver(run, files, seals));
  }
};

/**
 * Seals a segment, or says whose seal it found: that one holds another length of the same offsets. May be called again
 * after a `store-full` or `store-failed`: files of the same content have the same names.
 */
export const sealSegment = async (
  parts: SealingParts,
  segment: Segment,
): Promise<{ readonly won: boolean; readonly seal: Seal }> => {
  const { store, format, instrument, version } = parts;
  const { run, name } = segment;
  const file = { run, instrumentId: instrument.id, instrumentHash: instrument.hash };
  const { pieces, summary } = tablesOf(segment.kept, file, segment.unreadable);
  const notes = { run: String(run), instrument: instrument.id, instrument_hash: instrument.hash };
  const files: SealedFile[] = [];
  for (const piece of pieces) {
    const { chunks, groups } = await encodePiece(piece, format, notes);
    const sha256 = sha256Of(chunks);
    const fileName = dataFile(run, name, piece.kind, sha256);
    await store.put(fileName, chunks);
    files.push({
      name: fileName,
      kind: piece.kind,
      sha256,
      byteCount: chunks.reduce((bytes, chunk) => bytes + chunk.length, 0),
      rowCount: piece.rows.length,
      groups,
    });
  }
  if ((await store.size(runFile(run))) === null) await openByData(parts, run);
  const seal: Seal = {
    layout: 1,
    ...name,
    nextOffset: segment.nextOffset,
    run,
    instrument: instrument.id,
    instrumentHash: instrument.hash,
    ...summary,
    files,
    version,
  };
  const sealName = sealFile(run, name);
  if (await store.create(sealName, encodeSeal(seal))) {
    await sweepSegment(store, run, seal);
    return { won: true, seal };
  }
  const found = await readSeal(store, sealName);
  await sweepSegment(store, run, found);
  // An answer that was lost on its way: the seal is ours.
  const ours = found.nextOffset === seal.nextOffset && JSON.stringify(found.files) === JSON.stringify(files);
  return { won: ours, seal: found };
};
