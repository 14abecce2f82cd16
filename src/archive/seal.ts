/**
 * The seal: the one small file that makes a segment's data files visible. It says which offsets of which partition
 * the segment holds, so that what is archived and how far the archiver came are one fact. Refuses seals that
 * contradict themselves.
 */

import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import { openSealedJson, sealedJson } from './digest.ts';
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
      /** Its groups of rows in order, so that a changed byte can be named by the time frames it touches. */
      groups: z.array(
        z.object({
          fromByte: count,
          toByte: count,
          crc32c: z.int().min(0).max(4_294_967_295),
          rowCount: count,
          timeFrames: z.tuple([count, count]),
        }),
      ),
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

/** Equal seals give equal bytes. */
export const encodeSeal = (seal: Seal): Uint8Array => sealedJson(seal);

/** Throws file-invalid with what is wrong: one that was changed since it was written, too. */
export const decodeSeal = (bytes: Uint8Array, file: string): Seal => {
  const seal = openSealedJson(bytes, file, sealed);
  if (seal.nextOffset < seal.firstOffset)
    throw new Fault(
      'file-invalid',
      `${file}: offsets [${seal.firstOffset}, ${seal.nextOffset}); it is no seal`,
    );
  return seal;
};
