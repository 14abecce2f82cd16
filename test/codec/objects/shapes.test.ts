import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chargeCode,
  chargeOf,
  type DecodedObject,
  hasClusters,
  objectGrid,
  objectOf,
  openObjectRoom,
  tokensOf,
} from '../../../src/codec/objects/shapes.ts';
import { openClusterFinder, sumClusters } from '../../../src/kernels/clusters/cluster_sums.ts';
import { clusterColumns, clusterGrid, findClusters } from '../../../src/kernels/clusters/clusters.ts';
import { objectsCard, smallCard, wedgeCard, wideCard } from '../../wire/small_card.ts';
import { clusteredFrame, testCard } from '../scene.ts';

/** Objects of a frame as they come back from their tokens, and the clusters they stand for, in the same order. */
const bothOf = (card: typeof wedgeCard, clusters: number, seed: number) => {
  const digits = clusteredFrame(card, clusters, seed);
  const into = clusterColumns(digits.count >> 1);
  findClusters(digits, clusterGrid(card), into);
  const grid = objectGrid(card);
  const finder = openClusterFinder(card);
  const tokens = tokensOf(finder.sums, 0, openObjectRoom(grid));
  expect(tokens.count).toBe(0);
  const count = sumClusters(digits, finder);
  const made = tokensOf(finder.sums, count, openObjectRoom(grid));
  const objects = Array.from({ length: count }, (_, i) => objectOf(made, i, grid));
  const found = Array.from({ length: into.count }, (_, i) => ({
    layer: into.layer[i]!,
    pad: into.pad[i]!,
    bin: into.bin[i]!,
    charge: into.charge[i]!,
    padSigma: into.padSigma[i]!,
    binSigma: into.binSigma[i]!,
  }));
  return { grid, made, objects, found };
};

/** Whether an object is what a cluster's tokens say, within the errors its fields promise. */
const stands = (object: DecodedObject, cluster: Omit<DecodedObject, 'patch'>): boolean =>
  object.layer === cluster.layer &&
  Math.abs(object.pad - cluster.pad) <= 1 / 16 + 1e-4 &&
  Math.abs(object.bin - cluster.bin) <= 1 / 16 + 1e-4 &&
  Math.abs(object.charge / cluster.charge - 1) <= 1 / 16 &&
  (object.padSigma === 0
    ? cluster.padSigma < 1 / 8 + 1e-4
    : object.padSigma > 15 / 8 || Math.abs(object.padSigma - cluster.padSigma) <= 1 / 16 + 1e-4) &&
  (object.binSigma === 0
    ? cluster.binSigma < 1 / 4 + 1e-4
    : object.binSigma > 15 / 4 || Math.abs(object.binSigma - cluster.binSigma) <= 1 / 8 + 1e-4);

describe('object tokens', () => {
  it('say of every cluster where it lies and what it looks like, within their errors', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(smallCard, wedgeCard, wideCard),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(),
        (card, clusters, seed) => {
          const { objects, found } = bothOf(card, clusters, seed);
          expect(objects.length).toBe(found.length);
          for (const object of objects) expect(found.some((cluster) => stands(object, cluster))).toBe(true);
          for (const cluster of found) expect(objects.some((object) => stands(object, cluster))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('come in order of patch, place and shape', () => {
    const { made } = bothOf(wedgeCard, 400, 3);
    for (let i = 1; i < made.count; i++) {
      const [a, b] = [i - 1, i].map(
        (at) => (made.patch[at]! * 65536 + made.place[at]!) * 65536 + made.shape[at]!,
      );
      expect(a).toBeLessThanOrEqual(b!);
    }
  });

  it('code charges in order, within a sixteenth', () => {
    let before = 0;
    for (let charge = 1; charge < 200_000; charge += 1 + (charge >> 9)) {
      const code = chargeCode(charge);
      expect(code === before || code > before).toBe(true);
      before = code;
      // Below 8 counts codes are not all taken; no cluster is so small.
      if (charge >= 8) expect(Math.abs(chargeOf(code) / charge - 1)).toBeLessThanOrEqual(1 / 16);
    }
  });

  it('are of instruments whose frames are hits on layers of azimuths and times', () => {
    expect([smallCard, wedgeCard, wideCard].map(hasClusters)).toEqual([true, true, true]);
    expect(hasClusters(objectsCard)).toBe(false);
    expect(hasClusters(testCard([4, 4, 4]))).toBe(false);
    const huge = { ...wedgeCard, axes: wedgeCard.axes.map((axis) => ({ ...axis, size: 4000 })) };
    expect(hasClusters(huge)).toBe(false);
    expect(hasClusters({ ...wedgeCard, patch: [1, 64, 64] })).toBe(false);
  });
});
