import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import { clusterColumns, clusterGrid, findClusters } from '../../../src/kernels/clusters/clusters.ts';
import { type SlowCluster, slowClusters } from './clusters.slow.ts';

type Sizes = readonly [number, number, number];
type Hit = { readonly voxel: number; readonly adc: number };

const cardOf = (sizes: Sizes) => ({
  axes: sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 })),
  adcBits: 10,
});

const digitsOf = (hits: readonly Hit[]): Digits => ({
  count: hits.length,
  voxel: Uint32Array.from(hits, ({ voxel }) => voxel),
  adc: Uint16Array.from(hits, ({ adc }) => adc),
});

const found = (hits: readonly Hit[], sizes: Sizes, grid = clusterGrid(cardOf(sizes))) => {
  const into = clusterColumns(Math.floor(hits.length / 2));
  const count = findClusters(digitsOf(hits), grid, into);
  expect(count).toBe(into.count);
  const { layer, pad, bin, padSigma, binSigma, charge, peakAdc } = into;
  return Array.from(
    { length: count },
    (_, i): SlowCluster => ({
      layer: layer[i]!,
      pad: pad[i]!,
      bin: bin[i]!,
      padSigma: padSigma[i]!,
      binSigma: binSigma[i]!,
      charge: charge[i]!,
      peakAdc: peakAdc[i]!,
    }),
  );
};

/** One layer drawn as rows of pads; `.` is no hit, a digit n is ADC 100 n. */
const drawn = (...rows: readonly string[]): { hits: Hit[]; sizes: Sizes } => ({
  sizes: [1, rows.length, rows[0]!.length],
  hits: rows.flatMap((row, pad) =>
    [...row].flatMap((sign, bin) =>
      sign === '.' ? [] : [{ voxel: pad * row.length + bin, adc: Number(sign) * 100 }],
    ),
  ),
});

/** Few levels make ties and plateaus, which is where rules go wrong. */
const scene = fc
  .record({
    sizes: fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 14 }),
    ),
    density: fc.integer({ min: 1, max: 10 }),
    levels: fc.constantFrom(2, 5, 900),
  })
  .chain(({ sizes, density, levels }) => {
    const voxels = sizes[0] * sizes[1] * sizes[2];
    const draw = fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: levels - 1 }));
    return fc.record({
      sizes: fc.constant(sizes),
      hits: fc
        .array(draw, { minLength: voxels, maxLength: voxels })
        .map((draws) =>
          draws.flatMap(([chance, level], voxel) =>
            chance < density ? [{ voxel, adc: 64 + Math.floor((level * 959) / levels) }] : [],
          ),
        ),
    });
  });

describe('clusters', () => {
  it('are those of the slow twin, and leave no trace', () => {
    fc.assert(
      fc.property(scene, ({ sizes, hits }) => {
        const grid = clusterGrid(cardOf(sizes));
        const fast = found(hits, sizes, grid);
        const slow = slowClusters(hits, sizes);
        expect(fast.length).toBe(slow.length);
        fast.forEach((cluster, i) => {
          for (const [name, value] of Object.entries(slow[i]!)) {
            const own = cluster[name as keyof SlowCluster];
            // A variance of 0 comes out of a difference: its root is 1e-8 at best.
            expect(Math.abs(own - value), name).toBeLessThanOrEqual(1e-4 + 1e-6 * Math.abs(value));
          }
        });
        for (const scratch of [grid.adc, grid.taken, grid.tally, grid.sums])
          expect(scratch.every((cell) => cell === 0)).toBe(true);
      }),
    );
  });

  it('never hold more charge than was there', () => {
    fc.assert(
      fc.property(scene, ({ sizes, hits }) => {
        const total = hits.reduce((sum, { adc }) => sum + adc, 0);
        const clustered = found(hits, sizes).reduce((sum, { charge }) => sum + charge, 0);
        expect(clustered).toBeLessThanOrEqual(total * (1 + 1e-6));
      }),
    );
  });

  it('has the centroid, widths and charge of a lone pulse', () => {
    const { hits, sizes } = drawn('.......', '...1...', '..242..', '...1...', '.......');
    const [cluster, ...more] = found(hits, sizes);
    expect(more).toEqual([]);
    expect(cluster).toMatchObject({ layer: 0, pad: 2, bin: 3, charge: 1000, peakAdc: 400 });
    expect(cluster!.padSigma).toBeCloseTo(Math.sqrt(0.2), 5);
    expect(cluster!.binSigma).toBeCloseTo(Math.sqrt(0.4), 5);
  });

  it('parts two peaks by a valley, and keeps one where there is none', () => {
    const apart = drawn('..52225..', '..31113..');
    expect(found(apart.hits, apart.sizes).map(({ charge }) => charge)).toEqual([1400, 1100]);
    const merged = drawn('..555....');
    expect(found(merged.hits, merged.sizes)).toMatchObject([{ charge: 1500, bin: 3 }]);
    const shoulder = drawn('..5455...');
    expect(found(shoulder.hits, shoulder.sizes).map(({ charge }) => charge)).toEqual([900, 1000]);
  });

  it('ends at three pads and five bins from the peak', () => {
    const long = drawn('........5333333333333');
    expect(found(long.hits, long.sizes).map(({ charge }) => charge)).toEqual([2000]);
    const wide = drawn('5', '3', '3', '3', '3', '3');
    expect(found(wide.hits, wide.sizes).map(({ charge }) => charge)).toEqual([1400]);
  });

  it('takes a lone cell for noise, and sees nothing across layers or frame borders', () => {
    const lone = drawn('.9.......', '......9..');
    expect(found(lone.hits, lone.sizes)).toEqual([]);
    // The last cell of a row and the first of the next touch in memory only; so do layers.
    const sizes = [2, 2, 4] as const;
    expect(
      found(
        [
          { voxel: 3, adc: 90 },
          { voxel: 4, adc: 90 },
        ],
        sizes,
      ),
    ).toEqual([]);
    expect(
      found(
        [
          { voxel: 7, adc: 90 },
          { voxel: 8, adc: 90 },
        ],
        sizes,
      ),
    ).toEqual([]);
  });

  it('finds nothing in an empty frame, and throws when its columns are too short', () => {
    expect(found([], [2, 3, 4])).toEqual([]);
    const { hits, sizes } = drawn('59', '..');
    expect(() => findClusters(digitsOf(hits), clusterGrid(cardOf(sizes)), clusterColumns(0))).toThrow(
      'do not fit',
    );
  });
});
