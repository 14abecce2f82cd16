/** Patches of any digits through the compiled kernels, one gatherer a grid. Refuses nothing. */

import type { Digits } from '../../../src/domain/frame.ts';
import { type Gatherer, openGatherer, type PatchRows } from '../../../src/kernels/patches/gather.ts';
import type { PatchGrid } from '../../../src/kernels/patches/patch.ts';

const gatherers = new WeakMap<PatchGrid, Gatherer>();

/** `codes` has 2^adcBits entries, the same at every call for a grid. */
export const gatherPatches = (
  digits: Digits,
  grid: PatchGrid,
  codes: Uint8Array,
  out: PatchRows,
  firstRow = 0,
): number => {
  let gatherer = gatherers.get(grid);
  if (gatherer === undefined) {
    gatherer = openGatherer(grid, Math.log2(codes.length), codes);
    gatherers.set(grid, gatherer);
  }
  const { hits } = gatherer;
  hits.count = digits.count;
  hits.voxel.set(digits.voxel.subarray(0, digits.count));
  hits.adc.set(digits.adc.subarray(0, digits.count));
  return gatherer.gather(out, firstRow);
};
