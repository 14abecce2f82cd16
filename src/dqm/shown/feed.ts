/**
 * The anomaly feed: however many rare frames come, the newest some dozens are shown, all are counted, and counted by cause.
 * Refuses to grow: beyond its bounds only counts go on.
 */

import { limits } from '../../domain/limits.ts';
import type { Anomaly } from '../../domain/packet.ts';
import type { FeedItem, FeedShown } from '../board.ts';

export interface Feed {
  take(item: FeedItem): void;
  /** Everything since the last call counts as shown or skipped. */
  shown(nowMs: number): FeedShown;
  /** Whether anything came since `shown` was last called. */
  readonly fresh: boolean;
}

export const idOf = ({ identity }: Pick<Anomaly, 'identity'>): string =>
  `${identity.run}-${identity.timeFrame}-${identity.sourceName}`;

/** What an id names; null where it names nothing. */
export const readId = (
  id: string,
): { readonly run: number; readonly timeFrame: number; readonly region: string } | null => {
  const match = /^(\d{1,10})-(\d{1,16})-(.{1,128})$/.exec(id);
  return match === null ? null : { run: Number(match[1]), timeFrame: Number(match[2]), region: match[3]! };
};

interface Slot {
  readonly slot: number;
  readonly causes: Map<string, { count: number; pValueMin: number }>;
}

/** Causes are counted over ten minutes, in slots of ten seconds. */
const [slotMs, slots] = [10_000, 60];

export const openFeed = (): Feed => {
  const items: FeedItem[] = [];
  let [total, since] = [0, 0];
  let counted: Slot[] = [];
  return {
    take(item) {
      total += 1;
      since += 1;
      items.unshift(item);
      if (items.length > limits.dqmFeedItemsShown) items.length = limits.dqmFeedItemsShown;
      const slot = Math.floor(item.atMs / slotMs);
      let last = counted.at(-1);
      if (last === undefined || slot > last.slot) {
        last = { slot, causes: new Map() };
        counted = [...counted, last].slice(-slots);
      }
      const known = last.causes.get(item.cause);
      if (known !== undefined) {
        known.count += 1;
        known.pValueMin = Math.min(known.pValueMin, item.pValue);
      } else if (last.causes.size < limits.scoresMax)
        last.causes.set(item.cause, { count: 1, pValueMin: item.pValue });
    },
    shown(nowMs) {
      const first = Math.floor(nowMs / slotMs) - slots;
      counted = counted.filter(({ slot }) => slot > first);
      const causes = new Map<string, { cause: string; count: number; pValueMin: number }>();
      for (const { causes: of } of counted)
        for (const [cause, { count, pValueMin }] of of) {
          const sum = causes.get(cause);
          if (sum === undefined) causes.set(cause, { cause, count, pValueMin });
          else
            causes.set(cause, {
              cause,
              count: sum.count + count,
              pValueMin: Math.min(sum.pValueMin, pValueMin),
            });
        }
      const skipped = Math.max(0, since - items.length);
      since = 0;
      return {
        items: items.slice(),
        total,
        skipped,
        causes: [...causes.values()].sort((a, b) => b.count - a.count),
      };
    },
    get fresh() {
      return since > 0;
    },
  };
};
