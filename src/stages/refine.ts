/**
 * Codes the lossless layer of the frames that were chosen for it. Their hits are read a second time, which few
 * frames pay, so that the many need not be kept in memory between decoding and deciding. Refuses nothing.
 */

import { refines } from '../anomaly/fidelity.ts';
import type { Digits } from '../domain/frame.ts';
import type { FidelityReason } from '../domain/packet.ts';
import type { OpenFrame } from '../wire/frame.ts';

export interface RefinedColumns {
  readonly frameCount: number;
  readonly opens: readonly (OpenFrame | null)[];
  readonly reason: Uint8Array;
  /** The lossless payload, or null where none was asked for. */
  readonly lossless: (Uint8Array | null)[];
}

export const refine = (
  digitsOf: (open: OpenFrame) => Digits,
  encodeLossless: (digits: Digits) => Uint8Array,
  bite: RefinedColumns,
): void => {
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    bite.lossless[frame] =
      open && refines(bite.reason[frame] as FidelityReason) ? encodeLossless(digitsOf(open)) : null;
  }
};
