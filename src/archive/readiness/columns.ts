/**
 * Columns of numbers looked at as a whole: medians and outliers, ranks and correlations, on an even sample of rows that
 * is the same whoever takes it. Refuses to hold more than its bound of rows.
 */

import { mix } from '../../kernels/prng.ts';

/**
 * Whether the n-th of a row of things belongs to a share of one in `every`: by a hash of n, because things come in a
 * rhythm (regions in turn) that a stride would fall in step with.
 */
export const isChosen = (n: number, every: number): boolean => mix(n) % every === 0;

/** A sample of rows, evenly spread over all that come: one in 2^k, k as small as the bound allows. */
export const openSample = (rowsMax: number) => {
  let rows: { readonly n: number; readonly row: readonly number[] }[] = [];
  let [every, seen] = [1, 0];
  return {
    add(row: readonly number[]): void {
      const n = seen++;
      if (!isChosen(n, every)) return;
      rows.push({ n, row });
      while (rows.length > rowsMax) {
        every *= 2;
        rows = rows.filter((one) => isChosen(one.n, every));
      }
    },
    get rows(): readonly (readonly number[])[] {
      return rows.map(({ row }) => row);
    },
  };
};

const middleOf = (sorted: readonly number[]): number => {
  const at = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
};

export interface ColumnLook {
  readonly name: string;
  /** Rows of the sample that have a value. */
  readonly count: number;
  readonly missingShare: number;
  readonly least: number;
  readonly median: number;
  readonly greatest: number;
  /** Share of values further than five robust standard deviations (1.4826 · MAD) from the median. */
  readonly outlierShare: number;
}

const outlierSigmas = 5;
/** MAD of a normal distribution of standard deviation 1 is 1 / 1.4826. */
const madScale = 1.4826;

/** Null for a column without any value. A column that hardly varies (MAD 0) has no outliers by this rule. */
export const lookAt = (name: string, values: readonly number[]): ColumnLook | null => {
  const found = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (found.length === 0) return null;
  const median = middleOf(found);
  const deviation = middleOf(found.map((value) => Math.abs(value - median)).sort((a, b) => a - b)) * madScale;
  const far = found.filter((value) => deviation > 0 && Math.abs(value - median) > outlierSigmas * deviation);
  return {
    name,
    count: found.length,
    missingShare: 1 - found.length / values.length,
    least: found[0]!,
    median,
    greatest: found.at(-1)!,
    outlierShare: far.length / found.length,
  };
};

/** Ranks from 0, equal values sharing the middle of theirs. */
export const ranksOf = (values: readonly number[]): Float64Array => {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (let i = from; i < to; i += 1) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
};

/** Spearman's rank correlation over rows where both are finite, −1 … 1; null where one does not vary. */
export const rankCorrelation = (a: readonly number[], b: readonly number[]): number | null => {
  const both = a.map((_, i) => i).filter((i) => Number.isFinite(a[i]) && Number.isFinite(b[i]));
  const [x, y] = [ranksOf(both.map((i) => a[i]!)), ranksOf(both.map((i) => b[i]!))];
  const mean = (both.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < both.length; i += 1) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
};

/** Shannon entropy of counts, bits; 0 where there are none. */
export const entropyBits = (counts: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < counts.length; i += 1) total += counts[i]!;
  let bits = 0;
  for (let i = 0; i < counts.length; i += 1) {
    const share = counts[i]! / total;
    if (share > 0) bits -= share * Math.log2(share);
  }
  return bits;
};

/** Kullback-Leibler divergence of a part's counts from the whole's, bits a count; the part is contained in the whole. */
export const divergenceBits = (part: ArrayLike<number>, whole: ArrayLike<number>): number => {
  let [partTotal, wholeTotal] = [0, 0];
  for (let i = 0; i < part.length; i += 1) {
    partTotal += part[i]!;
    wholeTotal += whole[i]!;
  }
  let bits = 0;
  for (let i = 0; i < part.length; i += 1)
    if (part[i]! > 0)
      bits += (part[i]! / partTotal) * Math.log2((part[i]! * wholeTotal) / (whole[i]! * partTotal));
  return bits;
};

/** How even a list is: entropy over its greatest, 0 … 1; 1 for a list of one. */
export const evenness = (counts: readonly number[]): number =>
  counts.length < 2 ? 1 : entropyBits(counts) / Math.log2(counts.length);
