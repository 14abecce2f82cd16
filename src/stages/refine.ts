/**
 * Codes what goes beside the tokens of the frames that were chosen for it: the objects found in them, and the ladder's
 * rungs. Their hits are read a second time, which few frames pay, so that the many need not be kept in memory between
 * decoding and deciding. Refuses nothing.
 */

import { carriesObjects, rungsOf } from '../anomaly/fidelity.ts';
import type { Digits } from '../domain/frame.ts';
import type { FidelityReason, Layer } from '../domain/packet.ts';
import type { PolicySnapshot, Rungs } from '../domain/policy.ts';
import type { OpenFrame } from '../wire/frame.ts';

export interface RefinedColumns {
  readonly frameCount: number;
  readonly opens: readonly (OpenFrame | null)[];
  readonly pValue: Float64Array;
  readonly reason: Uint8Array;
  /** The layers beside the tokens, objects and then rungs, lowest first; null where none was asked for. */
  readonly ladder: (readonly Layer[] | null)[];
}

export interface Refiner {
  readonly digitsOf: (open: OpenFrame) => Digits;
  readonly codeLadder: (digits: Digits, rungs: Rungs) => readonly Layer[];
  /** Null where an instrument's objects are not clusters. */
  readonly codeObjects: ((digits: Digits) => Layer) | null;
}

export const refine = (refiner: Refiner, policy: PolicySnapshot, bite: RefinedColumns): void => {
  const { digitsOf, codeLadder, codeObjects } = refiner;
  const which = policy.objectTokens ?? 'none';
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    const reason = bite.reason[frame] as FidelityReason;
    const rungs = rungsOf(reason, bite.pValue[frame]!, policy);
    const withObjects = codeObjects !== null && carriesObjects(reason, rungs !== null, which);
    bite.ladder[frame] = null;
    if (!open || !(rungs !== null || withObjects)) continue;
    const digits = digitsOf(open);
    bite.ladder[frame] = [
      ...(withObjects ? [codeObjects(digits)] : []),
      ...(rungs === null ? [] : codeLadder(digits, rungs)),
    ];
  }
};
