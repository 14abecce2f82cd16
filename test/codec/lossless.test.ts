import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitTables } from '../../src/codec/fit.ts';
import { decodeLossless, encodeLossless } from '../../src/codec/lossless.ts';
import { builtInTables, type LosslessTables } from '../../src/codec/tables.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Digits } from '../../src/domain/frame.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { clusteredFrame, digitsOf, hitsOf, sphenix, testCard } from './scene.ts';

const roundTrip = (digits: Digits, card: InstrumentCard, tables: LosslessTables): Uint8Array => {
  const payload = encodeLossless(digits, card, tables);
  expect(hitsOf(decodeLossless(payload, digits.count, card, tables))).toEqual(hitsOf(digits));
  return payload;
};

const small = testCard([3, 20, 37]);
const builtIn = builtInTables(small);
const fitted = fitTables(
  Array.from({ length: 30 }, (_, seed) => clusteredFrame(small, 1 + seed, seed)),
  small,
);

/** Grids of one to four axes and any ADC width, with any hits: nothing says they look like a detector's. */
const anyFrame = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 4 }),
    adcBits: fc.integer({ min: 1, max: 16 }),
    threshold: fc.double({ min: 0, max: 0.99, noNaN: true }),
  })
  .chain(({ sizes, adcBits, threshold }) => {
    const card = testCard(sizes, { adcBits, thresholdAdc: Math.floor(threshold * 2 ** adcBits) });
    const voxels = sizes.reduce((n, size) => n * size, 1);
    return fc
      .uniqueArray(fc.tuple(fc.nat({ max: voxels - 1 }), fc.integer({ min: 1, max: 2 ** adcBits - 1 })), {
        selector: ([voxel]) => voxel,
        maxLength: Math.min(voxels, 400),
        size: 'max',
      })
      .map((hits) => ({ card, digits: digitsOf(hits.sort(([a], [b]) => a - b)) }));
  });

describe('lossless layer', () => {
  it('gives back every bit of any frame on any grid', () => {
    fc.assert(
      fc.property(anyFrame, ({ card, digits }) => void roundTrip(digits, card, builtInTables(card))),
      {
        numRuns: 60,
      },
    );
  });

  it('gives back clustered frames, sparse to dense, with fitted tables', () => {
    fc.assert(
      fc.property(fc.nat({ max: 120 }), fc.nat(), (clusters, seed) => {
        roundTrip(clusteredFrame(small, clusters, seed), small, fitted);
      }),
    );
  });

  it('holds the empty frame, one hit anywhere, and the full grid', () => {
    expect(roundTrip(digitsOf([]), small, fitted).length).toBe(5);
    const voxels = 3 * 20 * 37;
    for (const voxel of [0, 7, 8, 36, 37, 739, 740, voxels - 1]) {
      for (const adc of [1, 63, 64, 1022, 1023]) roundTrip(digitsOf([[voxel, adc]]), small, fitted);
    }
    for (const tables of [builtIn, fitted]) {
      const full = roundTrip(
        digitsOf(Array.from({ length: voxels }, (_, v) => [v, 1 + ((v * 7919) % 1023)])),
        small,
        tables,
      );
      expect(full.length).toBeLessThan(voxels * 6);
    }
  });

  it('costs less the better its tables fit', () => {
    const frame = clusteredFrame(small, 20, 1000);
    const own = encodeLossless(frame, small, fitted).length;
    expect(own).toBeLessThan(encodeLossless(frame, small, builtIn).length * 0.8);
  });

  it('never changes its bytes, and leaves no trace in its scratch space', () => {
    const digest = (digits: Digits): string =>
      createHash('sha256')
        .update(roundTrip(digits, small, builtIn))
        .digest('hex')
        .slice(0, 16);
    const frames = [1, 5, 60].map((clusters) => clusteredFrame(small, clusters, clusters));
    expect(frames.map(digest)).toEqual(['f53173b12f4d21e8', 'c778accc99e8c9a8', '0e00a3f09b0bd79d']);
    expect(frames.map(digest)).toEqual(['f53173b12f4d21e8', 'c778accc99e8c9a8', '0e00a3f09b0bd79d']);
  });

  it('codes frames of the real grid, where sparse ones stay small', () => {
    const tables = builtInTables(sphenix);
    const sparse = clusteredFrame(sphenix, 40, 1);
    expect(roundTrip(sparse, sphenix, tables).length).toBeLessThan(sparse.count * 2.5);
    roundTrip(clusteredFrame(sphenix, 3000, 2), sphenix, tables);
  });

  it('refuses other tables by name', () => {
    const payload = encodeLossless(clusteredFrame(small, 3, 3), small, builtIn);
    expect(() => decodeLossless(payload, 10, small, fitted)).toThrow(
      expect.objectContaining({ code: 'packet-model', detail: expect.stringContaining(fitted.id) }),
    );
  });

  it('refuses one hit too many or too few', () => {
    const frame = clusteredFrame(small, 8, 8);
    const payload = encodeLossless(frame, small, fitted);
    for (const count of [0, 1, frame.count - 1, frame.count + 1, 2220, 2221, -1, 0.5, Number.NaN, 2 ** 40]) {
      expect(() => decodeLossless(payload, count, small, fitted)).toThrow(Fault);
    }
  });

  it('refuses or decodes within bounds whatever the bytes are, and the next good payload still comes out', () => {
    const frames = [2, 60].map((clusters) => clusteredFrame(small, clusters, clusters));
    const goods = frames.map((frame) => encodeLossless(frame, small, fitted));
    const within = (bytes: Uint8Array, hitCount: number): void => {
      try {
        const hits = hitsOf(decodeLossless(bytes, hitCount, small, fitted));
        const wild = hits.filter(
          ([voxel, adc], i) => voxel >= 2220 || adc < 1 || adc > 1023 || (i > 0 && voxel <= hits[i - 1]![0]),
        );
        expect(wild).toEqual([]);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
      }
    };
    const edits = fc.array(fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.nat({ max: 1 }),
        edits,
        fc.nat(),
        fc.nat({ max: 2220 }),
        (which, changes, cut, otherCount) => {
          const good = goods[which]!;
          const bad = good.slice();
          for (const { at, value } of changes) bad[5 + (at % (good.length - 5))] = value;
          within(bad, frames[which]!.count);
          within(bad, otherCount);
          within(bad.slice(0, cut % good.length), frames[which]!.count);
          expect(hitsOf(decodeLossless(good, frames[which]!.count, small, fitted))).toEqual(
            hitsOf(frames[which]!),
          );
        },
      ),
      { numRuns: 1000 },
    );
    const head = goods[0]!.slice(0, 5);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 2220 }), (bytes, count) => {
        within(bytes, count);
        within(Uint8Array.of(...head, ...bytes), count);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = goods[1]!.slice();
        bad[at % bad.length]! ^= flip;
        within(bad, frames[1]!.count);
      }),
    );
  });
});
