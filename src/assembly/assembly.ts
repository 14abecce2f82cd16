/**
 * Packets of one partition become partial events: one a time frame, when all its regions are there or its deadline has
 * passed, and an amendment of what comes later. Pure: packets and time in, partial events out. It refuses a region that
 * a time frame has already, and a time frame older than what it remembers, because nobody knows what was sent of it.
 */

import type {
  AssemblyChange,
  AssemblyHead,
  OpenFrame,
  SentFrame,
  TimeFrameIdentity,
  WaitingPacket,
} from '../domain/archive/assembly.ts';
import { type CarriedPacket, type IdGap, PartialEventReason } from '../domain/archive/partial_event.ts';
import type { FaultCode } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';
import { openNumbering } from './numbering.ts';
import { addRegion, countRegions, dropRegion, hasRegion } from './regions.ts';
import { openSentFrames } from './sent_frames.ts';

export interface AssemblySettings {
  readonly regionCount: number;
  /** Event time after a time frame's end at which it goes without the regions that are missing, ns. */
  readonly deadlineNanos: bigint;
  /** Wall time a time frame stays open at most, where event time stands still or runs slow, ms. */
  readonly backstopMs: number;
  readonly bounds: AssemblyBounds;
}

/** What one partition may hold. */
export interface AssemblyBounds {
  readonly framesOpenMax: number;
  readonly packetsOpenMax: number;
  readonly bytesOpenMax: number;
  /** Time frames that were sent and are remembered. */
  readonly framesKept: number;
  /** Changes from one that is whole to the next. */
  readonly changesMax: number;
}
export const assemblyBounds: AssemblyBounds = {
  framesOpenMax: limits.assemblyFramesOpenMax,
  packetsOpenMax: limits.assemblyPacketsOpenMax,
  bytesOpenMax: limits.assemblyBytesOpenMax,
  framesKept: limits.assemblyFramesKept,
  changesMax: limits.assemblyChangesMax,
};

/** A packet of this partition. */
export interface Arrival {
  readonly identity: TimeFrameIdentity;
  readonly messageId: number;
  readonly packet: WaitingPacket;
}

/** A time frame as it goes out: what all parts of its partial event share, and the packets to be parted. */
export interface Assembled {
  readonly identity: TimeFrameIdentity;
  readonly revision: number;
  readonly reason: number;
  readonly present: Uint8Array;
  readonly gaps: readonly IdGap[];
  /** In the order of the card. */
  readonly packets: readonly CarriedPacket[];
}

export interface Assembly {
  /** null: it is in; otherwise why it is refused. */
  take(arrival: Arrival, nowMs: number): FaultCode | null;
  /** Time frames that go out now, at the end of a batch: complete, due, or too many. */
  close(nowMs: number): Assembled[];
  /** How long until the wall clock closes the next one, ms from `nowMs`; null while none is open. */
  waitMs(nowMs: number): number | null;
  /** Numbers for so many messages; the first is returned. */
  number(messages: number): number;
  /** What has changed since the last call, for the changelog; every so often all there is. */
  change(): AssemblyChange;
  /** Has what waits own its bytes: those of a batch are the bus's again once it is committed. */
  keep(): void;
  /** Places of restored packets whose bytes are not here yet. */
  readonly lacking: ReadonlySet<bigint>;
  /** Brings the bytes of one of them; others are passed over. */
  bring(offset: bigint, packet: Uint8Array, instants: Uint8Array): void;
  /** Gives up those that still lack their bytes: they are as if they had never come. Returns how many. */
  giveUp(): number;
  readonly openPackets: number;
  readonly openBytes: number;
  /** Offset of the first packet that waits; null when none does. */
  readonly openFrom: bigint | null;
  /** Event time the partition has come to, ns since the epoch; 0: none yet. */
  readonly watermarkNanos: bigint;
}

interface Waiting extends OpenFrame {
  readonly key: string;
  readonly packets: WaitingPacket[];
  gaps: IdGap[];
  readonly present: Uint8Array;
  openedMs: number;
  presentCount: number;
  /** Packets whose bytes are its own: those before this index. */
  kept: number;
}

const keyOf = ({ run, timeFrame }: TimeFrameIdentity): string => `${run}/${timeFrame}`;
const endOf = ({ timestampNanos, durationNanos }: TimeFrameIdentity): bigint =>
  timestampNanos + durationNanos;
/** `slice` of a Node Buffer is a view. */
const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
const bytesOf = ({ packet, instants }: CarriedPacket): number => packet.length + instants.length;

/**
 * @param changes what earlier commits changed, in order, from one that is whole on; the bytes of what waits are lacking
 * @param nowMs wall time from which what is open is measured
 */
