/**
 * How far the bins of good cycles lie from their references, object by object, in σ of counting: hits of a track come together, and
 * bins scatter by several times what as many independent entries would. Refuses to learn from few entries.
 */

import { totalOf } from '../checks/beta_binomial.ts';
import { pullsOf } from '../checks/comparators.ts';
import type { ObjectPlan } from '../layout.ts';

export interface Spread {
  /** A region that is as it should be, and what it is compared with. */
  learn(values: Float64Array, combined: Float64Array): void;
  /** Root mean square of good pulls, at least 1; null of an object that nothing is known of. */
  of(name: string): number | null;
}

/** Entries of an object on either side without which its bins say nothing of their spread. */
const entriesMin = 1000;
/** The last so many region-cycles count. */
const memory = 256;

export const openSpread = (plans: readonly ObjectPlan<string>[]): Spread => {
  const known = new Map<string, { logSquare: number; count: number }>();
  return {
    learn(values, combined) {
      for (const { name, offset, size } of plans) {
        const [now, before] = [
          values.subarray(offset, offset + size),
          combined.subarray(offset, offset + size),
        ];
        const pulls = totalOf(now) < entriesMin || totalOf(before) < entriesMin ? null : pullsOf(now, before);
        if (pulls === null) continue;
        let [sum, bins] = [0, 0];
        for (let bin = 0; bin < size; bin++) {
          if (now[bin]! + before[bin]! <= 0) continue;
          sum += pulls[bin]! ** 2;
          bins += 1;
        }
        if (sum <= 0) continue;
        const one = known.get(name) ?? { logSquare: 0, count: 0 };
        known.set(name, one);
        one.count = Math.min(memory, one.count + 1);
        // Of logarithms: one region-cycle with a jet in it says no more than another.
        one.logSquare += (Math.log(sum / bins) - one.logSquare) / one.count;
      }
    },
    of(name) {
      const one = known.get(name);
      return one === undefined ? null : Math.max(1, Math.exp(one.logSquare / 2));
    },
  };
};
