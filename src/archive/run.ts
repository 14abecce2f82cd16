/**
 * What an archive says of one run: since when it is open, what ended it, and when it closed, its books. Refuses run
 * files that contradict themselves.
 */

import { z } from 'zod';
import { openSealedJson, sealedJson } from './digest.ts';
import type { Seal } from './seal.ts';

const count = z.int().min(0);
const books = z.object({
  /** Of each topic and partition: offsets that are archived, and what they held. */
  streams: z.array(
    z.object({
      topic: z.string(),
      partition: count,
      segments: count,
      events: count,
      packets: count,
      kept: count,
      shed: count,
      packetBytes: count,
      unreadable: count,
      fileBytes: count,
    }),
  ),
});

const schema = z.object({
  layout: z.literal(1),
  run: z.int().min(0).max(4_294_967_295),
  name: z.string(),
  instrument: z.string(),
  state: z.enum(['open', 'stopping', 'closed']),
  /** Who opened it: an order (pl72), or the first data that came. */
  openedBy: z.enum(['order', 'data']),
  jobId: z.string(),
  /** JSON, as the order carried it. */
  metadata: z.string(),
  /** Whether frames come of a simulated detector, where whoever archives knew it; the order's metadata may say it too. */
  simulated: z.boolean().nullable(),
  /** What it ends with, once it was stopped: all that had been sent then, or all until `stopMs`. */
  stopBy: z.enum(['sent', 'time']).optional(),
  /** ms since the epoch; 0 where nobody said. The stop is of event time. */
  startMs: count,
  stopMs: count,
  closedMs: count,
  books: books.nullable(),
});

export type RunFile = z.infer<typeof schema>;
export type RunBooks = z.infer<typeof books>;

export const openRun = (
  run: number,
  instrument: string,
  openedBy: RunFile['openedBy'],
  simulated: boolean | null = null,
): RunFile => ({
  layout: 1,
  run,
  name: String(run),
  instrument,
  state: 'open',
  openedBy,
  jobId: '',
  metadata: '',
  simulated,
  startMs: 0,
  stopMs: 0,
  closedMs: 0,
  books: null,
});

export const encodeRun = (run: RunFile): Uint8Array => sealedJson(run);

/** Throws file-invalid with what is wrong: one that was changed since it was written, too. */
export const decodeRun = (bytes: Uint8Array, file: string): RunFile => openSealedJson(bytes, file, schema);

/** What all seals of a run say together, a stream a line. */
export const booksOf = (seals: readonly Seal[]): RunBooks => {
  const streams = new Map<string, RunBooks['streams'][number]>();
  for (const { topic, partition, counts, files } of seals) {
    const key = `${topic}/${partition}`;
    const before = streams.get(key);
    const sum = (name: keyof Seal['counts']): number => (before?.[name] ?? 0) + counts[name];
    streams.set(key, {
      topic,
      partition,
      segments: (before?.segments ?? 0) + 1,
      events: sum('events'),
      packets: sum('packets'),
      kept: sum('kept'),
      shed: sum('shed'),
      packetBytes: sum('packetBytes'),
      unreadable: sum('unreadable'),
      fileBytes: (before?.fileBytes ?? 0) + files.reduce((bytes, { byteCount }) => bytes + byteCount, 0),
    });
  }
  return {
    streams: [...streams.values()].sort(
      (a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) || a.partition - b.partition,
    ),
  };
};