export const openAssembly = (
  settings: AssemblySettings,
  changes: readonly AssemblyChange[],
  nowMs: number,
): Assembly => {
  const { regionCount, deadlineNanos, backstopMs, bounds } = settings;
  const open = new Map<string, Waiting>();
  const last = changes.at(-1)?.head;
  const numbering = openNumbering(regionCount, last);
  const sent = openSentFrames(bounds.framesKept);
  let watermarkNanos = last?.watermarkNanos ?? 0n;
  let nextMessageId = last?.nextMessageId ?? 0;
  let sequence = changes.at(-1)?.sequence ?? 0;
  let sinceWhole = changes.length === 0 ? bounds.changesMax : changes.length;
  let openPackets = 0;
  let openBytes = 0;
  let openGaps = 0;
  /** Changed since the last commit; and with gaps, which are looked through for each packet that is out of order. */
  let touched = new Set<Waiting>();
  const withGaps = new Set<Waiting>();
  let closed: SentFrame[] = [];

  const openFrame = (key: string, identity: TimeFrameIdentity, openedMs: number): Waiting => {
    const before = sent.take(key);
    const present = before?.present.slice() ?? new Uint8Array((regionCount + 7) >> 3);
    const frame: Waiting = {
      ...{ key, identity: before?.identity ?? identity, present, openedMs, kept: 0 },
      ...{ revision: before === null ? 0 : before.revision + 1, presentCount: countRegions(present) },
      ...{ packets: [], gaps: [] },
    };
    open.set(key, frame);
    return frame;
  };

  const join = (frame: Waiting, packet: WaitingPacket): void => {
    frame.packets.push(packet);
    addRegion(frame.present, packet.region);
    frame.presentCount += 1;
    openPackets += 1;
    openBytes += bytesOf(packet);
  };

  const restore = (change: AssemblyChange): void => {
    if (change.whole) {
      open.clear();
      sent.begin(change.head.forgottenNanos);
      openPackets = 0;
    }
    for (const frame of change.sent) {
      const key = keyOf(frame.identity);
      const was = open.get(key);
      if (was !== undefined) leave(was);
      sent.put(key, frame);
    }
    for (const { identity, revision, present, packets, gaps } of change.open) {
      const key = keyOf(identity);
      openPackets -= open.get(key)?.packets.length ?? 0;
      sent.take(key);
      const frame: Waiting = {
        ...{ key, identity, revision, present: present.slice(), gaps: [...gaps], packets: [] },
        ...{ openedMs: nowMs, presentCount: 0, kept: packets.length },
      };
      open.set(key, frame);
      for (const packet of packets) join(frame, packet);
      frame.presentCount = countRegions(frame.present);
    }
    if (!change.whole) sent.shorten();
  };

  const leave = (frame: Waiting): void => {
    open.delete(frame.key);
    touched.delete(frame);
    withGaps.delete(frame);
    openGaps -= frame.gaps.length;
    openPackets -= frame.packets.length;
    for (const packet of frame.packets) openBytes -= bytesOf(packet);
  };

  /** A time frame that was amended is amended again, whatever closed it. */
  const send = (frame: Waiting, reason: number): Assembled => {
    leave(frame);
    const { identity, revision, present, gaps } = frame;
    const one = { identity, revision, present };
    sent.put(frame.key, one);
    closed.push(one);
    return {
      ...one,
      reason: revision > 0 ? PartialEventReason.amendment : reason,
      gaps,
      packets: frame.packets.sort((a, b) => a.region - b.region),
    };
  };

  const advance = (timestampNanos: bigint): void => {
    const furthest = watermarkNanos + limits.watermarkStepNanos;
    if (watermarkNanos === 0n) watermarkNanos = timestampNanos;
    else if (timestampNanos > watermarkNanos)
      watermarkNanos = timestampNanos > furthest ? furthest : timestampNanos;
  };

  const isDue = ({ identity, openedMs }: Waiting, wallMs: number): boolean =>
    watermarkNanos >= endOf(identity) + deadlineNanos || wallMs - openedMs >= backstopMs;

  for (const change of changes) restore(change);
  openGaps = 0;
  const lacking = new Map<bigint, { readonly frame: Waiting; readonly index: number }>();
  for (const frame of open.values()) {
    if (frame.gaps.length > 0) withGaps.add(frame);
    openGaps += frame.gaps.length;
    frame.packets.forEach(({ offset }, index) => {
      lacking.set(offset, { frame, index });
    });
  }

  return {
    take({ identity, messageId, packet }, wallMs) {
      const key = keyOf(identity);
      const known = open.get(key)?.present ?? sent.get(key)?.present;
      if (known !== undefined && hasRegion(known, packet.region)) return 'packet-duplicate';
      if (known === undefined && endOf(identity) <= sent.forgottenNanos) return 'packet-stale';
      const frame = open.get(key) ?? openFrame(key, identity, wallMs);
      join(frame, packet);
      touched.add(frame);
      const gap = numbering.next(packet.region, identity.run, messageId);
      // As many gaps as packets: a change of the state must fit a message.
      const room = openGaps < bounds.packetsOpenMax;
      if (gap === 'earlier') {
        const shrunk = fill(withGaps, packet.region, messageId, room);
        if (shrunk !== null) {
          touched.add(shrunk.frame);
          openGaps += shrunk.more;
        }
      } else if (gap !== null && room && frame.gaps.length < limits.partialEventGapsMax) {
        frame.gaps.push(gap);
        openGaps += 1;
        withGaps.add(frame);
      }
      advance(identity.timestampNanos);
      return null;
    },
    close(wallMs) {
      const out: Assembled[] = [];
      for (const frame of open.values())
        if (frame.presentCount === regionCount) out.push(send(frame, PartialEventReason.complete));
        else if (isDue(frame, wallMs)) out.push(send(frame, PartialEventReason.deadline));
      for (const frame of open.values()) {
        const fits =
          open.size <= bounds.framesOpenMax &&
          openPackets <= bounds.packetsOpenMax &&
          openBytes <= bounds.bytesOpenMax;
        if (fits) break;
        out.push(send(frame, PartialEventReason.pressure));
      }
      return out;
    },
    waitMs(wallMs) {
      // Opened one after another: the first is the next.
      for (const { openedMs } of open.values()) return Math.max(0, openedMs + backstopMs - wallMs);
      return null;
    },
    number(messages) {
      nextMessageId += messages;
      return nextMessageId - messages;
    },
    change() {
      sequence += 1;
      sinceWhole += 1;
      const whole = sinceWhole >= bounds.changesMax;
      // Only here, so that a restored memory forgets what this one forgets.
      sent.shorten();
      const head: AssemblyHead = {
        ...{ watermarkNanos, nextMessageId, forgottenNanos: sent.forgottenNanos },
        ...numbering.state,
      };
      const change = whole
        ? { whole, sequence, head, sent: [...sent.values()], open: [...open.values()] }
        : { whole, sequence, head, sent: closed, open: [...open.values()].filter((one) => touched.has(one)) };
      if (whole) sinceWhole = 0;
      closed = [];
      touched = new Set();
      return change;
    },
    keep() {
      for (const frame of open.values())
        for (; frame.kept < frame.packets.length; frame.kept += 1) {
          const waiting = frame.packets[frame.kept]!;
          const [packet, instants] = [copyOf(waiting.packet), copyOf(waiting.instants)];
          frame.packets[frame.kept] = { ...waiting, packet, instants };
        }
    },
    get lacking() {
      return new Set(lacking.keys());
    },
    bring(offset, packet, instants) {
      const place = lacking.get(offset);
      if (place === undefined) return;
      lacking.delete(offset);
      place.frame.packets[place.index] = {
        ...place.frame.packets[place.index]!,
        packet: copyOf(packet),
        instants: copyOf(instants),
      };
      openBytes += packet.length + instants.length;
    },
    giveUp() {
      const given = lacking.size;
      for (const { frame, index } of [...lacking.values()].sort((a, b) => b.index - a.index)) {
        const [lost] = frame.packets.splice(index, 1);
        dropRegion(frame.present, lost!.region);
        frame.presentCount -= 1;
        frame.kept -= 1;
        openPackets -= 1;
        touched.add(frame);
        if (frame.packets.length === 0 && frame.revision === 0) leave(frame);
      }
      lacking.clear();
      return given;
    },
    get openPackets() {
      return openPackets;
    },
    get openBytes() {
      return openBytes;
    },
    get openFrom() {
      let first: bigint | null = null;
      // They come in order, within a time frame too.
      for (const { packets } of open.values()) {
        const offset = packets[0]?.offset;
        if (offset !== undefined && (first === null || offset < first)) first = offset;
      }
      return first;
    },
    get watermarkNanos() {
      return watermarkNanos;
    },
  };
};

/**
 * A message id that was missing has come after all: it leaves the gap it was in, where that was not told yet. Returns the
 * time frame whose gap it was, and how many gaps more it has.
 */
const fill = (
  frames: Iterable<Waiting>,
  region: number,
  id: number,
  room: boolean,
): { readonly frame: Waiting; readonly more: number } | null => {
  for (const frame of frames) {
    const at = frame.gaps.findIndex(
      (gap) => gap.region === region && id >= gap.fromId && id < gap.fromId + gap.count,
    );
    if (at < 0) continue;
    const { fromId, count } = frame.gaps[at]!;
    const rest = [
      { region, fromId, count: id - fromId },
      { region, fromId: id + 1, count: fromId + count - id - 1 },
    ].filter((gap) => gap.count > 0);
    // No room to split: better a gap that is told too long than one that is not told.
    const splits = rest.length === 2;
    if (splits && (!room || frame.gaps.length === limits.partialEventGapsMax)) return null;
    frame.gaps.splice(at, 1, ...rest);
    return { frame, more: rest.length - 1 };
  }
  return null;
};
