/**
 * The quality of a run from that of its cycles: what may be a reference for others. Refuses to call a run good that was hardly
 * looked at.
 */

import { limits } from '../../domain/limits.ts';
import type { QualityShown } from '../board.ts';
import type { QualityName } from '../quality.ts';

/** Cycles by the quality of the instrument in them. */
export type CycleCounts = Readonly<Record<QualityName, number>>;

export const noCycles: CycleCounts = { good: 0, medium: 0, bad: 0, null: 0 };

/** Of a good run's judged cycles at most this share is bad, and this share not good: what bars let through by chance, and a
 * glitch of some seconds in an hour. */
const [badShareMax, otherShareMax] = [0.01, 0.1];

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** What is said of a run that is over, and whether others may be compared with it. */
export const runQuality = (counts: CycleCounts): QualityShown & { readonly good: boolean } => {
  const judged = counts.good + counts.medium + counts.bad;
  if (judged < limits.dqmGoodRunCyclesMin)
    return { quality: 'null', reason: `only ${judged} cycles were judged`, good: false };
  const [bad, other] = [counts.bad / judged, (counts.bad + counts.medium) / judged];
  if (bad > badShareMax)
    return { quality: 'bad', reason: `bad in ${percent(bad)} of ${judged} cycles`, good: false };
  if (other > otherShareMax)
    return { quality: 'medium', reason: `not good in ${percent(other)} of ${judged} cycles`, good: false };
  return { quality: 'good', reason: `good in ${counts.good} of ${judged} cycles`, good: true };
};
