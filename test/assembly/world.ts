/**
 * A partition of tokens and what an assembler commits of it, in memory: batches go in, kills strike between what is made
 * and what is committed, and a restarted assembly has nothing but what was committed.
 */

import fc from 'fast-check';
import { type Assembled, type AssemblySettings, openAssembly } from '../../src/assembly/assembly.ts';
import { changesUntil, decodeChange, encodeChange } from '../../src/assembly/changelog.ts';
import { type Common, partialEventsOf } from '../../src/assembly/parts.ts';
import type { PartialEvent } from '../../src/domain/archive/partial_event.ts';
import { cardHash, durationNanos, epochNanos, run, timeFrameNumber } from '../../src/domain/quantity.ts';

export interface Sent {
  readonly timeFrame: number;
  readonly region: number;
  readonly messageId: number;
}
export interface Batch {
  readonly packets: readonly Sent[];
  /** Wall time since the batch before, ms. */
  readonly afterMs: number;
  /** Whether the assembler is killed when it has made its outputs and before they are committed. */
  readonly killed: boolean;
}
export interface Scenario {
  readonly settings: AssemblySettings;
  readonly batches: readonly Batch[];
}

export const frameNanos = 1000n;
const startNanos = 1_000_000n;
export const common = (regionCount: number): Common => ({
  sourceName: 'test.assembler/0',
  instrumentId: 'test',
  instrumentHash: cardHash('0123456789abcdef'),
  regionCount,
  eventModel: { id: 'event/1', hash: cardHash('0123456789abcdef') },
});

export const identityOf = (timeFrame: number) => ({
  run: run(3),
  timeFrame: timeFrameNumber(timeFrame),
  timestampNanos: epochNanos(startNanos + BigInt(timeFrame) * frameNanos),
  durationNanos: durationNanos(frameNanos),
});
const bytesOf = ({ timeFrame, region, messageId }: Sent): Uint8Array =>
  Buffer.from(`${timeFrame}/${region}/${messageId}`);

export interface Outcome {
  readonly events: readonly PartialEvent[];
  readonly refused: readonly string[];
  /** After each commit, what is open. */
  readonly openMax: { readonly packets: number; readonly bytes: number };
}

/** Runs a scenario; with `kills` off nothing is ever killed. */
export const play = ({ settings, batches }: Scenario, kills: boolean): Outcome => {
  const log: Sent[] = [];
  const changelog: Uint8Array[] = [];
  const committed = { events: [] as PartialEvent[], refused: [] as string[], offset: 0, sequence: 0 };
  const openMax = { packets: 0, bytes: 0 };
  let nowMs = 0;

  const start = () => {
    const changes = changesUntil(changelog.map(decodeChange), committed.sequence) ?? [];
    const assembly = openAssembly(settings, changes, nowMs);
    for (const offset of assembly.lacking)
      assembly.bring(offset, bytesOf(log[Number(offset)]!), Buffer.from('i'));
    if (assembly.giveUp() > 0) throw new Error('a packet that waits is lost');
    return assembly;
  };
  let assembly = start();

  const step = (packets: readonly Sent[]) => {
    const refused: string[] = [];
    // What the bus hands out is the bus's: it is overwritten once the batch is committed.
    const lent: Uint8Array[] = [];
    packets.forEach((sent, i) => {
      const packet = bytesOf(sent);
      lent.push(packet);
      const waiting = {
        region: sent.region,
        offset: BigInt(committed.offset + i),
        packet,
        instants: Buffer.from('i'),
      };
      const identity = identityOf(sent.timeFrame);
      const code = assembly.take({ identity, messageId: sent.messageId, packet: waiting }, nowMs);
      if (code !== null) refused.push(`${code} ${sent.timeFrame}/${sent.region}`);
    });
    const closed: Assembled[] = assembly.close(nowMs);
    const events = closed.flatMap((one) =>
      partialEventsOf(one, common(settings.regionCount), 1_000_000, [], assembly.number),
    );
    const change = packets.length === 0 && events.length === 0 ? null : assembly.change();
    const bytes = change === null ? null : encodeChange(change);
    assembly.keep();
    const made = events.map((event) => ({
      ...event,
      packets: event.packets.map((one) => ({ ...one, packet: Buffer.from(one.packet).toString() })),
    })) as unknown as PartialEvent[];
    return { refused, events: made, sequence: change?.sequence ?? 0, bytes, lent };
  };

  for (const { packets, afterMs, killed } of batches) {
    nowMs += afterMs;
    log.push(...packets);
    if (kills && killed) {
      step(packets);
      assembly = start();
    }
    const made = step(packets);
    for (const bytes of made.lent) bytes.fill(0);
    if (made.bytes === null) continue;
    changelog.push(made.bytes);
    committed.events.push(...made.events);
    committed.refused.push(...made.refused);
    committed.offset += packets.length;
    committed.sequence = made.sequence;
    openMax.packets = Math.max(openMax.packets, assembly.openPackets);
    openMax.bytes = Math.max(openMax.bytes, assembly.openBytes);
  }
  return { ...committed, openMax };
};

