/**
 * Packets as they come: what they tell of their regions, which time frames are whole, and which of them are worth a look at
 * their frames. Refuses to read all of a stream that is too much: of time frames beyond its share only the identity is read.
 */

import { Fault } from '../../../domain/fault.ts';
import type { InstrumentCard } from '../../../domain/instrument.ts';
import { limits } from '../../../domain/limits.ts';
import { FidelityReason, type Packet } from '../../../domain/packet.ts';
import { openPacketFiller, type StageSpans } from '../../../dqm/cycles/packets.ts';
import { openSampler } from '../../../dqm/cycles/sampling.ts';
import type { Spans } from '../../../dqm/cycles/spans.ts';
import type { WatchSetup } from '../../../dqm/cycles/watch.ts';
import type { BusRecord } from '../../../ports/bus.ts';
import type { Clock } from '../../../ports/clock.ts';
import { decodeInstants, instantsHeader, sentAt } from '../../../wire/instants.ts';
import { decodePacket, identifyPacket } from '../../../wire/packet.ts';

/** A time frame whose frames may be looked into. */
export interface LookedAt {
  readonly partition: number;
  readonly run: number;
  readonly timeFrame: number;
  /** Its frames were sent at this instant or later, ms since the epoch. */
  readonly sentMs: number;
  readonly packets: ReadonlyMap<number, Packet>;
}

interface OpenTimeFrame {
  readonly run: number;
  readonly timeFrame: number;
  /** Whether it is read, and whether it was seen from its first packet on. */
  readonly chosen: boolean;
  readonly whole: boolean;
  sentMs: number;
  readonly regions: Set<number>;
  readonly packets: Map<number, Packet>;
}

export interface PacketWatch {
  take(record: BusRecord): void;
  /** Records were passed over: no time frame that is open can be told to be whole. */
  passedOver(): void;
  /** Packets that came and those that were read, since it was last asked. */
  counts(): { readonly seen: number; readonly read: number; readonly rare: number };
}

const spansOf = (header: Uint8Array): { readonly spans: StageSpans; readonly sentNanos: bigint } => {
  const at = decodeInstants(header);
  const between = (from: bigint, to: bigint): number | undefined =>
    from > 0n && to > 0n ? Number(to - from) : undefined;
  const spans = {
    transport: between(at.intended, at.received),
    decode: between(at.received, at.decode),
    tokenize: between(at.decode, at.tokenize),
    score: between(at.tokenize, at.score),
    refine: between(at.score, at.refine),
    emit: between(at.refine, at.emit),
    commit: between(at.emit, at.commit),
    inside: between(at.received, at.commit),
    total: between(at.intended, at.commit),
  };
  const known = Object.entries(spans).filter(([, value]) => value !== undefined);
  return { spans: Object.fromEntries(known), sentNanos: sentAt(at) };
};

export const watchPackets = (parts: {
  readonly card: InstrumentCard;
  readonly clock: Clock;
  readonly setup: WatchSetup;
  readonly spans: () => Spans;
  /** Processor time of this thread, ms. */
  readonly busyMs: () => number;
  /** A run's first packet came, before anything of it is counted. */
  readonly onRun: (run: number) => void;
  /** All regions of a time frame came, or all that came of the one before. */
  readonly onSettled: (one: LookedAt) => void;
}): PacketWatch => {
  const { card, clock, setup, spans, busyMs, onRun, onSettled } = parts;
  const filler = openPacketFiller(setup.packets);
  const regionOf = new Map(card.regions.map((name, region) => [name, region]));
  const width = setup.watched.size;
  const sampler = openSampler(limits.dqmPacketShare, clock.nowMs());
  const open = new Map<number, OpenTimeFrame[]>();
  let [seen, read, rare, latestRun] = [0, 0, 0, -1];

  /** By partition, which regions the last time frame had. */
  const settled = new Map<number, string>();

  const close = (partition: number, one: OpenTimeFrame): void => {
    if (!one.chosen || one.run !== latestRun) return;
    const isComplete = one.regions.size === card.regions.length;
    const regions = [...one.regions].sort((a, b) => a - b).join();
    const isAsBefore = one.whole && settled.get(partition) === regions;
    settled.set(partition, regions);
    if (one.whole)
      for (const [region, values] of spans().filling.values.entries())
        filler.complete(one.regions.has(region), values.subarray(width));
    // Regions that have fallen silent do not hide the others; one that is merely late would set them apart.
    if ((isComplete || isAsBefore) && one.sentMs > 0) onSettled({ partition, ...one });
  };

  const timeFrameOf = (partition: number, run: number, timeFrame: number): OpenTimeFrame => {
    const before = open.get(partition);
    const known = before?.find((one) => one.timeFrame === timeFrame && one.run === run);
    if (known !== undefined) return known;
    const made = {
      run,
      timeFrame,
      chosen: sampler.ready(clock.nowMs()),
      whole: before !== undefined,
      sentMs: 0,
      regions: new Set<number>(),
      packets: new Map<number, Packet>(),
    };
    const all = [...(before ?? []), made];
    // Two newer ones have begun: what did not come will not come.
    if (all.length > 3) close(partition, all.shift()!);
    open.set(partition, all);
    return made;
  };

  const add = (one: OpenTimeFrame, region: number, { value, headers }: BusRecord): void => {
    const packet = decodePacket(value);
    const header = headers[instantsHeader];
    const timed = header === undefined ? null : spansOf(header);
    if (timed !== null && one.sentMs === 0) one.sentMs = Number(timed.sentNanos / 1_000_000n);
    filler.add(packet, value.byteLength, timed?.spans ?? {}, spans().filling.values[region]!.subarray(width));
    one.packets.set(region, packet);
    read += 1;
    if (packet.reason === FidelityReason.rare) rare += 1;
  };

  return {
    take(record) {
      seen += 1;
      const fromMs = busyMs();
      try {
        const { sourceName, run, timeFrame } = identifyPacket(record.value);
        const region = regionOf.get(sourceName);
        if (region === undefined) return;
        if (run > latestRun) {
          latestRun = run;
          onRun(run);
        }
        if (run !== latestRun) return;
        const one = timeFrameOf(record.partition, run, timeFrame);
        one.regions.add(region);
        if (one.chosen) add(one, region, record);
        if (one.regions.size < card.regions.length) return;
        close(record.partition, one);
        open.set(
          record.partition,
          open.get(record.partition)!.filter((other) => other !== one),
        );
      } catch (error) {
        // A packet that cannot be read is the processor's or the bus's fault, and counted by its readers.
        if (!(error instanceof Fault)) throw error;
      } finally {
        sampler.took(busyMs() - fromMs);
      }
    },
    passedOver: () => open.clear(),
    counts() {
      const now = { seen, read, rare };
      [seen, read, rare] = [0, 0, 0];
      return now;
    },
  };
};
