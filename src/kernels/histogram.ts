/**
 * Counts of durations in log-linear cells: quantiles to 1.6 % in fixed memory, and a sliding window of them.
 * Refuses to keep single values or to read a clock: the caller says which slot of time it is.
 *
 * Cells as in HdrHistogram (G. Tene): microseconds below 128 have a cell each; above, every power of two is cut
 * into 64 equal cells, up to 2³²−1 µs (71 minutes), where everything longer also counts.
 */

const subBits = 6;
const subCells = 1 << subBits;
const microsMax = 0xffff_ffff;
/** Shifts 0 … 25 of 64 cells each, and the first 64 that have no shift. */
export const histogramCells = (31 - subBits + 2) * subCells;

/** Cell of a duration in microseconds; less than 0 counts as 0. */
export const cellOf = (micros: number): number => {
  const whole = micros > microsMax ? microsMax : micros > 0 ? Math.floor(micros) : 0;
  if (whole < subCells) return whole;
  const shift = 31 - subBits - Math.clz32(whole);
  return shift * subCells + (whole >>> shift);
};

/** Lower edge of a cell, in microseconds. */
export const cellMicros = (cell: number): number => {
  if (cell < 2 * subCells) return cell;
  const shift = Math.floor(cell / subCells) - 1;
  return (cell - shift * subCells) * 2 ** shift;
};

export interface Histogram {
  readonly counts: Float64Array;
  total: number;
}

export const createHistogram = (): Histogram => ({ counts: new Float64Array(histogramCells), total: 0 });

/** Counts `count` durations of `nanos` each. */
export const record = (histogram: Histogram, nanos: number, count = 1): void => {
  const cell = cellOf(nanos / 1000);
  histogram.counts[cell] = histogram.counts[cell]! + count;
  histogram.total += count;
};

/**
 * The duration, in nanoseconds, that a share `q` (0 … 1) of the values does not exceed: the middle of the cell
 * it falls in. Null when nothing was counted.
 */
export const quantileNanos = (histogram: Histogram, q: number): number | null => {
  if (histogram.total <= 0) return null;
  const rank = Math.max(1, Math.ceil(q * histogram.total));
  let seen = 0;
  for (let cell = 0; cell < histogramCells; cell++) {
    seen += histogram.counts[cell]!;
    if (seen >= rank) return ((cellMicros(cell) + cellMicros(cell + 1)) / 2) * 1000;
  }
  return cellMicros(histogramCells) * 1000;
};

/** The slow twin: exact, over all values, in nanoseconds. */
export const quantileReference = (nanos: readonly number[], q: number): number | null => {
  if (nanos.length === 0) return null;
  const sorted = [...nanos].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
};

/** The last `slots` slots of time, each a histogram, with their sum kept up to date. */
export interface SlidingHistogram {
  readonly slots: readonly Histogram[];
  readonly sum: Histogram;
  slot: number;
}

export const createSlidingHistogram = (slots: number): SlidingHistogram => ({
  slots: Array.from({ length: slots }, createHistogram),
  sum: createHistogram(),
  slot: 0,
});

/** The slot now being counted into. */
export const currentSlot = (window: SlidingHistogram): Histogram =>
  window.slots[window.slot % window.slots.length]!;

/** Moves to slot number `slot`, forgetting what falls out of the window; earlier numbers change nothing. */
export const slideTo = (window: SlidingHistogram, slot: number): void => {
  const steps = Math.min(slot - window.slot, window.slots.length);
  for (let step = 1; step <= steps; step++) {
    const leaving = window.slots[(slot - steps + step) % window.slots.length]!;
    if (leaving.total > 0) {
      for (let cell = 0; cell < histogramCells; cell++)
        window.sum.counts[cell] = window.sum.counts[cell]! - leaving.counts[cell]!;
      window.sum.total -= leaving.total;
      leaving.counts.fill(0);
      leaving.total = 0;
    }
  }
  if (slot > window.slot) window.slot = slot;
};

/** Counts into the current slot and the sum. */
export const recordSliding = (window: SlidingHistogram, nanos: number, count = 1): void => {
  record(currentSlot(window), nanos, count);
  record(window.sum, nanos, count);
};
