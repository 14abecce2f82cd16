/**
 * What a run's packets say when they are read once, all of them: the run book, and whether each (time frame, revision)
 * is there once. Refuses to hold packets: it keeps counts, ids as ranges, and one number a time frame.
 */

import { openRunBook, type RunBook } from '../../archive/proof/run_book.ts';
import type { StoredTimeFrame } from './archive.ts';

import type { Refusal } from './refusals.ts';

export interface RunFacts {
  readonly book: RunBook;
  readonly events: number;
  readonly packets: number;
  /** Of (time frame, revision) or (time frame, region, revision) that are there more than once; the first of them. */
  readonly repeated: readonly { readonly timeFrame: number; readonly sentence: string }[];
  readonly repeatedCount: number;
}

const repeatedShown = 32;

/** @param eachFrame sees each time frame on its way, to judge what else there is */
export const readBooks = async (
  run: number,
  regionNames: readonly string[],
  timeFrames: AsyncIterable<StoredTimeFrame>,
  refusals: AsyncIterable<Refusal> | Iterable<Refusal> | null,
  eachFrame: (frame: StoredTimeFrame) => void = () => {},
): Promise<RunFacts> => {
  const book = openRunBook(run, regionNames);
  const repeated: { timeFrame: number; sentence: string }[] = [];
  let [events, packets, repeatedCount] = [0, 0, 0];
  for await (const frame of timeFrames) {
    const { timeFrame } = frame;
    eachFrame(frame);
    events += frame.events.length;
    packets += frame.packets.length;
    const once = (keys: readonly (number | string)[], what: string): void => {
      const extra = keys.length - new Set(keys).size;
      if (extra === 0) return;
      repeatedCount += extra;
      if (repeated.length < repeatedShown)
        repeated.push({ timeFrame, sentence: `time frame ${timeFrame} has ${what} more than once` });
    };
    once(
      frame.events.map(({ revision }) => revision),
      'a revision',
    );
    once(
      frame.packets.map(({ row }) => `${row.region}/${row.revision}`),
      'a packet of one region and revision',
    );
    if (frame.events.length + frame.packets.length > 0)
      book.timeFrame(frame.packets.map(({ row }) => row.region));
    for (const { row, partition } of frame.packets)
      book.packet({ partition, region: row.region, messageId: row.messageId }, row.layers.length === 0);
  }
  for await (const refusal of refusals ?? [])
    if (refusal === 'unnamed') book.unnamedRefusal();
    else book.refusal(refusal);
  return { book: book.close(refusals !== null), events, packets, repeated, repeatedCount };
};
