/**
 * Tells the moment a front-end card falls silent, frame by frame, where a cycle's sum would still show what it gave before. The
 * sum of E. S. Page (Biometrika 41, 100 (1954)) of the log-likelihood of next to nothing against what is expected: it grows
 * by what a silent card should have had, and falls with every hit. Refuses to know why.
 */

import { totalOf } from '../checks/beta_binomial.ts';
import type { Reading } from '../checks/list.ts';
import type { Parts } from './watched.ts';

/** A silent card may still let through this share of what is expected of it: noise. */
const leak = 0.05;
const [gain, loss] = [1 - leak, -Math.log(leak)];
/** Cards that are at least so near to the most silent one are named with it. */
const alike = 0.5;

export interface Silence {
  /** What of a region's hits each card has while all is well: counts or shares. */
  expect(region: number, cards: Float64Array): void;
  /** One frame's hits, card by card. */
  add(region: number, cards: Float64Array): void;
  /** The most silent card of a region, in expected hits; null where nothing is expected yet. */
  reading(region: number): Reading | null;
  /** What was is over: another run. */
  clear(): void;
}

export const openSilence = (
  regions: number,
  { count: cards, reading: name }: Pick<Parts, 'count' | 'reading'>,
): Silence => {
  const sums = Array.from({ length: regions }, () => new Float64Array(cards));
  const shares: (Float64Array | null)[] = Array.from({ length: regions }, () => null);
  return {
    expect(region, usual) {
      const all = Math.max(1e-9, totalOf(usual));
      shares[region] = usual.map((one) => one / all);
    },
    add(region, now) {
      const usual = shares[region];
      if (usual === null || usual === undefined) return;
      const of = sums[region]!;
      const hits = totalOf(now);
      for (let card = 0; card < cards; card++) {
        const expected = usual[card]! * hits;
        of[card] = Math.max(0, of[card]! + gain * expected - loss * now[card]!);
      }
    },
    reading(region) {
      if (shares[region] === null) return null;
      const of = sums[region]!;
      const worst = of.reduce((most, one) => Math.max(most, one), 0);
      const bins = worst === 0 ? [] : [...of.keys()].filter((card) => of[card]! >= alike * worst);
      bins.sort((a, b) => of[b]! - of[a]!);
      return { check: 'channels', of: name, value: worst, bins };
    },
    clear() {
      for (const of of sums) of.fill(0);
    },
  };
};
