/**
 * The clusters of `clusters.ts` as whole numbers, several times faster: peaks and their hills are read off in the order
 * of the grid, and only cells that may be a saddle without a valley are sorted. Refuses layers whose cells and ADC
 * values do not fit 31 bits together; everything else is as `clusters.ts` says, which is its slow twin.
 */

import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { binReach, padReach, valleyBelow } from './clusters.ts';

/** Columns of a cluster's numbers, in `sums`. Moments are charge × steps from the peak, in pads and bins. */
export const Sum = {
  layer: 0,
  peakPad: 1,
  peakBin: 2,
  peakAdc: 3,
  cells: 4,
  charge: 5,
  pads: 6,
  bins: 7,
  padSquares: 8,
  binSquares: 9,
  count: 10,
} as const;

/**
 * Scratch of one finder, one layer with a cell of nothing around it, and what it found: `count` clusters of `Sum.count`
 * numbers each, layer by layer, in the order of their peaks' places. The grid is zero between calls.
 */
export interface ClusterFinder {
  readonly bins: number;
  readonly layerCells: number;
  readonly pitch: number;
  readonly placeBits: number;
  /** By place: ADC above the place counted down, so that of two cells the one taken first has the larger key. */
  readonly key: Int32Array;
  /** By place: the cell above it at first, then the number of its hill, from 1. */
  readonly hill: Int32Array;
  readonly places: Int32Array;
  readonly saddles: Int32Array;
  readonly sorted: Int32Array;
  readonly tally: Int32Array;
  /** By ADC of the lower peak: a saddle above this has no valley. */
  readonly valley: Int32Array;
  /** By hill: the hill it joined, itself while it stands; the key of its peak; `valley` of that; its peak's row. */
  readonly joined: Int32Array;
  readonly peak: Int32Array;
  readonly cut: Int32Array;
  readonly peakRow: Int32Array;
  sums: Int32Array;
  count: number;
}

/** Whether a layer's cells and ADC values fit 31 bits together. */
export const fitsKeys = ({ axes, adcBits }: Pick<InstrumentCard, 'axes' | 'adcBits'>): boolean =>
  axes.slice(1).reduce((all, { size }) => all * (size + 2), 1) <= 2 ** (31 - adcBits);

/** @param card axes layer, azimuth (pads) and time (bins), outermost first */
export const openClusterFinder = (card: Pick<InstrumentCard, 'axes' | 'adcBits'>): ClusterFinder => {
  const [, pads, bins] = card.axes.map((axis) => axis.size);
  if (bins === undefined || card.axes.length !== 3) throw new Error('clusters need layer, azimuth and time');
  const pitch = bins + 2;
  const gridCells = (pads! + 2) * pitch;
  const layerCells = pads! * bins;
  const placeBits = 31 - card.adcBits;
  if (!fitsKeys(card)) throw new Error(`a layer of ${gridCells} cells is beyond the clusters' keys`);
  return {
    bins,
    layerCells,
    pitch,
    placeBits,
    key: new Int32Array(gridCells),
    hill: new Int32Array(gridCells),
    places: new Int32Array(layerCells),
    saddles: new Int32Array(layerCells),
    sorted: new Int32Array(layerCells),
    tally: new Int32Array(2 ** card.adcBits + 1),
    valley: Int32Array.from({ length: 2 ** card.adcBits }, (_, height) => Math.floor(valleyBelow(height))),
    joined: new Int32Array(layerCells + 1),
    peak: new Int32Array(layerCells + 1),
    // No hill is never low enough.
    cut: new Int32Array(layerCells + 1).fill(2 ** 30, 0, 1),
    peakRow: new Int32Array(layerCells + 1),
    sums: new Int32Array(Sum.count * 1024),
    count: 0,
  };
};

/**
 * Finds the clusters of a frame; returns their number, and their numbers lie in `finder.sums` until the next call.
 * Digits lie in the grid, ascending (`wire` checked them).
 */
