import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  efficiency,
  fakeShare,
  indexClusters,
  nearestCluster,
  openClusterTally,
  tallyClusters,
} from '../../../loadtest/bench/codec/cluster_tally.ts';
import { crossingsOf } from '../../../loadtest/bench/codec/crossings.ts';
import {
  halfResolved,
  openSeparationTally,
  pairsOf,
  separationRow,
  tallySeparation,
} from '../../../loadtest/bench/codec/separation.ts';
import { openSpread } from '../../../loadtest/bench/codec/spread.ts';
import { fitPolynomial, openTrackTally, tallyTracks } from '../../../loadtest/bench/codec/track_fit.ts';
import {
  type Clusters,
  clusterColumns,
  clusterGrid,
  findClusters,
} from '../../../src/kernels/clusters/clusters.ts';
import { prepareDetector } from '../../../src/sim/detector.ts';
import { cardOf, worldOf } from '../../sim/example.ts';

const layers = 3;
const pads = 12;

const clustersOf = (places: readonly (readonly [number, number, number])[]): Clusters => {
  const clusters = clusterColumns(places.length);
  clusters.count = places.length;
  places.forEach(([layer, pad, bin], i) => {
    clusters.layer[i] = layer;
    clusters.pad[i] = pad;
    clusters.bin[i] = bin;
    clusters.charge[i] = 100;
  });
  return clusters;
};
const indexOf = (places: readonly (readonly [number, number, number])[]) =>
  indexClusters(clustersOf(places), layers, pads);

const place = fc.tuple(
  fc.nat({ max: layers - 1 }),
  fc.double({ min: 0, max: pads - 1, noNaN: true }),
  fc.double({ min: 0, max: 20, noNaN: true }),
);

describe('a spread', () => {
  it('has the moments and the half-width of what was added', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }), (differences) => {
        const spread = openSpread(1);
        for (const difference of differences) spread.add(difference);
        const n = differences.length;
        const mean = differences.reduce((sum, x) => sum + x, 0) / n;
        expect(spread.count).toBe(n);
        expect(spread.mean).toBeCloseTo(mean, 9);
        expect(spread.sigma).toBeCloseTo(
          Math.sqrt(differences.reduce((s, x) => s + (x - mean) ** 2, 0) / n),
          6,
        );
        const sizes = differences.map(Math.abs).sort((a, b) => a - b);
        const wanted = sizes[Math.ceil(0.6827 * n) - 1]!;
        expect(Math.abs(spread.halfWidth68 - wanted)).toBeLessThan(1 / 4096 + 1e-9);
      }),
    );
  });
});

describe('clusters found again', () => {
  it('are the nearest within reach, as a plain search says', () => {
    fc.assert(
      fc.property(fc.array(place, { maxLength: 30 }), place, (places, [layer, pad, bin]) => {
        const index = indexOf(places);
        const at = nearestCluster(index, layer, pad, bin, 2);
        const distances = places.map((_, i) =>
          index.clusters.layer[i] === layer
            ? Math.hypot(index.clusters.pad[i]! - pad, index.clusters.bin[i]! - bin)
            : Number.POSITIVE_INFINITY,
        );
        const least = Math.min(...distances);
        if (at < 0) expect(least).toBeGreaterThan(2 - 1e-9);
        else expect(distances[at]).toBeCloseTo(least, 9);
      }),
    );
  });

  it('are all of them when nothing changed', () => {
    const tally = openClusterTally();
    const places = [
      [0, 3, 5],
      [0, 3.2, 6.5],
      [2, 7, 1],
    ] as const;
    tallyClusters(indexOf(places), indexOf(places), tally);
    expect([efficiency(tally), fakeShare(tally), tally.pad.sigma, tally.alone]).toEqual([1, 0, 0, 1]);
  });

  it('are pairs, one to one: a merged pair counts once, a split one leaves a fake', () => {
    const merged = openClusterTally();
    tallyClusters(
      indexOf([
        [1, 4, 5],
        [1, 4.8, 5],
      ]),
      indexOf([[1, 4.3, 5]]),
      merged,
    );
    expect([efficiency(merged), fakeShare(merged)]).toEqual([0.5, 0]);
    const split = openClusterTally();
    const halves = [
      [1, 3.75, 5],
      [1, 4.5, 5],
    ] as const;
    tallyClusters(indexOf([[1, 4, 5]]), indexOf(halves), split);
    expect([efficiency(split), fakeShare(split), split.pad.mean]).toEqual([1, 0.5, -0.25]);
    // Another layer is another place.
    const elsewhere = openClusterTally();
    tallyClusters(indexOf([[0, 4, 5]]), indexOf([[1, 4, 5]]), elsewhere);
    expect([efficiency(elsewhere), fakeShare(elsewhere)]).toEqual([0, 1]);
  });
});

