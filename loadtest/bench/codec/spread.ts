/**
 * The spread of many small differences, gathered one at a time without keeping them: mean, standard deviation, mean
 * size, and the half-width that holds 68 % of them (what a resolution is quoted as). Refuses to forget its range: the
 * quantile is read from `cells` cells up to `sizeMax`, and what lies beyond counts as `sizeMax`.
 */

export interface Spread {
  add(difference: number): void;
  readonly count: number;
  readonly mean: number;
  readonly sigma: number;
  readonly meanSize: number;
  /** Size under which 68.27 % of the differences lie; NaN for none. */
  readonly halfWidth68: number;
}

const cells = 4096;

export const openSpread = (sizeMax: number): Spread => {
  const histogram = new Float64Array(cells);
  let [count, sum, squares, sizes] = [0, 0, 0, 0];
  return {
    add(difference) {
      const size = Math.abs(difference);
      count += 1;
      sum += difference;
      squares += difference * difference;
      sizes += size;
      const cell = Math.min(cells - 1, Math.floor((size / sizeMax) * cells));
      histogram[cell] = histogram[cell]! + 1;
    },
    get count() {
      return count;
    },
    get mean() {
      return sum / count;
    },
    get sigma() {
      return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    },
    get meanSize() {
      return sizes / count;
    },
    get halfWidth68() {
      let under = 0;
      for (let cell = 0; cell < cells; cell++) {
        const here = histogram[cell]!;
        if (here > 0 && under + here >= 0.6827 * count) {
          // Differences of exactly 0 lie in the first cell: half of it is not a width.
          if (cell === 0 && sizes === 0) return 0;
          return ((cell + (0.6827 * count - under) / here) / cells) * sizeMax;
        }
        under += here;
      }
      return Number.NaN;
    },
  };
};
