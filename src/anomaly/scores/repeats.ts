/**
 * Repeated content: a small signature of each frame, made in the lane, and a memory of recent ones that says how much of
 * a frame its region has sent before. The signature is a function of the frame; the memory is its owner's, outside of
 * any packet. Both are paid for every frame, so they are a microsecond of it. Refuses to remember more frames than it was
 * opened for.
 */

import { limits } from '../../domain/limits.ts';
import { mix } from '../../kernels/prng.ts';

export const repeatsName = 'repeats';

/** Patches looked at beyond those wanted, so that one pass nearly always finds enough. */
const margin = 1.5;

/** Signs frames: one per thread. */
export interface Signer {
  /**
   * Hashes of (patch, symbols) of the `limits.signatureSize` active patches that come first in an order that
   * is the same for all frames, so that frames which share patches share hashes; fewer where fewer are active.
   */
  sign(patches: Uint32Array, firstRow: number, rowCount: number, symbols: Uint8Array): Uint32Array;
}

/** Ranks (32 bits) are sorted together with the row they are of, as one whole number below 2⁵³. */
const rowBits = 2 ** 21;

/** Ascending, by insertion: of some fifty numbers a call of the built-in sort costs more than the sorting. */
const sortFew = (values: Float64Array, count: number): void => {
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    let at = i;
    while (at > 0 && values[at - 1]! > value) {
      values[at] = values[at - 1]!;
      at -= 1;
    }
    values[at] = value;
  }
};

export const openSigner = (patchCount: number, symbolsPerPatch: number): Signer => {
  const rank = Uint32Array.from({ length: patchCount }, (_, patch) => mix(patch + 1));
  const first = new Float64Array(patchCount);
  /** Rows whose patch ranks below a share of all, into `first`; how many. */
  const rowsBelow = (share: number, patches: Uint32Array, firstRow: number, rowCount: number): number => {
    const below = Math.min(1, share) * 2 ** 32;
    let count = 0;
    for (let row = 0; row < rowCount; row++) {
      const rankOf = rank[patches[firstRow + row]!]!;
      if (rankOf < below) first[count++] = rankOf * rowBits + row;
    }
    return count;
  };
  return {
    sign(patches, firstRow, rowCount, symbols) {
      const wanted = Math.min(limits.signatureSize, rowCount);
      let share = (margin * wanted) / Math.max(1, rowCount);
      let count = rowsBelow(share, patches, firstRow, rowCount);
      while (count < wanted && share < 1) {
        share *= 2;
        count = rowsBelow(share, patches, firstRow, rowCount);
      }
      if (count > wanted) sortFew(first, count);
      const signature = new Uint32Array(wanted);
      for (let i = 0; i < wanted; i++) {
        const row = firstRow + (first[i]! % rowBits);
        let hash = mix(patches[row]! + 0x9e3779b9);
        for (let at = row * symbolsPerPatch; at < (row + 1) * symbolsPerPatch; at++)
          hash = Math.imul(hash ^ symbols[at]!, 0x01000193);
        signature[i] = mix(hash);
      }
      return signature;
    },
  };
};

export interface Repeat {
  /** Hashes of the frame found in the frame that holds most of them, the latest of equals. */
  readonly matches: number;
  /** Of all hashes of the frame, 0 … 1: about the share of its patches that repeat. */
  readonly share: number;
  /** Time frame of that frame; −1 where nothing matches. */
  readonly timeFrame: number;
}

export interface RepeatMemory {
  /** Judges a frame against those remembered of its region, then remembers it. */
  judge(region: number, timeFrame: number, signature: Uint32Array): Repeat;
}

/** Places of a region's table, so many for each hash that it holds that one in a hundred finds no place. */
const placesPerHash = 8;

/** Hashes of a region's latest frames, each where it says itself or one further, with the count of its frame. */
interface RegionMemory {
  readonly hashes: Uint32Array;
  readonly frameOf: Float64Array;
  readonly timeFrames: Float64Array;
  frames: number;
}

export const openRepeatMemory = (framesKept: number): RepeatMemory => {
  const places = 2 ** Math.ceil(Math.log2(placesPerHash * framesKept * limits.signatureSize));
  const regions = new Map<number, RegionMemory>();
  const counts = new Uint16Array(framesKept);
  const memoryOf = (region: number): RegionMemory => {
    const known = regions.get(region);
    if (known !== undefined) return known;
    const memory = {
      hashes: new Uint32Array(places + 1),
      frameOf: new Float64Array(places + 1).fill(Number.NEGATIVE_INFINITY),
      timeFrames: new Float64Array(framesKept),
      frames: 0,
    };
    regions.set(region, memory);
    return memory;
  };
  return {
    judge(region, timeFrame, signature) {
      const memory = memoryOf(region);
      const { hashes, frameOf, frames } = memory;
      const oldest = frames - framesKept;
      counts.fill(0);
      for (let i = 0; i < signature.length; i++) {
        const hash = signature[i]!;
        let place = hash & (places - 1);
        if (hashes[place] !== hash && (hashes[place + 1] === hash || frameOf[place]! >= oldest)) place += 1;
        const frame = frameOf[place]!;
        if (hashes[place] === hash && frame >= oldest && frame < frames) counts[frame % framesKept]! += 1;
        hashes[place] = hash;
        frameOf[place] = frames;
      }
      let best = -1;
      for (let frame = frames - 1; frame >= Math.max(0, oldest); frame--) {
        const count = counts[frame % framesKept]!;
        if (count > 0 && (best < 0 || count > counts[best]!)) best = frame % framesKept;
      }
      const matches = best < 0 ? 0 : counts[best]!;
      const earlier = best < 0 ? -1 : memory.timeFrames[best]!;
      memory.timeFrames[frames % framesKept] = timeFrame;
      memory.frames += 1;
      return { matches, share: signature.length === 0 ? 0 : matches / signature.length, timeFrame: earlier };
    },
  };
};
