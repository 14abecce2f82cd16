/**
 * Rates measured side by side: every contestant once in each round, so that a machine that drifts drifts for all of
 * them, and the median over rounds with its spread. Refuses to compare rates of different runs.
 */

import { median } from '../../measure.ts';
import type { Row } from './judge.ts';

export interface Contestant {
  readonly name: string;
  readonly set: string;
  readonly wedges: number;
  readonly hits: number;
  /** Does all wedges once. */
  run(): Promise<void>;
}

export interface Rate {
  readonly name: string;
  readonly set: string;
  readonly wedgesPerSecond: number;
  readonly least: number;
  readonly most: number;
  readonly nanosPerHit: number;
}

/** @param rounds after one that only warms up */
export const raceRates = async (
  contestants: readonly Contestant[],
  rounds: number,
  say: (line: string) => void,
): Promise<Rate[]> => {
  const rates = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { run, wedges }] of contestants.entries()) {
      const start = performance.now();
      await run();
      if (round > 0) rates[i]!.push((1000 * wedges) / (performance.now() - start));
    }
    if (round > 0) say(`rates: round ${round} of ${rounds}`);
  }
  return contestants.map(({ name, set, wedges, hits }, i) => {
    const own = rates[i]!;
    const wedgesPerSecond = median(own);
    return {
      name,
      set,
      wedgesPerSecond,
      least: Math.min(...own),
      most: Math.max(...own),
      nanosPerHit: (1e9 * wedges) / wedgesPerSecond / hits,
    };
  });
};

export const rateRow = ({ name, set, wedgesPerSecond, least, most, nanosPerHit }: Rate): Row => ({
  set,
  path: name,
  'wedges/s': wedgesPerSecond,
  spread: `${least.toPrecision(3)}–${most.toPrecision(3)}`,
  'ns a hit': nanosPerHit,
});
