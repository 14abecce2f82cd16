/**
 * The message ids of each region: consecutive, so that one passed over is a loss. It refuses to let one wild id decide:
 * the next good one begins anew.
 */

import type { AssemblyHead } from '../domain/archive/assembly.ts';
import type { IdGap } from '../domain/archive/partial_event.ts';
import { limits } from '../domain/limits.ts';

export interface Numbering {
  /** The gap before this id; null where there is none; `earlier` for an id that the last one had passed over. */
  next(region: number, run: number, messageId: number): IdGap | 'earlier' | null;
  readonly state: Pick<AssemblyHead, 'lastIds' | 'lastRuns'>;
}

export const openNumbering = (regionCount: number, from: AssemblyHead | undefined): Numbering => {
  const lastIds = from?.lastIds.slice() ?? new Float64Array(regionCount).fill(-1);
  const lastRuns = from?.lastRuns.slice() ?? new Float64Array(regionCount).fill(-1);
  return {
    next(region, run, messageId) {
      const last = lastIds[region]!;
      const known = last >= 0 && lastRuns[region] === run;
      // Far below the last id, it is the last one that was wild, or the source began anew.
      if (known && messageId <= last && last - messageId < limits.duplicateWindowIds) return 'earlier';
      lastIds[region] = messageId;
      lastRuns[region] = run;
      if (!known || messageId <= last + 1) return null;
      return { region, fromId: last + 1, count: messageId - last - 1 };
    },
    get state() {
      return { lastIds: lastIds.slice(), lastRuns: lastRuns.slice() };
    },
  };
};