describe('fits', () => {
  it('give back the polynomial that points lie on', () => {
    const x = [-1, -0.6, -0.1, 0.3, 0.8, 1];
    const found = fitPolynomial(
      x,
      x.map((at) => 3 - 2 * at + 0.5 * at * at),
      2,
    );
    [3, -2, 0.5].forEach((coefficient, i) => {
      expect(found[i]).toBeCloseTo(coefficient, 10);
    });
  });
});

describe('the truth of a simulated wedge', () => {
  const card = cardOf('pp');
  const detector = prepareDetector(card);
  const world = worldOf('pp', { split: 'test' });
  const [timeFrame, region] = [4, 7];
  const crossings = crossingsOf(world.reaching(timeFrame), region, detector);
  const { digits, truth } = world.timeFrame(timeFrame)[region]!;
  const clusters = clusterColumns(digits.count);
  findClusters(digits, clusterGrid(card), clusters);
  const index = indexClusters(clusters, detector.layers, detector.pads);

  it('names tracks of the frame, and their clusters lie where it says', () => {
    expect(crossings.count).toBeGreaterThan(10);
    expect([...crossings.track].every((track) => truth.tracks.includes(track))).toBe(true);
    const found = Array.from({ length: crossings.count }, (_, i) =>
      nearestCluster(index, crossings.layer[i]!, crossings.pad[i]!, crossings.bin[i]!, 1),
    ).filter((at) => at >= 0);
    expect(found.length / crossings.count).toBeGreaterThan(0.8);
  });

  it('is fitted to a fraction of a pad', () => {
    const tally = openTrackTally();
    tallyTracks(crossings, index, detector, tally);
    expect(tally.fitted).toBeGreaterThan(0);
    expect(tally.fitted).toBeLessThanOrEqual(tally.tracks);
    expect(tally.pad.halfWidth68).toBeLessThan(0.5);
    expect(tally.bin.halfWidth68).toBeLessThan(0.5);
  });
});

describe('two tracks', () => {
  const crossings = (places: readonly (readonly [number, number])[]) => ({
    count: places.length,
    track: Uint32Array.from(places, (_, i) => i),
    primary: new Uint8Array(places.length),
    layer: new Uint16Array(places.length),
    pad: Float32Array.from(places, ([pad]) => pad),
    bin: Float32Array.from(places, ([, bin]) => bin),
    charge: new Float32Array(places.length).fill(500),
  });

  it('are a pair when nothing else is near', () => {
    const both = [
      [3, 5],
      [5, 5],
    ] as const;
    expect([...pairsOf(crossings(both))]).toEqual([0, 1]);
    expect([...pairsOf(crossings([...both, [4, 7]]))]).toEqual([]);
    expect([...pairsOf(crossings([...both, [11, 30]]))]).toEqual([0, 1]);
  });

  it('are resolved when each has a cluster of its own', () => {
    const pair = crossings([
      [3, 5],
      [5.2, 5],
    ]);
    const pairs = pairsOf(pair);
    const tally = openSeparationTally();
    tallySeparation(
      pair,
      pairs,
      indexOf([
        [0, 3, 5],
        [0, 5, 5],
      ]),
      tally,
    );
    tallySeparation(pair, pairs, indexOf([[0, 4.1, 5]]), tally);
    expect([tally.pairs[4], tally.resolved[4]]).toEqual([2, 1]);
    const steps = openSeparationTally();
    steps.pairs.fill(10);
    steps.resolved.set([0, 0, 2, 6, 9, 10, 10, 10, 10, 10, 10, 10]);
    expect(halfResolved(steps)).toBeCloseTo((2.5 + 0.75) * 0.5, 10);
    steps.pairs[0] = 0;
    const row = separationRow('some', 'raw', steps);
    expect([row['0.25 widths, %'], row['1.75 widths, %']]).toEqual([null, 60]);
  });
});
