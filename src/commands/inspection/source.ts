/**
 * Where inspected messages come from: a topic of the bus, or a dump file, in the same form. It refuses a name
 * that is neither.
 */

import { createReadStream, statSync } from 'node:fs';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus } from '../../ports/bus.ts';
import { readDump } from '../../wire/files/dump.ts';
import { instantsHeader, readIntended } from '../../wire/instants.ts';

export interface FoundMessage {
  /** `p0@17` on a topic, `17` in a file. */
  readonly place: string;
  readonly value: Uint8Array;
  /** Broker time; 0 in a file. */
  readonly timestampMs: number;
  /** When the frame behind it was meant to be sent, as its record header says; 0 where none does. */
  readonly intendedMs: number;
  /** Record headers that are text. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SourceOptions {
  /** The newest so many of a topic, the first of a file; 0: all. */
  readonly count: number;
  /** Go on with what comes, until the signal. */
  readonly follow?: boolean;
  /** Only what the broker got at or after this time, ms since the epoch, in place of the newest. */
  readonly fromMs?: number;
  readonly signal?: AbortSignal;
}

export const isFile = (name: string): boolean => statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;

async function* fileMessages(path: string, count: number): AsyncGenerator<FoundMessage> {
  let number = 0;
  for await (const value of readDump(createReadStream(path, { highWaterMark: 1 << 20 }))) {
    yield { place: String(number), value, timestampMs: 0, intendedMs: 0, headers: {} };
    number += 1;
    if (number === count) return;
  }
}

const textOf = (headers: Readonly<Record<string, Uint8Array>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== instantsHeader)
      .map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
  );

/** Offsets near the end that hold the newest `count` records of all partitions together, or more. */
const newest = (
  partitions: readonly { partition: number; low: bigint; high: bigint }[],
  count: number,
): ReadonlyMap<number, bigint> =>
  new Map(
    partitions.map(({ partition, low, high }) => {
      // A transaction's marker takes an offset too: with one commit a record, half of the offsets are records.
      const from = high - 2n * BigInt(count);
      return [partition, count === 0 || from < low ? low : from];
    }),
  );

async function* topicMessages(bus: Bus, topic: string, options: SourceOptions): AsyncGenerator<FoundMessage> {
  const { count, follow, fromMs, signal } = options;
  const from =
    fromMs === undefined
      ? ({ at: 'offsets', offsets: newest(await bus.offsets(topic), count) } as const)
      : ({ at: 'time', timestampMs: fromMs } as const);
  const records = bus.read({
    topic,
    from,
    untilEnd: follow !== true,
    bufferBytesMax: limits.partitionQueueBytesMax,
    ...(signal === undefined ? {} : { signal }),
  });
  // Partitions come one after the other: the newest of them all are known only at the end.
  const last: FoundMessage[] = [];
  for await (const { partition, offset, value, timestampMs, headers } of records) {
    const intendedMs = Number(readIntended(headers[instantsHeader]) / 1_000_000n);
    const place = `p${partition}@${offset}`;
    const message = { place, value, timestampMs, intendedMs, headers: textOf(headers) };
    if (follow === true || count === 0 || fromMs !== undefined) yield message;
    else last.push(message);
  }
  last.sort((a, b) => a.timestampMs - b.timestampMs);
  yield* last.slice(-count);
}

/** Throws file-invalid when `name` is no file and the bus has no such topic. */
export async function* messagesOf(
  name: string,
  openBus: () => Bus,
  options: SourceOptions,
): AsyncGenerator<FoundMessage> {
  if (isFile(name)) return yield* fileMessages(name, options.count);
  if (/[/\\]|\.\w+$/.test(name))
    throw new Fault('file-invalid', `${name} is not there; name a dump file or a topic`);
  yield* topicMessages(openBus(), name, options);
}
