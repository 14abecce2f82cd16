/**
 * What changed lately, cell by cell, and in one row where many changed alike at once: a run that was judged for the first
 * time is one event, not three hundred. Pure. Refuses more rows than one looks at.
 */

import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import type { QualityName } from '../../dqm/quality.ts';
import { silentChecks } from './silent.ts';

export interface ChangeRow {
  readonly key: string;
  readonly quality: QualityName;
  readonly sinceMs: number;
  /** One cell, or all that changed with it. */
  readonly cells: readonly CellShown[];
}

/** So many alike at once are one row. */
const alikeMax = 3;

/** What is not well comes first, each newest first; of what is, `wellMax` at most. */
export const changesOf = (
  board: Pick<BoardSnapshot, 'checks' | 'cells'>,
  rowsMax: number,
  wellMax = rowsMax,
): readonly ChangeRow[] => {
  const silent = new Set(silentChecks(board).map(({ name }) => name));
  const groups = new Map<string, CellShown[]>();
  for (const cell of board.cells) {
    if (cell.sinceMs === 0 || silent.has(cell.check)) continue;
    const key = `${cell.sinceMs} ${cell.quality}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const rows = [...groups].flatMap(([key, group]): ChangeRow[] => {
    const { quality, sinceMs } = group[0]!;
    // Many that are well are no news: that is how it should be.
    if (group.length > alikeMax) return quality === 'good' ? [] : [{ key, quality, sinceMs, cells: group }];
    return group.map((cell) => ({ key: `${cell.region} ${cell.check}`, quality, sinceMs, cells: [cell] }));
  });
  const isWrong = ({ quality }: ChangeRow): number => (quality === 'bad' || quality === 'medium' ? 0 : 1);
  rows.sort((a, b) => isWrong(a) - isWrong(b) || b.sinceMs - a.sinceMs);
  const wrong = rows.filter((row) => isWrong(row) === 0).length;
  return rows.slice(0, Math.min(rowsMax, wrong + wellMax));
};
