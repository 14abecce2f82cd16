/**
 * The tree of hashes over a run's files, as RFC 6962 (§2.1) draws it: SHA-256, a leaf is hash(0x00 ‖ entry), a node
 * hash(0x01 ‖ left ‖ right), and the left part of n entries is the largest power of two below n. Leaves and nodes are
 * told apart by their first byte, so that no list of entries has the root of another. Refuses an empty list.
 */

import { sha256Of } from '../../wire/files/sha256.ts';

const leafMark = Uint8Array.of(0);
const nodeMark = Uint8Array.of(1);

const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));

const rootOfHashes = (hashes: readonly Uint8Array[], from: number, to: number): Uint8Array => {
  if (to - from === 1) return hashes[from]!;
  let left = 1;
  while (left * 2 < to - from) left *= 2;
  const parts = [rootOfHashes(hashes, from, from + left), rootOfHashes(hashes, from + left, to)];
  return bytesOfHex(sha256Of([nodeMark, ...parts]));
};

/** @param entries the leaves' bytes in order; returns the root as 64 lower-case hex digits */
export const merkleRoot = (entries: readonly Uint8Array[]): string => {
  if (entries.length === 0) throw new Error('a tree of no entries');
  const hashes = entries.map((entry) => bytesOfHex(sha256Of([leafMark, entry])));
  return Buffer.from(rootOfHashes(hashes, 0, hashes.length)).toString('hex');
};
