/**
 * From how rare readings are to the quality of a cell (one check of one region), cycle after cycle: bad at once is what is silent
 * or cannot be, all else what is rare in two cycles on end by the same reading; seen once it is medium. Refuses to flicker on one
 * odd cycle, and to set its bars by hand: they follow from a rate of false alarms over all cells.
 */

import { limits } from '../../domain/limits.ts';
import type { CellShown } from '../board.ts';
import type { Reading } from '../checks/list.ts';
import type { Numbered, Places } from '../cycles/places.ts';
import type { QualityName } from '../quality.ts';
import { keyOf } from './norm.ts';
import { rarityInWords, sentenceOf } from './sentences.ts';

export const checkMeanings: readonly { readonly name: string; readonly meaning: string }[] = [
  {
    name: 'channels',
    meaning:
      'channels, chips and front-end cards that are dead, hot or uneven; of objects, groups and sectors',
  },
  { name: 'cards', meaning: 'one front-end card whose ADC values or times differ from the others' },
  { name: 'Kolmogorov', meaning: 'shapes of ADC values, times, pulses and tokens: largest distance' },
  { name: 'χ²', meaning: 'the same shapes, bin by bin, by χ²' },
  { name: 'mean deviation', meaning: 'the same shapes: mean relative deviation' },
  { name: 'bin by bin', meaning: 'bins that are off by a tenth and by five standard deviations' },
  { name: 'token use', meaning: 'tokens used otherwise than they were: divergence of their histograms' },
  { name: 'siblings', meaning: 'shapes and trends that moved otherwise than in the regions beside it' },
  { name: 'impossible values', meaning: 'hits below the threshold of zero suppression' },
  { name: 'trend', meaning: 'hits, charge, pulse length: a step away from the references' },
  { name: 'beta-binomial', meaning: 'AutoDQM’s comparison of every histogram with the references, in turn' },
  { name: 'completeness', meaning: 'time frames that lack this region' },
];

export interface Bars {
  /** Decades from which a reading is medium, and bad when the next cycle reads it again. */
  readonly twice: number;
  /** Decades from which it is bad at once. */
  readonly once: number;
  /** What was rare stands until it is read again, so long at most: some readings have their turn once in twelve cycles. */
  readonly standsMs: number;
}

/** @param readings of all checks of all regions, one cycle */
export const barsFor = (readings: number, cycleMs: number): Bars => {
  const perHour = (readings * 3_600_000) / cycleMs;
  return {
    twice: Math.log10(perHour / limits.dqmFalseMediumsPerHour),
    once: Math.log10((24 * perHour) / limits.dqmFalseBadsPerDay),
    standsMs: 13 * cycleMs,
  };
};

/** A cell as it is shown, before it has a place, and what it remembers. */
export interface Cell extends Omit<CellShown, 'region' | 'check'> {
  /** Readings that were rare when they were read last, and when that was, ms. */
  readonly rare: ReadonlyMap<string, number>;
}

export interface Rated {
  readonly reading: Reading;
  readonly decades: number;
  /** Decades by which its bars are lower than others', where its false alarms are counted by themselves. */
  readonly spare?: number;
}

/**
 * Whether it needs no second cycle. A jet, or a track that loops, leaves a thousand hits in one place in one frame, and may make
 * any other reading as rare as can be: in 200 minutes of good p+p it did so once.
 */
const isToldAtOnce = ({ check, of }: Reading): boolean =>
  check === 'impossible values' || /silent|untouched/.test(of);

/** Whether a reading is beyond a bar. */
export const isBeyond = ({ decades, spare = 0 }: Rated, bar: number): boolean => decades > bar - spare;

/** Objects by what readings of channels call them. */
const objectsOf: Readonly<Record<string, string>> = { 'lone hits': 'alone' };

const numberedIn = (of: string): Numbered | null => {
  const what = of.split(': ')[1] ?? '';
  if (what.endsWith('channel') || what.endsWith('neighbours')) return 'channel';
  return what.endsWith('chip')
    ? 'chip'
    : what.endsWith('card')
      ? 'card'
      : what.endsWith('seam')
        ? 'seam'
        : null;
};

/** Where a reading lies: its object, the bins of it, and words for its parts. */
export const placeOf = (
  { check, of, bins }: Reading,
  places: Places,
  binsInWords: (object: string, bin: number) => string,
): Pick<Cell, 'object' | 'bins' | 'where'> => {
  const [name] = of.split(': ');
  const object = objectsOf[name!] ?? name!;
  if (check === 'channels') {
    const numbered = numberedIn(of);
    if (numbered === null) return { object, bins: [], where: [] };
    const where = bins.slice(0, limits.dqmPlacesNamedMax).map((bin) => places[numbered](bin));
    // Bits have a plane of bins for each channel: the channels are shown where they are counted.
    return {
      object: object === 'bits' ? 'occupancy' : object,
      bins: bins.flatMap((bin) => places.channelsOf(numbered, bin)).slice(0, limits.dqmBinsNamedMax),
      where,
    };
  }
  if (check === 'cards') {
    const [card] = bins;
    return card === undefined
      ? { object, bins: [], where: [] }
      : { object: 'occupancy', bins: places.channelsOf('card', card), where: [places.card(card)] };
  }
  if (check === 'trend' || of.startsWith('trend of')) return { object: null, bins: [], where: [] };
  const plain = object.replace(/ (χ²|divergence|pull)$/, '');
  return {
    object: plain,
    bins,
    where: bins.slice(0, limits.dqmPlacesNamedMax).map((bin) => binsInWords(plain, bin)),
  };
};

