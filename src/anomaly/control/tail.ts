/**
 * Tails as counts of readings in even cells: how many frames lie above a point, and where so many begin. Refuses nothing:
 * where no frame lies nothing is above.
 */

import { readingMax } from './reading.ts';

const cellsPerUnit = 32;
export const cellCount = readingMax * cellsPerUnit;

export const cellOf = (reading: number): number =>
  Math.min(cellCount - 1, Math.floor(reading * cellsPerUnit));

/** The reading at which a cell begins. */
export const readingAt = (cell: number): number => cell / cellsPerUnit;

/** Frames of a chunk that read above a point, straight lines within a cell. */
export const countAbove = (counts: ArrayLike<number>, point: number): number => {
  const cell = cellOf(Math.max(0, point));
  let above = (counts[cell] ?? 0) * Math.max(0, Math.min(1, cell + 1 - point * cellsPerUnit));
  for (let at = cell + 1; at < cellCount; at++) above += counts[at] ?? 0;
  return above;
};

/** The reading that so many frames lie above. */
export const pointAt = (counts: ArrayLike<number>, wanted: number): number => {
  let above = 0;
  for (let cell = cellCount - 1; cell >= 0; cell--) {
    const count = counts[cell] ?? 0;
    if (count > 0 && above + count >= wanted) return readingAt(cell + 1 - (wanted - above) / count);
    above += count;
  }
  return 0;
};
