/**
 * The fidelity policy: which rungs of the ladder a frame is given, and why. Pure: the same frame, policy and
 * pressure always give the same answer. It refuses nothing and never asks for a clock or for chance.
 */

import { FidelityReason } from '../domain/packet.ts';
import type { ObjectTokensOf, PolicySnapshot, Pressure } from '../domain/policy.ts';
import { policyVersion } from '../domain/quantity.ts';
import { mix } from '../kernels/prng.ts';
import { emptySketch } from './calibration/sketch.ts';

/**
 * The built-in first policy, version 0: one frame in a hundred as rare once a thousand of its size are known,
 * and one time frame in 256 as an unbiased control. Together under 2 % of frames are refined.
 */
export const firstPolicy = (): PolicySnapshot => ({
  version: policyVersion(0),
  rarePValue: 0.01,
  prescale: 256,
  warmupCount: 1000,
  sketch: emptySketch(),
});

/** Whether the prescale keeps this time frame; it asks for no region, so that all regions agree. */
export const prescaled = (run: number, timeFrame: number, prescale: number): boolean => {
  if (prescale <= 0) return false;
  const low = timeFrame % 0x1_0000_0000;
  const high = Math.floor(timeFrame / 0x1_0000_0000);
  return mix(mix(mix(run) ^ high) ^ low) % prescale === 0;
};

export interface FidelityQuestion {
  readonly pValue: number;
  readonly run: number;
  readonly timeFrame: number;
}

export const isRare = (pValue: number, policy: PolicySnapshot): boolean => pValue < policy.rarePValue;

/** Pressure takes refinement first; only `shed-frames` takes the tokens too. */
export const decideFidelity = (
  frame: FidelityQuestion,
  policy: PolicySnapshot,
  pressure: Pressure,
): FidelityReason => {
  if (pressure === 'shed-frames') return FidelityReason.shedFrame;
  const wanted = isRare(frame.pValue, policy)
    ? FidelityReason.rare
    : prescaled(frame.run, frame.timeFrame, policy.prescale)
      ? FidelityReason.prescale
      : FidelityReason.ordinary;
  return wanted !== FidelityReason.ordinary && pressure === 'shed-refinement'
    ? FidelityReason.shedRefinement
    : wanted;
};

/** Whether a packet with this reason has rungs above its tokens. */
export const refines = (reason: FidelityReason): boolean =>
  reason === FidelityReason.rare || reason === FidelityReason.prescale;

/**
 * Whether a packet with this reason carries the objects of its frame. Of the reason alone: pressure is not told by an
 * ordinary packet, and a replay must make the same bytes.
 */
export const carriesObjects = (reason: FidelityReason, which: ObjectTokensOf): boolean =>
  which !== 'none' && (refines(reason) || (which === 'all' && reason === FidelityReason.ordinary));
