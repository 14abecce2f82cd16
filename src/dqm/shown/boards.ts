/**
 * The first screen from what a watch knows: cells, qualities of regions and of the instrument, references in words. Refuses
 * to hide: a region is as bad as its worst cell.
 */

import type { BoardSnapshot, CellShown, QualityShown, ReferencesShown } from '../board.ts';
import { checkMeanings, type Watch } from '../cycles/watch.ts';
import { worstOf } from '../quality.ts';
import { type ReferenceBook, referencesOf } from '../references.ts';

export const cellsOf = (regions: readonly string[], watch: Watch, nowMs: number): readonly CellShown[] =>
  regions.flatMap((region, index) =>
    checkMeanings.map(({ name: check }): CellShown => {
      const cell = watch.cell(index, check);
      if (cell === null)
        return {
          ...{ region, check, quality: 'null', reason: 'not looked at yet', object: null, bins: [] },
          ...{ where: [], sinceMs: nowMs, atMs: nowMs },
        };
      const { quality, reason, object, bins, where, sinceMs, atMs } = cell;
      return { region, check, quality, reason, object, bins, where, sinceMs, atMs };
    }),
  );

/** Checks that nothing is known of do not make a region's quality: most of them are. */
const together = (cells: readonly CellShown[], nameOf: (cell: CellShown) => string): QualityShown => {
  const known = cells.filter(({ quality }) => quality !== 'null');
  const worst = worstOf(
    (known.length > 0 ? known : cells).map((cell) => ({
      name: cell.quality,
      reason: cell.quality === 'good' ? 'every check is good' : `${nameOf(cell)}: ${cell.reason}`,
      bins: [],
    })),
  );
  return { quality: worst.name, reason: worst.reason };
};

export const regionQualities = (
  regions: readonly string[],
  cells: readonly CellShown[],
): readonly QualityShown[] =>
  regions.map((region) =>
    together(
      cells.filter((cell) => cell.region === region),
      ({ check }) => check,
    ),
  );

/** The instrument, with how many regions are as bad as its worst. */
export const overallQuality = (
  regions: readonly string[],
  qualities: readonly QualityShown[],
): QualityShown => {
  const worst = worstOf(qualities.map(({ quality, reason }) => ({ name: quality, reason, bins: [] })));
  if (worst.name === 'good') return { quality: 'good', reason: 'every check of every region is good' };
  const as = regions.flatMap((region, i) => (qualities[i]?.quality === worst.name ? [{ region, i }] : []));
  const [first] = as;
  if (first === undefined) return { quality: worst.name, reason: worst.reason };
  const more = as.length === 1 ? '' : ` (and ${as.length - 1} more regions)`;
  return { quality: worst.name, reason: `${first.region}: ${qualities[first.i]!.reason}${more}` };
};

/** What a heartbeat says of the detector: bad cells alone are an alarm. */
export const detectorCondition = (cells: readonly CellShown[]): { readonly message: string } | null => {
  const bad = cells.filter(({ quality }) => quality === 'bad');
  if (bad.length === 0) return null;
  const regions = [...new Set(bad.map(({ region }) => region))];
  // The cell that says where is told before those that only say that something is.
  const [first] = bad.toSorted((a, b) => Number(b.where.length > 0) - Number(a.where.length > 0));
  const more =
    regions.length === 1
      ? ''
      : `; bad too: ${regions
          .filter((one) => one !== first!.region)
          .slice(0, 4)
          .join(', ')}`;
  const others = regions.length > 5 ? ` and ${regions.length - 5} more` : '';
  return { message: `${first!.region}, ${first!.check}: ${first!.reason}${more}${others}`.slice(0, 240) };
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
      ? 'No good run of this activity is known: the beginning of this one will stand in.'
      : `No good run of this activity is known: this run is compared with its own first ${watch.references.length} cycles.`
    : `Compared with ${used.length === 1 ? 'run' : 'runs'} ${used.join(', ')}, ${
        choice === 'latest' ? 'the last good ones' : choice === 'pinned' ? 'pinned' : 'chosen'
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

export type BoardParts = Omit<
  BoardSnapshot,
  'schema' | 'sequence' | 'cells' | 'regions' | 'overall' | 'checks'
>;

let sequence = 0;

export const boardOf = (parts: BoardParts, cells: readonly CellShown[]): BoardSnapshot => {
  const regions = regionQualities(parts.instrument.regions, cells);
  return {
    schema: 1,
    sequence: sequence++,
    ...parts,
    checks: checkMeanings,
    cells,
    regions,
    overall: overallQuality(parts.instrument.regions, regions),
  };
};
