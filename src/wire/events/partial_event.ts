/**
 * pe00 both ways: what is known of a time frame when its deadline passes. Decoding refuses a message that leads outside
 * itself or contradicts itself; the packets inside are whoever reads them's to judge.
 */

import { Builder } from 'flatbuffers';
import type { EventModelName } from '../../domain/archive/event_model.ts';
import type { CarriedPacket, IdGap, PartialEvent } from '../../domain/archive/partial_event.ts';
import { Fault } from '../../domain/fault.ts';
import { cardHash } from '../../domain/quantity.ts';
import { countAt, i32At, u16At, u32At } from '../../kernels/little_endian.ts';
import { pe00 } from '../generated/layouts.ts';
import { CarriedPacket as PacketTable } from '../generated/pe00/carried-packet.js';
import { IdGap as GapTable } from '../generated/pe00/id-gap.js';
import { PartialEvent as EventTable } from '../generated/pe00/partial-event.js';
import { hashAt, nameAt, readIdentity } from '../identity.ts';
import { carriesIdentifier, slotAt, targetAt, verify } from '../verify.ts';

const bytesOf = ({ packets }: PartialEvent): number =>
  packets.reduce((sum, { packet, instants }) => sum + packet.length + instants.length + 64, 1024);

/** A pe00 message in memory of its own; equal partial events give equal bytes. */
export const encodePartialEvent = (event: PartialEvent): Uint8Array => {
  const builder = new Builder(bytesOf(event));
  const packets = event.packets.map(({ region, packet, instants }) => {
    const instantsAt = builder.createByteVector(instants);
    const packetAt = builder.createByteVector(packet);
    return PacketTable.createCarriedPacket(builder, region, packetAt, instantsAt);
  });
  const gaps = event.gaps.map(({ region, fromId, count }) =>
    GapTable.createIdGap(builder, region, BigInt(fromId), BigInt(count)),
  );
  const packetsAt = EventTable.createPacketsVector(builder, packets);
  const gapsAt = EventTable.createGapsVector(builder, gaps);
  const tokensAt = EventTable.createEventTokensVector(builder, Uint16Array.from(event.eventTokens));
  const presentAt = builder.createByteVector(event.present);
  const instrument = builder.createString(event.instrumentId);
  const source = builder.createString(event.sourceName);
  const model = event.eventModel === null ? 0 : builder.createString(event.eventModel.id);
  EventTable.startPartialEvent(builder);
  EventTable.addSourceName(builder, source);
  EventTable.addMessageId(builder, BigInt(event.messageId));
  EventTable.addTimestamp(builder, event.timestampNanos);
  EventTable.addDuration(builder, event.durationNanos);
  EventTable.addRun(builder, event.run);
  EventTable.addTimeFrame(builder, BigInt(event.timeFrame));
  EventTable.addInstrument(builder, instrument);
  EventTable.addInstrumentHash(builder, BigInt(`0x${event.instrumentHash}`));
  EventTable.addRevision(builder, event.revision);
  EventTable.addPart(builder, event.part);
  EventTable.addPartCount(builder, event.partCount);
  EventTable.addReason(builder, event.reason);
  EventTable.addRegionCount(builder, event.regionCount);
  EventTable.addPresent(builder, presentAt);
  EventTable.addGaps(builder, gapsAt);
  EventTable.addPackets(builder, packetsAt);
  EventTable.addEventTokens(builder, tokensAt);
  if (event.eventModel !== null) {
    EventTable.addEventModel(builder, model);
    EventTable.addEventModelHash(builder, BigInt(`0x${event.eventModel.hash}`));
  }
  builder.finish(EventTable.endPartialEvent(builder), pe00.identifier);
  return builder.asUint8Array();
};

const Slot = {
  revision: 8,
  part: 9,
  partCount: 10,
  reason: 11,
  regionCount: 12,
  present: 13,
  gaps: 14,
  packets: 15,
  eventTokens: 16,
  eventModel: 17,
  eventModelHash: 18,
} as const;
const GapSlot = { region: 0, fromId: 1, count: 2 } as const;
const PacketSlot = { region: 0, packet: 1, instants: 2 } as const;
const fields = new Int32Array(19);
const none = new Uint8Array(0);

