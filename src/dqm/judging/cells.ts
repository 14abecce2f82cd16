/**
 * The cells of an instrument, every check of every region, from what is read of them cycle after cycle. Refuses to make an example of a
 * region that is not as it should be.
 */

import type { Reading } from '../checks/list.ts';
import type { Watched } from '../cycles/watched.ts';
import type { Norm } from './norm.ts';
import { barsFor, type Cell, checkMeanings, isBeyond, judgeCell, plainCell, type Rated } from './verdicts.ts';

/** Readings, and by what they are judged. */
export interface Judged {
  readonly readings: readonly Reading[];
  readonly norm: Norm;
  /** One reading a region whose false alarms are counted by themselves: what falls silent is worth a budget of its own. */
  readonly byItself?: boolean;
}

export interface Cells {
  get(region: number, check: string): Cell | null;
  set(region: number, check: string, cell: Cell): void;
  clear(): void;
  /** All but completeness say these words, and nothing more. */
  waiting(words: string, nowMs: number): void;
  /** Cells that more is awaited for are as they were; false where none was judged yet. */
  refresh(nowMs: number): boolean;
  /** Whether all of a region's readings are far from rare. */
  isSound(of: readonly Judged[], frames: number): boolean;
  /** Judges one reading where it is beyond a bar; its cell stays as it is where it is not, or is bad. Returns whether one changed. */
  judgeSudden(region: number, of: Judged, bar: 'once' | 'twice', nowMs: number): boolean;
  /** Judges all of a region; returns whether all is as in good cycles. */
  judge(region: number, of: readonly Judged[], frames: number, nowMs: number): boolean;
}

/** Decades below the lower bar from which on a region is no example: a fault that is missed must not become the norm. */
const learnBelow = 1.5;
/** Readings of a region, about: bars stand before the first are read. */
const readingsAbout = 150;

export const openCells = (
  watched: Pick<Watched, 'place' | 'checks'>,
  { regions, cycleMs }: { readonly regions: number; readonly cycleMs: number },
): Cells => {
  const cells = Array.from({ length: regions }, () => new Map<string, Cell>());
  let bars = barsFor(regions * readingsAbout, cycleMs);

  const ratedBy = ({ readings, norm, byItself = false }: Judged, frames: number): Rated[] =>
    readings.flatMap((reading) => {
      const decades = norm.decades(reading, frames);
      return decades === null ? [] : [{ reading, decades, spare: byItself ? Math.log10(readingsAbout) : 0 }];
    });
  const allRated = (of: readonly Judged[], frames: number): Rated[] =>
    of.flatMap((one) => ratedBy(one, frames));
  const areSound = (rated: readonly Rated[]): boolean =>
    !rated.some((one) => isBeyond(one, bars.twice - learnBelow));

  const judgeCheck = (region: number, check: string, rated: readonly Rated[], nowMs: number): Cell => {
    const cell = judgeCell(cells[region]!.get(check) ?? null, rated, bars, nowMs, watched.place);
    cells[region]!.set(check, cell);
    return cell;
  };
  /** A check of which nothing was read this time. */
  const passOver = (region: number, check: string, nowMs: number): void => {
    const before = cells[region]!.get(check);
    const words = watched.checks.includes(check)
      ? 'It waits for its turn, and for references of the same detector.'
      : 'This is not asked of such frames.';
    const cell = before === undefined ? plainCell('null', words, nowMs, nowMs) : { ...before, atMs: nowMs };
    cells[region]!.set(check, cell);
  };

  return {
    get: (region, check) => cells[region]!.get(check) ?? null,
    set: (region, check, cell) => void cells[region]!.set(check, cell),
    clear() {
      for (const of of cells) of.clear();
    },
    waiting(words, nowMs) {
      for (const of of cells)
        for (const { name } of checkMeanings)
          if (name !== 'completeness')
            of.set(name, plainCell('null', words, of.get(name)?.sinceMs ?? nowMs, nowMs));
    },
    refresh(nowMs) {
      let known = false;
      for (const of of cells)
        for (const [check, cell] of of) {
          if (check === 'completeness') continue;
          of.set(check, { ...cell, atMs: nowMs });
          known = true;
        }
      return known;
    },
    isSound: (of, frames) => areSound(allRated(of, frames)),
    judgeSudden(region, of, bar, nowMs) {
      const rated = ratedBy(of, 1).filter((one) => isBeyond(one, bars[bar]));
      let changed = false;
      for (const check of new Set(rated.map(({ reading }) => reading.check))) {
        if (cells[region]!.get(check)?.quality === 'bad') continue;
        judgeCheck(region, check, rated, nowMs);
        changed = true;
      }
      return changed;
    },
    judge(region, of, frames, nowMs) {
      const rated = allRated(of, frames);
      const readings = of.flatMap((one) => one.readings);
      const checks = new Set(readings.map(({ check }) => check));
      let sound = areSound(rated);
      for (const check of checks) {
        const own = rated.filter(({ reading }) => reading.check === check);
        const before = cells[region]!.get(check) ?? null;
        if (own.length === 0 && before !== null) {
          // What is awaited stands in its words.
          if (before.quality === 'null') cells[region]!.set(check, { ...before, atMs: nowMs });
          continue;
        }
        const { quality } = judgeCheck(region, check, own, nowMs);
        sound &&= quality === 'good' || quality === 'null';
      }
      for (const { name } of checkMeanings)
        if (!checks.has(name) && name !== 'completeness') passOver(region, name, nowMs);
      bars = barsFor(regions * Math.max(readingsAbout, readings.length), cycleMs);
      return sound;
    },
  };
};
