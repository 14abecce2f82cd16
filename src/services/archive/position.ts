/**
 * How far a partition is archived: its seals say so, and the metadata of the committed offset says where the segment
 * that is growing begins. Refuses an archive that is ahead of its topic.
 */

import { runFile, runOfFolder, sealsFolder, segmentOf } from '../../archive/names.ts';
import { decodeRun, type RunFile } from '../../archive/run.ts';
import { decodeSeal, type Seal } from '../../archive/seal.ts';
import { Fault } from '../../domain/fault.ts';
import type { Store } from '../../ports/store.ts';

/** What is committed beside the offset. */
export interface Mark {
  /** Where the segment that grows begins: it has this name whoever seals it, though nothing before the offset is kept. */
  readonly firstOffset: bigint;
}

export const encodeMark = ({ firstOffset }: Mark): string => JSON.stringify({ first: String(firstOffset) });

/** Null for metadata that is not a mark: nobody has committed yet, or another hand did. */
export const decodeMark = (metadata: string): Mark | null => {
  // Marks once said an event time, too.
  const match = /^\{"first":"(\d{1,20})"(?:,"watermark":"\d{1,20}")?\}$/.exec(metadata);
  return match === null ? null : { firstOffset: BigInt(match[1]!) };
};

export interface Stream {
  readonly topic: string;
  readonly partition: number;
}

export const runsIn = async (store: Store): Promise<number[]> =>
  (await store.folder('')).map(runOfFolder).filter((run) => run !== null);

export const readSeal = async (store: Store, name: string): Promise<Seal> =>
  decodeSeal(await store.read(name), name);

export const readRun = async (store: Store, run: number): Promise<RunFile | null> =>
  (await store.size(runFile(run))) === null ? null : decodeRun(await store.read(runFile(run)), runFile(run));

/** Whether a seal or data file is of a stream. */
export const isOf = ({ topic, partition }: Stream, file: string): boolean => {
  const segment = segmentOf(file);
  return segment?.topic === topic && segment.partition === partition;
};

/** All seals of a run, or those of one stream. */
export const sealsOf = async (store: Store, run: number, stream?: Stream): Promise<Seal[]> => {
  const seals: Seal[] = [];
  for (const file of await store.folder(sealsFolder(run)))
    if (stream === undefined || isOf(stream, file))
      seals.push(await readSeal(store, sealsFolder(run) + file));
  return seals;
};

/** The seal of a stream that reaches furthest; null when nothing of it is archived. */
export const lastSeal = async (store: Store, stream: Stream): Promise<Seal | null> => {
  let last: { readonly name: string; readonly firstOffset: bigint } | null = null;
  for (const run of await runsIn(store)) {
    const folder = sealsFolder(run);
    for (const file of await store.folder(folder)) {
      const segment = segmentOf(file);
      if (segment === null || !isOf(stream, file)) continue;
      if (last === null || segment.firstOffset > last.firstOffset)
        last = { name: folder + file, firstOffset: segment.firstOffset };
    }
  }
  return last === null ? null : readSeal(store, last.name);
};

/** @param endOffset where the topic's partition ends now */
export const checkAgainstTopic = (
  store: Store,
  stream: Stream,
  last: Seal | null,
  endOffset: bigint,
): void => {
  if (last === null || last.nextOffset <= endOffset) return;
  throw new Fault(
    'config-invalid',
    `${store.place} holds ${stream.topic}/${stream.partition} up to offset ${last.nextOffset}, the topic ends at ${endOffset}: it was made anew; name another --archive`,
  );
};
