/**
 * From readings to how rare they are among good runs, and from there to one number for a check and for all checks. Good
 * runs come in two parts: one says what is usual, the other sets thresholds, so that none is judged by itself. Refuses to
 * claim counts beyond the sample: there an exponential tail carries on.
 */

import { Fault } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';

/** What good runs read, and how the tail goes on. */
export interface Usual {
  readonly sorted: Float64Array;
  readonly tailFrom: number;
  readonly tailScale: number;
}

/** Readings in the tail: enough for a slope to a third, few enough to be tail. */
const tailShare = 0.02;

/** @throws Fault `config-invalid` where there are fewer good runs than a tail needs */
export const usualOf = (values: readonly number[]): Usual => {
  if (values.length < limits.dqmGoodRunsMin) {
    throw new Fault(
      'config-invalid',
      `${values.length} good runs say too little of what is usual: ${limits.dqmGoodRunsMin} or more are needed`,
    );
  }
  const sorted = Float64Array.from(values).sort();
  const tail = sorted.subarray(sorted.length - Math.max(10, Math.ceil(tailShare * sorted.length)));
  const tailFrom = tail[0]!;
  const excess = tail.reduce((sum, value) => sum + value - tailFrom, 0) / tail.length;
  // A reading that never varied has no scale of its own: a step as large as it is counts as one decade.
  const scale = Math.max(excess, 1e-3 * Math.abs(tailFrom), 1e-9);
  return { sorted, tailFrom, tailScale: scale };
};

/** −log10 of the share of good runs that read as much or more. */
export const decadesOf = ({ sorted, tailFrom, tailScale }: Usual, value: number): number => {
  if (value > tailFrom) {
    let beyond = sorted.length - 1;
    while (beyond > 0 && sorted[beyond - 1]! >= tailFrom) beyond -= 1;
    const share = (sorted.length - beyond) / (sorted.length + 1);
    return -Math.log10(share) + (value - tailFrom) / tailScale / Math.LN10;
  }
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return -Math.log10((1 + sorted.length - low) / (1 + sorted.length));
};

/** The value that a share `falseAlarms` of these exceed. */
export const thresholdFor = (values: readonly number[], falseAlarms: number): number => {
  if (values.length * falseAlarms < 1) {
    throw new Fault(
      'config-invalid',
      `a false-alarm rate of ${falseAlarms} needs ${Math.ceil(1 / falseAlarms)} good runs, there are ${values.length}`,
    );
  }
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length - 1 - Math.floor(values.length * falseAlarms)]!;
};

/** What very many good cycles read, in few numbers that can be shipped. */
export interface Knots {
  /** Values that a share 10^−`knotDecades` of good cycles exceeds, ascending. */
  readonly at: readonly number[];
  /** The tail beyond the last of them falls by e in this. */
  readonly scale: number;
}

/** Half, a tenth, a thirtieth and a hundredth read more. */
export const knotDecades = [0.3, 1, 1.5, 2] as const;

/** The scale is the largest that any of these tails has: one that is heavy falls slower the further out it is looked at. */
const tailsFrom = [1, 1.5, 2] as const;

/** @throws Fault `config-invalid` where no value lies beyond the last knot ten times over */
export const knotsOf = (values: readonly number[]): Knots => {
  const enough = Math.ceil(10 * 10 ** knotDecades.at(-1)!);
  if (values.length < enough)
    throw new Fault('config-invalid', `${values.length} good cycles say too little: ${enough} are needed`);
  const sorted = Float64Array.from(values).sort();
  const beyond = (decades: number): number => Math.ceil(sorted.length * 10 ** -decades);
  const valueAt = (decades: number): number => sorted[sorted.length - beyond(decades)]!;
  const scaleAt = (decades: number): number => {
    const from = valueAt(decades);
    const tail = sorted.subarray(sorted.length - beyond(decades));
    return tail.reduce((sum, value) => sum + value - from, 0) / tail.length;
  };
  return { at: knotDecades.map(valueAt), scale: Math.max(...tailsFrom.map(scaleAt)) };
};

/** −log10 of the share of good cycles that read as much or more: straight lines between knots, then the tail. */
export const decadesBeyond = ({ at, scale }: Knots, value: number): number => {
  const last = at.length - 1;
  if (value >= at[last]!) return knotDecades[last]! + (value - at[last]!) / scale / Math.LN10;
  const above = at.findIndex((knot) => value < knot);
  if (above === 0) return 0;
  const [low, high] = [at[above - 1]!, at[above]!];
  const share = (value - low) / (high - low);
  return knotDecades[above - 1]! + share * (knotDecades[above]! - knotDecades[above - 1]!);
};
