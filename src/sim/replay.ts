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

/**
 * The pool's frames under their own identity for every number: time frame n is the pool's n mod size. Digits and
 * truth are shared, not copied: they are read-only. `start` replaces the run and the instants of the pool's world.
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
    timeFrame: (number) =>
      pool.timeFrames[number % size]!.map((frame) => ({
        region: frame.region,
        identity: identify(frame.region, number),
        digits: frame.digits,
        truth: frame.truth,
      })),
  };
};
