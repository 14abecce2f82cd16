/**
 * How a run is cut into train, validation and test, and each of them into shards: by time alone, whole time frames, with
 * frames left out at the borders, so that nothing that happened is seen on both sides. Refuses shares that are not three
 * parts of a whole.
 */

import { Fault } from '../../domain/fault.ts';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];

export interface SplitRule {
  /** Of train, validation and test; they sum to 1. */
  readonly shares: readonly [train: number, validation: number, test: number];
  /** Time frames left out at each border: what a collision may reach across. */
  readonly guardFrames: number;
}

/** Time frames [from, to) of each part; one that is empty has from = to. */
export type SplitPlan = Readonly<Record<Split, { readonly from: number; readonly to: number }>>;

/** `80,10,10` or `0.8,0.1,0.1`; null for what is no split. */
export const sharesIn = (text: string): SplitRule['shares'] | null => {
  const numbers = text.split(',').map((one) => (one.trim() === '' ? Number.NaN : Number(one)));
  const whole = numbers.reduce((sum, one) => sum + one, 0);
  if (numbers.length !== 3 || !numbers.every((one) => one >= 0) || !(whole > 0 && whole < 1e9)) return null;
  const [train, validation, test] = numbers.map((one) => one / whole);
  return [train!, validation!, test!];
};

/** Throws request-invalid. */
export const parseShares = (text: string): SplitRule['shares'] => {
  const shares = sharesIn(text);
  if (shares !== null) return shares;
  throw new Fault(
    'request-invalid',
    `'${text}' is no split: give three shares for train, validation and test, as 80,10,10`,
  );
};

/** @param least first time frame of the run, @param greatest its last */
export const planSplit = (least: number, greatest: number, rule: SplitRule): SplitPlan => {
  const end = greatest + 1;
  const borders = [
    least + Math.round((end - least) * rule.shares[0]),
    least + Math.round((end - least) * (rule.shares[0] + rule.shares[1])),
  ] as const;
  /** Behind a border the guard comes first; at the run's beginning there is none. */
  const part = (begin: number, to: number) => {
    const from = begin === least ? begin : begin + rule.guardFrames;
    return { from: Math.min(from, to), to };
  };
  return {
    train: part(least, borders[0]),
    validation: part(borders[0], borders[1]),
    test: part(borders[1], end),
  };
};

/** Null for a time frame that no part has: it guards a border. */
export const splitOf = (timeFrame: number, plan: SplitPlan): Split | null =>
  splits.find((split) => timeFrame >= plan[split].from && timeFrame < plan[split].to) ?? null;

/** What one time frame weighs in the view. */
export interface FrameWeight {
  readonly timeFrame: number;
  readonly rows: number;
  /** Of the lists, uncompressed. */
  readonly bytes: number;
}

/** A file of the view: rows of time frames [from, to). */
export interface Shard {
  readonly split: Split;
  /** Its number among those of its part, and how many they are. */
  readonly index: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Shards of at most `bytesMax` bytes before compression, or of one time frame.
 * @param weights in ascending order of time frames
 */
export const planShards = (weights: Iterable<FrameWeight>, plan: SplitPlan, bytesMax: number): Shard[] => {
  const begun = new Map<Split, number[]>();
  const filled = new Map<Split, number>();
  for (const { timeFrame, bytes } of weights) {
    const split = splitOf(timeFrame, plan);
    if (split === null) continue;
    const starts = begun.get(split) ?? [];
    const held = filled.get(split) ?? 0;
    if (starts.length === 0 || held + bytes > bytesMax) {
      starts.push(starts.length === 0 ? plan[split].from : timeFrame);
      begun.set(split, starts);
      filled.set(split, bytes);
    } else filled.set(split, held + bytes);
  }
  return splits.flatMap((split) => {
    const starts = begun.get(split) ?? [];
    return starts.map((from, index) => ({
      split,
      index,
      count: starts.length,
      from,
      to: starts[index + 1] ?? plan[split].to,
    }));
  });
};

/** As `train-00000-of-00012.parquet`, which is how loaders know parts and order. */
export const shardName = ({ split, index, count }: Shard): string => {
  const digits = (n: number): string => String(n).padStart(5, '0');
  return `${split}-${digits(index)}-of-${digits(count)}.parquet`;
};
