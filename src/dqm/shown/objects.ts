/**
 * MonitorObjects as readers get them: one region's, or the sum of all, with what they are compared with. Refuses nothing: an
 * object or a region that is not there is null.
 */

import type { ObjectShown, Span } from '../board.ts';
import { totalOf } from '../checks/beta_binomial.ts';
import { pullsOf } from '../checks/comparators.ts';
import type { PacketLayout } from '../cycles/packets.ts';
import type { Watched } from '../cycles/watched.ts';
import type { ObjectPlan } from '../layout.ts';

/** `offset` is that in a region's whole array: detector's objects first, then those of packets. */
export type ShownPlan = ObjectPlan<string>;

export const plansOf = ({ plans, size }: Watched, packets: PacketLayout): readonly ShownPlan[] => [
  ...plans,
  ...packets.plans.map((plan) => ({ ...plan, offset: plan.offset + size })),
];

/** Bins of a plan; the sum over regions for `all`. */
export const binsIn = (plan: ShownPlan, values: readonly Float64Array[]): Float64Array => {
  const sum = new Float64Array(plan.size);
  for (const one of values)
    for (let bin = 0; bin < plan.size; bin++) sum[bin] = sum[bin]! + one[plan.offset + bin]!;
  return sum;
};

export interface Moment {
  readonly span: Span;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly frames: number;
}

/** @param spread of bins of good cycles, in σ of counting; null where it is not known */
export const objectShown = (
  region: string,
  plan: ShownPlan,
  moment: Moment,
  values: Float64Array,
  combined: Float64Array | null,
  spread: number | null,
): ObjectShown => {
  const pulls = combined === null ? null : pullsOf(values, combined);
  const scale = pulls === null ? 0 : totalOf(values) / totalOf(combined!);
  return {
    region,
    name: plan.name,
    title: plan.title,
    unit: plan.unit,
    axes: plan.axes,
    ...moment,
    values: Array.from(values),
    reference: pulls === null ? null : Array.from(combined!, (one) => Number((one * scale).toPrecision(7))),
    pulls: pulls === null ? null : Array.from(pulls, (pull) => Number((pull / (spread ?? 1)).toFixed(3))),
    spread,
  };
};
