/**
 * What `tessera bench dqm` judges, fixed before anything was looked at: the runs, how they drift while all is well, which
 * faults and how strong. Refuses to leave out a kind: every kind of the catalogue at every strength of its grid is a run.
 */

import { catalogue } from '../../../src/sim/mishaps/catalogue.ts';

/**
 * A run is what one region read out in `unitsPerRun` units of `framesPerUnit` frames. Au+Au frames are crowded and p+p
 * frames are not: each kind of fault is judged amid the collisions that the catalogue names for it.
 */
export const sets = [
  { key: 'auau', instrument: 'sphenix-tpc-auau', framesPerUnit: 1 },
  { key: 'pp', instrument: 'sphenix-tpc-pp', framesPerUnit: 16 },
] as const;
export type SetPlan = (typeof sets)[number];

export const unitsPerRun = 16;
/** Every third region of the 24: both ends, and each with dead, hot and uneven channels of its own. */
export const regions = [0, 3, 6, 9, 12, 15, 18, 21] as const;
/**
 * Of each set: runs that say what is normal, then runs that set thresholds, then runs of regions that are all good, spread
 * among the bad ones, which tell how many false alarms there really are.
 */
export const goodRuns = { learn: 500, threshold: 500, judge: { auau: 250, pp: 500 } } as const;
/** Judged good runs for each bad one, of regions beside it. */
export const goodPerBad = 2;

/**
 * Units are drawn from so many of each region and rate of collisions: enough that a run and all its references are of
 * different ones (nine runs of 16 units) at any rate, and that a few rare events, a jet or a track that loops, do not make
 * what the pool holds: of 160 units of p+p, 15 % of all readings were told from fresh frames at 5 % by chance.
 */
export const poolUnits = { auau: 320, pp: 640 } as const;

/** Moments at which units of fresh frames are made beside those drawn from the pool; two runs each. */
export const freshMoments = { auau: 6, pp: 30 } as const;

/**
 * Natural drift from run to run, as a first-order autoregressive walk that all regions share: gain follows pressure and
 * temperature, the rate of collisions follows the beam. σ is the walk's width, ρ its memory of the run before.
 */
export const drift = {
  gain: { sigma: 0.03, memory: 0.95, reach: 0.08 },
  rate: { sigma: 0.12, memory: 0.9, reach: 0.3, steps: [0.7, 1, 1.3] },
} as const;

/** A fault begins at a unit drawn from the first half of its run and stands to the run's end. */
export const onsetShareMax = 0.5;

/**
 * How a kind of fault goes on from frame to frame. `stays`: the same channels and the same harm, fresh noise. `at`: the
 * same place, anew in each frame. `wanders`: another place in each frame.
 */
const habits: Readonly<Record<string, 'stays' | 'at' | 'wanders'>> = {
  'dead channels': 'stays',
  'hot channels': 'stays',
  'dead card': 'stays',
  'gain drop': 'stays',
  'card gain drop': 'stays',
  'noise burst': 'at',
  'time shift': 'stays',
  'bit flips': 'at',
  'stuck bit': 'stays',
  'wrong geometry': 'stays',
  'repeated frame': 'wanders',
  spark: 'wanders',
  'beam background': 'wanders',
  'displaced vertex': 'wanders',
  'heavy track': 'wanders',
  monopole: 'wanders',
};

/** The bad runs of a set: kind by kind, strength by strength. */
export const badRuns = (set: SetPlan) =>
  catalogue
    .filter(({ amid }) => amid === set.key)
    .flatMap((kind) => kind.strengths.map((strength) => ({ kind, strength, habit: habits[kind.name]! })));
