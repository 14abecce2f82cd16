/**
 * Rare frames on disk, as rows of the feed with where their messages lie on the bus. Refuses to keep all of a flood: of those
 * of one moment the rarest stay, up to a bound.
 */

import { limits } from '../../../domain/limits.ts';
import type { FeedItem } from '../../../dqm/board.ts';
import type { History } from '../../../ports/history.ts';
import { jsonBytes, readOwnJson } from '../../../wire/json.ts';
import type { AnomalyQuery } from '../view.ts';

/** A row of the feed, and its message's place on `<i>_anomalies`. */
export interface RareFrame extends FeedItem {
  readonly partition: number;
  readonly offset: string;
}

export interface RareFramesKept {
  take(frame: RareFrame): void;
  /** Writes what was taken since; called some times a second. */
  write(): void;
  get(id: string): RareFrame | null;
  find(query: AnomalyQuery): readonly FeedItem[];
}

const kind = 'rare';
/** As the feed shows it. */
export const itemOf = ({ partition: _, offset: __, ...item }: RareFrame): FeedItem => item;

export const keepRareFrames = (history: History): RareFramesKept => {
  let waiting: RareFrame[] = [];
  return {
    take(frame) {
      waiting.push(frame);
      if (waiting.length < 2 * limits.dqmRareAtOnceMax) return;
      waiting = waiting.sort((a, b) => a.pValue - b.pValue).slice(0, limits.dqmRareAtOnceMax);
    },
    write() {
      if (waiting.length === 0) return;
      const rarest = waiting
        .sort((a, b) => a.pValue - b.pValue)
        .slice(0, limits.dqmRareAtOnceMax)
        .sort((a, b) => a.atMs - b.atMs);
      waiting = [];
      const entries = rarest.map((frame) => ({
        key: frame.id,
        atMs: frame.atMs,
        value: jsonBytes(frame),
      }));
      history.put(kind, entries, limits.dqmRareFramesKept);
    },
    get(id) {
      const waits = waiting.find((one) => one.id === id);
      if (waits !== undefined) return waits;
      const entry = history.get(kind, id);
      return entry === null ? null : readOwnJson<RareFrame>(entry.value);
    },
    find({ beforeMs, region, cause, run, pValueMax, limit }) {
      const found: FeedItem[] = [];
      let seen = 0;
      for (const { value } of history.list(kind, beforeMs === undefined ? {} : { beforeMs })) {
        const one = readOwnJson<RareFrame>(value);
        const fits =
          (region === undefined || one.region === region) &&
          (cause === undefined || one.cause === cause) &&
          (run === undefined || one.run === run) &&
          (pValueMax === undefined || one.pValue <= pValueMax);
        if (fits) found.push(itemOf(one));
        seen += 1;
        if (found.length >= Math.min(limit, limits.dqmAnomaliesListed) || seen >= limits.dqmRareFramesKept)
          break;
      }
      return found;
    },
  };
};
