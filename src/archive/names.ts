/**
 * Where things lie in an archive: the names of runs, seals and data files, and what a name says. Refuses names it
 * did not make.
 */

/** Kinds of data files: one a rung of the ladder, so that retention deletes whole files. */
export const fileKinds = ['events', 'packets', 'tokens', 'near', 'lossless', 'raw'] as const;
export type FileKind = (typeof fileKinds)[number];

/** Version of the layout that `archive.json` names; a reader refuses one it does not know. */
export const layoutVersion = 1;

export const archiveFile = 'archive.json';
export const cardsFolder = 'cards/';
export const runFolder = (run: number): string => `run=${run}/`;
export const sealsFolder = (run: number): string => `${runFolder(run)}seals/`;
export const dataFolder = (run: number): string => `${runFolder(run)}data/`;
export const viewFolder = (run: number): string => `${runFolder(run)}view/`;
export const runFile = (run: number): string => `${runFolder(run)}run.json`;

/** Whether a file is a segment's: its seal, or its data. */
export const isOfSegment = (run: number, file: string): boolean =>
  file.startsWith(sealsFolder(run)) || file.startsWith(dataFolder(run));

/** The run a folder's name speaks of; null for another folder. */
export const runOfFolder = (name: string): number | null => {
  const match = /^run=(\d{1,10})\/$/.exec(name);
  return match === null ? null : Number(match[1]);
};

/** A segment of one partition, which is what a seal proves: named by where it begins. */
export interface SegmentName {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint;
}

/** Offsets in names have as many digits as the largest, so that names order as offsets do. */
const offsetDigits = 20;
export const streamName = ({ topic, partition }: Omit<SegmentName, 'firstOffset'>): string =>
  `${topic}-${partition}-`;
export const segmentText = (name: SegmentName): string =>
  streamName(name) + String(name.firstOffset).padStart(offsetDigits, '0');

export const sealFile = (run: number, name: SegmentName): string =>
  `${sealsFolder(run)}${segmentText(name)}.json`;

/** @param sha256 of the file's bytes, 64 hex digits, whose first eight end the name: equal names, equal files */
export const dataFile = (run: number, name: SegmentName, kind: FileKind, sha256: string): string =>
  `${dataFolder(run)}${segmentText(name)}.${kind}.${sha256.slice(0, 8)}.parquet`;

/** The segment a seal or data file belongs to; null for other names. */
export const segmentOf = (file: string): SegmentName | null => {
  const match = /([^/]+)-(\d{1,10})-(\d{20})(?:\.json|\.[a-z]+\.[0-9a-f]{8}\.parquet)$/.exec(file);
  if (match === null) return null;
  return { topic: match[1]!, partition: Number(match[2]), firstOffset: BigInt(match[3]!) };
};
