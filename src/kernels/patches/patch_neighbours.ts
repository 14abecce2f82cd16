/**
 * What surrounds each active patch: its own symbols and those of the patches at given steps in the patch grid,
 * side by side, as a decoder that looks around takes them. Refuses nothing of the data; steps that do not fit the
 * grid's axes are our bug and throw.
 */

import { marginGrid } from '../margin.ts';

/** What every symbol of a neighbour is that has no hit or lies outside the grid. */
export const absentSymbol = 255;

/** One grid with one list of steps, and its scratch space: one per thread, never shared. */
export interface PatchNeighbours {
  readonly patchCount: number;
  readonly neighbourCount: number;
  /** Place of each patch in the grid with a margin as wide as the longest step, so that no step leaves it. */
  readonly placeOf: Int32Array;
  /** What each step adds to a place. */
  readonly placeStep: Int32Array;
  /** Row + 1 of the patch at each place, 0 where none is active; all zero between calls. */
  readonly rowAt: Int32Array;
}

/** `perAxis`: patches along each axis, outermost first; `steps`: one whole number an axis for each neighbour. */
export const patchNeighbours = (
  perAxis: readonly number[],
  steps: readonly (readonly number[])[],
): PatchNeighbours => {
  const grid = marginGrid(perAxis, steps);
  return {
    patchCount: grid.cellCount,
    neighbourCount: steps.length,
    placeOf: Int32Array.from({ length: grid.cellCount }, (_, patch) => grid.placeOf(patch)),
    placeStep: grid.distance,
    rowAt: new Int32Array(grid.placeCount),
  };
};

/**
 * Writes one row for each of `patchCount` distinct patches, or for those at the places `asked`, into `into`, which must
 * hold `symbolsPerPatch · (1 + neighbourCount)` bytes for each: the patch's `symbolsPerPatch` symbols, then those of
 * each neighbour in the order of the steps, `absentSymbol` for all symbols of one that is not among `patches`.
 */
export const gatherNeighbours = (
  patches: Uint32Array,
  patchCount: number,
  symbols: Uint8Array,
  symbolsPerPatch: number,
  neighbours: PatchNeighbours,
  into: Uint8Array,
  asked: Uint32Array | null = null,
): void => {
  const { placeOf, placeStep, rowAt, neighbourCount } = neighbours;
  const rows = asked?.length ?? patchCount;
  if (into.length < rows * symbolsPerPatch * (1 + neighbourCount))
    throw new Error('the rows do not fit their array');
  for (let row = 0; row < patchCount; row++) rowAt[placeOf[patches[row]!]!] = row + 1;
  let at = 0;
  for (let i = 0; i < rows; i++) {
    const row = asked === null ? i : asked[i]!;
    const place = placeOf[patches[row]!]!;
    const own = row * symbolsPerPatch;
    for (let n = 0; n < symbolsPerPatch; n++) into[at++] = symbols[own + n]!;
    for (let n = 0; n < neighbourCount; n++) {
      const found = rowAt[place + placeStep[n]!]!;
      if (found === 0) {
        into.fill(absentSymbol, at, at + symbolsPerPatch);
        at += symbolsPerPatch;
        continue;
      }
      const from = (found - 1) * symbolsPerPatch;
      for (let k = 0; k < symbolsPerPatch; k++) into[at++] = symbols[from + k]!;
    }
  }
  for (let row = 0; row < patchCount; row++) rowAt[placeOf[patches[row]!]!] = 0;
};
