/** Statistics of ranks and counts that parts share. Refuses nothing. */

/** Ranks with ties sharing theirs. */
const ranksOf = (values: Float64Array): Float64Array => {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
};

/** Spearman's ρ: the correlation of ranks (Am. J. Psychol. 15, 1904). */
export const spearman = (a: Float64Array, b: Float64Array): number => {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const middle = (a.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - middle, y[i]! - middle];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
};

/** The smallest and largest counts a binomial has with 95 % when counted one by one from its middle. */
export const binomialRange = (trials: number, share: number): { low: number; high: number } => {
  const mean = trials * share;
  if (mean > 200) {
    const half = 1.96 * Math.sqrt(mean * (1 - share));
    return { low: Math.ceil(mean - half), high: Math.floor(mean + half) };
  }
  let probability = (1 - share) ** trials;
  let sum = 0;
  let low = -1;
  for (let count = 0; ; count++) {
    sum += probability;
    if (low < 0 && sum > 0.025) low = count;
    if (sum >= 0.975) return { low, high: count };
    probability *= ((trials - count) / (count + 1)) * (share / (1 - share));
  }
};

/**
 * How much more the count of some varies when whole clusters come or stay away than when each comes by itself: the sum of
 * squares of how many each cluster has, over how many there are.
 */
export const clustering = (clusters: readonly number[]): number => {
  const counts = new Map<number, number>();
  for (const cluster of clusters) counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
  let squares = 0;
  for (const count of counts.values()) squares += count * count;
  return clusters.length === 0 ? 1 : squares / clusters.length;
};
