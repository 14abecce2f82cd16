/**
 * How rare a combined score is among frames of its own size and charge: strata of frames, wide enough to speak, that are
 * never mixed. A p-value is the share of a stratum's frames that are as rare, frames in one cell in an order drawn by
 * lot: exactly uniform for frames that are exchangeable with those counted, however few values they take (Vovk,
 * Gammerman and Shafer, Algorithmic Learning in a Random World, 2005, §2.3). Refuses to judge where too few were seen.
 */

import type { SparseCounts } from '../../domain/policy.ts';
import { chargeBins, rarityGrid, sizeBins } from './grid.ts';
import { addUp, binCounts, sumOf } from './yardstick.ts';

export interface Rated {
  readonly pValue: number;
  /** Where the share of frames as rare lies with 95 %, by what was counted; the frames as rare as this one are either. */
  readonly low: number;
  readonly high: number;
}

/** null where too few frames were seen. `lot` in (0, 1) orders frames that are as rare as each other. */
export type Rate = (bin: number, bits: number, lot: number) => Rated | null;

/** A group of sizes is closed when it has a sixteenth of all frames, or so many that a share of 1e-4 is seen. */
const [groupShare, groupFramesMax] = [1 / 16, 16_384];
/** Frames neighbouring bins of charge need together to be a stratum. */
const stratumFramesMin = 1000;
/** A stratum speaks for itself but for its rarest frames; where those begin, all strata tell how far they go on. */
const tailFramesMax = 16;
/** Beyond the last frame seen it goes on as the highest of all fall off, and as bits do: by half each. */
const [lastFrames, priorFrames, priorBits] = [64, 8, 1 / Math.LN2];
/** Less than this is not told. */
const pValueMin = 2 ** -60;

const { cells, positionOf, valueAt } = rarityGrid;

/** Counts by cell, and how many lie above each. */
interface Counted {
  readonly total: number;
  readonly within: Float64Array;
  readonly above: Float64Array;
}

const countedOf = (within: Float64Array): Counted => {
  const above = new Float64Array(cells);
  let sum = 0;
  for (let cell = cells - 1; cell >= 0; cell--) {
    above[cell] = sum;
    sum += within[cell]!;
  }
  return { total: sum, within, above };
};

interface Stratum extends Counted {
  /** The cell where its tail begins, and frames from there on. */
  readonly tailCell: number;
  readonly tailFrames: number;
}

const stratumOf = (within: Float64Array): Stratum => {
  const counted = countedOf(within);
  let tailCell = cells;
  while (tailCell > 0 && counted.above[tailCell - 1]! + within[tailCell - 1]! <= tailFramesMax) tailCell -= 1;
  return {
    ...counted,
    tailCell,
    tailFrames: tailCell === cells ? 0 : counted.above[tailCell]! + within[tailCell]!,
  };
};

/** How far the rarest frames of all strata go on, in bits from where their tails begin. */
interface Tail extends Counted {
  /** Where what was seen ends, the mean excess of its highest frames, and from how many that is. */
  readonly endBits: number;
  readonly excessBits: number;
  readonly excessFrames: number;
}

const tailOf = (strata: readonly Stratum[]): Tail => {
  const within = new Float64Array(cells);
  for (const stratum of strata)
    for (let cell = stratum.tailCell; cell < cells; cell++)
      within[cell - stratum.tailCell]! += stratum.within[cell]!;
  const counted = countedOf(within);
  let end = cells;
  while (end > 0 && within[end - 1] === 0) end -= 1;
  const wanted = Math.min(lastFrames, counted.total / 4);
  let first = end;
  while (first > 0 && counted.above[first - 1]! < wanted) first -= 1;
  const frames = first === cells ? 0 : counted.above[first]! + within[first]!;
  let excess = 0;
  for (let cell = first; cell < end; cell++) excess += within[cell]! * (valueAt(cell + 0.5) - valueAt(first));
  return {
    ...counted,
    endBits: valueAt(end),
    excessBits: (excess + priorFrames * priorBits) / (frames + priorFrames),
    excessFrames: Math.round(frames) + priorFrames,
  };
};

