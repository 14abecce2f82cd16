/**
 * The seal: the one small file that makes a segment's data files visible. It says which offsets of which partition
 * the segment holds, so that what is archived and how far the archiver came are one fact. Refuses seals that
 * contradict themselves.
 */

import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import { fileKinds, type SegmentName } from './names.ts';

const count = z.int().min(0);
const bigCount = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);

const sealed = z.object({
  layout: z.literal(1),
  topic: z.string().min(1),
  partition: count,
  /** Offsets [first, next) of the partition are archived, here. */
  firstOffset: bigCount,
  nextOffset: bigCount,
  run: z.int().min(0).max(4_294_967_295),
  instrument: z.string().min(1),
  instrumentHash: z.string().regex(/^[0-9a-f]{16}$/),
  /** Least and greatest time frame of the rows; null when there are none. */
  timeFrames: z.tuple([count, count]).nullable(),
  /** Start of the first and end of the last of them, epoch ns. */
  instants: z.tuple([bigCount, bigCount]).nullable(),
  files: z.array(
    z.object({
      name: z.string().min(1),
      kind: z.enum(fileKinds),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      byteCount: count,
      rowCount: count,
    }),
  ),
  counts: z.object({
    events: count,
    packets: count,
    /** Packets with layers, and those that pressure took all layers of. */
    kept: count,
    shed: count,
    /** Bytes of the packets (raw: of the frames) as they came. */
    packetBytes: count,
    /** Messages that could not be read: their offsets are covered, their bytes are not kept. */
    unreadable: count,
  }),
  version: z.string().min(1),
});

export type Seal = z.infer<typeof sealed>;
export type SealedFile = Seal['files'][number];

export const segmentOfSeal = ({ topic, partition, firstOffset }: Seal): SegmentName => ({
  topic,
  partition,
  firstOffset,
});

/** Canonical JSON: equal seals give equal bytes. */
export const encodeSeal = (seal: Seal): Uint8Array => {
  const text = JSON.stringify(seal, (_, value) => (typeof value === 'bigint' ? String(value) : value), 2);
  return new TextEncoder().encode(`${text}\n`);
};

/** Throws file-invalid with what is wrong. */
export const decodeSeal = (bytes: Uint8Array, file: string): Seal => {
  const wrong = (what: string): Fault =>
    new Fault('file-invalid', `${file}: ${what}; it is no seal that this version wrote`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong('it is not JSON');
  }
  const parsed = sealed.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrong(`${issue.path.join('.') || 'the seal'}: ${issue.message}`);
  }
  const seal = parsed.data;
  if (seal.nextOffset < seal.firstOffset) throw wrong(`offsets [${seal.firstOffset}, ${seal.nextOffset})`);
  return seal;
};