export const sumClusters = (digits: Digits, finder: ClusterFinder): number => {
  const { voxel, count } = digits;
  const { layerCells, key, hill, places } = finder;
  finder.count = 0;
  for (let from = 0; from < count; ) {
    const layer = Math.floor(voxel[from]! / layerCells);
    const end = (layer + 1) * layerCells;
    let to = from + 1;
    while (to < count && voxel[to]! < end) to++;
    const hits = to - from;
    spread(digits, from, to, layer * layerCells, finder);
    const hills = climb(hits, finder);
    const saddles = findSaddles(hits, hills, finder);
    if (saddles > 0) joinHills(sortSaddles(saddles, finder), finder);
    weigh(hits, hills, layer, finder);
    for (let i = 0; i < hits; i++) {
      key[places[i]!] = 0;
      hill[places[i]!] = 0;
    }
    from = to;
  }
  return finder.count;
};

/** Puts one layer's hits onto the grid and lists their places. */
const spread = (digits: Digits, from: number, to: number, first: number, finder: ClusterFinder): void => {
  const { bins, pitch, placeBits, key, places } = finder;
  const { voxel, adc } = digits;
  const last = 2 ** placeBits - 1;
  let rowEnd = 0;
  let shift = 0;
  for (let i = from; i < to; i++) {
    const cell = voxel[i]! - first;
    if (cell >= rowEnd) {
      const pad = Math.floor(cell / bins);
      rowEnd = (pad + 1) * bins;
      shift = (pad + 1) * pitch + 1 - pad * bins;
    }
    const place = cell + shift;
    key[place] = (adc[i]! << placeBits) | (last - place);
    places[i - from] = place;
  }
};

/** Rule 1: every hit gets the number of the hill it lies on; returns how many hills there are. */
const climb = (hits: number, finder: ClusterFinder): number => {
  const { pitch, placeBits, key, hill, places, joined, peak } = finder;
  const last = 2 ** placeBits - 1;
  let hills = 0;
  // The largest keys of the columns before, at and after a place; hits side by side share two of them.
  let before = 0;
  let at = 0;
  let after = 0;
  let next = -1;
  for (let i = 0; i < hits; i++) {
    const place = places[i]!;
    const own = key[place]!;
    if (place === next) {
      before = at;
      at = after;
    } else {
      before = Math.max(key[place - pitch - 1]!, key[place - 1]!, key[place + pitch - 1]!);
      at = Math.max(key[place - pitch]!, own, key[place + pitch]!);
    }
    next = place + 1;
    after = Math.max(key[next - pitch]!, key[next]!, key[next + pitch]!);
    const most = Math.max(before, at, after);
    if (most === own) {
      hills++;
      joined[hills] = hills;
      peak[hills] = own;
      hill[place] = hills;
    } else {
      const above = last - (most & last);
      // What lies before has its number, or the way there as its complement.
      const known = hill[above]!;
      hill[place] = above < place && known !== 0 ? known : ~above;
    }
  }
  for (let i = 0; i < hits; i++) {
    const place = places[i]!;
    let number = hill[place]!;
    while (number < 0) number = hill[~number]!;
    hill[place] = number;
  }
  return hills;
};

/** Lists the places where two hills meet without a valley between their own peaks, in grid order. */
const findSaddles = (hits: number, hills: number, finder: ClusterFinder): number => {
  const { pitch, placeBits, key, hill, places, peak, valley, cut, saddles } = finder;
  for (let number = 1; number <= hills; number++) cut[number] = valley[peak[number]! >> placeBits]!;
  let count = 0;
  for (let i = 0; i < hits; i++) {
    const place = places[i]!;
    const own = key[place]!;
    const number = hill[place]!;
    // Above the own hill's valley any other hill will do, else only one as low as that.
    const adc = own >> placeBits;
    const bound = adc > cut[number]! ? 2 ** 30 : adc;
    for (let row = place - pitch; row <= place + pitch; row += pitch) {
      const a = hill[row - 1]!;
      const b = hill[row]!;
      const c = hill[row + 1]!;
      if (
        (a !== number && cut[a]! < bound && key[row - 1]! > own) ||
        (b !== number && cut[b]! < bound && key[row]! > own) ||
        (c !== number && cut[c]! < bound && key[row + 1]! > own)
      ) {
        saddles[count++] = place;
        break;
      }
    }
  }
  return count;
};

