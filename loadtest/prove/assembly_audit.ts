/**
 * Audits what assemblers left on the topics, as any committed reader could: every packet in one partial event, every
 * time frame and revision once, masks and numbers right. It refuses to trust a counter of the assembler.
 */

import type { PartialEvent } from '../../src/domain/archive/partial_event.ts';
import type { Bus } from '../../src/ports/bus.ts';
import type { Topics } from '../../src/services/topics.ts';
import { decodePartialEvent } from '../../src/wire/events/partial_event.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { readAll } from './audit.ts';

export interface AssemblyAudit {
  /** Records on the token topic, and distinct packets among them. */
  readonly records: number;
  readonly packets: number;
  readonly timeFrames: number;
  /** Partial events by revision: those sent first, and amendments. */
  readonly firsts: number;
  readonly amendments: number;
  readonly complete: number;
  readonly refused: Readonly<Record<string, number>>;
  /** What is wrong, in words; empty is what a proof asks for. */
  readonly faults: readonly string[];
}

const faultsListed = 20;

const frameOf = ({ run, timeFrame }: { readonly run: number; readonly timeFrame: number }): string =>
  `run ${run} time frame ${timeFrame}`;

/** What was sent: the first packet of each region in each time frame, and where others of it lie. */
interface Sent {
  readonly partition: number;
  readonly bytes: Buffer;
  carried: boolean;
}

const readTokens = async (bus: Bus, topic: string, regions: readonly string[]) => {
  const sent = new Map<string, Map<number, Sent>>();
  const repeats = new Set<string>();
  let records = 0;
  for await (const { partition, offset, value } of readAll(bus, topic)) {
    records += 1;
    const { identity } = decodePacket(value);
    const frame = frameOf(identity);
    const region = regions.indexOf(identity.sourceName);
    const ofFrame = sent.get(frame) ?? new Map<number, Sent>();
    sent.set(frame, ofFrame);
    if (ofFrame.has(region)) repeats.add(`${partition}/${offset}`);
    else ofFrame.set(region, { partition, bytes: Buffer.from(value), carried: false });
  }
  return { records, sent, repeats };
};

const maskOf = (regions: Iterable<number>, regionCount: number): Buffer => {
  const mask = Buffer.alloc((regionCount + 7) >> 3);
  for (const region of regions) mask[region >> 3]! |= 1 << (region & 7);
  return mask;
};

/** What partial events have said of one time frame so far. */
interface Told {
  revision: number;
  /** Parts of that revision still due, and how many it has. */
  partsLeft: number;
  partCount: number;
  readonly regions: Set<number>;
}

/** Follows the partial events of a time frame in order; says what is wrong with the next. */
const follow = (told: Told | undefined, event: PartialEvent, sent: Map<number, Sent>): [Told, string[]] => {
  const { revision, part, partCount, packets, present, regionCount } = event;
  const faults: string[] = [];
  const now = told ?? { revision: -1, partsLeft: 0, partCount: 0, regions: new Set<number>() };
  if (now.partsLeft > 0) {
    if (revision !== now.revision || part !== now.partCount - now.partsLeft || partCount !== now.partCount)
      faults.push(`part ${part} of ${partCount}, revision ${revision} where another part was due`);
  } else {
    if (revision !== now.revision + 1) faults.push(`revision ${revision} after ${now.revision}`);
    if (part !== 0) faults.push(`revision ${revision} begins with part ${part}`);
    Object.assign(now, { revision, partCount, partsLeft: partCount });
  }
  now.partsLeft -= 1;
  if (packets.length === 0) faults.push(`revision ${revision} carries nothing`);
  for (const { region, packet } of packets) {
    const one = sent.get(region);
    if (one === undefined) faults.push(`region ${region} was never sent`);
    else if (one.carried) faults.push(`region ${region} is carried twice`);
    else if (!one.bytes.equals(packet)) faults.push(`region ${region} is not what was sent`);
    else one.carried = true;
    now.regions.add(region);
  }
  if (now.partsLeft === 0 && !maskOf(now.regions, regionCount).equals(present))
    faults.push(`the mask of revision ${revision} is not of what was carried`);
  return [now, faults];
};

const readPartials = async (
  bus: Bus,
  topic: string,
  sent: ReadonlyMap<string, Map<number, Sent>>,
  regionCount: number,
  fault: (text: string) => void,
) => {
  const told = new Map<string, Told>();
  const numbers = new Map<number, number>();
  const sums = { firsts: 0, amendments: 0, complete: 0 };
  for await (const { partition, value } of readAll(bus, topic)) {
    const event = decodePartialEvent(value);
    const frame = frameOf(event);
    const due = (numbers.get(partition) ?? -1) + 1;
    if (event.messageId !== due)
      fault(`partition ${partition}: message ${event.messageId} where ${due} was due`);
    numbers.set(partition, event.messageId);
    const [now, wrong] = follow(told.get(frame), event, sent.get(frame) ?? new Map());
    told.set(frame, now);
    for (const what of wrong) fault(`${frame}: ${what}`);
    if (event.part > 0) continue;
    if (event.revision > 0) sums.amendments += 1;
    else {
      sums.firsts += 1;
      const whole = event.partCount === 1 && event.packets.length === regionCount;
      if (event.reason === 0) sums.complete += 1;
      if (whole !== (event.reason === 0) && event.partCount === 1)
        fault(`${frame}: reason ${event.reason} with ${event.packets.length} of ${regionCount} regions`);
    }
  }
  for (const [frame, { partsLeft }] of told) if (partsLeft > 0) fault(`${frame}: ${partsLeft} parts missing`);
  return sums;
};

const readRefused = async (bus: Bus, topic: string, repeats: Set<string>, fault: (text: string) => void) => {
  const byCode: Record<string, number> = {};
  const textOf = (header: Uint8Array | undefined): string => Buffer.from(header ?? []).toString();
  for await (const { headers } of readAll(bus, topic)) {
    const code = textOf(headers.code);
    byCode[code] = (byCode[code] ?? 0) + 1;
    const place = `${textOf(headers.partition)}/${textOf(headers.offset)}`;
    if (!repeats.delete(place)) fault(`refused at ${place} as ${code}: ${textOf(headers.detail)}`);
  }
  for (const place of repeats) fault(`the repeat at ${place} was not refused`);
  return byCode;
};

/** Reads everything of a run whose packets have all been assembled. */
export const auditAssembly = async (
  bus: Bus,
  topics: Topics,
  regions: readonly string[],
): Promise<AssemblyAudit> => {
  const faults: string[] = [];
  const fault = (text: string): void => {
    if (faults.length < faultsListed) faults.push(text);
  };
  const { records, sent, repeats } = await readTokens(bus, topics.tokens, regions);
  const sums = await readPartials(bus, topics.partials, sent, regions.length, fault);
  let packets = 0;
  for (const [frame, ofFrame] of sent)
    for (const [region, { carried }] of ofFrame) {
      packets += 1;
      if (!carried) fault(`${frame}: region ${region} is in no partial event`);
    }
  const refused = await readRefused(bus, topics.refused, repeats, fault);
  return { records, packets, timeFrames: sent.size, ...sums, refused, faults };
};
