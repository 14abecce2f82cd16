/**
 * `tessera import`: hits or objects in a CSV or .npz file → frames on `<i>_frames`, or in a dump file. It refuses to send
 * part of a time frame: whatever is wrong in the file stops the import at a border, and is said with its place.
 */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { Fault } from '../domain/fault.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import { epochNanos, messageId, run, timeFrameNumber } from '../domain/quantity.ts';
import type { Bus, OutputRecord } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import { dumpEntry } from '../wire/files/dump.ts';
import { encodeFrame } from '../wire/frame.ts';
import { readCsv } from './imports/csv.ts';
import { hitRows } from './imports/hits.ts';
import { readNpz } from './imports/npz.ts';
import { objectRows } from './imports/objects.ts';
import type { ImportedFrame } from './imports/rows.ts';
import { bytesInWords, grouped, jsonLine, type Output } from './output.ts';

export interface ImportParts {
  readonly card: InstrumentCard;
  readonly clock: Clock;
  readonly output: Output;
  /** Where frames go: a topic of a bus, or a file of messages that is made anew. */
  readonly to: { readonly bus: Bus; readonly topic: string } | { readonly file: string };
}

export interface ImportOptions {
  /** A path that ends in .csv or .npz. */
  readonly file: string;
  /** Start of the first time frame where the file does not say it; now when absent. */
  readonly startNanos?: bigint;
  /** First message_id of each source; a second import into one run must go on where the first ended. */
  readonly firstMessageId?: number;
  readonly json?: boolean;
}

interface Sink {
  readonly partitions: number;
  /** Takes frames of one time frame; settles when there is room for more. */
  put(frames: readonly { readonly timeFrame: number; readonly value: Uint8Array }[]): Promise<void>;
  close(): Promise<void>;
}

const openBusSink = async (bus: Bus, topic: string): Promise<Sink> => {
  const partitions = (await bus.offsets(topic)).length;
  let waiting: OutputRecord[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const records = waiting;
    waiting = [];
    waitingBytes = 0;
    if (records.length > 0) await bus.send(records);
  };
  return {
    partitions,
    async put(frames) {
      for (const { timeFrame, value } of frames) {
        const key = Buffer.from(String(timeFrame));
        waiting.push({ topic, partition: timeFrame % partitions, key, value });
        waitingBytes += value.byteLength;
      }
      if (waitingBytes >= limits.importSendBytesMax) await flush();
    },
    close: flush,
  };
};

const openFileSink = async (path: string): Promise<Sink> => {
  const stream: WriteStream = createWriteStream(path);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new Fault('file-invalid', `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
  return {
    partitions: 1,
    async put(frames) {
      for (const { value } of frames) if (!stream.write(dumpEntry(value))) await once(stream, 'drain');
    },
    async close() {
      stream.end();
      await once(stream, 'close');
    },
  };
};

const readerOf = (file: string, card: InstrumentCard) => {
  const shape = card.kind === 'digits' ? hitRows(card) : objectRows(card);
  if (/\.csv$/i.test(file)) return readCsv(file, card, shape);
  if (/\.npz$/i.test(file)) return readNpz(file, card, shape);
  throw new Fault('file-invalid', `${file} is neither .csv nor .npz; name it for what it is`);
};

/** Gives frames their identity: ids count up for each source and partition, as a DAQ's own would. */
const openNumbering = (card: InstrumentCard, partitions: number, firstId: number, startNanos: bigint) => {
  const nextId = new Map<string, number>();
  let firstTimeFrame = -1;
  return (frame: ImportedFrame): Uint8Array => {
    if (firstTimeFrame < 0) firstTimeFrame = frame.timeFrame;
    const source = `${frame.region}/${frame.timeFrame % partitions}`;
    const id = nextId.get(source) ?? firstId;
    nextId.set(source, id + 1);
    const since = BigInt(Math.max(0, frame.timeFrame - firstTimeFrame)) * card.timeFrameNanos;
    const identity = {
      sourceName: card.regions[frame.region]!,
      messageId: messageId(id),
      timestampNanos: epochNanos(frame.timestampNanos ?? startNanos + since),
      durationNanos: card.timeFrameNanos,
      run: run(frame.run),
      timeFrame: timeFrameNumber(frame.timeFrame),
      instrumentId: card.id,
      instrumentHash: card.hash,
    };
    return encodeFrame(identity, frame.digits, card);
  };
};

/** Exit code 0, or a thrown Fault (file-invalid, or what the bus throws). */
export const importFile = async (parts: ImportParts, options: ImportOptions): Promise<number> => {
  const { card, clock, output, to } = parts;
  const reader = readerOf(options.file, card);
  const sink = 'bus' in to ? await openBusSink(to.bus, to.topic) : await openFileSink(to.file);
  const startNanos = options.startNanos ?? clock.nowNanos();
  const encode = openNumbering(card, sink.partitions, options.firstMessageId ?? 0, startNanos);
  const counted = card.kind === 'digits' ? 'hits' : 'numbers';
  const summary = { file: options.file, timeFrames: 0, frames: 0, hits: 0, bytes: 0 };
  let saidMs = clock.nowMs();
  try {
    for await (const together of reader) {
      const frames = together.map((frame) => ({ timeFrame: frame.timeFrame, value: encode(frame) }));
      await sink.put(frames);
      summary.timeFrames += 1;
      summary.frames += frames.length;
      for (const { digits } of together) summary.hits += digits.count;
      for (const { value } of frames) summary.bytes += value.byteLength;
      if (clock.nowMs() - saidMs >= 1000) {
        saidMs = clock.nowMs();
        output.note(`${grouped(summary.frames)} frames, ${grouped(summary.hits)} ${counted} …`);
      }
    }
  } finally {
    await sink.close();
  }
  const target = 'bus' in to ? to.topic : to.file;
  output.print(
    options.json === true
      ? jsonLine({ ...summary, to: target })
      : `${grouped(summary.frames)} frames of ${grouped(summary.timeFrames)} time frames, ` +
          `${grouped(summary.hits)} ${counted}, ${bytesInWords(summary.bytes)} → ${target}`,
  );
  return 0;
};
