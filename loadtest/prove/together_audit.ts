/**
 * Audits an archive against the partial events on the topic it was made of: each (time frame, revision) once, packets byte
 * for byte, what readers see by default, the manifest, and files that nobody names. It refuses to trust a count.
 */

import { readdirSync } from 'node:fs';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { createParquetFormat } from '../../src/adapters/parquet/format.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { openArchive } from '../../src/services/dataset/archive.ts';
import { verifyArchive } from '../../src/services/dataset/verify.ts';
import type { Topics } from '../../src/services/topics.ts';
import { decodePartialEvent } from '../../src/wire/events/partial_event.ts';
import { sha256Of } from '../../src/wire/files/sha256.ts';
import { contentOf } from './archive_audit.ts';
import { readAll } from './audit.ts';

export interface TogetherAudit {
  /** Rows of events, each another (time frame, revision), and packets, each another (time frame, region, revision). */
  readonly events: number;
  readonly packets: number;
  readonly segments: number;
  readonly timeFrames: number;
  readonly faults: readonly string[];
}

const format = createParquetFormat('a reader');
const named = (keys: readonly string[]): string => keys.slice(0, 5).join(', ');

/** What assemblers told: revisions of each time frame, and the packets they carry. */
const toldOn = async (bus: Bus, topic: string) => {
  const events = new Set<string>();
  const packets = new Map<string, string>();
  const last = new Map<number, number>();
  for await (const { value } of readAll(bus, topic)) {
    const event = decodePartialEvent(value);
    const place = `${event.run}/${event.timeFrame}`;
    events.add(`${place}/${event.revision}`);
    last.set(event.timeFrame, Math.max(last.get(event.timeFrame) ?? 0, event.revision));
    for (const { region, packet } of event.packets)
      packets.set(`${place}/${region}/${event.revision}`, sha256Of([packet]));
  }
  return { events, packets, last };
};

/** What a reader who asks for nothing in particular is shown of each time frame. */
const shownFaults = async (folder: string, last: ReadonlyMap<number, number>, packets: number) => {
  const archive = await openArchive({ store: createFileStore(folder), format });
  const faults: string[] = [];
  let [shown, frames] = [0, 0];
  for (const number of await archive.runs())
    for await (const frame of (await archive.run(number)).timeFrames()) {
      frames += 1;
      shown += frame.packets.length;
      const revision = frame.events.at(-1)?.revision;
      if (revision !== last.get(frame.timeFrame))
        faults.push(`of time frame ${frame.timeFrame} revision ${revision} is shown last`);
      if (new Set(frame.packets.map(({ row }) => row.region)).size !== frame.packets.length)
        faults.push(`of time frame ${frame.timeFrame} a region is shown twice`);
    }
  if (shown !== packets) faults.push(`a reader is shown ${shown} of ${packets} packets`);
  return { faults: faults.slice(0, 5), frames };
};

/** Reads everything; the run is closed by now. */
export const auditArchive = async (
  bus: Bus,
  topics: Topics,
  folder: string,
  looksForUnfinished: boolean,
): Promise<TogetherAudit> => {
  const told = await toldOn(bus, topics.partials);
  const faults: string[] = [];
  let [events, packets, segments, timeFrames] = [0, 0, 0, 0];
  try {
    const content = await contentOf(createFileStore(folder));
    const found = new Set(content.events);
    [events, packets, segments] = [found.size, content.packets.size, content.seals.length];
    const twice = content.events.length - found.size;
    if (twice > 0) faults.push(`${twice} (time frame, revision) are archived twice`);
    const lost = [...told.events].filter((key) => !found.has(key));
    if (lost.length > 0) faults.push(`${lost.length} are not archived, as ${named(lost)}`);
    const strange = [...found].filter((key) => !told.events.has(key));
    if (strange.length > 0) faults.push(`${strange.length} were never sent, as ${named(strange)}`);
    const wrong = [...told.packets].filter(([key, hash]) => {
      const bytes = content.packets.get(key);
      return bytes === undefined || sha256Of([bytes]) !== hash;
    });
    if (wrong.length > 0)
      faults.push(`${wrong.length} packets are not as they came, as ${named(wrong.map(([key]) => key))}`);
    const unfinished = readdirSync(folder, { recursive: true }).filter((name) =>
      String(name).endsWith('.part'),
    );
    if (looksForUnfinished && unfinished.length > 0)
      faults.push(`files nobody finished: ${named(unfinished.map(String))}`);
    if (content.unsealed.length > 0) faults.push(`files that no seal names: ${named(content.unsealed)}`);
    const shown = await shownFaults(folder, told.last, told.packets.size);
    timeFrames = shown.frames;
    faults.push(...shown.faults);
    const verdict = await verifyArchive({ store: createFileStore(folder), format, trusted: null });
    faults.push(...verdict.findings.slice(0, 5).map(({ sentence }) => `tessera verify: ${sentence}`));
    for (const { run, closed, lateSegments } of verdict.runs)
      if (!closed || lateSegments > 0)
        faults.push(`run ${run}: ${closed ? `${lateSegments} segments are in no manifest` : 'no manifest'}`);
  } catch (error) {
    faults.push(`the archive cannot be read: ${String(error)}`);
  }
  return { events, packets, segments, timeFrames, faults };
};
