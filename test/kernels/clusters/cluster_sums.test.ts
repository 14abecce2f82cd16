import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import { openClusterFinder, Sum, sumClusters } from '../../../src/kernels/clusters/cluster_sums.ts';
import { clusterColumns, clusterGrid, findClusters } from '../../../src/kernels/clusters/clusters.ts';

const cardOf = (sizes: readonly number[], adcBits = 10) => ({
  axes: sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 })),
  adcBits,
});

/** What both forms can say of a cluster, in an order of its own. */
const told = (rows: readonly (readonly number[])[]): string[] => rows.map((row) => row.join()).sort();

const slowly = (digits: Digits, sizes: readonly number[]): string[] => {
  const into = clusterColumns(digits.count >> 1);
  const count = findClusters(digits, clusterGrid(cardOf(sizes)), into);
  const { layer, pad, bin, charge, peakAdc, padSigma } = into;
  return told(
    Array.from({ length: count }, (_, i) => [
      layer[i]!,
      pad[i]!,
      bin[i]!,
      charge[i]!,
      peakAdc[i]!,
      padSigma[i]!,
    ]),
  );
};

const quickly = (digits: Digits, finder: ReturnType<typeof openClusterFinder>): string[] => {
  const count = sumClusters(digits, finder);
  return told(
    Array.from({ length: count }, (_, i) => {
      const of = (column: number): number => finder.sums[i * Sum.count + column]!;
      const charge = of(Sum.charge);
      const [pad, bin] = [of(Sum.pads) / charge, of(Sum.bins) / charge];
      return [
        of(Sum.layer),
        Math.fround(of(Sum.peakPad) + pad),
        Math.fround(of(Sum.peakBin) + bin),
        charge,
        of(Sum.peakAdc),
        Math.fround(Math.sqrt(Math.max(0, of(Sum.padSquares) / charge - pad * pad))),
      ];
    }),
  );
};

/** Few levels make ties and plateaus, which is where rules go wrong. */
const scene = fc
  .record({
    sizes: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 20 }),
    ),
    density: fc.integer({ min: 1, max: 10 }),
    levels: fc.constantFrom(2, 5, 30, 900),
  })
  .chain(({ sizes, density, levels }) =>
    fc
      .array(fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: levels - 1 })), {
        minLength: sizes[0] * sizes[1] * sizes[2],
        maxLength: sizes[0] * sizes[1] * sizes[2],
      })
      .map((cells) => {
        const hits = cells.flatMap(([chance, level], voxel) =>
          chance <= density ? [{ voxel, adc: 64 + Math.floor((level * 959) / levels) }] : [],
        );
        const digits: Digits = {
          count: hits.length,
          voxel: Uint32Array.from(hits, (hit) => hit.voxel),
          adc: Uint16Array.from(hits, (hit) => hit.adc),
        };
        return { sizes, digits };
      }),
  );

describe('clusters as sums', () => {
  it('are the clusters of the slow twin', () => {
    fc.assert(
      fc.property(scene, ({ sizes, digits }) => {
        const finder = openClusterFinder(cardOf(sizes));
        const wanted = slowly(digits, sizes);
        expect(quickly(digits, finder)).toEqual(wanted);
        // Its scratch is clean: the same again.
        expect(quickly(digits, finder)).toEqual(wanted);
      }),
      { numRuns: 400 },
    );
  });

  it('are none in an empty frame and in one of lone cells', () => {
    const finder = openClusterFinder(cardOf([2, 9, 9]));
    expect(sumClusters({ count: 0, voxel: new Uint32Array(0), adc: new Uint16Array(0) }, finder)).toBe(0);
    const lone = { count: 3, voxel: Uint32Array.of(0, 40, 161), adc: Uint16Array.of(64, 1023, 500) };
    expect(sumClusters(lone, finder)).toBe(0);
  });

  it('refuse a layer whose keys would not fit', () => {
    expect(() => openClusterFinder(cardOf([1, 2000, 2000]))).toThrow('beyond');
  });
});
