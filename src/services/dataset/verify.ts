/**
 * Whether an archive is what was written: its cards, each run, and the offsets of each stream without a gap across
 * runs. Refuses to change anything.
 */

import { cardsFolder, runOfFolder } from '../../archive/names.ts';
import { parseInstrumentCard, parseModelCard } from '../../wire/card.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import { sealsOf } from '../archive/position.ts';
import { openArchive } from './archive.ts';
import { asFinding, type Finding } from './check_files.ts';
import { type RunVerdict, type VerifyParts, verifyRun } from './verify_run.ts';

export interface ArchiveVerdict {
  readonly place: string;
  readonly runs: readonly RunVerdict[];
  /** Of all runs, and of what they share. */
  readonly findings: readonly Finding[];
}

/** Cards are named by the hash of what they say, other files by that of their bytes. */
const checkCards = async ({ store }: VerifyParts, findings: Finding[]): Promise<void> => {
  for (const file of await store.folder(cardsFolder)) {
    const name = cardsFolder + file;
    const bytes = await store.read(name);
    const card = /^(instrument|model)-([0-9a-f]{16})\.json$/.exec(file);
    const other = /^[a-z]+-([0-9a-f]{16})-/.exec(file);
    const parse = card?.[1] === 'instrument' ? parseInstrumentCard : parseModelCard;
    const hash =
      card === null
        ? sha256Of([bytes]).slice(0, 16)
        : await asFinding(name, findings, () => parse(new TextDecoder().decode(bytes)).hash);
    const said = card?.[2] ?? other?.[1];
    if (hash !== null && hash !== said)
      findings.push({ file: name, sentence: `${name} has the hash ${hash}; it was changed` });
  }
};

/** Offsets of each stream: none twice, none between segments left out. */
const checkOffsets = async (
  { store }: VerifyParts,
  runs: readonly number[],
  findings: Finding[],
): Promise<void> => {
  const streams = new Map<string, { first: bigint; next: bigint; run: number }[]>();
  for (const run of runs) {
    // A seal that cannot be read is told by its run.
    const seals = await sealsOf(store, run).catch(() => []);
    for (const { topic, partition, firstOffset, nextOffset } of seals) {
      const key = `${topic}/${partition}`;
      streams.set(key, [...(streams.get(key) ?? []), { first: firstOffset, next: nextOffset, run }]);
    }
  }
  for (const [stream, segments] of streams) {
    segments.sort((a, b) => (a.first < b.first ? -1 : 1));
    for (let i = 1; i < segments.length; i += 1) {
      const [before, after] = [segments[i - 1]!, segments[i]!];
      if (after.first === before.next) continue;
      const [from, to, what] =
        after.first > before.next
          ? [before.next, after.first, 'are archived nowhere']
          : [after.first, before.next, 'are archived twice'];
      const sentence = `offsets ${from} to ${to} of ${stream} ${what} (runs ${before.run} and ${after.run})`;
      findings.push({ file: `run=${after.run}/seals/`, sentence });
    }
  }
};

/** @param only verify this run alone; undefined: all. Throws file-invalid where there is no archive. */
export const verifyArchive = async (parts: VerifyParts, only?: number): Promise<ArchiveVerdict> => {
  const { store } = parts;
  const findings: Finding[] = [];
  // A place whose first file cannot be read may still be an archive: its runs say so.
  const archive = await asFinding('archive.json', findings, () => openArchive(parts));
  const found = (await store.folder('')).map(runOfFolder).filter((run) => run !== null);
  if (archive === null && found.length === 0) await openArchive(parts);
  await checkCards(parts, findings);
  await checkOffsets(parts, found, findings);
  const runs: RunVerdict[] = [];
  for (const run of found.filter((one) => only === undefined || one === only).sort((a, b) => a - b))
    runs.push(await verifyRun(parts, run));
  return { place: store.place, runs, findings: [...findings, ...runs.flatMap((run) => run.findings)] };
};
