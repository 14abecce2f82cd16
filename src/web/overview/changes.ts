/**
 * What changed lately, cell by cell, and in one row where many changed alike at once: a run that was judged for the first
 * time is one event, not three hundred. Pure. Refuses more rows than one looks at.
 */

import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import type { QualityName } from '../../dqm/quality.ts';

export interface ChangeRow {
  readonly key: string;
  readonly quality: QualityName;
  readonly sinceMs: number;
  /** One cell, or all that changed with it. */
  readonly cells: readonly CellShown[];
}

/** So many alike at once are one row. */
const alikeMax = 3;

/** What is not well comes first, each newest first. */
export const changesOf = ({ cells }: Pick<BoardSnapshot, 'cells'>, rowsMax: number): readonly ChangeRow[] => {
  const groups = new Map<string, CellShown[]>();
  for (const cell of cells) {
    if (cell.sinceMs === 0) continue;
    const key = `${cell.sinceMs} ${cell.quality}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const rows = [...groups].flatMap(([key, group]): ChangeRow[] => {
    const { quality, sinceMs } = group[0]!;
    if (group.length > alikeMax) return [{ key, quality, sinceMs, cells: group }];
    return group.map((cell) => ({ key: `${cell.region} ${cell.check}`, quality, sinceMs, cells: [cell] }));
  });
  const isWrong = ({ quality }: ChangeRow): number => (quality === 'bad' || quality === 'medium' ? 0 : 1);
  return rows.sort((a, b) => isWrong(a) - isWrong(b) || b.sinceMs - a.sinceMs).slice(0, rowsMax);
};
