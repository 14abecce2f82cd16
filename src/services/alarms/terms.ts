/**
 * Terms of office: what one process at a time does for an instrument, which is whoever owns the commands' one partition in
 * a group of its own. Commands and the topics it reads take turns, because each step rests on the state of the one
 * before. Refuses to give up: what fails is begun anew.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, BusRecord, Consumption, PartitionFeed, ReadFrom } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { Topics } from '../topics.ts';

/** One term, from the assignment of the commands' partition to its loss. */
export interface Term {
  readonly reads: readonly {
    readonly topic: string;
    readonly from: ReadFrom;
    take(record: BusRecord): Promise<void>;
  }[];
  takeCommands(records: readonly BusRecord[]): Promise<void>;
  /** Writes the state a last time. */
  close(): Promise<void>;
}

export interface Office {
  /** All processes of an instrument that could hold it, whatever the groups of its processors. */
  readonly group: string;
  /** What is kept, in the plural, for the log. */
  readonly what: string;
  /** The feed is fenced: what the last holder committed can be read by then. */
  openTerm(feed: PartitionFeed): Promise<Term>;
}

export interface Termed {
  /** Writes the state a last time and leaves the group. */
  stop(): Promise<void>;
}

export interface TermParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly topics: Topics;
  /** Only for the wait before what failed is begun anew. */
  readonly clock: Clock;
}

const serve = async ({ bus }: TermParts, feed: PartitionFeed, term: Term): Promise<void> => {
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => (turn = turn.then(step));
  const ended = new AbortController();
  const bufferBytesMax = limits.controlBufferBytesMax;
  const reading = Promise.all(
    term.reads.map(async ({ topic, from, take }) => {
      for await (const record of bus.read({ topic, from, bufferBytesMax, signal: ended.signal }))
        await inTurn(() => take(record));
    }),
  );
  const obeying = (async () => {
    for (;;) {
      const records = await feed.take({ recordsMax: 64, bytesMax: bufferBytesMax });
      if (records.length === 0) return;
      await inTurn(() => term.takeCommands(records));
    }
  })();
  // When reading fails, a wait for commands may have no end: the failure is not to wait for it.
  obeying.catch(() => undefined);
  try {
    await Promise.race([obeying, reading.then(() => obeying)]);
  } finally {
    ended.abort();
  }
  await reading;
  if (!feed.revoked.aborted) await term.close();
};

/** Holds terms until it is stopped. */
export const keepTerms = (parts: TermParts, { group, what, openTerm }: Office): Termed => {
  const { bus, topics, log, clock } = parts;
  const stopping = new AbortController();
  const asked = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  const consume = (): Promise<Consumption> =>
    bus.consume({
      group,
      topic: topics.commands,
      // What a person asked is never lost, and never done twice.
      delivery: 'exactly-once',
      fresh: 'beginning',
      queueBytesMax: limits.controlBufferBytesMax,
      async onFeed(feed) {
        try {
          await serve(parts, feed, await openTerm(feed));
        } catch (error) {
          if (!(error instanceof Fault && error.code === 'bus-fenced')) throw error;
          log.info({ topic: topics.commands }, `${what} are kept by another process now`);
        }
      },
    });

  const term = async (): Promise<void> => {
    const consumption = await consume();
    try {
      await Promise.race([asked, consumption.failed]);
    } finally {
      await consumption.stop();
    }
  };
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await term();
      } catch (error) {
        log.error({ error: String(error) }, `${what} are not kept for the moment`);
        await clock.sleep(limits.alarmRetryMs, stopping.signal);
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await keeping;
    },
  };
};
