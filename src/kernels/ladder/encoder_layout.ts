/**
 * The ladder's tables as the compiled encoder (wasm/ladder.as) has them in its memory: laid out so that what adds up
 * lies in one word and nothing is taken apart in the loop. Refuses nothing: whoever loads tables checked their ranges.
 */

import { curveStepsLength, decision, ladderPrecision } from './curve.ts';
import { firstCells, type OccupancyWeights, secondCells } from './occupancy.ts';
import { pairCells, pairs as pairCount } from './planes.ts';

/** Steps are 16 × (2 × sum + bit), and this is the place of a record, which has as many bytes. */
export const recordBytes = 16;
/** What keeps the sums of three weights, and of six, positive. */
export const occupancySumZero = 3 * 128;
export const planeSumZero = pairCount * 128;

/** 2^43 / frequency, rounded up (u64); as doubles exact: it is never so near a whole number that rounding matters. */
export const layReciprocal = (memory: DataView, at: number, freq: number): void => {
  const reciprocal = Math.ceil(2 ** 43 / freq);
  memory.setUint32(at, reciprocal % 2 ** 32, true);
  memory.setUint32(at + 4, Math.floor(reciprocal / 2 ** 32), true);
};

/** Records of a curve by the steps of sums from −`zero` on, which are below 2^16. */
export const layRecords = (memory: DataView, at: number, curve: Uint32Array, zero: number): void => {
  const sum = 1 << ladderPrecision;
  for (let place = decision(-zero, 0), to = at; place < curveStepsLength; place++, to += recordBytes) {
    const [start, freq] = [curve[place]! >>> 16, curve[place]! & 0xffff];
    layReciprocal(memory, to, freq);
    memory.setUint32(to + 8, freq << (31 - ladderPrecision), true);
    memory.setUint16(to + 12, start, true);
    memory.setUint16(to + 14, sum - freq, true);
  }
};

/** The cell whose bit b is bit `from[b]` of a place. */
export const cellOf = (place: number, from: readonly number[]): number =>
  from.reduce((cell, bit, to) => cell | (((place >>> bit) & 1) << to), 0);
/** Places in the compiled tables, where the earliest voxel is the lowest bit, by bit of a cell of `occupancy.ts`. */
const firstBits = [13, 6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7];
const firstOwnBit = 12;
const secondBits = [6, 5, 4, 7, 3, 2, 1, 0, 13, 12, 11, 10, 9, 8];

/** By place: the cell of the decoder's first table, whose places lack the own bit, and of the second table. */
export const placesOfFirst = Uint16Array.from({ length: firstCells }, (_, place) =>
  cellOf(place, [12, ...firstBits.slice(1)]),
);
export const placesOfSecond = Uint16Array.from({ length: secondCells }, (_, place) =>
  cellOf(place, secondBits),
);

export const layOccupancy = (
  buffer: ArrayBuffer,
  at: { readonly flags: number; readonly first: number; readonly second: number; readonly fresh: number },
  { flags, first, second, fresh }: OccupancyWeights,
): void => {
  const stepOf = (weight: number, bit: number): number =>
    recordBytes * (2 * (weight + occupancySumZero) + bit);
  new Uint16Array(buffer, at.flags, flags.length).set(Array.from(flags, (weight) => stepOf(weight, 0)));
  new Uint16Array(buffer, at.first, 2 * first.length).forEach((_, place, steps) => {
    steps[place] = stepOf(first[cellOf(place, firstBits)]!, (place >>> firstOwnBit) & 1);
  });
  new Int8Array(buffer, at.second, second.length).forEach((_, place, weights) => {
    weights[place] = second[placesOfSecond[place]!]!;
  });
  new Int8Array(buffer, at.fresh, fresh.length).set(fresh);
};

/** As wasm/ladder.as has it: room for the tables of a pair of a tree five deep. */
export const pairBytes = 73_984;
export const depthMax = 5;
/** Planes whose steps lie in one u64. */
export const lanes = 4;
/** Node of the first level; 0 is no hit. */
export const nodeZero = 2;

/** Sizes of a pair's table: [earlier node: none, –, levels][half of the later one: none, levels][half of the own]. */
export const pairSizes = (depth: number) => {
  const laterBytes = 8 << (depth - 1);
  return { nodes: (1 << depth) + nodeZero, laterBytes, earlierBytes: laterBytes * ((1 << (depth - 1)) + 1) };
};

/** Lays out the steps of planes `plane` + 1 … + 4 by pair and nodes, as `planes.ts` finds them in `weights`. */
export const layPairs = (
  memory: DataView,
  at: number,
  weights: Int8Array,
  depth: number,
  plane: number,
): void => {
  const { nodes, laterBytes, earlierBytes } = pairSizes(depth);
  const halves = 1 << (depth - 1);
  for (let place = 0; place < pairCount * nodes * (halves + 1) * halves; place++) {
    const own = place % halves;
    const later = Math.floor(place / halves) % (halves + 1);
    const earlier = Math.floor(place / halves / (halves + 1)) % nodes;
    const pair = Math.floor(place / halves / (halves + 1) / nodes);
    const to = at + pair * pairBytes + earlier * earlierBytes + later * laterBytes + 8 * own;
    for (let lane = 0; lane < lanes && plane + lane < depth; lane++) {
      const away = depth - 1 - plane - lane;
      const top = 1 << (plane + lane);
      const fine = earlier < nodeZero ? 0 : (2 * top) | ((earlier - nodeZero) >> away);
      const coarse = later === 0 ? 0 : top | ((later - 1) >> away);
      const cell = (fine << 8) | (coarse << 4) | top | (own >> away);
      memory.setUint16(to + 2 * lane, 2 * recordBytes * (weights[pair * pairCells + cell]! + 128), true);
    }
  }
};

/** Bits of a node in those planes, as steps. */
export const layOwnSteps = (memory: DataView, at: number, depth: number, plane: number): void => {
  for (let level = 0; level < 1 << depth; level++)
    for (let lane = 0; lane < lanes && plane + lane < depth; lane++)
      memory.setUint16(
        at + 8 * (level + nodeZero) + 2 * lane,
        recordBytes * ((level >> (depth - 1 - plane - lane)) & 1),
        true,
      );
};
