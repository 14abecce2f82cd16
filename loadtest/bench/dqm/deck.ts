/**
 * Which units of the pool a run is made of. A run shares no unit with the runs it is compared with, and no two of its units
 * are neighbours in time: it then differs from its references as a run of fresh frames does. Refuses to draw with
 * replacement: three of four units of a run were then in its references too.
 */

import type { Prng } from '../../../src/kernels/prng.ts';

/** A unit of the pool: its rate's step, and its place there. */
export interface Draw {
  readonly step: number;
  readonly unit: number;
}

export interface Deck {
  /** [rate step][unit]: the last run that was made of it. */
  readonly lastRun: readonly Int32Array[];
}

/** Units rest for so many runs: eight references, and one that was bad among them. */
const restRuns = 9;

export const newDeck = (steps: number, units: number): Deck => ({
  lastRun: Array.from({ length: steps }, () => new Int32Array(units).fill(-restRuns - 1)),
});

/** Where among ascending steps a value lies: the step below, and its distance from there as a share of the way. */
export const between = (steps: readonly number[], value: number): { at: number; share: number } => {
  let at = 0;
  while (at < steps.length - 2 && steps[at + 1]! <= value) at += 1;
  const share = (value - steps[at]!) / (steps[at + 1]! - steps[at]!);
  return { at, share: Math.min(1, Math.max(0, share)) };
};

/**
 * `count` units for a run between two steps, in the order in which they are read out. As many are of the upper step as its
 * share asks for, to one: their number does not vary by itself, what it stands for varies by the collisions in the units.
 */
export const drawUnits = (
  deck: Deck,
  run: number,
  { at, share }: { readonly at: number; readonly share: number },
  count: number,
  prng: Prng,
): Draw[] => {
  const upper = Math.floor(count * share + prng.uniform());
  const drawn = [
    ...drawAt(deck.lastRun[at]!, run, count - upper, prng).map((unit) => ({ step: at, unit })),
    ...drawAt(deck.lastRun[at + 1]!, run, upper, prng).map((unit) => ({ step: at + 1, unit })),
  ];
  for (let i = drawn.length - 1; i > 0; i--) {
    const other = Math.floor(prng.uniform() * (i + 1));
    [drawn[i], drawn[other]] = [drawn[other]!, drawn[i]!];
  }
  return drawn;
};

const drawAt = (lastRun: Int32Array, run: number, count: number, prng: Prng): number[] => {
  const drawn: number[] = [];
  while (drawn.length < count) {
    const apart = [...lastRun.keys()].filter(
      (unit) => lastRun[unit] !== run && lastRun[unit - 1] !== run && lastRun[unit + 1] !== run,
    );
    const rested = apart.filter((unit) => lastRun[unit]! < run - restRuns);
    // In a small pool the longest rested serve again; a smaller one still takes neighbours.
    const oldest = Math.min(...apart.map((unit) => lastRun[unit]!));
    const free = rested.length > 0 ? rested : apart.filter((unit) => lastRun[unit] === oldest);
    const from = free.length > 0 ? free : [...lastRun.keys()];
    const unit = from[Math.floor(prng.uniform() * from.length)]!;
    lastRun[unit] = run;
    drawn.push(unit);
  }
  return drawn;
};
