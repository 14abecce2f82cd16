/**
 * A partial event: what is known of a time frame when its deadline passes, as the packets of its regions. Refuses
 * nothing; `wire` verifies bytes before they become one.
 */

import type { CardHash, DurationNanos, EpochNanos, MessageId, Run, TimeFrameNumber } from '../quantity.ts';
import type { EventModelName } from './event_model.ts';

/** Why it was sent when it was; open on the wire, never renumbered. */
export const PartialEventReason = {
  complete: 0,
  deadline: 1,
  amendment: 2,
  pressure: 3,
  drained: 4,
} as const;

/** Message ids of a region that were passed over at this time frame: [fromId, fromId + count). */
export interface IdGap {
  readonly region: number;
  readonly fromId: number;
  readonly count: number;
}

/** A packet as it came, and the instants of its way, as its record header had them (empty: none). */
export interface CarriedPacket {
  /** Index of the region in the instrument card. */
  readonly region: number;
  readonly packet: Uint8Array;
  readonly instants: Uint8Array;
}

export interface PartialEvent {
  readonly sourceName: string;
  /** Consecutive a partition. */
  readonly messageId: MessageId;
  readonly timestampNanos: EpochNanos;
  readonly durationNanos: DurationNanos;
  readonly run: Run;
  readonly timeFrame: TimeFrameNumber;
  readonly instrumentId: string;
  readonly instrumentHash: CardHash;
  /** 0 first; an amendment has the next, and carries only what came late. */
  readonly revision: number;
  /** Which of `partCount` messages this is, where one would be too large. */
  readonly part: number;
  readonly partCount: number;
  readonly reason: number;
  readonly regionCount: number;
  /** Regions so far, of all revisions: bit r (of byte r >> 3) is region r. */
  readonly present: Uint8Array;
  readonly gaps: readonly IdGap[];
  readonly packets: readonly CarriedPacket[];
  /** Tokens of the event as a whole; empty until a model makes them. */
  readonly eventTokens: readonly number[];
  /** What made them; null where there are none, or nobody said. */
  readonly eventModel: EventModelName | null;
}
