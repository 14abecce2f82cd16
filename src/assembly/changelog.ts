/**
 * Changes of an assembler's state as the bytes on `<i>_assembly`, both ways: little-endian, of one width each. It refuses
 * (message-malformed) what is cut, too long or of another layout; the bytes of packets are not here, only their places.
 */

import type {
  AssemblyChange,
  AssemblyHead,
  OpenFrame,
  SentFrame,
  TimeFrameIdentity,
  WaitingPacket,
} from '../domain/archive/assembly.ts';
import type { IdGap } from '../domain/archive/partial_event.ts';
import { Fault } from '../domain/fault.ts';
import { durationNanos, epochNanos, run, timeFrameNumber } from '../domain/quantity.ts';
import { countAt, i64At, putCount, putI64, putU16, putU32, u16At, u32At } from '../kernels/little_endian.ts';

const layout = 0x3130_7361; // 'as01'
const headBytes = 4 + 1 + 8 + 8 + 8 + 8 + 2;
const identityBytes = 4 + 8 + 8 + 8;
const gapBytes = 2 + 8 + 8;
const packetBytes = 2 + 8;
const none = new Uint8Array(0);

const sizeOf = ({ head, sent, open }: AssemblyChange, maskBytes: number): number => {
  const one = identityBytes + 2 + maskBytes;
  let bytes = headBytes + 16 * head.lastIds.length + 8 + one * (sent.length + open.length);
  for (const { gaps, packets } of open) bytes += 4 + gapBytes * gaps.length + packetBytes * packets.length;
  return bytes;
};

export const encodeChange = (change: AssemblyChange): Uint8Array => {
  const { whole, sequence, head, sent, open } = change;
  const regionCount = head.lastIds.length;
  const bytes = new Uint8Array(sizeOf(change, (regionCount + 7) >> 3));
  let at = 0;
  const u16 = (value: number): void => {
    putU16(bytes, at, value);
    at += 2;
  };
  const u32 = (value: number): void => {
    putU32(bytes, at, value);
    at += 4;
  };
  const count = (value: number): void => {
    putCount(bytes, at, value);
    at += 8;
  };
  const i64 = (value: bigint): void => {
    putI64(bytes, at, value);
    at += 8;
  };
  const frame = ({ identity, revision, present }: SentFrame): void => {
    u32(identity.run);
    count(identity.timeFrame);
    i64(identity.timestampNanos);
    i64(identity.durationNanos);
    u16(revision);
    bytes.set(present, at);
    at += present.length;
  };
  u32(layout);
  bytes[at++] = whole ? 1 : 0;
  count(sequence);
  i64(head.watermarkNanos);
  i64(head.forgottenNanos);
  count(head.nextMessageId);
  u16(regionCount);
  // −1 stands for none: one more is a count.
  for (const id of head.lastIds) count(id + 1);
  for (const lastRun of head.lastRuns) count(lastRun + 1);
  u32(sent.length);
  for (const one of sent) frame(one);
  u32(open.length);
  for (const one of open) {
    frame(one);
    u16(one.gaps.length);
    for (const gap of one.gaps) {
      u16(gap.region);
      count(gap.fromId);
      count(gap.count);
    }
    u16(one.packets.length);
    for (const { region, offset } of one.packets) {
      u16(region);
      i64(offset);
    }
  }
  return bytes;
};

/** Takes numbers from the front; throws where there are no more. */
const reader = (bytes: Uint8Array) => {
  let at = 0;
  const step = (size: number): number => {
    if (at + size > bytes.length)
      throw new Fault('message-malformed', `assembly: cut at ${bytes.length} bytes, ${at + size} are needed`);
    at += size;
    return at - size;
  };
  return {
    u8: (): number => bytes[step(1)]!,
    u16: (): number => u16At(bytes, step(2)),
    u32: (): number => u32At(bytes, step(4)),
    i64: (): bigint => i64At(bytes, step(8)),
    count(): number {
      const value = countAt(bytes, step(8));
      if (value < 0) throw new Fault('message-malformed', `assembly: the number at ${at - 8} is beyond 2^53`);
      return value;
    },
    slice(size: number): Uint8Array {
      const from = step(size);
      // Its own: a slice of a Node Buffer is a view, and the bus reuses what it read into.
      return new Uint8Array(bytes.subarray(from, from + size));
    },
    get left() {
      return bytes.length - at;
    },
  };
};
type Reader = ReturnType<typeof reader>;

const listOf = <One>(length: number, read: () => One): One[] => {
  const list: One[] = [];
  for (let i = 0; i < length; i += 1) list.push(read());
  return list;
};

const readFrame = (from: Reader, maskBytes: number): SentFrame => {
  const identity: TimeFrameIdentity = {
    run: run(from.u32()),
    timeFrame: timeFrameNumber(from.count()),
    timestampNanos: epochNanos(from.i64()),
    durationNanos: durationNanos(from.i64()),
  };
  return { identity, revision: from.u16(), present: from.slice(maskBytes) };
};

const readOpen = (from: Reader, maskBytes: number): OpenFrame => ({
  ...readFrame(from, maskBytes),
  gaps: listOf(from.u16(), (): IdGap => ({ region: from.u16(), fromId: from.count(), count: from.count() })),
  packets: listOf(
    from.u16(),
    (): WaitingPacket => ({ region: from.u16(), offset: from.i64(), packet: none, instants: none }),
  ),
});

const readHead = (
  from: Reader,
): { readonly whole: boolean; readonly sequence: number; readonly head: AssemblyHead } => {
  if (from.u32() !== layout)
    throw new Fault('message-malformed', 'assembly: the record does not begin with as01');
  const whole = from.u8() === 1;
  const sequence = from.count();
  const [watermarkNanos, forgottenNanos] = [from.i64(), from.i64()];
  const nextMessageId = from.count();
  const regionCount = from.u16();
  const lastOf = (): Float64Array =>
    Float64Array.from(
      listOf(regionCount, () => from.count()),
      (one) => one - 1,
    );
  const head = { watermarkNanos, forgottenNanos, nextMessageId, lastIds: lastOf(), lastRuns: lastOf() };
  return { whole, sequence, head };
};

/** What `encodeChange` wrote, with the bytes of packets left out. Throws message-malformed. */
export const decodeChange = (bytes: Uint8Array): AssemblyChange => {
  const from = reader(bytes);
  const head = readHead(from);
  const maskBytes = (head.head.lastIds.length + 7) >> 3;
  const sent = listOf(from.u32(), () => readFrame(from, maskBytes));
  const open = listOf(from.u32(), () => readOpen(from, maskBytes));
  if (from.left > 0) throw new Fault('message-malformed', `assembly: ${from.left} bytes too many`);
  return { ...head, sent, open };
};

/** How far back the changes reach that a restart needs, as read: whatever was written anew after a kill replaces. */
export const changesUntil = (read: readonly AssemblyChange[], sequence: number): AssemblyChange[] | null => {
  const kept: AssemblyChange[] = [];
  for (const change of read) {
    while (kept.length > 0 && kept.at(-1)!.sequence >= change.sequence) kept.pop();
    kept.push(change);
  }
  while (kept.length > 0 && kept.at(-1)!.sequence > sequence) kept.pop();
  const from = kept.findLastIndex(({ whole }) => whole);
  if (from < 0 || kept.at(-1)!.sequence !== sequence) return null;
  return kept.slice(from);
};
