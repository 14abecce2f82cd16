/**
 * Streams of frames under drift: pools simulated at points along a path of collision rate, gain and electronics noise,
 * and between two points frames drawn from both, so that the share of all frames beyond a threshold is known exactly at
 * every moment. Refuses to jump: the path goes there and back.
 */

import { readFileSync } from 'node:fs';
import type { Cards } from '../../../src/assemble.ts';
import type { Prng } from '../../../src/kernels/prng.ts';
import { parseParticles, type Split } from '../../../src/sim/particles.ts';
import { createWorld, type SimFrame } from '../../../src/sim/world.ts';
import { chamberSeed, longestList } from './frames.ts';
import type { Scored, Scoring } from './scoring.ts';

/** Multiples of what the card says. */
export interface DriftPoint {
  readonly occupancy: number;
  readonly gain: number;
  readonly noise: number;
}
export const nominal: DriftPoint = { occupancy: 1, gain: 1, noise: 1 };

const pathPoints = 8;
/** A fill that decays, gain that goes up and down by 4 % as with air pressure, noise that grows by 60 %. */
export const path: readonly DriftPoint[] = Array.from({ length: pathPoints }, (_, i) => {
  const along = i / (pathPoints - 1);
  return {
    occupancy: 0.5 + 0.5 * Math.exp(-2.5 * along),
    gain: 1 + 0.04 * Math.sin(2 * Math.PI * along),
    noise: 1 + 0.6 * along,
  };
});

export interface DriftRun {
  readonly run: number;
  readonly split: Split;
  readonly timeFrames: number;
}

/** The frames of a detector at one point. */
export const framesAt = function* ({ card }: Cards, point: DriftPoint, from: DriftRun): Generator<SimFrame> {
  const { conditions } = card;
  const scaled = (name: string, by: number): number => by * Number(conditions[name]);
  const there = {
    ...card,
    conditions: {
      ...conditions,
      collisionRateHz: scaled('collisionRateHz', point.occupancy),
      adcPerElectron: scaled('adcPerElectron', point.gain),
      noiseAdc: scaled('noiseAdc', point.noise),
    },
  };
  const world = createWorld(there, parseParticles(readFileSync(longestList(String(conditions.particles)))), {
    seed: chamberSeed,
    run: from.run,
    startNanos: 0n,
    split: from.split,
  });
  for (let number = 3; number < 3 + from.timeFrames; number++) yield* world.timeFrame(number);
};

/** Scores of the frames simulated at one point. */
export const simulate = async (
  cards: Cards,
  scoring: Scoring,
  point: DriftPoint,
  from: DriftRun,
): Promise<Scored[]> => {
  const scored: Scored[] = [];
  for (const { region, identity, digits } of framesAt(cards, point, from))
    scored.push(await scoring.score({ region, timeFrame: identity.timeFrame, digits }, null));
  return scored;
};

/** One frame as a controller sees it. */
export interface DriftFrame {
  readonly hitCount: number;
  readonly totalCharge: number;
  readonly pValue: number;
}

export interface DriftStream<Frame extends DriftFrame = DriftFrame> {
  readonly chunks: number;
  /** Which point of the path a chunk lies at, fractions between two. */
  at(chunk: number): number;
  draw(chunk: number, prng: Prng): Frame;
  /** Share of all frames of this chunk's drift whose p-value lies below the cut. */
  truePassRate(chunk: number, cut: number): number;
}

const shareBelow = (sorted: Float64Array, cut: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < cut) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
};

/** @param chunksApart chunks from one point of the path to the next */
export const openStream = <Frame extends DriftFrame>(
  pools: readonly (readonly Frame[])[],
  chunksApart: number,
): DriftStream<Frame> => {
  const sorted = pools.map((pool) => Float64Array.from(pool, ({ pValue }) => pValue).sort());
  const last = pools.length - 1;
  const at = (chunk: number): number => last - Math.abs(last - chunk / chunksApart);
  const between = (chunk: number): [number, number] => {
    const point = Math.min(last - 1, Math.floor(at(chunk)));
    return [point, at(chunk) - point];
  };
  return {
    chunks: 2 * last * chunksApart,
    at,
    draw(chunk, prng) {
      const [point, share] = between(chunk);
      const pool = pools[prng.uniform() < share ? point + 1 : point]!;
      return pool[Math.floor(prng.uniform() * pool.length)]!;
    },
    truePassRate(chunk, cut) {
      const [point, share] = between(chunk);
      return (1 - share) * shareBelow(sorted[point]!, cut) + share * shareBelow(sorted[point + 1]!, cut);
    },
  };
};