/** Largest ADC first, equal ones in grid order; leaves the tally zero. Returns the sorted places. */
const sortSaddles = (
  count: number,
  { placeBits, key, saddles, sorted, tally }: ClusterFinder,
): Int32Array => {
  let low = tally.length;
  let high = 0;
  for (let i = 0; i < count; i++) {
    const adc = key[saddles[i]!]! >> placeBits;
    tally[adc]! += 1;
    if (adc < low) low = adc;
    if (adc > high) high = adc;
  }
  let before = 0;
  for (let adc = high; adc >= low; adc--) {
    const here = tally[adc]!;
    tally[adc] = before;
    before += here;
  }
  for (let i = 0; i < count; i++) {
    const place = saddles[i]!;
    const adc = key[place]! >> placeBits;
    sorted[tally[adc]!] = place;
    tally[adc]! += 1;
  }
  tally.fill(0, low, high + 1);
  return sorted.subarray(0, count);
};

/** The hill that stands for a number, with the way there shortened. */
const standing = (number: number, joined: Int32Array): number => {
  let at = number;
  while (joined[at] !== at) {
    joined[at] = joined[joined[at]!]!;
    at = joined[at]!;
  }
  return at;
};

/** Rule 2 at every saddle, from the highest down. */
const joinHills = (saddles: Int32Array, finder: ClusterFinder): void => {
  const { pitch, placeBits, key, hill, joined, peak, valley } = finder;
  for (const place of saddles) {
    const own = key[place]!;
    const adc = own >> placeBits;
    let stands = standing(hill[place]!, joined);
    for (let k = 0; k < 9; k++) {
      const at = place + (k < 3 ? k - pitch - 1 : k < 6 ? k - 4 : k + pitch - 7);
      if (key[at]! <= own) continue;
      const other = standing(hill[at]!, joined);
      if (other === stands) continue;
      const higher = peak[other]! > peak[stands]! ? other : stands;
      const lower = higher === other ? stands : other;
      if (adc <= valley[peak[lower]! >> placeBits]!) continue;
      joined[lower] = higher;
      stands = higher;
    }
  }
};

/** Rule 3: sums of every hill that stands, appended where they have two cells. */
const weigh = (hits: number, hills: number, layer: number, finder: ClusterFinder): void => {
  const { pitch, placeBits, key, hill, places, joined, peak, peakRow } = finder;
  const first = finder.count;
  const last = 2 ** placeBits - 1;
  const needed = (first + hills) * Sum.count;
  if (needed > finder.sums.length) {
    // More than any frame before; no frame has more clusters than half of its cells.
    const grown = new Int32Array(2 * needed);
    grown.set(finder.sums.subarray(0, first * Sum.count));
    finder.sums = grown;
  }
  const { sums } = finder;
  // Sums of hill h lie at first + h − 1 until those that stand move up.
  sums.fill(0, first * Sum.count, needed);
  const base = (first - 1) * Sum.count;
  for (let number = 1; number <= hills; number++) joined[number] = standing(number, joined);
  for (let number = 1; number <= hills; number++) {
    const centre = last - (peak[number]! & last);
    const row = Math.floor(centre / pitch);
    peakRow[number] = row;
    const at = base + number * Sum.count;
    sums[at + Sum.peakPad] = row - 1;
    sums[at + Sum.peakBin] = centre - row * pitch - 1;
  }
  let rowEnd = 0;
  let row = 0;
  for (let i = 0; i < hits; i++) {
    const place = places[i]!;
    if (place >= rowEnd) {
      row = Math.floor(place / pitch);
      rowEnd = (row + 1) * pitch;
    }
    const number = joined[hill[place]!]!;
    const at = base + number * Sum.count;
    const pad = row - peakRow[number]!;
    const bin = place - (last - (peak[number]! & last)) - pad * pitch;
    if (pad > padReach || pad < -padReach || bin > binReach || bin < -binReach) continue;
    const own = key[place]!;
    const charge = own >> placeBits;
    sums[at + Sum.cells]! += 1;
    sums[at + Sum.charge]! += charge;
    sums[at + Sum.pads]! += charge * pad;
    sums[at + Sum.bins]! += charge * bin;
    sums[at + Sum.padSquares]! += charge * pad * pad;
    sums[at + Sum.binSquares]! += charge * bin * bin;
  }
  let to = first;
  for (let number = 1; number <= hills; number++) {
    const at = base + number * Sum.count;
    if (sums[at + Sum.cells]! < 2) continue;
    sums[at + Sum.layer] = layer;
    sums[at + Sum.peakAdc] = peak[number]! >> placeBits;
    if (at !== to * Sum.count) sums.copyWithin(to * Sum.count, at, at + Sum.count);
    to++;
  }
  finder.count = to;
};
