/**
 * Consumer groups of the in-memory bus: who owns which partition, what is committed, and the fencing of former
 * owners. Refuses commits of a feed whose partition has been given to another, whatever its owner believes.
 */

import { Fault } from '../../domain/fault.ts';
import type { Consumption, Delivery, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { PartitionLog } from './bus_log.ts';

export interface MemberOptions {
  readonly delivery: Delivery;
  readonly fresh: 'beginning' | 'end';
  readonly queueBytesMax: number;
  readonly onFeed: (feed: PartitionFeed) => Promise<void>;
}

/** Checks, places and appends outputs as one; waits for room first, then asks `mayStill` a last time. */
export type Append = (
  outputs: readonly OutputRecord[],
  transaction: boolean,
  mayStill: () => void,
) => Promise<void>;

interface Member {
  readonly options: MemberOptions;
  readonly feeds: Map<number, OwnedFeed>;
  /** Settles when the last onFeed of that partition has. */
  readonly settled: Map<number, Promise<void>>;
  draining: boolean;
  readonly fail: (cause: unknown) => void;
}

interface OwnedFeed {
  revoke(): void;
  drain(): void;
}

export interface Group {
  readonly committed: ReadonlyMap<number, { readonly offset: bigint; readonly metadata: string }>;
  join(options: MemberOptions): Consumption;
}

/** One group on one topic. */
export function createGroup(name: string, logs: readonly PartitionLog[], append: Append): Group {
  const committed = new Map<number, { offset: bigint; metadata: string }>();
  const epochs = logs.map(() => 0);
  let members: Member[] = [];
  let generation = 0;

  const openFeed = (member: Member, log: PartitionLog): [PartitionFeed, OwnedFeed] => {
    const epoch = ++epochs[log.partition]!; // fences the former owner before its last commit is read
    const last = committed.get(log.partition);
    const freshOffset = member.options.fresh === 'end' ? log.high : log.low;
    let startOffset = last?.offset ?? freshOffset;
    if (startOffset < log.low) startOffset = log.low;
    log.pin(name, startOffset);
    const revoked = new AbortController();
    let ended = false;
    let position = startOffset;
    let wakeTake: (() => void) | null = null;
    let committing = false;

    const mayStill = (): void => {
      if (epochs[log.partition] !== epoch || revoked.signal.aborted)
        throw new Fault('bus-fenced', `partition ${log.topic}/${log.partition} has another owner now`);
    };
    const end = (): void => {
      ended = true;
      wakeTake?.();
    };

    const feed: PartitionFeed = {
      topic: log.topic,
      partition: log.partition,
      startOffset,
      startMetadata: last?.metadata ?? '',
      revoked: revoked.signal,
      async take({ recordsMax, bytesMax }) {
        if (wakeTake !== null) throw new Error('take was called before the one before it settled');
        if (!ended && position >= log.high) {
          await new Promise<void>((resolve) => {
            const stopWatching = log.watch(() => {
              if (log.slice(position, 1, 1).length > 0) wakeTake?.();
            });
            wakeTake = () => {
              stopWatching();
              wakeTake = null;
              resolve();
            };
          });
        }
        if (ended) return [];
        const records = log.slice(position, recordsMax, bytesMax);
        // Only markers lay ahead: nothing to hand out yet.
        if (records.length === 0) {
          position = log.high;
          return feed.take({ recordsMax, bytesMax });
        }
        position = records.at(-1)!.offset + 1n;
        return records;
      },
      async commit(outputs, nextOffset, metadata) {
        if (committing) throw new Error('commit was called before the one before it settled');
        committing = true;
        try {
          mayStill();
          await append(outputs, member.options.delivery === 'exactly-once', mayStill);
          committed.set(log.partition, { offset: nextOffset, metadata });
          log.pin(name, nextOffset);
        } finally {
          committing = false;
        }
      },
      get backlog() {
        const waitingBytes = ended ? 0 : log.bytesFrom(position);
        return {
          queuedBytes: Math.min(waitingBytes, member.options.queueBytesMax),
          lagRecords: log.high - position,
        };
      },
    };
    return [
      feed,
      {
        revoke: () => {
          revoked.abort();
          end();
        },
        drain: end,
      },
    ];
  };

  const own = (member: Member, log: PartitionLog): void => {
    const ofGeneration = generation;
    const run = async (before: Promise<void> | undefined): Promise<void> => {
      await before;
      if (generation !== ofGeneration || member.draining) return;
      const [feed, owned] = openFeed(member, log);
      member.feeds.set(log.partition, owned);
      try {
        await member.options.onFeed(feed);
      } catch (cause) {
        member.fail(cause);
      } finally {
        if (member.feeds.get(log.partition) === owned) member.feeds.delete(log.partition);
      }
    };
    member.settled.set(log.partition, run(member.settled.get(log.partition)));
  };

  // As Kafka's classic protocol: everyone gives up everything, then partitions are dealt out anew.
  const rebalance = (): void => {
    generation++;
    for (const member of members) for (const feed of member.feeds.values()) feed.revoke();
    const active = members.filter((member) => !member.draining);
    for (const log of logs) {
      const member = active[log.partition % Math.max(1, active.length)];
      if (member === undefined) log.pin(name, null);
      else own(member, log);
    }
  };

  const leave = (member: Member): void => {
    if (!members.includes(member)) return;
    members = members.filter((one) => one !== member);
    for (const feed of member.feeds.values()) feed.revoke();
    rebalance();
  };

  return {
    committed,
    join(options) {
      let fail: (cause: unknown) => void = () => {};
      const failed = new Promise<never>((_, reject) => {
        fail = reject;
      });
      failed.catch(() => {}); // who does not ask is not told; no unhandled rejection
      const member: Member = {
        options,
        feeds: new Map(),
        settled: new Map(),
        draining: false,
        fail: (cause) => {
          fail(cause);
          leave(member);
        },
      };
      members = [...members, member];
      rebalance();
      const stop = async (): Promise<void> => {
        member.draining = true;
        for (const feed of member.feeds.values()) feed.drain();
        await Promise.all(member.settled.values());
        leave(member);
      };
      let stopping: Promise<void> | null = null;
      return {
        failed,
        stop: () => {
          stopping ??= stop();
          return stopping;
        },
      };
    },
  };
}
