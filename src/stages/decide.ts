/**
 * Decides the fidelity of each frame: which rungs its packet will have, and why. Refuses nothing; refinement is
 * paid for only after this, so that pressure takes it before it takes frames.
 */

import { decideFidelity } from '../anomaly/fidelity.ts';
import type { FrameIdentity } from '../domain/frame.ts';
import type { PolicySnapshot, Pressure } from '../domain/policy.ts';

export interface DecidedColumns {
  readonly frameCount: number;
  readonly opens: readonly ({ readonly identity: FrameIdentity } | null)[];
  readonly pValue: Float64Array;
  /** A `FidelityReason`. */
  readonly reason: Uint8Array;
}

export const decide = (policy: PolicySnapshot, pressure: Pressure, bite: DecidedColumns): void => {
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    if (!open) continue;
    const { run, timeFrame } = open.identity;
    bite.reason[frame] = decideFidelity({ pValue: bite.pValue[frame]!, run, timeFrame }, policy, pressure);
  }
};
