/**
 * A frame: what one region read out in one time frame, as identity and digits (hits, or objects on their grid).
 * Refuses nothing; it is built by `wire` from verified bytes or by `sim`, and is read-only after that.
 */

import type { CardHash, DurationNanos, EpochNanos, MessageId, Run, TimeFrameNumber } from './quantity.ts';

/** What names a frame and its packet alike. */
export interface FrameIdentity {
  readonly sourceName: string;
  readonly messageId: MessageId;
  readonly timestampNanos: EpochNanos;
  readonly durationNanos: DurationNanos;
  readonly run: Run;
  readonly timeFrame: TimeFrameNumber;
  readonly instrumentId: string;
  readonly instrumentHash: CardHash;
}

/**
 * The hits of a digits frame: `count` samples, voxel indices strictly ascending, ADC 1 … 2^adcBits−1.
 * The arrays may be longer than `count` (they are scratch space reused from frame to frame).
 */
export interface Digits {
  readonly count: number;
  readonly voxel: Uint32Array;
  readonly adc: Uint16Array;
}

/** One object of an objects frame: which group of the card, and an integer for each field of the card (0: absent). */
export interface ObjectRecord {
  readonly group: number;
  readonly values: readonly number[];
}

/** Open list of frame kinds on the wire; a reader refuses a kind it does not serve. */
export const FrameKind = { digits: 1, objects: 2 } as const;

/**
 * Payload encodings of digits frames.
 * `packed32`: one little-endian u32 a hit, `voxel << adcBits | adc` (needs voxel bits + adcBits ≤ 32).
 * `columns48`: all voxels as u32, then all ADC values as u16, little-endian.
 * `gap16`: little-endian u16 words, `gap << adcBits | adc`: a hit `gap` voxels after the one that would follow the
 * last; or, where adc is 0, no hit but a leap of (gap + 1) × 2^(16 − adcBits) voxels. Needs adcBits ≤ 12.
 * And the one of objects frames, `records16`: little-endian u16 words, for each object its group and then an integer
 * for each field of the card (0 where its group lacks the field). Objects come in any order.
 */
export const FrameEncoding = { packed32: 1, columns48: 2, gap16: 3, records16: 4 } as const;
