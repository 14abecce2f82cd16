/**
 * `tessera inspect`: messages of a topic or a dump file in words, packets with their fidelity against the raw
 * frames when asked. It refuses to hold more than a bounded number of packets while it looks for their frames.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { EventModelCard } from '../domain/archive/event_model.ts';
import { Fault } from '../domain/fault.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import type { Bus } from '../ports/bus.ts';
import { dumpEntry } from '../wire/files/dump.ts';
import type { Judge } from './inspection/judge.ts';
import { reportFidelity, type Waiting } from './inspection/report.ts';
import { type FoundMessage, isFile, messagesOf, type SourceOptions } from './inspection/source.ts';
import type { Told } from './inspection/told.ts';
import { headingOf, tell } from './inspection/words.ts';
import { alignedLines, bytesInWords, grouped, jsonLine, type Output } from './output.ts';

export interface InspectParts {
  readonly card: InstrumentCard;
  readonly output: Output;
  /** What reads the instrument's event tokens; absent: they are shown as numbers. */
  readonly eventModel?: EventModelCard | null;
  /** Called only when a topic is read. */
  readonly openBus: () => Bus;
  /** Called only with `decode`: opens the decoder and the tables. */
  readonly openJudge: () => Promise<Judge>;
  /** Where the raw frames are by default: the instrument's frame topic. */
  readonly framesTopic: string;
}

export interface InspectOptions extends SourceOptions {
  /** A dump file, or a topic. */
  readonly source: string;
  readonly full?: boolean;
  readonly decode?: boolean;
  /** Dump file or topic with the raw frames; absent: the same file, or the instrument's frame topic. */
  readonly frames?: string;
  readonly json?: boolean;
  /** Writes the messages shown to this dump file too. */
  readonly save?: string;
}

interface Shown {
  readonly place: string;
  readonly told: Told;
}

/** Rows printed in one table: enough to align them, few enough to show the first soon. */
const tableRows = 64;
/** Frames reach the broker before their packets, by no more than a processor may have been behind; and about
 * when they were meant to be sent, by no more than clocks differ. */
const framesBeforeMs = 10 * 60_000;
const clocksDifferMs = 5_000;

const openSave = async (path: string | undefined) => {
  if (path === undefined) return { put: async (_: Uint8Array): Promise<void> => {}, close: async () => {} };
  const stream = createWriteStream(path);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new Fault('file-invalid', `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
  return {
    async put(value: Uint8Array): Promise<void> {
      if (!stream.write(dumpEntry(value))) await once(stream, 'drain');
    },
    async close(): Promise<void> {
      stream.end();
      await once(stream, 'close');
    },
  };
};

/** Prints messages as they come, tables as wide as their rows. */
const openPrinter = (output: Output, options: InspectOptions) => {
  let waiting: Shown[] = [];
  const flush = (): void => {
    const [first] = waiting;
    if (first === undefined) return;
    const { names, right } = headingOf(first.told.kind);
    const rows = [['at', ...names], ...waiting.map(({ place, told }) => [place, ...told.row])];
    for (const line of alignedLines(rows, [true, ...right])) output.print(line);
    waiting = [];
  };
  return {
    show(shown: Shown): void {
      const { place, told } = shown;
      if (options.json === true) output.print(jsonLine({ at: place, kind: told.kind, ...told.data }));
      else if (options.full === true) {
        output.print(`${told.kind} at ${place}`);
        for (const line of alignedLines(
          told.full.map(([label, text]) => [`  ${label}`, text]),
          [false, false],
        ))
          output.print(line);
      } else {
        if (waiting.length >= tableRows || (waiting[0]?.told.kind ?? told.kind) !== told.kind) flush();
        waiting.push(shown);
        if (options.follow === true) flush();
      }
    },
    flush,
  };
};

/** Exit code 0; 1 when a packet differs from its frame or cannot be decoded. Throws file-invalid, and the bus's. */
export const inspect = async (parts: InspectParts, options: InspectOptions): Promise<number> => {
  const { card, output } = parts;
  const printer = openPrinter(output, options);
  const save = await openSave(options.save);
  const sums = { messages: 0, packets: 0, frameBytes: 0, packetBytes: 0 };
  const waiting: Waiting[] = [];
  let earliestMs = Number.POSITIVE_INFINITY;
  const take = async ({ place, value, timestampMs, intendedMs, headers }: FoundMessage): Promise<void> => {
    const told = tell(value, card, headers, parts.eventModel ?? null);
    printer.show({ place, told });
    await save.put(value);
    sums.messages += 1;
    if (told.packet !== undefined) {
      sums.packets += 1;
      sums.frameBytes += told.packet.rawByteCount;
      sums.packetBytes += value.byteLength;
    }
    if (options.decode !== true || told.packet === undefined) return;
    const sinceMs = intendedMs > 0 ? intendedMs - clocksDifferMs : timestampMs - framesBeforeMs;
    earliestMs = Math.min(earliestMs, sinceMs);
    if (waiting.length < limits.inspectPacketsMax) waiting.push({ place, packet: told.packet });
  };
  try {
    for await (const message of messagesOf(options.source, parts.openBus, options)) await take(message);
  } finally {
    printer.flush();
    await save.close();
  }
  if (options.json === true) output.print(jsonLine({ kind: 'total', ...sums }));
  else {
    const ratio = sums.packetBytes === 0 ? '' : `, ${(sums.frameBytes / sums.packetBytes).toFixed(1)}×`;
    const packets =
      sums.packets === 0
        ? ''
        : `; ${grouped(sums.packets)} packets: ${bytesInWords(sums.frameBytes)} → ${bytesInWords(sums.packetBytes)}${ratio}`;
    output.print(`${grouped(sums.messages)} messages${packets}`);
  }
  if (options.decode !== true || waiting.length === 0) return 0;
  if (waiting.length < sums.packets)
    output.note(`only the first ${grouped(waiting.length)} packets are compared; ask for fewer with --count`);
  const judge = await parts.openJudge();
  const name = options.frames ?? (isFile(options.source) ? options.source : parts.framesTopic);
  const from = earliestMs > 0 ? { fromMs: earliestMs } : {};
  const frames = messagesOf(name, parts.openBus, { count: 0, ...from });
  return reportFidelity({ card, output, judge }, waiting, frames, options.json === true);
};
