/**
 * Tells the moment a part falls silent, a front-end card or a sector, frame by frame, where a cycle's sum would still show what it
 * gave before: by what was due of it since it last gave more than noise would. What is due of a card is told by the cards around it;
 * of parts that have no neighbours, by their shares. Refuses to know why, and to call a low count silence.
 */

import { totalOf } from '../checks/beta_binomial.ts';
import type { Reading } from '../checks/list.ts';
import type { Parts } from '../cycles/watched.ts';

/** A silent part may still let through so many hits, and this share of what is due of it: noise. */
const [noiseHits, noiseShare] = [8, 0.05];
/**
 * Of one frame no more than so many hits count for a part: a track leaves ten together, and where a jet leaves a thousand in one
 * place nothing is expected in another.
 */
const crowdHits = 5;
/** Of a card with less than this share of a card's usual hits nothing is due: it was dead before. */
const aliveShare = 0.25;
/** Cards that are at least so near to the most silent one are named with it. */
const alike = 0.5;

export interface Silence {
  /** What of a region's hits each card has while all is well: counts or shares. */
  expect(region: number, cards: Float64Array): void;
  /** One frame's hits, card by card, and what was due in nats (`DueOf`); null: by their shares, in hits. */
  add(region: number, now: Float64Array, due: Float64Array | null): void;
  /** The most silent card of a region, in what was due of it; null where nothing is expected yet. */
  reading(region: number): Reading | null;
  /** What was is over: another run. */
  clear(): void;
}

const byShare = (usual: number, hits: number): number => crowdHits * -Math.expm1((-usual * hits) / crowdHits);

export const openSilence = (
  regions: number,
  { count: cards, reading: name }: Pick<Parts, 'count' | 'reading'>,
): Silence => {
  const perRegion = (): Float64Array[] => Array.from({ length: regions }, () => new Float64Array(cards));
  /** Since a part last gave more than noise: what was due of it, and what it gave. */
  const [sums, given] = [perRegion(), perRegion()];
  const shares: (Float64Array | null)[] = Array.from({ length: regions }, () => null);
  return {
    expect(region, usual) {
      const all = Math.max(1e-9, totalOf(usual));
      shares[region] = usual.map((one) => one / all);
    },
    add(region, now, due) {
      const usual = shares[region];
      if (usual === null || usual === undefined) return;
      const of = sums[region]!;
      const hits = totalOf(now);
      const had = given[region]!;
      for (let card = 0; card < cards; card++) {
        const isAlive = usual[card]! * cards >= aliveShare;
        of[card] = of[card]! + (due === null ? byShare(usual[card]!, hits) : isAlive ? due[card]! : 0);
        had[card] = had[card]! + now[card]!;
        if (had[card]! <= noiseHits + noiseShare * of[card]!) continue;
        of[card] = 0;
        had[card] = 0;
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
      for (const of of [...sums, ...given]) of.fill(0);
    },
  };
};
