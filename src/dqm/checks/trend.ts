/**
 * Numbers that tell how a region is in one glance, and whether they stepped away from where they were: against the
 * references, and against the regions beside it, which share its beam and its weather. Refuses long memories.
 */

import { binsOf, type ObjectLayout } from '../layout.ts';
import { totalOf } from './beta_binomial.ts';

export const trendNames = [
  'hits',
  'mean ADC',
  'pulse length',
  'alone share',
  'pair share',
  'patches a hit',
] as const;
export type TrendName = (typeof trendNames)[number];

/** One number of a region's objects for each trend. */
export const trendsOf = (layout: ObjectLayout, values: Float64Array): Record<TrendName, number> => {
  const total = (name: 'occupancy' | 'charge' | 'alone' | 'pairs' | 'pulse_length' | 'symbols' | 'hits') =>
    totalOf(binsOf(layout, values, name));
  const hits = Math.max(1, total('occupancy'));
  return {
    hits: hits / Math.max(1, total('hits')),
    'mean ADC': total('charge') / hits,
    'pulse length': hits / Math.max(1, total('pulse_length')),
    'alone share': total('alone') / hits,
    'pair share': total('pairs') / hits,
    'patches a hit': total('symbols') / layout.symbolsPerPatch / hits,
  };
};

/** ln of what now is over the mean of what was; 0 where either is nothing. */
export const stepOf = (now: number, before: readonly number[]): number => {
  const usual = before.reduce((sum, one) => sum + one, 0) / Math.max(1, before.length);
  return now > 0 && usual > 0 ? Math.log(now / usual) : 0;
};

/**
 * Finds the step in a series that makes it two levels: the place whose two sides differ most, by Student's t of their
 * means. Null for fewer than four values, or where nothing varies.
 */
export const stepIn = (series: readonly number[]): { readonly at: number; readonly t: number } | null => {
  if (series.length < 4) return null;
  let best: { at: number; t: number } | null = null;
  for (let at = 2; at <= series.length - 2; at++) {
    const [before, after] = [series.slice(0, at), series.slice(at)];
    const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;
    const [low, high] = [mean(before), mean(after)];
    const squares =
      before.reduce((sum, one) => sum + (one - low) ** 2, 0) +
      after.reduce((sum, one) => sum + (one - high) ** 2, 0);
    const error = Math.sqrt((squares / (series.length - 2)) * (1 / before.length + 1 / after.length));
    const t = error > 0 ? (high - low) / error : 0;
    if (t !== 0 && (best === null || Math.abs(t) > Math.abs(best.t))) best = { at, t };
  }
  return best;
};
