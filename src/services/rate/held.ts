/**
 * Whether what the policy is to hold is held, in words as conditions of their alarms and as figures: the rate of rare frames, and
 * the byte budget. It refuses to hold anything: the controllers do.
 */

import { isExceeded } from '../../anomaly/control/budget.ts';
import { isOutOfBand, lastingRate } from '../../anomaly/control/controller.ts';
import type { BudgetState, ControlState, PolicySnapshot } from '../../domain/policy.ts';
import type { ConditionReading, PolicySummary } from '../../domain/status.ts';

/** What is to be held; 0: nothing, and the threshold stands as it is set. */
export interface RateTarget {
  /** Share of frames kept as rare. */
  readonly rareTarget: number;
  readonly rateChunkFrames: number;
}

const heldWords = ({ held, heldBy }: ControlState): string => {
  if (held === null) return '';
  return heldBy === undefined ? ', and the threshold is held' : `, and ${heldBy.who} holds the threshold`;
};

export const rateReading = (state: ControlState): ConditionReading => ({
  cause: 'rate-out-of-band',
  severity: isOutOfBand(state) ? 'minor' : 'ok',
  total: 0,
  message:
    `${(lastingRate(state) * 100).toPrecision(3)} % of frames are rare, ${state.target * 100} % is the target` +
    heldWords(state),
});

/** @param share of the instrument's frames that the calibrator sees */
export const budgetReading = (state: BudgetState, share: number): ConditionReading => ({
  cause: 'byte-budget',
  severity: isExceeded(state, share) ? 'minor' : 'ok',
  total: 0,
  message:
    `tokens and control frames alone take ${Math.round((100 * state.fixedPerSecond) / state.bytesPerSecond)} % of ` +
    `the byte budget`,
});

/** What the live summary reads of a snapshot. */
export type SummedPolicy = Pick<PolicySnapshot, 'version' | 'rarePValue' | 'prescale' | 'budget'>;

export const policySummary = ({ version, rarePValue, prescale, budget }: SummedPolicy): PolicySummary => {
  if (budget === undefined) return { version, rarePValue, prescale };
  const { bytesPerSecond, spentPerSecond, fixedPerSecond, level } = budget;
  return { version, rarePValue, prescale, budget: { bytesPerSecond, spentPerSecond, fixedPerSecond, level } };
};
