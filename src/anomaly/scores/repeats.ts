/**
 * Repeated content: a small signature of each frame, made in the lane, and a memory of recent ones that says how much of
 * a frame its region has sent before. The signature is a function of the frame; the memory is its owner's, outside of
 * any packet. Refuses to remember more frames than it was opened for.
 */

import { limits } from '../../domain/limits.ts';

export const repeatsName = 'repeats';

/** The finaliser of MurmurHash3 (Appleby, public domain): every input bit moves every output bit. */
const mix = (value: number): number => {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Patches looked at beyond those wanted, so that one pass nearly always finds enough. */
const margin = 1.5;

/** Signs frames: one per thread. */
export interface Signer {
  /**
   * Hashes of (patch, symbols) of the `limits.signatureSize` active patches that come first in an order that is the same
   * for all frames, so that frames which share patches share hashes; fewer, in the order of the rows, where fewer are
   * active.
   */
  sign(patches: Uint32Array, firstRow: number, rowCount: number, symbols: Uint8Array): Uint32Array;
}

export const openSigner = (patchCount: number, symbolsPerPatch: number): Signer => {
  const rank = Uint32Array.from({ length: patchCount }, (_, patch) => mix(patch + 1));
  const rows: number[] = [];
  return {
    sign(patches, firstRow, rowCount, symbols) {
      const wanted = Math.min(limits.signatureSize, rowCount);
      for (let reach = (margin * wanted) / Math.max(1, rowCount); ; reach *= 2) {
        const below = Math.min(1, reach) * 2 ** 32;
        rows.length = 0;
        for (let row = firstRow; row < firstRow + rowCount; row++)
          if (rank[patches[row]!]! < below) rows.push(row);
        if (rows.length >= wanted || reach >= 1) break;
      }
      // Where all are wanted, their order says nothing.
      if (rows.length > wanted) rows.sort((a, b) => rank[patches[a]!]! - rank[patches[b]!]!);
      const signature = new Uint32Array(Math.min(wanted, rows.length));
      for (let i = 0; i < signature.length; i++) {
        const row = rows[i]!;
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
  /** Hashes of the frame found in the frame that holds most of them. */
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

interface RegionMemory {
  /** The latest slot each hash was seen in. */
  readonly slotOf: Map<number, number>;
  readonly signatures: Uint32Array[];
  readonly timeFrames: number[];
  next: number;
}

export const openRepeatMemory = (framesKept: number = limits.repeatFramesKept): RepeatMemory => {
  const regions = new Map<number, RegionMemory>();
  const counts = new Uint16Array(framesKept);
  const memoryOf = (region: number): RegionMemory => {
    let memory = regions.get(region);
    if (memory === undefined) {
      memory = { slotOf: new Map(), signatures: [], timeFrames: [], next: 0 };
      regions.set(region, memory);
    }
    return memory;
  };
  const remember = (memory: RegionMemory, timeFrame: number, signature: Uint32Array): void => {
    const slot = memory.next;
    for (const hash of memory.signatures[slot] ?? [])
      if (memory.slotOf.get(hash) === slot) memory.slotOf.delete(hash);
    for (const hash of signature) memory.slotOf.set(hash, slot);
    memory.signatures[slot] = signature;
    memory.timeFrames[slot] = timeFrame;
    memory.next = (slot + 1) % framesKept;
  };
  return {
    judge(region, timeFrame, signature) {
      const memory = memoryOf(region);
      counts.fill(0);
      let best = -1;
      for (const hash of signature) {
        const slot = memory.slotOf.get(hash);
        if (slot === undefined) continue;
        counts[slot]! += 1;
        if (best < 0 || counts[slot]! > counts[best]!) best = slot;
      }
      const matches = best < 0 ? 0 : counts[best]!;
      const repeat = {
        matches,
        share: signature.length === 0 ? 0 : matches / signature.length,
        timeFrame: best < 0 ? -1 : memory.timeFrames[best]!,
      };
      remember(memory, timeFrame, signature);
      return repeat;
    },
  };
};
