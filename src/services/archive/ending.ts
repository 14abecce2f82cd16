/**
 * Whether all that a stopped run is to have is archived: its stop has come in event time, and what lay on each topic then
 * has gone through whoever reads it, one after another, up to the archive. Positions say so, not clocks: whoever is down
 * is waited for. Refuses to take silence for an end while something is on its way.
 */

import type { RunFile } from '../../archive/run.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';

/** A group of readers that must have gone through its topic. */
export interface Reader {
  /** As a person calls it. */
  readonly who: string;
  readonly topic: string;
  readonly group: string;
  /** Of what it committed: the first offset it took and has not passed on; null when there is none. */
  readonly heldFrom?: (metadata: string) => bigint | null;
}

/** What lies before an archive. */
export interface Chain {
  /** Those of one step read at the same time; what they write is read by the next. */
  readonly steps: readonly (readonly Reader[])[];
  /** Event time each partition of the last-but-one step has come to, ns since the epoch. */
  readonly watermarks: () => Promise<readonly bigint[]>;
}

export type Ended =
  /** Early: nobody is behind, and it is to be looked again. */
  | { readonly is: 'early' | 'complete' }
  /** Somebody has not come so far yet. */
  | { readonly is: 'waiting'; readonly behind: string };

export interface Ending {
  look(): Promise<Ended>;
}

type Ends = ReadonlyMap<number, bigint>;

const endsOf = async (bus: Bus, topic: string): Promise<Ends> =>
  new Map((await bus.offsets(topic)).map(({ partition, high }) => [partition, high]));

/** Whether records lie in [from, to): offsets there may be markers of transactions, which nobody commits. */
const hasRecords = async (bus: Bus, topic: string, partition: number, from: bigint, to: bigint) => {
  const offsets = new Map([[partition, from]]);
  const bufferBytesMax = limits.controlBufferBytesMax;
  for await (const { offset } of bus.read({
    ...{ topic, partitions: [partition], untilEnd: true, bufferBytesMax },
    from: { at: 'offsets', offsets },
  }))
    return offset < to;
  return false;
};

/** Offsets of `ends` the readers have not passed; null when they have. */
const behindOf = async (bus: Bus, { topic, group, heldFrom }: Reader, ends: Ends): Promise<bigint | null> => {
  const committed = new Map((await bus.committed(group, topic)).map((one) => [one.partition, one]));
  let behind: bigint | null = null;
  for (const [partition, end] of ends) {
    const { offset, metadata = '' } = committed.get(partition) ?? { offset: null };
    const held = offset === null ? null : (heldFrom?.(metadata) ?? null);
    const at = offset ?? 0n;
    if (held !== null && held < end) behind = (behind ?? 0n) + (end - held);
    else if (at < end && (await hasRecords(bus, topic, partition, at, end)))
      behind = (behind ?? 0n) + (end - at);
  }
  return behind;
};

/** Whether a stop in event time has come: the stream is beyond it, or has fallen silent and the clock is. */
const openInstant = (
  { bus, clock, chain }: { readonly bus: Bus; readonly clock: Clock; readonly chain: Chain },
  stopMs: number,
) => {
  const untilNanos = BigInt(stopMs + limits.runCloseGraceMs) * 1_000_000n;
  const topics = new Set(chain.steps.flatMap((readers) => readers.map(({ topic }) => topic)));
  let seen = '';
  let sinceMs = clock.nowMs();
  return async (): Promise<boolean> => {
    const marks = await chain.watermarks();
    if (marks.length > 0 && marks.every((mark) => mark > untilNanos)) return true;
    const now: string[] = [];
    for (const topic of topics) now.push([...(await endsOf(bus, topic)).values()].join());
    if (now.join(';') !== seen) {
      seen = now.join(';');
      sinceMs = clock.nowMs();
    }
    return clock.nowNanos() > untilNanos && clock.nowMs() - sinceMs >= limits.runCloseGraceMs;
  };
};

/** Begun anew by the next keeper: what was sent is then what was sent until it looks first. */
export const openEnding = (
  parts: { readonly bus: Bus; readonly clock: Clock; readonly chain: Chain },
  { stopBy, stopMs }: Pick<RunFile, 'stopBy' | 'stopMs'>,
): Ending => {
  const { bus, chain } = parts;
  const hasCome = stopBy === 'sent' ? async () => true : openInstant(parts, stopMs);
  let step = 0;
  /** Where the topics of the present step ended when it began; null before. */
  let ends: ReadonlyMap<string, Ends> | null = null;
  const endsOfStep = async (readers: readonly Reader[]): Promise<ReadonlyMap<string, Ends>> => {
    const found = new Map<string, Ends>();
    for (const { topic } of readers) found.set(topic, await endsOf(bus, topic));
    return found;
  };
  return {
    async look() {
      const readers = chain.steps[step];
      if (readers === undefined) return { is: 'complete' };
      if (step === 0 && ends === null && !(await hasCome())) return { is: 'early' };
      ends ??= await endsOfStep(readers);
      for (const reader of readers) {
        const behind = await behindOf(bus, reader, ends.get(reader.topic)!);
        if (behind !== null)
          return { is: 'waiting', behind: `${reader.who} is ${behind} behind on ${reader.topic}` };
      }
      // What they committed with their offsets is seen by the next look: a commit shows on all its topics within
      // milliseconds, but not in the same one.
      step += 1;
      ends = null;
      return { is: step === chain.steps.length ? 'complete' : 'early' };
    },
  };
};
