/**
 * What the assembler of one partition holds between two commits: time frames that wait for regions, those it sent of
 * late, and how far event time and numbers have come. Refuses nothing; `assembly/changelog.ts` checks what is read.
 */

import type { FrameIdentity } from '../frame.ts';
import type { CarriedPacket, IdGap } from './partial_event.ts';

/** What all packets of a time frame have in common. */
export type TimeFrameIdentity = Omit<
  FrameIdentity,
  'sourceName' | 'messageId' | 'instrumentId' | 'instrumentHash'
>;

/** A time frame that was sent. */
export interface SentFrame {
  readonly identity: TimeFrameIdentity;
  /** Of what was sent last; an amendment has the next. */
  readonly revision: number;
  /** Regions sent so far: bit r & 7 of byte r >> 3 is region r. */
  readonly present: Uint8Array;
}

/** A packet that waits; `offset` is its place in the partition of tokens, where its bytes can be read again. */
export interface WaitingPacket extends CarriedPacket {
  readonly offset: bigint;
}

/** A time frame that waits for regions. */
export interface OpenFrame {
  readonly identity: TimeFrameIdentity;
  /** That its partial event will have. */
  readonly revision: number;
  /** Regions of all revisions so far. */
  readonly present: Uint8Array;
  readonly packets: readonly WaitingPacket[];
  readonly gaps: readonly IdGap[];
}

export interface AssemblyHead {
  /** Event time up to which the partition has come: the latest start of a time frame, taken in steps; 0 before any. */
  readonly watermarkNanos: bigint;
  /** The latest end of a time frame that was sent and is remembered no more; 0: none. */
  readonly forgottenNanos: bigint;
  /** The number the next partial event has. */
  readonly nextMessageId: number;
  /** Of each region of the card the last message id, −1 before the first, and its run. */
  readonly lastIds: Float64Array;
  readonly lastRuns: Float64Array;
}

/** What one commit changed, or all there is. */
export interface AssemblyChange {
  /** The state whole: what was before does not matter. */
  readonly whole: boolean;
  /** Counts commits of the partition. */
  readonly sequence: number;
  readonly head: AssemblyHead;
  /** In the order in which they were sent. */
  readonly sent: readonly SentFrame[];
  /** In the order in which they opened; the bytes of their packets are left out. */
  readonly open: readonly OpenFrame[];
}
