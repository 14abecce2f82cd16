/**
 * MonitorObjects as readers get them: one region's, or the sum of all, with what they are compared with. Refuses nothing: an
 * object or a region that is not there is null.
 */

import type { ObjectShown, Span } from '../board.ts';
import { totalOf } from '../checks/beta_binomial.ts';
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

/** (value − reference) / σ of a bin, where both are counts and the reference was scaled by `scale`. */
export const pullsOf = (
  values: ArrayLike<number>,
  reference: ArrayLike<number>,
  scale: number,
): readonly number[] =>
  Array.from({ length: values.length }, (_, bin) => {
    const [value, usual] = [values[bin]!, reference[bin]!];
    const variance = Math.max(1, usual) * (1 + scale);
    return Number(((value - usual) / Math.sqrt(variance)).toFixed(3));
  });

export const objectShown = (
  region: string,
  plan: ShownPlan,
  moment: Moment,
  values: Float64Array,
  combined: Float64Array | null,
): ObjectShown => {
  const before = combined === null ? 0 : totalOf(combined);
  const scale = before > 0 ? totalOf(values) / before : 0;
  const reference = combined === null || before <= 0 ? null : combined.map((value) => value * scale);
  return {
    region,
    name: plan.name,
    title: plan.title,
    unit: plan.unit,
    axes: plan.axes,
    ...moment,
    values: Array.from(values),
    reference: reference === null ? null : Array.from(reference, (value) => Number(value.toPrecision(7))),
    pulls: reference === null ? null : pullsOf(values, reference, scale),
  };
};
