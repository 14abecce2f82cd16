/**
 * Codes the ladder's rungs above the tokens for the frames that were chosen for them. Their hits are read a second time, which few
 * frames pay, so that the many need not be kept in memory between decoding and deciding. Refuses nothing.
 */

import { refines } from '../anomaly/fidelity.ts';
import type { Digits } from '../domain/frame.ts';
import type { FidelityReason, Layer } from '../domain/packet.ts';
import type { OpenFrame } from '../wire/frame.ts';

export interface RefinedColumns {
  readonly frameCount: number;
  readonly opens: readonly (OpenFrame | null)[];
  readonly reason: Uint8Array;
  /** The layers above the tokens, lowest first; null where none was asked for. */
  readonly ladder: (readonly Layer[] | null)[];
}

export const refine = (
  digitsOf: (open: OpenFrame) => Digits,
  codeLadder: (digits: Digits) => readonly Layer[],
  bite: RefinedColumns,
): void => {
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    bite.ladder[frame] =
      open && refines(bite.reason[frame] as FidelityReason) ? codeLadder(digitsOf(open)) : null;
  }
};
