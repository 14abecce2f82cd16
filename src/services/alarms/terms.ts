/**
 * Terms of office: what one process at a time does for an instrument, which is whoever owns the one partition its orders
 * come by (commands, or run control) in a group of its own. Orders, the topics it reads and its looks take turns, because
 * each step rests on the state of the one before. Refuses to give up: what fails is begun anew.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, BusRecord, Consumption, PartitionFeed, ReadFrom } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { Topics } from '../topics.ts';

/** One term, from the assignment of the orders' partition to its loss. */
export interface Term {
  readonly reads?: readonly {
    readonly topic: string;
    readonly from: ReadFrom;
    take(record: BusRecord): Promise<void>;
  }[];
  takeCommands(records: readonly BusRecord[]): Promise<void>;
  /** What is looked at now and then, whatever is ordered. */
  readonly looks?: { readonly everyMs: number; look(): Promise<void> };
  /** Writes the state a last time. */
  close(): Promise<void>;
}

export interface Office {
  /** All processes of an instrument that could hold it, whatever the groups of its processors. */
  readonly group: string;
  /** What is kept, in the plural, for the log. */
  readonly what: string;
  /** Where its orders come: the commands' topic, where it is not said. */
  readonly topic?: string;
  /** The feed is fenced: what the last holder committed can be read by then. `given` aborts when the term is to end. */
  openTerm(feed: PartitionFeed, given: AbortSignal): Promise<Term>;
  /** Whether a failure leaves the office to the next holder, as a fence does. */
  leaves?(error: unknown): boolean;
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

const serve = async ({ bus, clock }: TermParts, feed: PartitionFeed, term: Term): Promise<void> => {
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => (turn = turn.then(step));
  const ended = new AbortController();
  const bufferBytesMax = limits.controlBufferBytesMax;
  const reading = Promise.all(
    (term.reads ?? []).map(async ({ topic, from, take }) => {
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
  const looking = (async () => {
    if (term.looks === undefined) return;
    const { everyMs } = term.looks;
    for (;;) {
      await clock.sleep(everyMs, ended.signal);
      if (ended.signal.aborted) return;
      await inTurn(() => term.looks!.look());
    }
  })();
  // When one of them fails, a wait for commands may have no end: the failure is not to wait for it.
  obeying.catch(() => undefined);
  const others = Promise.all([reading, looking]);
  try {
    await Promise.race([obeying, others.then(() => obeying)]);
  } finally {
    ended.abort();
  }
  await others;
  if (!feed.revoked.aborted) await term.close();
};

/** Holds terms until it is stopped. */
export const keepTerms = (parts: TermParts, office: Office): Termed => {
  const { bus, topics, log, clock } = parts;
  const { group, what, topic = topics.commands } = office;
  const stopping = new AbortController();
  const asked = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  const consume = (): Promise<Consumption> =>
    bus.consume({
      group,
      topic,
      // What a person asked is never lost, and never done twice.
      delivery: 'exactly-once',
      fresh: 'beginning',
      queueBytesMax: limits.controlBufferBytesMax,
      async onFeed(feed) {
        try {
          const given = AbortSignal.any([feed.revoked, stopping.signal]);
          await serve(parts, feed, await office.openTerm(feed, given));
        } catch (error) {
          const fenced = error instanceof Fault && error.code === 'bus-fenced';
          if (!fenced && office.leaves?.(error) !== true) throw error;
          log.info({ topic }, `${what} are kept by another process now`);
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
