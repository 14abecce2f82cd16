/**
 * A pool of time frames made once with full physics and replayed under new numbers and instants, for whoever needs
 * more frames a second than can be simulated. Refuses to pass for a simulation: what repeats says so (`replayed`),
 * and charge that crosses a frame border in the pool does not when its neighbours change.
 */

import type { InstrumentCard } from '../domain/instrument.ts';
import { type Identify, identitiesOf, type SimFrame, type World } from './world.ts';

export interface Pool {
  readonly card: InstrumentCard;
  readonly identify: Identify;
  readonly timeFrames: readonly (readonly SimFrame[])[];
}

/** A world that repeats a pool; `timeFrames` distinct ones. */
export interface ReplayWorld extends World {
  readonly replayed: { readonly timeFrames: number };
}

/** Simulates `count` neighbouring time frames of a world. */
export const poolOf = (world: World, count: number, firstTimeFrame = 0): Pool => ({
  card: world.card,
  identify: world.identify,
  timeFrames: Array.from({ length: count }, (_, i) => world.timeFrame(firstTimeFrame + i)),
});

/** Frames under another time frame's number; digits and truth are shared, not copied: they are read-only. */
const renumbered = (frames: readonly SimFrame[], identify: Identify, number: number): readonly SimFrame[] =>
  frames.map(({ region, digits, truth }) => ({ region, identity: identify(region, number), digits, truth }));

/**
 * The pool's frames under their own identity for every number: time frame n is the pool's n mod size. `start` replaces the
 * run and the instants of the pool's world.
 */
export const createReplayWorld = (
  pool: Pool,
  start?: { readonly run: number; readonly startNanos: bigint; readonly spacingNanos?: bigint },
): ReplayWorld => {
  const identify = start === undefined ? pool.identify : identitiesOf(pool.card, start);
  const size = pool.timeFrames.length;
  return {
    card: pool.card,
    identify,
    replayed: { timeFrames: size },
    timeFrame: (number) => renumbered(pool.timeFrames[number % size]!, identify, number),
  };
};

/**
 * The same, but each time frame of the pool gives way to a new one of the world after so many uses, in every round as many:
 * what is seen over a run are many time frames, for little more work than a pool. Which of the world's stands under a
 * number is the number's alone.
 * @param pool the world's first time frames
 */
export const createRenewedWorld = (world: World, pool: Pool, uses: number): World => {
  const size = pool.timeFrames.length;
  const held = pool.timeFrames.map((frames, origin) => ({ origin, frames }));
  return {
    card: world.card,
    identify: world.identify,
    timeFrame(number) {
      const [slot, round] = [number % size, Math.floor(number / size)];
      const origin = Math.floor((round + (slot % uses)) / uses) * size + slot;
      if (held[slot]!.origin !== origin) held[slot] = { origin, frames: world.timeFrame(origin) };
      return renumbered(held[slot]!.frames, world.identify, number);
    },
  };
};