/**
 * The reading a shifter is told of. Residuals of channels, chips and cards are on one scale: of a card that died the card's
 * is the largest, of one channel the channel's, so the largest names what is wrong. What fell silent suddenly is on another scale:
 * it is told, unless sums already name the parts that are silent.
 */
const toldOf = (rare: readonly Rated[]): Rated => {
  const named = rare.filter(
    ({ reading }) => /(channel|chip|card|sector|group)$/.test(reading.of) && reading.bins.length > 0,
  );
  const by = (value: (one: Rated) => number) => (a: Rated, b: Rated) => value(b) - value(a);
  const largest = (of: readonly Rated[]): Rated | undefined =>
    of.toSorted(by(({ reading }) => reading.value))[0];
  const sudden = named.find(({ reading }) => reading.of.includes(': suddenly'));
  const told =
    sudden === undefined
      ? largest(named)
      : (largest(named.filter(({ reading }) => /: silent (card|sector|group)$/.test(reading.of))) ?? sudden);
  return told ?? rare.toSorted(by(({ decades }) => decades))[0]!;
};

/** The cell after a cycle. `rated` of one check and region; none of them known: null. */
export const judgeCell = (
  before: Cell | null,
  rated: readonly Rated[],
  bars: Bars,
  atMs: number,
  place: (reading: Reading) => Pick<Cell, 'object' | 'bins' | 'where'>,
): Cell => {
  const since = (quality: QualityName): number => (before?.quality === quality ? before.sinceMs : atMs);
  if (rated.length === 0)
    return plainCell('null', 'Nothing is known of good cycles yet.', since('null'), atMs);
  const rarest = rated.reduce((worst, one) => (one.decades > worst.decades ? one : worst));
  const rare = rated.filter((one) => isBeyond(one, bars.twice));
  const read = new Set(rated.map(({ reading }) => keyOf(reading)));
  const standing = [...(before?.rare ?? [])].filter(
    ([key, sinceMs]) => !read.has(key) && atMs - sinceMs <= bars.standsMs,
  );
  if (rare.length === 0 && before !== null && standing.length > 0)
    return { ...before, rare: new Map(standing), atMs };
  if (rare.length === 0) {
    const reason = `As in good cycles. Rarest of all: ${rarest.reading.of}, ${rarityInWords(rarest.decades)}.`;
    return plainCell('good', reason, since('good'), atMs);
  }
  const again = rare.some(({ reading }) => before?.rare.has(keyOf(reading)));
  const atOnce = rare.some((one) => isToldAtOnce(one.reading) && isBeyond(one, bars.once));
  const stays = before?.quality === 'bad';
  const quality = again || atOnce || stays ? 'bad' : 'medium';
  const told = toldOf(rare);
  const found = place(told.reading);
  const more = quality === 'medium' ? ' It is bad if the next cycle reads it again.' : '';
  return {
    ...found,
    quality,
    reason: `${sentenceOf(told.reading, found.where)}; ${rarityInWords(told.decades)}.${more}`,
    sinceMs: since(quality),
    atMs,
    rare: new Map([...standing, ...rare.map(({ reading }) => [keyOf(reading), atMs] as const)]),
  };
};

const nothing: ReadonlyMap<string, number> = new Map();

export const plainCell = (quality: QualityName, reason: string, sinceMs: number, atMs: number): Cell => ({
  ...{ quality, reason, object: null, bins: [], where: [], sinceMs, atMs, rare: nothing },
});

/** A frame may be late once; from this share on a region is not read out as it should be. */
const absentShareBad = 0.05;

/** Completeness needs no norm: every time frame has every region, or something is lost. */
export const judgeCompleteness = (
  before: Cell | null,
  { absent, all }: { readonly absent: number; readonly all: number },
  atMs: number,
): Cell => {
  const since = (quality: QualityName): number => (before?.quality === quality ? before.sinceMs : atMs);
  if (all === 0) return plainCell('null', 'No time frame was looked at.', since('null'), atMs);
  const quality = absent === 0 ? 'good' : absent / all < absentShareBad ? 'medium' : 'bad';
  const reason =
    absent === 0 ? `It is in all of ${all} time frames.` : `It lacks ${absent} of ${all} time frames.`;
  return plainCell(quality, reason, since(quality), atMs);
};