/** Neighbours together until they are enough; what is left at the end joins the last, and is one where all is too little. */
const groupsOf = (totals: ArrayLike<number>, enough: number): { from: number; to: number }[] => {
  const groups: { from: number; to: number }[] = [];
  let from = 0;
  let sum = 0;
  for (let at = 0; at < totals.length; at++) {
    sum += totals[at]!;
    if (sum < enough) continue;
    groups.push({ from, to: at + 1 });
    from = at + 1;
    sum = 0;
  }
  const last = groups.at(-1);
  if (last === undefined) return [{ from: 0, to: totals.length }];
  last.to = totals.length;
  return groups;
};

/** base^−power by products, alike on every machine. */
const inversePower = (base: number, power: number): number => {
  let product = 1;
  for (let i = 0; i < power; i++) product *= base;
  return 1 / product;
};

/**
 * Beyond the last frame seen: one in so many, times how an exponential tail falls off whose mean is itself estimated,
 * (1 + x / n)^−n of n frames (its excess over their mean is F distributed with 2 and 2n degrees of freedom).
 */
const beyond = ({ total, endBits, excessBits, excessFrames }: Tail, bits: number): number =>
  inversePower(1 + (bits - endBits) / excessBits / excessFrames, excessFrames) / (total + 1);

/** An end of Wilson's interval at 95 % (J. Am. Stat. Assoc. 22, 1927) for `found` of `count`. */
const z = 1.96;
export const wilson = (found: number, count: number, side: -1 | 1): number => {
  const share = found / count;
  const half = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return Math.max(0, Math.min(1, (share + (z * z) / (2 * count) + side * half) / (1 + (z * z) / count)));
};

const rateIn = ({ total, above, within }: Counted, cell: number, lot: number): Rated => {
  const tied = within[cell]! + 1;
  return {
    pValue: (above[cell]! + lot * tied) / (total + 1),
    low: wilson(above[cell]!, total + 1, -1),
    high: wilson(above[cell]! + tied, total + 1, 1),
  };
};

const rateInTail = (tail: Tail, bits: number, lot: number): Rated =>
  bits >= tail.endBits
    ? { pValue: beyond(tail, bits), low: 0, high: wilson(1, tail.total + 1, 1) }
    : rateIn(tail, Math.floor(positionOf(bits)), lot);

/** Strata by bin of size and charge; null where too few frames were seen. */
const strataOf = (combined: SparseCounts, warmupCount: number): (Stratum | null)[] => {
  const bins = binCounts(combined, sizeBins * chargeBins, cells);
  const totals = Float64Array.from({ length: sizeBins }, (_, size) =>
    sumOf(addUp(bins.slice(size * chargeBins, (size + 1) * chargeBins), cells)),
  );
  const strata = new Array<Stratum | null>(bins.length).fill(null);
  const all = sumOf(totals);
  if (all < Math.max(warmupCount, 2)) return strata;
  const enough = Math.max(warmupCount, 2, Math.min(groupFramesMax, groupShare * all));
  for (const sizes of groupsOf(totals, enough)) {
    const byCharge = Array.from({ length: chargeBins }, (_, charge) =>
      addUp(
        bins
          .slice(sizes.from * chargeBins, sizes.to * chargeBins)
          .filter((__, i) => i % chargeBins === charge),
        cells,
      ),
    );
    for (const charges of groupsOf(byCharge.map(sumOf), Math.max(stratumFramesMin, warmupCount))) {
      const stratum = stratumOf(addUp(byCharge.slice(charges.from, charges.to), cells));
      for (let size = sizes.from; size < sizes.to; size++)
        strata.fill(stratum, size * chargeBins + charges.from, size * chargeBins + charges.to);
    }
  }
  return strata;
};

/** @param warmupCount frames a group of sizes must have been seen with before any of it is called rare */
export const prepareStrata = (combined: SparseCounts, warmupCount: number): Rate => {
  const strata = strataOf(combined, warmupCount);
  const tail = tailOf([...new Set(strata)].filter((stratum) => stratum !== null));
  return (bin, bits, lot) => {
    const stratum = strata[bin] ?? null;
    if (stratum === null) return null;
    const { total, tailCell, tailFrames } = stratum;
    if (bits < valueAt(tailCell)) return rateIn(stratum, Math.floor(positionOf(bits)), lot);
    // It begins between the first of its frames and the last that is not.
    const begins = (tailFrames + 0.5) / (total + 1);
    const { pValue, low, high } = rateInTail(tail, bits - valueAt(tailCell), lot);
    return {
      pValue: Math.max(pValueMin, begins * pValue),
      low: wilson(tailFrames, total, -1) * low,
      high: wilson(tailFrames, total, 1) * high,
    };
  };
};
