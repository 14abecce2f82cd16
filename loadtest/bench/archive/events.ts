/**
 * Partial events for the archive's bench, made of packets that the processor made of simulated frames: by time frame,
 * or of one region under new numbers without end. Refuses to invent a packet.
 */

import type { PartialEvent } from '../../../src/domain/archive/partial_event.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { epochNanos, messageId, timeFrameNumber } from '../../../src/domain/quantity.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import { instantsHeader } from '../../../src/wire/instants.ts';
import { decodePacket, encodePacket } from '../../../src/wire/packet.ts';

export interface MadePacket {
  readonly region: number;
  readonly packet: Uint8Array;
  readonly instants: Uint8Array;
}

/** All packets on a token topic, by time frame. */
export const packetsOn = async (
  bus: Bus,
  topic: string,
  card: InstrumentCard,
): Promise<Map<number, MadePacket[]>> => {
  const regions = new Map(card.regions.map((name, region) => [name, region]));
  const made = new Map<number, MadePacket[]>();
  const bufferBytesMax = 64 * 1024 * 1024;
  for await (const record of bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax })) {
    const { identity } = decodePacket(record.value);
    const list = made.get(identity.timeFrame) ?? [];
    list.push({
      region: regions.get(identity.sourceName)!,
      packet: record.value.slice(),
      instants: record.headers[instantsHeader]?.slice() ?? new Uint8Array(0),
    });
    made.set(identity.timeFrame, list);
  }
  return made;
};

export const eventOf = (
  card: InstrumentCard,
  packets: readonly MadePacket[],
  number: number,
): PartialEvent => {
  const { identity } = decodePacket(packets[0]!.packet);
  const present = new Uint8Array(Math.ceil(card.regions.length / 8));
  for (const { region } of packets) present[region >> 3]! |= 1 << (region & 7);
  return {
    ...identity,
    sourceName: `${card.id}.assembler/0`,
    messageId: messageId(number),
    revision: 0,
    part: 0,
    partCount: 1,
    reason: packets.length === card.regions.length ? 0 : 1,
    regionCount: card.regions.length,
    present,
    gaps: [],
    packets,
    eventTokens: [],
    eventModel: null,
  };
};

/** The packet of another time frame: its numbers and its start, the rest as it was. */
export const renumbered = ({ packet, ...rest }: MadePacket, number: number): MadePacket => {
  const made = decodePacket(packet);
  const { identity } = made;
  const timestampNanos = epochNanos(1_767_225_600_000_000_000n + BigInt(number) * identity.durationNanos);
  const again = {
    ...identity,
    timeFrame: timeFrameNumber(number),
    messageId: messageId(number),
    timestampNanos,
  };
  return { ...rest, packet: encodePacket({ ...made, identity: again }) };
};
