/**
 * A time frame that goes out as the messages it takes: one, or numbered parts where one would be too large. It refuses to
 * cut a packet: a part has at least one, however large.
 */

import type { TimeFrameIdentity } from '../domain/archive/assembly.ts';
import type { CarriedPacket, PartialEvent } from '../domain/archive/partial_event.ts';
import { limits } from '../domain/limits.ts';
import { messageId } from '../domain/quantity.ts';
import type { Assembled } from './assembly.ts';

/** What all partial events of a partition have in common. */
export type Common = Pick<
  PartialEvent,
  'sourceName' | 'instrumentId' | 'instrumentHash' | 'regionCount' | 'eventModel'
>;

/** Packets in order, part by part; an empty list is one part without any. */
const packetsByPart = (packets: readonly CarriedPacket[], bytesMax: number): CarriedPacket[][] => {
  const parts: CarriedPacket[][] = [[]];
  let bytes = 0;
  for (const one of packets) {
    const more = one.packet.length + one.instants.length;
    const full = parts.at(-1)!.length === limits.partialEventPacketsMax || bytes + more > bytesMax;
    if (full && parts.at(-1)!.length > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(one);
    bytes += more;
  }
  return parts;
};

/**
 * @param bytesMax packets' bytes one message may carry
 * @param eventTokens of the event as a whole; they go with the first part
 * @param number gives out the numbers of so many messages, and returns the first
 */
export const partialEventsOf = (
  assembled: Assembled,
  common: Common,
  bytesMax: number,
  eventTokens: readonly number[],
  number: (messages: number) => number,
): PartialEvent[] => {
  const { identity, revision, reason, present, gaps } = assembled;
  const parts = packetsByPart(assembled.packets, bytesMax);
  const firstId = number(parts.length);
  const { run, timeFrame, timestampNanos, durationNanos }: TimeFrameIdentity = identity;
  return parts.map((packets, part) => ({
    ...common,
    ...{ run, timeFrame, timestampNanos, durationNanos, revision, reason, present, packets },
    ...{ messageId: messageId(firstId + part), part, partCount: parts.length },
    gaps: part === 0 ? gaps : [],
    eventTokens: part === 0 ? eventTokens : [],
    eventModel: part === 0 && eventTokens.length > 0 ? common.eventModel : null,
  }));
};