const u16 = (bytes: Uint8Array, at: number, absent = 0): number => (at === 0 ? absent : u16At(bytes, at));
const vectorAt = (bytes: Uint8Array, at: number): Uint8Array =>
  at === 0 ? none : bytes.subarray(at + 4, at + 4 + u32At(bytes, at));
const inTable = (bytes: Uint8Array, table: number, slot: number): Uint8Array =>
  slotAt(bytes, table, slot) === 0 ? none : vectorAt(bytes, targetAt(bytes, table, slot));
/** Where each table of a vector lies. */
const tablesAt = (bytes: Uint8Array, at: number): number[] =>
  at === 0
    ? []
    : Array.from({ length: u32At(bytes, at) }, (_, i) => at + 4 + 4 * i + i32At(bytes, at + 4 + 4 * i));

const countIn = (bytes: Uint8Array, table: number, slot: number, what: string): number => {
  const at = slotAt(bytes, table, slot);
  const count = at === 0 ? 0 : countAt(bytes, at);
  if (count < 0) throw new Fault('message-field', `pe00: ${what} is beyond 2^53`);
  return count;
};

const readGap = (bytes: Uint8Array, table: number): IdGap => ({
  region: u16(bytes, slotAt(bytes, table, GapSlot.region)),
  fromId: countIn(bytes, table, GapSlot.fromId, 'from_id of a gap'),
  count: countIn(bytes, table, GapSlot.count, 'count of a gap'),
});

const readPacket = (bytes: Uint8Array, table: number): CarriedPacket => ({
  region: u16(bytes, slotAt(bytes, table, PacketSlot.region)),
  packet: inTable(bytes, table, PacketSlot.packet),
  instants: inTable(bytes, table, PacketSlot.instants),
});

/**
 * The partial event in a pe00 message; byte fields are views into `bytes`. Throws a Fault of kind item:
 * message-schema, -malformed or -field.
 */
export const decodePartialEvent = (bytes: Uint8Array): PartialEvent => {
  if (!carriesIdentifier(bytes, pe00.identifier))
    throw new Fault('message-schema', `bytes 4 to 8 of ${bytes.length} are not 'pe00'`);
  const wrong = verify(bytes, pe00, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `pe00: ${wrong}; the message was cut or overwritten`);
  const identity = readIdentity(bytes, fields, 'message-field');
  const [part, partCount] = [u16(bytes, fields[Slot.part]!), u16(bytes, fields[Slot.partCount]!, 1)];
  if (part >= partCount)
    throw new Fault('message-field', `pe00: part ${part} of ${partCount}; parts count from 0`);
  const regionCount = u16(bytes, fields[Slot.regionCount]!);
  const packets = tablesAt(bytes, fields[Slot.packets]!).map((table) => readPacket(bytes, table));
  const beyond = packets.find(({ region }) => region >= regionCount);
  if (beyond !== undefined)
    throw new Fault('message-field', `pe00: a packet of region ${beyond.region} of ${regionCount}`);
  const tokens = vectorOfU16(bytes, fields[Slot.eventTokens]!);
  return {
    ...identity,
    revision: u16(bytes, fields[Slot.revision]!),
    part,
    partCount,
    reason: u16(bytes, fields[Slot.reason]!),
    regionCount,
    present: vectorAt(bytes, fields[Slot.present]!),
    gaps: tablesAt(bytes, fields[Slot.gaps]!).map((table) => readGap(bytes, table)),
    packets,
    eventTokens: tokens,
    eventModel: readEventModel(bytes),
  };
};

/** By the fields of the message that was verified last. */
const readEventModel = (bytes: Uint8Array): EventModelName | null => {
  const at = fields[Slot.eventModel]!;
  if (at === 0) return null;
  return {
    id: nameAt(bytes, at, 'message-field', 'event_model'),
    hash: cardHash(hashAt(bytes, fields[Slot.eventModelHash]!)),
  };
};

const vectorOfU16 = (bytes: Uint8Array, at: number): number[] =>
  at === 0 ? [] : Array.from({ length: u32At(bytes, at) }, (_, i) => u16At(bytes, at + 4 + 2 * i));