/** Packets of a few time frames: any missing, any sent again, in any order near or far. */
const arrivals = (frames: number, regions: number): fc.Arbitrary<Sent[]> =>
  fc
    .array(
      fc.record({
        keep: fc.integer({ min: 0, max: 9 }),
        again: fc.integer({ min: 0, max: 9 }),
        early: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 200 })),
        againAfter: fc.integer({ min: 0, max: 40 }),
      }),
      { minLength: frames * regions, maxLength: frames * regions },
    )
    .map((fates) =>
      fates
        .flatMap(({ keep, again, early, againAfter }, i) => {
          const sent = { timeFrame: Math.floor(i / regions), region: i % regions };
          const packet = { ...sent, messageId: 7 + sent.timeFrame };
          if (keep === 0) return [];
          const at = i + early;
          return again === 0
            ? [
                { at, packet },
                { at: at + againAfter, packet },
              ]
            : [{ at, packet }];
        })
        .sort((a, b) => a.at - b.at)
        .map(({ packet }) => packet),
    );

const cut = (packets: readonly Sent[], sizes: readonly number[]): Sent[][] => {
  const parts: Sent[][] = [];
  let at = 0;
  for (let i = 0; at < packets.length; i += 1) {
    const size = sizes[i % sizes.length]!;
    parts.push(packets.slice(at, at + size));
    at += size;
  }
  return parts;
};

export const scenarios = (bounds: fc.Arbitrary<AssemblySettings['bounds']>): fc.Arbitrary<Scenario> =>
  fc
    .record({ frames: fc.integer({ min: 1, max: 14 }), regions: fc.integer({ min: 1, max: 5 }) })
    .chain(({ frames, regions }) =>
      fc.record({
        packets: arrivals(frames, regions),
        sizes: fc
          .array(fc.nat(9), { minLength: 1, maxLength: 8 })
          .filter((sizes) => sizes.some((n) => n > 0)),
        waits: fc.array(fc.nat(60), { minLength: 1, maxLength: 8 }),
        kills: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        deadlineFrames: fc.integer({ min: 0, max: 6 }),
        backstopMs: fc.constantFrom(50, 150, 1_000_000),
        bounds,
        regions: fc.constant(regions),
      }),
    )
    .map(({ packets, sizes, waits, kills, deadlineFrames, backstopMs, bounds: held, regions }) => ({
      settings: {
        regionCount: regions,
        deadlineNanos: BigInt(deadlineFrames) * frameNanos,
        backstopMs,
        bounds: held,
      },
      // Quiet ones at the end, so that the wall clock closes what is left.
      batches: [...cut(packets, sizes), [], [], []].map((part, i) => ({
        packets: part,
        afterMs: waits[i % waits.length]! + (part.length === 0 && i > 0 ? 100 : 0),
        killed: kills[i % kills.length]!,
      })),
    }));
