/**
 * Hits' amplitudes as a binary tree of levels, coded plane by plane: each plane splits every level in two, told by
 * the levels of the hits around, which are known to the present plane before a hit and to the one above after it.
 * Pure arithmetic over one scratch space; it refuses nothing: every stream of bits is some frame's planes. Fitting uses
 * it; packets are coded and read by its compiled twins (`encoder.ts`, `decoder.ts`).
 */

import type { InstrumentCard } from '../../domain/instrument.ts';
import { voxelCount } from '../../domain/instrument.ts';
import { type RansReader, ransEndsEarly } from '../rans.ts';
import { sumZero } from './curve.ts';
import type { Weights } from './occupancy.ts';

/** Planes a frame can have: 16 levels at the last. */
export const planesMax = 4;

/**
 * The frame's hits by voxel, each as a node of the tree of levels: 1 is any hit, node n splits into 2n and 2n + 1,
 * so the node of level k after p planes is 2^p + k; 0 is no hit. Zeros lie around.
 */
export interface NodeGrid {
  /** Distance to the row before. */
  readonly columns: number;
  readonly origin: number;
  /** All zero between calls. */
  readonly node: Uint8Array;
}

export const nodeGrid = (card: Pick<InstrumentCard, 'axes'>): NodeGrid => {
  // At least four: what lies beside a place two rows off is still beyond the places beside the hit itself.
  const columns = Math.max(4, card.axes[card.axes.length - 1]!.size);
  const origin = 2 * columns + 4;
  return { columns, origin, node: new Uint8Array(voxelCount(card as InstrumentCard) + 2 * origin) };
};

export const clearNodes = (grid: NodeGrid, voxel: Uint32Array, count: number): void => {
  const { node, origin } = grid;
  for (let i = 0; i < count; i++) node[origin + voxel[i]!] = 0;
};

/**
 * A bit's sum adds one weight of each pair of opposite neighbours: beside in time, in azimuth, two off in time, the
 * two diagonals, two off in azimuth. The cell is made of the earlier one's node (0 or as deep as the plane), the
 * later one's and the hit's own (one less deep); nodes name their depth, so one table serves all planes.
 */
export const pairs = 6;
export const pairCells = 1 << 13;
export const planeCells = pairs * pairCells;

/**
 * Collects the steps of planes 1 … `planes` of a grid of nodes `depth` deep: that of hit i in plane p at
 * `steps[(p − 1) × count + i]`. `curves` are those of all planes (`curveSteps`), one after another; fitting calls it
 * with weights that are their own indices and a curve that is its own places.
 */
export const putPlanes = (
  grid: NodeGrid,
  voxel: Uint32Array,
  count: number,
  depth: number,
  planes: number,
  weights: Weights,
  curves: Uint32Array,
  steps: Uint32Array,
): void => {
  // Written out: constants of the module are loaded anew at each use, these are folded.
  const cells = 0x2000;
  const { node, origin, columns } = grid;
  const last = depth - planes;
  const curveLength = (curves.length / depth) | 0;
  for (let i = 0; i < count; i++) {
    const at = origin + (voxel[i]! | 0);
    const up = at - columns;
    const down = at + columns;
    const own = node[at]!;
    const a = node[at - 1]! << 8;
    const b = node[up]! << 8;
    const c = node[at - 2]! << 8;
    const d = node[up - 1]! << 8;
    const e = node[up + 1]! << 8;
    const f = node[up - columns]! << 8;
    const a2 = node[at + 1]! << 3;
    const b2 = node[down]! << 3;
    const c2 = node[at + 2]! << 3;
    const d2 = node[down + 1]! << 3;
    const e2 = node[down - 1]! << 3;
    const f2 = node[down + columns]! << 3;
    let to = i;
    let curve = 2 * sumZero;
    for (let s = depth - 1; s >= last; s--) {
      const fine = own >> s;
      const coarse = fine >> 1;
      const sum =
        weights[((a >> s) & 0x1f00) | ((a2 >> s) & 0xf0) | coarse]! +
        weights[cells + (((b >> s) & 0x1f00) | ((b2 >> s) & 0xf0) | coarse)]! +
        weights[2 * cells + (((c >> s) & 0x1f00) | ((c2 >> s) & 0xf0) | coarse)]! +
        weights[3 * cells + (((d >> s) & 0x1f00) | ((d2 >> s) & 0xf0) | coarse)]! +
        weights[4 * cells + (((e >> s) & 0x1f00) | ((e2 >> s) & 0xf0) | coarse)]! +
        weights[5 * cells + (((f >> s) & 0x1f00) | ((f2 >> s) & 0xf0) | coarse)]!;
      steps[to] = curves[curve + (sum << 1) + (fine & 1)]!;
      to += count;
      curve += curveLength;
    }
  }
};

/**
 * Reads one plane: each hit's node becomes one of its two below. The step of `readBit` is written out, with the
 * reader's states in locals: a call a bit takes a third longer.
 */
export const takePlane = (
  reader: RansReader,
  grid: NodeGrid,
  voxel: Uint32Array,
  count: number,
  weights: Weights,
  curve: Uint32Array,
): void => {
  // Written out: constants of the module are loaded anew at each use, these are folded.
  const cells = 0x2000;
  const zero = 1024;
  const precision = 12;
  const slotMask = 0xfff;
  const stateLow = 0x8000;
  const { node, origin, columns } = grid;
  const { bytes, end } = reader;
  let from = reader.at;
  let state = reader.next;
  let other = reader.other;
  let i = 0;
  for (; i < count; i++) {
    const at = origin + (voxel[i]! | 0);
    const up = at - columns;
    const down = at + columns;
    const own = node[at]!;
    const sum =
      weights[(node[at - 1]! << 8) | (node[at + 1]! << 4) | own]! +
      weights[cells + ((node[up]! << 8) | (node[down]! << 4) | own)]! +
      weights[2 * cells + ((node[at - 2]! << 8) | (node[at + 2]! << 4) | own)]! +
      weights[3 * cells + ((node[up - 1]! << 8) | (node[down + 1]! << 4) | own)]! +
      weights[4 * cells + ((node[up + 1]! << 8) | (node[down - 1]! << 4) | own)]! +
      weights[5 * cells + ((node[up - columns]! << 8) | (node[down + columns]! << 4) | own)]!;
    const one = curve[((sum + zero) << 1) | 1]!;
    const rest = state >>> precision;
    let below = own << 1;
    if ((state & slotMask) < one) {
      below |= 1;
      state = Math.imul(one, rest) + (state & slotMask);
    } else state -= Math.imul(one, rest + 1);
    node[at] = below;
    if (state < stateLow) {
      if (from >= end) break;
      state = (state << 16) | bytes[from]! | (bytes[from + 1]! << 8);
      from += 2;
    }
    const next = other;
    other = state;
    state = next;
  }
  if (i < count) throw ransEndsEarly();
  reader.at = from;
  reader.next = state;
  reader.other = other;
};
