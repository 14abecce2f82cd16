/**
 * Checks that say nothing of any region, and why: said once below the verdict, not in every cell. Pure. Refuses to call a
 * check silent that has judged one region.
 */

import type { BoardSnapshot } from '../../dqm/board.ts';

export interface SilentCheck {
  readonly name: string;
  /** Of its first cell: where no region can be judged, all say the same. */
  readonly reason: string;
}

export const silentChecks = ({
  checks,
  cells,
}: Pick<BoardSnapshot, 'checks' | 'cells'>): readonly SilentCheck[] =>
  checks.flatMap(({ name }) => {
    const own = cells.filter((cell) => cell.check === name);
    const isSilent = own.length > 0 && own.every(({ quality }) => quality === 'null');
    return isSilent ? [{ name, reason: own[0]!.reason }] : [];
  });
