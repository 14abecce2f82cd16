/**
 * Audits a finished run from the topics alone, as any committed reader could: every frame one packet, in order,
 * nothing repeated, every repeat of the source refused as one. It refuses to trust a counter of the processor.
 */

import type { InstrumentCard } from '../../src/domain/instrument.ts';
import type { Bus, BusRecord } from '../../src/ports/bus.ts';
import type { Topics } from '../../src/services/topics.ts';
import { decodeAnomaly } from '../../src/wire/anomaly.ts';
import { openFrame } from '../../src/wire/frame.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { decodePolicy } from '../../src/wire/policy.ts';

export interface Audit {
  /** Records on the frames topic, and distinct frames among them. */
  readonly records: number;
  readonly frames: number;
  readonly packets: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly anomalies: number;
  readonly policyVersions: number;
  /** What is wrong, in words; empty is what a proof asks for. */
  readonly faults: readonly string[];
}

interface Named {
  readonly sourceName: string;
  readonly run: number;
  readonly timeFrame: number;
  readonly messageId: number;
}
const nameOf = ({ sourceName, run, timeFrame, messageId }: Named): string =>
  `${sourceName} run ${run} time frame ${timeFrame} message ${messageId}`;

const faultsListed = 20;
const textOf = (header: Uint8Array | undefined): string => Buffer.from(header ?? []).toString();

/** All that a committed reader sees of a topic. */
export const readAll = (bus: Bus, topic: string): AsyncIterable<BusRecord> =>
  bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax: 64 * 1024 * 1024 });

/** What the source sent: the first of each frame in order, and where repeats of it lie. */
const readFrames = async (bus: Bus, topic: string, card: InstrumentCard, fault: (text: string) => void) => {
  const inOrder = new Map<number, string[]>();
  const repeats = new Map<string, string>();
  const first = new Set<string>();
  const lastIds = new Map<string, number>();
  let records = 0;
  for await (const { partition, offset, value } of readAll(bus, topic)) {
    records += 1;
    const { identity } = openFrame(value, card);
    const name = nameOf(identity);
    if (first.has(name)) {
      repeats.set(`${partition}/${offset}`, name);
      continue;
    }
    first.add(name);
    const list = inOrder.get(partition);
    if (list === undefined) inOrder.set(partition, [name]);
    else list.push(name);
    const source = `${partition} ${identity.sourceName}`;
    const expected = (lastIds.get(source) ?? -1) + 1;
    if (identity.messageId !== expected) fault(`the source skipped: ${name} follows message ${expected - 1}`);
    lastIds.set(source, identity.messageId);
  }
  return { records, frames: first.size, inOrder, repeats };
};

const readPackets = async (bus: Bus, topic: string) => {
  const inOrder = new Map<number, string[]>();
  let packets = 0;
  for await (const { partition, value } of readAll(bus, topic)) {
    packets += 1;
    const name = nameOf(decodePacket(value).identity);
    const list = inOrder.get(partition);
    if (list === undefined) inOrder.set(partition, [name]);
    else list.push(name);
  }
  return { packets, inOrder };
};

/** Says what is lost, repeated or out of order in one partition. */
const compare = (partition: number, sent: readonly string[], kept: readonly string[]): string[] => {
  const faults: string[] = [];
  const [before, after] = [new Set(sent), new Set(kept)];
  for (const name of before) if (!after.has(name)) faults.push(`partition ${partition} lost ${name}`);
  for (const name of after) if (!before.has(name)) faults.push(`partition ${partition} made up ${name}`);
  if (after.size !== kept.length)
    faults.push(`partition ${partition} has ${kept.length - after.size} packets more than frames`);
  if (faults.length === 0) {
    const at = sent.findIndex((name, index) => name !== kept[index]);
    if (at >= 0) faults.push(`partition ${partition} is out of order at ${at}: ${kept[at]} for ${sent[at]}`);
  }
  return faults;
};

const readRefused = async (
  bus: Bus,
  topic: string,
  repeats: ReadonlyMap<string, string>,
  fault: (text: string) => void,
) => {
  const byCode: Record<string, number> = {};
  const open = new Map(repeats);
  for await (const { headers } of readAll(bus, topic)) {
    const code = textOf(headers.code);
    byCode[code] = (byCode[code] ?? 0) + 1;
    const place = `${textOf(headers.partition)}/${textOf(headers.offset)}`;
    if (code !== 'frame-duplicate') fault(`refused at ${place} as ${code}: ${textOf(headers.detail)}`);
    else if (!open.delete(place)) fault(`refused at ${place} as a duplicate, which it is not, or twice`);
  }
  for (const [place, name] of open) fault(`the repeat at ${place} was not refused: ${name}`);
  return byCode;
};

/** Anomalies are of the packets, each once; snapshots of the policy count up from the first, 0, without a gap. */
const readAsides = async (bus: Bus, topics: Topics, fault: (text: string) => void) => {
  const anomalies = new Set<string>();
  for await (const { value } of readAll(bus, topics.anomalies)) {
    const name = nameOf(decodeAnomaly(value).identity);
    if (anomalies.has(name)) fault(`two anomalies for ${name}`);
    anomalies.add(name);
  }
  let policyVersions = 0;
  for await (const { value } of readAll(bus, topics.policy)) {
    const { version } = decodePolicy(value);
    if (version !== policyVersions) fault(`policy version ${version} where ${policyVersions} was due`);
    policyVersions += 1;
  }
  return { anomalies: anomalies.size, policyVersions };
};

/** Reads everything of a run whose frames have all been processed by `group`. */
export const audit = async (
  bus: Bus,
  card: InstrumentCard,
  topics: Topics,
  group: string,
): Promise<Audit> => {
  const faults: string[] = [];
  const fault = (text: string): void => {
    if (faults.length < faultsListed) faults.push(text);
  };
  const committed = new Map(
    (await bus.committed(group, topics.frames)).map(({ partition, offset }) => [partition, offset]),
  );
  for (const { partition, high } of await bus.offsets(topics.frames))
    if (committed.get(partition) !== high)
      fault(`partition ${partition} ends at ${high}, committed is ${committed.get(partition)}`);
  const sent = await readFrames(bus, topics.frames, card, fault);
  const kept = await readPackets(bus, topics.tokens);
  for (const partition of new Set([...sent.inOrder.keys(), ...kept.inOrder.keys()]))
    compare(partition, sent.inOrder.get(partition) ?? [], kept.inOrder.get(partition) ?? []).forEach(fault);
  const refused = await readRefused(bus, topics.refused, sent.repeats, fault);
  const refusedCount = Object.values(refused).reduce((sum, count) => sum + count, 0);
  if (kept.packets + refusedCount !== sent.records)
    fault(`${kept.packets} packets and ${refusedCount} refused of ${sent.records} records`);
  const asides = await readAsides(bus, topics, fault);
  return { records: sent.records, frames: sent.frames, packets: kept.packets, refused, ...asides, faults };
};
