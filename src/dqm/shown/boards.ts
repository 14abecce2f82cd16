/**
 * The first screen from what a watch knows: cells, qualities of regions and of the instrument, references in words. Refuses
 * to hide: a region is as bad as its worst cell.
 */

import { limits } from '../../domain/limits.ts';
import type { BoardSnapshot, CellShown, QualityShown, ReferencesShown } from '../board.ts';
import type { Watch } from '../cycles/watch.ts';
import { checkMeanings } from '../judging/verdicts.ts';
import { worstOf } from '../quality.ts';
import { type ReferenceBook, referencesOf } from '../references.ts';

export const cellsOf = (regions: readonly string[], watch: Watch, nowMs: number): readonly CellShown[] =>
  regions.flatMap((region, index) =>
    checkMeanings.map(({ name: check }): CellShown => {
      const cell = watch.cell(index, check);
      if (cell === null)
        return {
          ...{ region, check, quality: 'null', reason: 'Not looked at yet.', object: null, bins: [] },
          ...{ where: [], sinceMs: nowMs, atMs: nowMs },
        };
      const { quality, reason, object, bins, where, sinceMs, atMs } = cell;
      return { region, check, quality, reason, object, bins, where, sinceMs, atMs };
    }),
  );

/** What is old is no news, good or bad: `atMs` older than `staleMs` counts as nothing known. */
export interface Age {
  readonly nowMs: number;
  readonly staleMs: number;
}

/** Cells that nothing is known of do not make a region's quality, unless all are such. */
const knownOf = (cells: readonly CellShown[], { nowMs, staleMs }: Age): readonly CellShown[] => {
  const known = cells.filter(({ quality, atMs }) => quality !== 'null' && nowMs - atMs <= staleMs);
  if (known.length > 0) return known;
  const newest = Math.max(...cells.map(({ atMs }) => atMs));
  const reason = `Nothing was looked into for ${Math.round((nowMs - newest) / 1000)} s.`;
  return cells.map((cell) =>
    nowMs - cell.atMs <= staleMs ? cell : { ...cell, quality: 'null', reason, where: [] },
  );
};

/** The worst of them; of equals the one that says where, then the first. */
const worstCell = (cells: readonly CellShown[]): CellShown | null => {
  const [first] = cells;
  if (first === undefined) return null;
  const { name } = worstOf(cells.map(({ quality, reason }) => ({ name: quality, reason, bins: [] })));
  const worst = cells.filter(({ quality }) => quality === name);
  return worst.find(({ where }) => where.length > 0) ?? worst[0]!;
};

const notGood = (cells: readonly CellShown[]): number =>
  cells.filter(({ quality }) => quality === 'bad' || quality === 'medium').length;

const others = (count: number): string =>
  count <= 0 ? '' : count === 1 ? ' 1 more cell is not good.' : ` ${count} more cells are not good.`;

const regionQuality = (cells: readonly CellShown[], age: Age): QualityShown => {
  const known = knownOf(cells, age);
  const worst = worstCell(known);
  if (worst === null) return { quality: 'null', reason: 'Nothing is checked here.' };
  if (worst.quality === 'good')
    return { quality: 'good', reason: `All ${known.length} checks are as in good cycles.` };
  return { quality: worst.quality, reason: worst.reason + others(notGood(known) - 1) };
};

export const regionQualities = (
  regions: readonly string[],
  cells: readonly CellShown[],
  age: Age,
): readonly QualityShown[] =>
  regions.map((region) =>
    regionQuality(
      cells.filter((cell) => cell.region === region),
      age,
    ),
  );

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The instrument in a sentence: its worst cell, and how many more are not good. */
export const overallQuality = (
  regions: readonly string[],
  cells: readonly CellShown[],
  age: Age,
): QualityShown => {
  const known = knownOf(cells, age);
  const worst = worstCell(known);
  if (worst === null) return { quality: 'null', reason: 'Nothing is checked yet.' };
  const { quality, reason, region } = worst;
  if (quality === 'good')
    return {
      quality,
      reason: `All ${known.length} checks of ${regions.length} regions are as in good cycles.`,
    };
  if (quality === 'null') return { quality, reason };
  return { quality, reason: `In ${region}, ${lower(reason)}${others(notGood(known) - 1)}` };
};

/** What a heartbeat says of the detector: bad cells alone are an alarm. */
export const detectorCondition = (cells: readonly CellShown[]): { readonly message: string } | null => {
  const bad = cells.filter(({ quality }) => quality === 'bad');
  const worst = worstCell(bad);
  if (worst === null) return null;
  const rest = [...new Set(bad.map(({ region }) => region))].filter((region) => region !== worst.region);
  const more = rest.length === 0 ? '' : ` Bad too: ${rest.slice(0, 4).join(', ')}`;
  const beyond = rest.length > 4 ? ` and ${rest.length - 4} more regions` : '';
  const message = `In ${worst.region}, ${lower(worst.reason)}${more}${beyond}`;
  return { message: message.slice(0, limits.alarmTextCharsMax) };
};

export const referencesShown = (
  book: ReferenceBook,
  activity: string | null,
  watch: Watch,
): ReferencesShown => {
  const known = activity === null ? undefined : book.activities.get(activity);
  const runs = activity === null ? [] : referencesOf(book, activity);
  const choice = known?.change.choice ?? 'latest';
  const used = watch.references.map(({ run }) => run).filter((run) => run > 0);
  const words = watch.provisional
    ? watch.references.length === 0
      ? watch.shipped
        ? 'No good run of this activity is known: this one is compared with what good runs of the instrument usually read.'
        : 'No good run of this activity is known: the beginning of this one will stand in.'
      : `No good run of this activity is known: this run is compared with its own first ${watch.references.length} cycles${
          watch.shipped ? ', and with what good runs of the instrument usually read' : ''
        }.`
    : `Compared with ${used.length === 1 ? 'run' : 'runs'} ${used.join(', ')}, ${
        choice === 'latest'
          ? `the last good ${used.length === 1 ? 'one' : 'ones'}`
          : choice === 'pinned'
            ? 'pinned'
            : 'chosen'
      }.`;
  return {
    activity,
    choice,
    runs,
    provisional: watch.provisional,
    words,
    good: known?.good ?? [],
    history: book.history,
  };
};

export type BoardParts = Omit<BoardSnapshot, 'schema' | 'cells' | 'regions' | 'overall' | 'checks'>;

export const boardOf = (parts: BoardParts, cells: readonly CellShown[]): BoardSnapshot => {
  const age = { nowMs: parts.atMs, staleMs: parts.staleAfterMs };
  const regions = regionQualities(parts.instrument.regions, cells, age);
  return {
    schema: 1,
    ...parts,
    checks: checkMeanings,
    cells,
    regions,
    overall: overallQuality(parts.instrument.regions, cells, age),
  };
};
