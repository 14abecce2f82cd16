/**
 * The fidelity policy: which rungs of the ladder a frame is given, and why. Pure: the same frame, policy and
 * pressure always give the same answer, and the rungs follow from the reason. It refuses nothing and never asks for a
 * clock or for chance.
 */

import { FidelityReason, type Packet } from '../domain/packet.ts';
import type { Grade, ObjectTokensOf, PolicySnapshot, Pressure, Rungs } from '../domain/policy.ts';
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

/**
 * Nothing but `shed-frames` takes a control sample of one time frame in so many, or of fewer: refining it costs a few
 * percent of tokenizing, and a sample that is missing whenever the detector is busy is not unbiased.
 */
const controlFloor = 256;

/** Whether pressure leaves a prescaled time frame: of a denser sample it keeps every k-th by the same hash. */
const isLeft = (run: number, timeFrame: number, prescale: number): boolean =>
  prescaled(run, timeFrame, prescale * Math.ceil(controlFloor / prescale));

export interface FidelityQuestion {
  readonly pValue: number;
  readonly run: number;
  readonly timeFrame: number;
}

export const isRare = (pValue: number, policy: Pick<PolicySnapshot, 'rarePValue'>): boolean =>
  pValue < policy.rarePValue;

const gradeOf = (pValue: number, grades: readonly Grade[]): Grade | null => {
  for (const grade of grades) if (pValue < grade.pValue) return grade;
  return null;
};

const reasonOfScore = (pValue: number, { rarePValue, grades, spare }: PolicySnapshot): FidelityReason => {
  if (pValue < rarePValue)
    return grades === undefined || gradeOf(pValue, grades)?.rungs.remainder === true
      ? FidelityReason.rare
      : FidelityReason.budget;
  return spare !== undefined && pValue < spare.pValue ? FidelityReason.spare : FidelityReason.ordinary;
};

/**
 * Reasons by precedence: pressure that takes frames; the prescale, so that frames of this reason are the unbiased
 * sample whatever their scores; how rare the frame is, and what the byte budget leaves to one that rare. Pressure that
 * takes refinement takes it from all of these but the control sample.
 */
export const decideFidelity = (
  { pValue, run, timeFrame }: FidelityQuestion,
  policy: PolicySnapshot,
  pressure: Pressure,
): FidelityReason => {
  if (pressure === 'shed-frames') return FidelityReason.shedFrame;
  const sheds = pressure === 'shed-refinement';
  if (prescaled(run, timeFrame, policy.prescale))
    return sheds && !isLeft(run, timeFrame, policy.prescale)
      ? FidelityReason.shedRefinement
      : FidelityReason.prescale;
  const reason = reasonOfScore(pValue, policy);
  return sheds && rungsOf(reason, pValue, policy) !== null ? FidelityReason.shedRefinement : reason;
};

/**
 * Whether a packet is of a rare frame, whatever it was given. A prescaled packet, and one that pressure took from, does
 * not say so: its p-value is judged by this policy, which may be a newer one than its own.
 */
export const isOfRare = (
  { reason, pValue }: Pick<Packet, 'reason' | 'pValue'>,
  policy: Pick<PolicySnapshot, 'rarePValue'>,
): boolean => {
  if (reason === FidelityReason.rare || reason === FidelityReason.budget) return true;
  const isSilent = reason === FidelityReason.prescale || reason === FidelityReason.shedRefinement;
  return isSilent && isRare(pValue, policy);
};

/** More planes than any instrument's tables have: all there are. */
const everything: Rungs = { planes: Number.MAX_SAFE_INTEGER, remainder: true };

const lesser = (one: Rungs, other: Rungs): Rungs => ({
  planes: Math.min(one.planes, other.planes),
  remainder: one.remainder && other.remainder,
});

/**
 * The rungs above the tokens that a packet with this reason has; null: none. It may name more planes than an instrument's
 * tables have.
 */
export const rungsOf = (reason: FidelityReason, pValue: number, policy: PolicySnapshot): Rungs | null => {
  const most = policy.refinement ?? everything;
  switch (reason) {
    case FidelityReason.rare:
    case FidelityReason.prescale:
      return most;
    case FidelityReason.budget: {
      const grade = gradeOf(pValue, policy.grades ?? []);
      return grade === null ? null : lesser(grade.rungs, most);
    }
    case FidelityReason.spare:
      return lesser(policy.spare!.rungs, most);
    default:
      return null;
  }
};

/**
 * Whether a packet with this reason, and with rungs above its tokens or not, carries the objects of its frame. Of what the
 * packet says alone: pressure is not told by an ordinary packet, and a replay must make the same bytes.
 */
export const carriesObjects = (
  reason: FidelityReason,
  isRefined: boolean,
  which: ObjectTokensOf,
): boolean => {
  if (which === 'none') return false;
  if (which === 'refined') return isRefined && reason !== FidelityReason.spare;
  return isRefined || reason === FidelityReason.ordinary || reason === FidelityReason.budget;
};
