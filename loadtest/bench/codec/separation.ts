/**
 * Two-track separation: of two tracks that truly crossed a layer some distance apart, how often the cluster finder
 * sees both. Refuses pairs with a third crossing nearby, which would tell of crowding instead.
 */

import { type ClusterIndex, nearestCluster } from './cluster_tally.ts';
import type { Crossings } from './crossings.ts';

/** Distances in cluster widths (about one pad or one time bin), cut into steps of half a width. */
export const separationStep = 0.5;
export const separationSteps = 12;
/** A third crossing within this of either takes a pair out. */
const crowdedDistance = 4;
const assignDistanceMax = 1.5;

export interface SeparationTally {
  /** By step of distance: pairs, and those of which two different clusters were found. */
  readonly pairs: Float64Array;
  readonly resolved: Float64Array;
}

export const openSeparationTally = (): SeparationTally => ({
  pairs: new Float64Array(separationSteps),
  resolved: new Float64Array(separationSteps),
});

/** Pairs (positions in `crossings`, two a pair) closer than the largest distance looked at, nothing else near. */
export const pairsOf = (crossings: Crossings): Uint32Array => {
  const byLayer = Map.groupBy(
    Array.from({ length: crossings.count }, (_, i) => i),
    (i) => crossings.layer[i]!,
  );
  const reach = separationStep * separationSteps;
  const pairs: number[] = [];
  for (const members of byLayer.values()) {
    members.sort((a, b) => crossings.pad[a]! - crossings.pad[b]!);
    members.forEach((a, at) => {
      for (let next = at + 1; next < members.length; next++) {
        const b = members[next]!;
        if (crossings.pad[b]! - crossings.pad[a]! > reach) break;
        if (distance(crossings, a, b) < reach && !isCrowded(crossings, members, at, a, b)) pairs.push(a, b);
      }
    });
  }
  return Uint32Array.from(pairs);
};

const distance = ({ pad, bin }: Crossings, a: number, b: number): number =>
  Math.hypot(pad[a]! - pad[b]!, bin[a]! - bin[b]!);

const isCrowded = (
  crossings: Crossings,
  members: readonly number[],
  at: number,
  a: number,
  b: number,
): boolean => {
  const near = (c: number): boolean =>
    c !== a && c !== b && Math.min(distance(crossings, a, c), distance(crossings, b, c)) < crowdedDistance;
  const { pad } = crossings;
  for (let i = at - 1; i >= 0 && pad[a]! - pad[members[i]!]! < crowdedDistance; i--)
    if (near(members[i]!)) return true;
  for (let i = at + 1; i < members.length && pad[members[i]!]! - pad[b]! < crowdedDistance; i++)
    if (near(members[i]!)) return true;
  return false;
};

/** Adds one frame: its pairs against the clusters of its raw or its decoded digits. */
export const tallySeparation = (
  crossings: Crossings,
  pairs: Uint32Array,
  clusters: ClusterIndex,
  tally: SeparationTally,
): void => {
  const { layer, pad, bin } = crossings;
  const clusterOf = (i: number): number =>
    nearestCluster(clusters, layer[i]!, pad[i]!, bin[i]!, assignDistanceMax);
  for (let p = 0; p < pairs.length; p += 2) {
    const [a, b] = [pairs[p]!, pairs[p + 1]!];
    const step = Math.floor(distance(crossings, a, b) / separationStep);
    const [one, other] = [clusterOf(a), clusterOf(b)];
    tally.pairs[step] = tally.pairs[step]! + 1;
    if (one >= 0 && other >= 0 && one !== other) tally.resolved[step] = tally.resolved[step]! + 1;
  }
};

/** Distance at which half of the pairs are resolved, between the middles of steps; NaN when none are half. */
export const halfResolved = ({ pairs, resolved }: SeparationTally): number => {
  const share = (step: number): number => resolved[step]! / pairs[step]!;
  for (let step = 1; step < separationSteps; step++) {
    const [low, high] = [share(step - 1), share(step)];
    if (low < 0.5 && high >= 0.5) return (step - 0.5 + (0.5 - low) / (high - low)) * separationStep;
  }
  return Number.NaN;
};

/** The row of shares resolved, in percent, by distance (the middle of each step); null where there was no pair. */
export const separationRow = (
  set: string,
  name: string,
  { pairs, resolved }: SeparationTally,
): Record<string, string | number | null> => ({
  set,
  'two tracks resolved by': name,
  ...Object.fromEntries(
    Array.from(pairs, (count, step) => [
      `${((step + 0.5) * separationStep).toFixed(2)} widths, %`,
      count === 0 ? null : (100 * resolved[step]!) / count,
    ]),
  ),
});
